"""Cases whose answers are known: a calibration set to pass before reading, and drift cases among the others.

The known answers travel inside the plan, each copy sealed to one account, so that plan, signatures and
digest cover them. A reader's program must open the calibration answers to judge the reader; that a reader
does not look at them first is procedure, not mathematics. The answers of drift cases are sealed to nobody
who reads.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from workstation.reading.cards import ACCOUNT_NAME
from workstation.scoring.toml_source import TomlSource, Where

PASSED, FAILED = "calibration passed", "calibration not passed"
"""Events of the study's log: the fact and the attempt, never a value."""
PASS_MARK = 0.6
"""No trial has validated this mark; a plan may name another one."""
MOST_ATTEMPTS = 20
MOST_DRIFT = 0.5


class Measure(StrEnum):
    """What agreement with the known answers is measured by."""

    LINEAR_KAPPA = "linear-kappa"
    QUADRATIC_KAPPA = "quadratic-kappa"
    EXACT = "exact"
    WITHIN_ONE = "within-one"

    @property
    def words(self) -> str:
        """``"weighted kappa (quadratic)"``"""
        return {
            Measure.LINEAR_KAPPA: "weighted kappa (linear)",
            Measure.QUADRATIC_KAPPA: "weighted kappa (quadratic)",
            Measure.EXACT: "exact agreement",
            Measure.WITHIN_ONE: "agreement within one grade",
        }[self]


class Feedback(StrEnum):
    """What a reader is told after an attempt; the known answers never before the last one."""

    NONE = "none"
    RESULT = "result"
    ITEMS = "items"


@dataclass(frozen=True, slots=True)
class KnownAnswers:
    """Known answers as a plan keeps them.

    Attributes
    ----------
    boxes : tuple of (account name, base64)
        One copy for each account that may open them. In a study that is not sealed the only name is empty,
        and the copy is readable by who can read the plan.
    file : str
        Table of the answers, beside the plan file: only in a plan as a person writes it.
    """

    boxes: tuple[tuple[str, str], ...] = ()
    file: str = ""


@dataclass(frozen=True, slots=True)
class Calibration:
    """Cases that each reader reads first, until they agree well enough with the known answers.

    Attributes
    ----------
    threshold : float
        Least `measure` over all items of all cases; the default is not validated.
    attempts : int
        How often a reader may try.
    """

    cases: tuple[str, ...]
    measure: Measure = Measure.QUADRATIC_KAPPA
    threshold: float = PASS_MARK
    attempts: int = 3
    feedback: Feedback = Feedback.RESULT
    answers: KnownAnswers = KnownAnswers()


@dataclass(frozen=True, slots=True)
class Drift:
    """Known cases among the others, under a code like any other, to see whether a reader's scale drifts.

    Attributes
    ----------
    share : float
        As many known cases as this share of the cases, rounded up, for each reader.
    """

    cases: tuple[str, ...]
    share: float = 0.1
    answers: KnownAnswers = KnownAnswers()

    def count(self, cases: int) -> int:
        """How many known cases stand among so many others."""
        return min(len(self.cases), -int(-round(self.share * cases, 9) // 1))


def calibration_from(source: TomlSource, value: Any) -> Calibration:
    """The calibration that a plan asks for.

    Raises
    ------
    ResourceError
        Naming the line of a mistake.
    """
    where: Where = ("calibration",)
    table = source.table(
        where, value, ("cases",), ("measure", "threshold", "attempts", "feedback", "answers", "key")
    )
    threshold = source.number((*where, "threshold"), table.get("threshold", PASS_MARK))
    if not 0 < threshold <= 1:
        raise source.mistake(
            (*where, "threshold"), f'"threshold" must lie above 0 and at most at 1, not {threshold:g}'
        )
    attempts = source.integer((*where, "attempts"), table.get("attempts", 3))
    if not 1 <= attempts <= MOST_ATTEMPTS:
        raise source.mistake(
            (*where, "attempts"), f'"attempts" must lie between 1 and {MOST_ATTEMPTS}, not {attempts}'
        )
    measure = table.get("measure", Measure.QUADRATIC_KAPPA.value)
    return Calibration(
        cases=_cases(source, where, table["cases"]),
        measure=Measure(source.choice((*where, "measure"), measure, list(Measure))),
        threshold=threshold,
        attempts=attempts,
        feedback=Feedback(
            source.choice((*where, "feedback"), table.get("feedback", "result"), list(Feedback))
        ),
        answers=_answers(source, where, table),
    )


def drift_from(source: TomlSource, value: Any) -> Drift:
    """The drift cases that a plan asks for.

    Raises
    ------
    ResourceError
        Naming the line of a mistake.
    """
    where: Where = ("drift",)
    table = source.table(where, value, ("cases",), ("share", "answers", "key"))
    share = source.number((*where, "share"), table.get("share", 0.1))
    if not 0 < share <= MOST_DRIFT:
        raise source.mistake((*where, "share"), f'"share" must lie above 0 and at most at 0.5, not {share:g}')
    return Drift(_cases(source, where, table["cases"]), share, _answers(source, where, table))


def known_data(one: Calibration | Drift) -> dict[str, Any]:
    """Calibration or drift cases as the table of a TOML file."""
    data: dict[str, Any] = {"cases": list(one.cases)}
    if isinstance(one, Calibration):
        data |= {
            "measure": one.measure.value,
            "threshold": one.threshold,
            "attempts": one.attempts,
            "feedback": one.feedback.value,
        }
    else:
        data["share"] = one.share
    if one.answers.boxes:
        data["key"] = [{"account": name, "box": box} for name, box in one.answers.boxes]
    elif one.answers.file:
        data["answers"] = one.answers.file
    return data


def _cases(source: TomlSource, where: Where, value: Any) -> tuple[str, ...]:
    codes = source.texts((*where, "cases"), value)
    for i, code in enumerate(codes):
        if not ACCOUNT_NAME.fullmatch(code):
            raise source.mistake((*where, "cases", i), f'"{code}" cannot be the code of a case')
        if code.casefold() in {one.casefold() for one in codes[:i]}:
            raise source.mistake((*where, "cases", i), f'case "{code}" is named twice')
    if not codes:
        raise source.mistake((*where, "cases"), "no case is named")
    return codes


def _answers(source: TomlSource, where: Where, table: dict[str, Any]) -> KnownAnswers:
    if "key" not in table:
        if "answers" not in table:
            raise source.mistake(
                where, "its known answers are not named", 'Add answers = "FILE.csv" with case, item, value'
            )
        return KnownAnswers(file=source.text((*where, "answers"), table["answers"]))
    boxes = []
    for i, raw in enumerate(source.tables((*where, "key"), table["key"])):
        at: Where = (*where, "key", i)
        box = source.table(at, raw, ("account", "box"), ())
        name = box["account"]
        boxes.append(
            (source.text((*at, "account"), name) if name else "", source.text((*at, "box"), box["box"]))
        )
    return KnownAnswers(tuple(boxes))
