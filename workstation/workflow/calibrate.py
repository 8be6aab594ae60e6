"""A reader against known answers: the calibration to pass before reading, and drift cases afterwards."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from workstation.reading.journal import Content, ReadKey
from workstation.reading.known_cases import FAILED, PASSED, Calibration, Feedback, Measure
from workstation.reading.order import Presentation
from workstation.reading.session import Lock
from workstation.workflow.case_forms import as_compared
from workstation.workflow.known_answers import Known, open_known
from workstation.workflow.open_read import session_of

if TYPE_CHECKING:
    from workstation.reading import seal
    from workstation.workflow.study import Study


@dataclass(frozen=True, slots=True)
class Pair:
    """One item as the reader graded it and as it is known. `own` None: called not assessable.

    `name` is what a sentence calls the item, with its visit where that has a column.
    """

    case: str
    instrument: str
    item: str
    scale: tuple[int, ...]
    own: int | None
    known: int
    name: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One attempt.

    Attributes
    ----------
    value : float
        Of the plan's measure.
    """

    attempt: int
    value: float
    is_passed: bool
    pairs: tuple[Pair, ...] = ()


@dataclass(frozen=True, slots=True)
class CalibrationState:
    """How far a reader is with the calibration.

    Attributes
    ----------
    outcomes : tuple of Outcome
        Of the attempts that are over.
    listed : tuple of Presentation
        What is to be read now, in the reader's order; empty once it is passed or no attempt is left.
    """

    rule: Calibration
    outcomes: tuple[Outcome, ...]
    listed: tuple[Presentation, ...]

    @property
    def is_passed(self) -> bool:
        """Whether cases of the study may be read."""
        return bool(self.outcomes) and self.outcomes[-1].is_passed

    @property
    def attempt(self) -> int:
        """The attempt that is open, or the last one."""
        return len(self.outcomes) + 1 if self.listed else len(self.outcomes)

    def code(self, shown: Presentation) -> str:
        """What the worklist calls a case of the calibration: ``"CAL-2"``."""
        return f"CAL-{self.listed.index(shown) + 1}"

    @property
    def sentence(self) -> str:
        """What the reader is told now, by the plan's rule of feedback."""
        rule, last = self.rule, self.outcomes[-1] if self.outcomes else None
        mark = f"{rule.measure.words} of at least {rule.threshold:g} with the known answers"
        mark += " (an unvalidated mark)"
        if last is None:
            many = "1 case" if len(rule.cases) == 1 else f"{len(rule.cases)} cases"
            return f"Calibration first: {many}, {mark}."
        value = "" if rule.feedback is Feedback.NONE else f" with {last.value:.2f}"
        if last.is_passed:
            return f"Calibration passed{value}. Now the cases of the study."
        left = rule.attempts - len(self.outcomes)
        if not left:
            return f"Calibration not passed{value}, and no attempt is left. Ask the coordinator."
        tries = "1 attempt is" if left == 1 else f"{left} attempts are"
        return f"Calibration not passed{value}; {tries} left. It needs {mark}."

    @property
    def differing(self) -> tuple[Pair, ...]:
        """Where the last attempt differs from the known answers; only once no attempt may follow."""
        if self.listed or not self.outcomes or self.rule.feedback is not Feedback.ITEMS:
            return ()
        return tuple(pair for pair in self.outcomes[-1].pairs if pair.own != pair.known)


def calibration_state(study: Study, reader: str) -> CalibrationState | None:
    """How far a reader is, told from the reader's own locked reads; None where the plan asks for none.

    Raises
    ------
    ProtocolViolation
        If the study is sealed and the reader is not signed in.
    StoreError
        If a read or the known answers were changed.
    """
    rule = study.plan.conduct.calibration
    if rule is None:
        return None
    locks = {lock.key: lock for lock in study.store.reads.locks() if lock.key.reader == reader}
    kept = study.calibrated.get(reader)
    if kept is None or kept[0] != len(locks):
        kept = study.calibrated[reader] = (len(locks), _state(study, reader, rule, locks))
    return kept[1]


def _state(study: Study, reader: str, rule: Calibration, locks: Mapping[ReadKey, Lock]) -> CalibrationState:
    known: Known | None = None
    outcomes: list[Outcome] = []
    for attempt in range(1, rule.attempts + 1):
        keys = [study.orders.key(reader, Presentation(case, attempt)) for case in rule.cases]
        if any(key not in locks for key in keys):
            return CalibrationState(rule, tuple(outcomes), study.orders.calibration(reader, attempt))
        if known is None:
            known = _known_to(study, rule, reader)
        kept = {key: session_of(study, key, {key: study.store.reads.entries(key)}, locks) for key in keys}
        reads = {key: as_compared(study, one) for key, one in kept.items()}
        pairs = pairs_of({key: read.content for key, read in reads.items()}, known)
        value = agreement_with_known(rule.measure, pairs)
        outcomes.append(Outcome(attempt, value, value >= rule.threshold, pairs))
        if outcomes[-1].is_passed:
            break
    return CalibrationState(rule, tuple(outcomes), ())


def note_outcomes(study: Study, reader: str) -> None:
    """Keep in the study's log which attempts are over and whether one was enough; no value."""
    state = calibration_state(study, reader)
    if state is None:
        return
    noted = {
        json.loads(one.detail).get("attempt")
        for one in study.store.audit(PASSED, FAILED)
        if one.actor == reader
    }
    for one in state.outcomes:
        if one.attempt not in noted:
            study.store.record(reader, PASSED if one.is_passed else FAILED, {"attempt": one.attempt})


def noted_outcomes(study: Study) -> dict[str, str]:
    """For the coordinator: each reader's last word of the log on the calibration, or ``"not yet"``."""
    if study.plan.conduct.calibration is None:
        return {}
    told = dict.fromkeys(study.plan.readers, "not yet")
    for one in study.store.all_events():
        if one.event in (PASSED, FAILED) and one.actor in told:
            word = "passed" if one.event == PASSED else "not passed"
            told[one.actor] = f"{word} at attempt {json.loads(one.detail).get('attempt')}"
    return told


def pairs_of(reads: Mapping[ReadKey, Content], known: Known) -> tuple[Pair, ...]:
    """Every item of reads beside its known answer; items that are known to be not assessable are left out."""
    found = []
    for key, content in reads.items():
        for name, sheet in content.sheets.items():
            for answer in sheet.answers:
                grade = known.get(key.case, {}).get(name, {}).get(answer.item_id)
                if grade is not None:
                    item = sheet.instrument.item(answer.item_id)
                    scale = tuple(level.grade for level in item.levels)
                    found.append(Pair(key.case, name, item.id, scale, answer.grade, grade, item.name))
    return tuple(found)


def agreement_with_known(measure: Measure, pairs: Iterable[Pair]) -> float:
    """The plan's measure over all items of all cases.

    Items with the same scale are taken together; kappas of several scales are averaged by their number of
    items. An item that was called not assessable counts as the grade farthest from the known one. Where
    kappa is not defined, because all answers are one grade, exact agreement takes its place.
    """
    from workstation.analysis.kappa import weighted_kappa

    groups: dict[tuple[int, ...], list[Pair]] = {}
    for pair in pairs:
        groups.setdefault(pair.scale, []).append(pair)
    total, number = 0.0, 0
    for scale, group in groups.items():
        known = [scale.index(pair.known) for pair in group]
        own = [_step(pair) for pair in group]
        gaps = [abs(x - y) for x, y in zip(own, known, strict=True)]
        within = 1 if measure is Measure.WITHIN_ONE else 0
        value: float | None = sum(gap <= within for gap in gaps) / len(gaps)
        if measure in (Measure.LINEAR_KAPPA, Measure.QUADRATIC_KAPPA):
            weights = "linear" if measure is Measure.LINEAR_KAPPA else "quadratic"
            kappa = weighted_kappa(own, known, range(len(scale)), weights).value
            value = value if kappa is None else kappa
        assert value is not None
        total += value * len(group)
        number += len(group)
    return total / number if number else 0.0


@dataclass(frozen=True, slots=True)
class DriftRow:
    """One reader's known cases among the others.

    Attributes
    ----------
    bias : float
        Mean of the reader's step minus the known one; above 0 the reader grades higher.
    """

    reader: str
    cases: int
    items: int
    exact: float
    within_one: float
    kappa: float
    bias: float


def drift_rows(study: Study) -> tuple[DriftRow, ...] | None:
    """Each reader's drift cases against their known answers, once the whole study is open.

    None where the plan has none, they are not open yet, or nobody who is signed in may open the answers:
    the coordinator, or with both keys both readers together.
    """
    drift = study.plan.conduct.drift
    if drift is None or len(study.unsealed_cases()) < len(study.plan.cases):
        return None
    known = open_known(drift, study.plan.sealing, _keys_here(study))
    if known is None:
        return None
    rows = []
    for reader in study.plan.readers:
        reads = {
            session.key: session.content
            for (name, case, _), session in study.known_reads().items()
            if name == reader and case in drift.cases
        }
        pairs = pairs_of(reads, known)
        if pairs:
            steps = [_step(pair) - pair.scale.index(pair.known) for pair in pairs]
            exact, near, kappa = (
                agreement_with_known(one, pairs)
                for one in (Measure.EXACT, Measure.WITHIN_ONE, Measure.QUADRATIC_KAPPA)
            )
            bias = sum(steps) / len(steps)
            rows.append(DriftRow(reader, len(reads), len(pairs), exact, near, kappa, bias))
    return tuple(rows)


def _step(pair: Pair) -> int:
    known = pair.scale.index(pair.known)
    if pair.own is not None:
        return pair.scale.index(pair.own)
    last = len(pair.scale) - 1
    return 0 if known > last - known else last


def _known_to(study: Study, rule: Calibration, reader: str) -> Known:
    from workstation.reading.seal import not_opened

    keys = {name: one for name, one in _keys_here(study).items() if name == reader}
    known = open_known(rule, study.plan.sealing, keys)
    if known is None:
        raise not_opened("the list of known answers")
    return known


def _keys_here(study: Study) -> Mapping[str, seal.Keys]:
    return {} if study.vault is None else {name: one.keys for name, one in study.vault.people.items()}
