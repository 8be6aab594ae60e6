"""Lines of the library's table, without a screen: one per case, made from the library's listing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Protocol

from workstation.imaging.study import Case, Joint, Laterality, Plane, Weighting

SIDE_WORDS = {Laterality.LEFT: "left", Laterality.RIGHT: "right", Laterality.BILATERAL: "both"}
_SHORT_PLANE = {Plane.SAGITTAL: "sag", Plane.CORONAL: "cor", Plane.AXIAL: "ax", Plane.OBLIQUE: "obl"}


class ListedSeries(Protocol):
    """One series as the library lists it (`store.records.SeriesRow`). Spacing in mm."""

    @property
    def key(self) -> str: ...
    @property
    def series_number(self) -> int | None: ...
    @property
    def split(self) -> str: ...
    @property
    def modality(self) -> str: ...
    @property
    def plane(self) -> Plane | None: ...
    @property
    def weighting(self) -> Weighting | None: ...
    @property
    def fat_suppressed(self) -> bool: ...
    @property
    def laterality(self) -> Laterality | None: ...
    @property
    def slices(self) -> int: ...
    @property
    def rows(self) -> int: ...
    @property
    def columns(self) -> int: ...
    @property
    def row_spacing(self) -> float | None: ...
    @property
    def column_spacing(self) -> float | None: ...
    @property
    def slice_spacing(self) -> float | None: ...
    @property
    def warnings(self) -> tuple[str, ...]: ...


class ListedStudy(Protocol):
    """One study as the library lists it (`store.records.StudyRow`)."""

    @property
    def case(self) -> Case: ...
    @property
    def visit(self) -> str: ...
    @property
    def series(self) -> Sequence[ListedSeries]: ...


class State(StrEnum):
    """What keeps a case from being read, or that nothing does."""

    READY = "ready"
    SIDE = "side not confirmed"
    DISPLAY = "display only"


@dataclass(frozen=True)
class CaseRow:
    """One case with the series of each visit.

    Attributes
    ----------
    visits : tuple of (str, tuple of ListedSeries)
        In the library's order.
    is_joined : bool
        A person joined it from torn studies: it can be parted again.
    suggested_joint : Joint or None
        What the coil suggests where the files name no joint; a person decides.
    """

    case: Case
    visits: tuple[tuple[str, tuple[ListedSeries, ...]], ...]
    is_joined: bool = False
    suggested_joint: Joint | None = None

    @property
    def code(self) -> str:
        """The case code."""
        return self.case.code

    @cached_property
    def series(self) -> tuple[ListedSeries, ...]:
        """Every series, visit by visit."""
        return tuple(series for _, found in self.visits for series in found)

    @property
    def state(self) -> State:
        """Ready, or why not: no known joint, or a side that nobody confirmed."""
        if self.case.joint is None:
            return State.DISPLAY
        return State.READY if self.case.laterality_confirmed else State.SIDE

    @property
    def joint_text(self) -> str:
        """``"knee"``, ``"hip"`` or ``"other"``."""
        return self.case.joint.value if self.case.joint else "other"

    @property
    def joint_shown(self) -> str:
        """`joint_text`, or what is suggested with a question mark: ``"knee ?"``."""
        suggested = self.suggested_joint
        return f"{suggested.value} ?" if self.case.joint is None and suggested else self.joint_text

    @property
    def side_text(self) -> str:
        """``"left"``, ``"right"``, ``"both"``, with a question mark while unconfirmed."""
        if self.case.laterality is None:
            return "?"
        word = SIDE_WORDS[self.case.laterality]
        return word if self.case.laterality_confirmed else f"{word} ?"

    @cached_property
    def face(self) -> ListedSeries | None:
        """The series whose picture stands for the case: whole, in the joint's usual plane."""
        usual = Plane.CORONAL if self.case.joint is Joint.HIP else Plane.SAGITTAL

        def rank(series: ListedSeries) -> tuple[bool, bool, bool, int]:
            return (
                series.plane is not usual,
                series.weighting is None,
                series.slices < 8,
                len(series.warnings),
            )

        return min(self.series, key=rank, default=None)

    @cached_property
    def roles_text(self) -> str:
        """Series roles found, each once with how often: ``"sag PD FS · cor T1 ×2"``.

        Three echoes or more of one series are one role: ``"sag multi-echo (7 echoes)"``.
        """
        echoes = Counter(_whole(series) for series in self.series if series.split.startswith("echo"))
        counted: Counter[str] = Counter()
        rolled: set[str] = set()
        for series in self.series:
            name = _whole(series)
            if not series.split.startswith("echo") or echoes[name] < _ROLLED_UP:
                counted[series_label(series)] += 1
            elif name not in rolled:
                rolled.add(name)
                plane = f"{_SHORT_PLANE[series.plane]} " if series.plane else ""
                counted[f"{plane}multi-echo ({echoes[name]} echoes)"] += 1
        # Spaces and hyphens that do not break: a line ends between two roles, never inside one.
        names = [name if n == 1 else f"{name} ×{n}" for name, n in counted.items()]
        return " · ".join(name.replace(" ", "\u00a0").replace("-", "\u2011") for name in names)

    @cached_property
    def warnings(self) -> tuple[str, ...]:
        """What is said of its series, each sentence once."""
        return tuple(dict.fromkeys(text for series in self.series for text in series.warnings))


_ROLLED_UP = 3
"""Echoes from which on they are one role; the two of a dual echo are read as PD and T2."""


def _whole(series: ListedSeries) -> str:
    """What the echoes of one series share."""
    return series.key.partition("#")[0]


def case_rows(
    studies: Iterable[ListedStudy],
    joined: Collection[str] = (),
    suggested: Mapping[str, Joint] | None = None,
) -> tuple[CaseRow, ...]:
    """Group the listing by case; two studies of one visit become one visit."""
    cases: dict[str, Case] = {}
    visits: dict[str, dict[str, list[ListedSeries]]] = {}
    for study in studies:
        cases[study.case.code] = study.case
        visits.setdefault(study.case.code, {}).setdefault(study.visit, []).extend(study.series)
    return tuple(
        CaseRow(
            case,
            tuple((visit, tuple(found)) for visit, found in visits[code].items()),
            code in joined,
            (suggested or {}).get(code),
        )
        for code, case in cases.items()
    )


def series_label(series: ListedSeries) -> str:
    """Role of a series from physics only: ``"sag PD FS"``."""
    parts = [_SHORT_PLANE[series.plane]] if series.plane else []
    if series.weighting:
        parts.append(series.weighting.value)
    elif series.modality != "MR":
        parts.append(series.modality)
    if series.fat_suppressed and series.weighting not in (Weighting.STIR, Weighting.WATER):
        parts.append("FS")
    if series.split.startswith(("echo", "time", "b")):
        parts.append(series.split)
    return " ".join(parts) or "series"


def series_facts(series: ListedSeries) -> str:
    """Slices, matrix and spacing: ``"36 slices · 384 × 384 · 0.36 × 0.36 × 3.5 mm"``."""
    parts = [f"{series.slices} slice{'' if series.slices == 1 else 's'}", f"{series.rows} × {series.columns}"]
    spacing = [series.row_spacing, series.column_spacing, series.slice_spacing]
    known = [f"{value:.2f}" for value in spacing[:2] if value is not None]
    if series.slice_spacing is not None:
        known.append(f"{series.slice_spacing:.1f}")
    parts.append(f"{' × '.join(known)} mm" if known else "no spacing")
    return " · ".join(parts)


@dataclass(frozen=True)
class CaseFilter:
    """What of the library is shown. An empty set does not restrict.

    Attributes
    ----------
    joints : frozenset of str
        ``"knee"``, ``"hip"``, ``"other"``.
    sides : frozenset of str
        ``"L"``, ``"R"``, ``"B"``.
    states : frozenset of str
        Values of `State`, and ``"warnings"`` for cases with a warning.
    text : str
        Words that must all occur in code, joint, side, visits or roles.
    """

    joints: frozenset[str] = field(default=frozenset())
    sides: frozenset[str] = field(default=frozenset())
    states: frozenset[str] = field(default=frozenset())
    text: str = ""

    def accepts(self, row: CaseRow) -> bool:
        """True if the case is to be shown."""
        if self.joints and row.joint_text not in self.joints:
            return False
        side = row.case.laterality.value if row.case.laterality else ""
        if self.sides and side not in self.sides:
            return False
        states = {row.state.value} | ({"warnings"} if row.warnings else set())
        if self.states and not states & self.states:
            return False
        words = self.text.casefold().split()
        if not words:
            return True
        visits = (visit for visit, _ in row.visits)
        searched = " ".join((row.code, row.joint_shown, row.side_text, *visits, row.roles_text))
        searched = searched.casefold().replace("\u00a0", " ").replace("\u2011", "-")
        return all(word in searched for word in words)


def filter_counts(rows: Sequence[CaseRow]) -> Counter[str]:
    """How many cases each entry of the filter list would show, by its key."""
    counts: Counter[str] = Counter()
    for row in rows:
        counts[row.joint_text] += 1
        counts[row.case.laterality.value if row.case.laterality else ""] += 1
        counts[row.state.value] += 1
        counts["warnings"] += bool(row.warnings)
    return counts


JOINT_FILTERS = ((Joint.KNEE.value, "Knee"), (Joint.HIP.value, "Hip"), ("other", "Other"))
SIDE_FILTERS = (("L", "Left"), ("R", "Right"), ("B", "Both sides"))
STATE_FILTERS = (
    (State.READY.value, "Ready to read"),
    (State.SIDE.value, "Side not confirmed"),
    (State.DISPLAY.value, "Display only"),
    ("warnings", "With warnings"),
)
