"""The part of a plan that says how reading goes: repeats, wash-out, required series, adjudication."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from workstation.errors import ResourceError
from workstation.imaging.study import Joint, Plane, Series, Weighting
from workstation.reading.known_cases import (
    Calibration,
    Drift,
    calibration_from,
    drift_from,
    known_data,
)
from workstation.reading.safety import Safety, safety_data, safety_from
from workstation.scoring.toml_source import TomlSource, Where

MOST_REPEATED = 0.5
"""A repeat is drawn from the first half of an order, so that the wash-out can pass before it comes."""

_REQUIREMENT = re.compile(r"(?:(sagittal|coronal|axial|oblique) )?(.+?)(-FS)?", re.IGNORECASE)
FLUID_SENSITIVE = "fluid-sensitive"


@dataclass(frozen=True, slots=True)
class Repeats:
    """Hidden second readings for agreement of a reader with himself.

    Attributes
    ----------
    share : float
        Of each reader's cases, 0 to 0.5; the number is rounded up. 0: none.
    washout_days : int
        Days between the lock of the first reading and the second one.
    """

    share: float = 0.0
    washout_days: int = 14

    def count(self, cases: int) -> int:
        """How many of `cases` a reader reads twice."""
        # Rounded first: 0.1 of 30 is 3 and not the 4 that binary fractions would make of it.
        return -int(-round(self.share * cases, 9) // 1)


class Scores(StrEnum):
    """Of a read whose masks were shown after the own score: the scores before that, or the last ones."""

    UNAIDED = "unaided"
    AIDED = "aided"


class Sees(StrEnum):
    """What an adjudicator sees of the two reads: the answers as X and Y, or nothing."""

    BOTH = "both"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Triggers:
    """Which differences bring a case before the adjudicator; a score against not assessable always does.

    Attributes
    ----------
    grades : int
        Two grades of one item at least so many steps apart; 0 switches it off.
    absent_present : bool
        One reader gave the lowest grade of an item, the other a higher one.
    total : float or None
        The total of a form differs by more than so many points, e.g. the smallest detectable change.
    """

    grades: int = 2
    absent_present: bool = True
    total: float | None = None


@dataclass(frozen=True, slots=True)
class Adjudication:
    """The third reader of the rule ``adjudication``."""

    adjudicator: str
    sees: Sees = Sees.BOTH
    triggers: Triggers = field(default_factory=Triggers)


@dataclass(frozen=True, slots=True)
class RequiredSeries:
    """A series without which a case cannot be read: ``"T1"``, ``"PD-FS"``, ``"sagittal fluid-sensitive"``."""

    text: str
    plane: Plane | None
    weighting: Weighting | None
    fat_suppressed: bool

    def is_met_by(self, series: Series) -> bool:
        """Whether a series is of this kind."""
        if self.plane is not None and series.plane is not self.plane:
            return False
        if self.weighting is None:
            wet = series.weighting in (Weighting.T2, Weighting.PD, Weighting.STIR)
            return series.weighting is Weighting.STIR or (wet and series.fat_suppressed)
        same = series.weighting is self.weighting
        return same and (series.fat_suppressed is self.fat_suppressed or self.weighting is Weighting.STIR)


@dataclass(frozen=True, slots=True)
class Conduct:
    """Everything here is off by default, so that a plan from before it says what it always said.

    Attributes
    ----------
    batches : tuple of int
        How many of the plan's cases came with each version of it, in order; empty while there is one only.
        Each batch has an order of its own behind the one before, so that no begun order ever changes.
    scores : Scores
        Which scores are compared, where masks may be shown after the own score.
    """

    repeats: Repeats = field(default_factory=Repeats)
    required_series: tuple[RequiredSeries, ...] = ()
    adjudication: Adjudication | None = None
    calibration: Calibration | None = None
    drift: Drift | None = None
    safety: Safety | None = None
    batches: tuple[int, ...] = ()
    scores: Scores = Scores.UNAIDED

    @property
    def hides_repeats(self) -> bool:
        """Whether readers meet all cases under codes of the reading.

        So a case that comes again, and one whose answers are known, looks like the rest.
        """
        return self.repeats.share > 0 or self.drift is not None

    @property
    def known(self) -> tuple[str, ...]:
        """Cases whose answers are known; none of them is a case of the study."""
        sets = (self.calibration, self.drift)
        return tuple(case for one in sets if one is not None for case in one.cases)


def missing_series(required: Iterable[RequiredSeries], present: Iterable[Series]) -> tuple[str, ...]:
    """The required kinds that no series of a case is of."""
    held = tuple(present)
    return tuple(one.text for one in required if not any(one.is_met_by(series) for series in held))


def conduct_from(source: TomlSource, top: dict[str, Any], rule: str, readers: tuple[str, ...]) -> Conduct:
    """The conduct that a plan asks for.

    Parameters
    ----------
    top : dict
        The plan's top table; its tables ``repeats``, ``adjudication`` and list ``required_series`` are read.
    rule : str
        The rule of reconciliation: an adjudicator belongs to ``adjudication`` only.

    Raises
    ------
    ResourceError
        Naming the line of a mistake.
    """
    return Conduct(
        repeats=_repeats(source, top["repeats"]) if "repeats" in top else Repeats(),
        required_series=tuple(
            _requirement(source, ("required_series", i), text)
            for i, text in enumerate(source.texts(("required_series",), top.get("required_series", [])))
        ),
        adjudication=_adjudication(source, top, rule, readers),
        calibration=calibration_from(source, top["calibration"]) if "calibration" in top else None,
        drift=drift_from(source, top["drift"]) if "drift" in top else None,
        safety=safety_from(source, top["safety"]) if "safety" in top else None,
        batches=_batches(source, top),
        scores=Scores(source.choice(("scores",), top.get("scores", "unaided"), list(Scores))),
    )


def require_known(
    source: TomlSource,
    conduct: Conduct,
    cases: Collection[str],
    here: Mapping[str, Joint | None] | None,
    joints: Collection[str],
) -> None:
    """Check the cases whose answers are known against those of the study and of the library.

    Parameters
    ----------
    here : mapping of case code to joint, or None
        Those of the library; None leaves that unchecked.
    joints : collection of str
        That the forms of the plan are for.

    Raises
    ------
    ResourceError
    """
    seen = {case.casefold(): "of the study" for case in cases}
    for name, one in (("calibration", conduct.calibration), ("drift", conduct.drift)):
        for i, case in enumerate(one.cases if one is not None else ()):
            where: Where = (name, "cases", i)
            if case.casefold() in seen:
                raise source.mistake(where, f'"{case}" is a case {seen[case.casefold()]} already')
            if here is not None and case not in here:
                raise source.mistake(
                    where, f'case "{case}" is not in the library', "Import its images, or correct the code"
                )
            joint = None if here is None else here[case]
            if joint is not None and joint.value not in joints:
                raise source.mistake(
                    where, f'case "{case}" is a {joint.value}, and no form of the plan is for that joint'
                )
            seen[case.casefold()] = f"of {name}"


def _batches(source: TomlSource, top: dict[str, Any]) -> tuple[int, ...]:
    if "batches" not in top:
        return ()
    numbers = source.tables(("batches",), top["batches"])
    found = tuple(source.integer(("batches", i), number) for i, number in enumerate(numbers))
    if min(found) < 1 or sum(found) != len(top["cases"]):
        raise source.mistake(("batches",), f'"batches" must add up to the {len(top["cases"])} cases')
    return found if len(found) > 1 else ()


def _repeats(source: TomlSource, value: Any) -> Repeats:
    where: Where = ("repeats",)
    table = source.table(where, value, ("share",), ("washout_days",))
    share = source.number((*where, "share"), table["share"])
    if not 0 <= share <= MOST_REPEATED:
        raise source.mistake((*where, "share"), f'"share" must lie between 0 and 0.5, not {share:g}')
    days = source.integer((*where, "washout_days"), table.get("washout_days", 14))
    if not 0 <= days <= 3650:
        raise source.mistake(
            (*where, "washout_days"), f'"washout_days" must lie between 0 and 3650, not {days}'
        )
    return Repeats(share, days)


def required_series(text: str) -> RequiredSeries:
    """A kind of series as a person writes it.

    Raises
    ------
    ResourceError
        If there is no such kind.
    """
    found = _REQUIREMENT.fullmatch(text)
    plane, name, suppressed = found.groups() if found else (None, text, None)
    where = Plane(plane.lower()) if plane else None
    known = {one.value.lower(): one for one in Weighting}
    if name.lower() == FLUID_SENSITIVE and not suppressed:
        return RequiredSeries(text, where, None, True)
    if name.lower() not in known:
        kinds = ", ".join((*(one.value for one in Weighting), FLUID_SENSITIVE))
        raise ResourceError(
            "This series cannot be required",
            f'"{text}" is no kind of series',
            f'Write one of {kinds}, with "-FS" for fat suppression and a plane before it',
        )
    return RequiredSeries(text, where, known[name.lower()], suppressed is not None)


def _requirement(source: TomlSource, where: Where, text: str) -> RequiredSeries:
    try:
        return required_series(text)
    except ResourceError as error:
        raise source.mistake(where, error.why, error.remedy) from error


def _adjudication(
    source: TomlSource, top: dict[str, Any], rule: str, readers: tuple[str, ...]
) -> Adjudication | None:
    where: Where = ("adjudication",)
    if rule != "adjudication":
        if "adjudication" in top:
            raise source.mistake(
                where, f'an adjudicator is named, but the rule of reconciliation is "{rule}"'
            )
        return None
    if "adjudication" not in top:
        raise source.mistake(
            ("reconciliation", "rule"), "adjudication needs an adjudicator", "Add a table [adjudication]"
        )
    table = source.table(where, top["adjudication"], ("adjudicator",), ("sees", "triggers"))
    name = source.text((*where, "adjudicator"), table["adjudicator"])
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", name):
        raise source.mistake((*where, "adjudicator"), f'"{name}" cannot be a code')
    if name.casefold() in {reader.casefold() for reader in readers}:
        raise source.mistake((*where, "adjudicator"), f'"{name}" is one of the two readers')
    sees = Sees(source.choice((*where, "sees"), table.get("sees", "both"), list(Sees)))
    return Adjudication(name, sees, _triggers(source, table.get("triggers", {})))


def _triggers(source: TomlSource, value: Any) -> Triggers:
    where: Where = ("adjudication", "triggers")
    table = source.table(where, value, (), ("grades", "absent_present", "total"))
    grades = source.integer((*where, "grades"), table.get("grades", 2))
    if grades < 0:
        raise source.mistake((*where, "grades"), f'"grades" must not be {grades}')
    total = None if "total" not in table else source.number((*where, "total"), table["total"])
    if total is not None and total < 0:
        raise source.mistake((*where, "total"), f'"total" must not be {total:g}')
    absent = source.boolean((*where, "absent_present"), table.get("absent_present", True))
    return Triggers(grades, absent, total)


def conduct_content(conduct: Conduct) -> dict[str, Any]:
    """The conduct for a plan's digest: what came later is left out where it says nothing.

    So a plan from before it keeps its digest, and the signatures under it.
    """
    content, plain = asdict(conduct), Conduct()
    for name in _LATER:
        if getattr(conduct, name) == getattr(plain, name):
            del content[name]
    return content if conduct != plain else {}


_LATER = ("calibration", "drift", "safety", "batches", "scores")


def conduct_data(conduct: Conduct) -> dict[str, Any]:
    """The conduct as tables of a TOML file; nothing where it says nothing."""
    data: dict[str, Any] = {}
    if conduct.batches:
        data["batches"] = list(conduct.batches)
    if conduct.scores is not Scores.UNAIDED:
        data["scores"] = conduct.scores.value
    if conduct.required_series:
        data["required_series"] = [one.text for one in conduct.required_series]
    if conduct.repeats != Repeats():
        data["repeats"] = {"share": conduct.repeats.share, "washout_days": conduct.repeats.washout_days}
    if conduct.adjudication is not None:
        triggers = conduct.adjudication.triggers
        total = {} if triggers.total is None else {"total": triggers.total}
        data["adjudication"] = {
            "adjudicator": conduct.adjudication.adjudicator,
            "sees": conduct.adjudication.sees.value,
            "triggers": {"grades": triggers.grades, "absent_present": triggers.absent_present, **total},
        }
    for name, one in (("calibration", conduct.calibration), ("drift", conduct.drift)):
        if one is not None:
            data[name] = known_data(one)
    if conduct.safety is not None:
        data["safety"] = safety_data(conduct.safety)
    return data
