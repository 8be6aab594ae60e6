"""A hanging protocol as its file says it: rules on series, places of a grid, stages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from workstation.errors import ResourceError
from workstation.imaging import hanging_schema, vocabulary
from workstation.imaging.study import Joint, Series
from workstation.resources import resource_path

_PLANES = {"sag": "sagittal", "cor": "coronal", "ax": "axial", "obl": "oblique"}


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """What a case knows beyond its series.

    Attributes
    ----------
    joint : Joint or None
        For series whose own tags do not say it.
    visits : mapping of str to frozenset of str
        ``first``, ``later`` and ``last`` as they hold for the visit of each series key; empty where there
        is one visit, or where the reader must not know the order.
    """

    joint: Joint | None = None
    visits: Mapping[str, frozenset[str]] = field(default_factory=dict)


def facts_of(
    series: Sequence[Series], joint: Joint | None, visits: Mapping[str, str] | None = None
) -> CaseFacts:
    """Facts of a case whose series come in order of visit; `visits` is the label of each series key."""
    labels = [label for one in series if (label := (visits or {}).get(one.key, ""))]
    order = list(dict.fromkeys(labels))
    if len(order) < 2:
        return CaseFacts(joint)
    words = {label: frozenset({"later"}) for label in order[1:-1]}
    words |= {order[0]: frozenset({"first"}), order[-1]: frozenset({"later", "last"})}
    return CaseFacts(joint, {key: words[label] for key, label in (visits or {}).items() if label in words})


@dataclass(frozen=True, slots=True)
class Rule:
    """Conditions on a series, all of which must hold, and what that is worth."""

    weight: float
    required: bool = False
    plane: tuple[str, ...] = ()
    weighting: tuple[str, ...] = ()
    joint: tuple[str, ...] = ()
    laterality: tuple[str, ...] = ()
    axis: tuple[str, ...] = ()
    modality: tuple[str, ...] = ()
    split: tuple[str, ...] = ()
    description: tuple[str, ...] = ()
    visit: tuple[str, ...] = ()
    fat_suppressed: bool | None = None
    fewest_slices: int | None = None

    def holds(self, series: Series, facts: CaseFacts) -> bool:
        """True when a series meets every condition."""
        values = (
            (self.plane, series.plane or _told_plane(series)),
            (self.weighting, series.weighting),
            (self.joint, series.joint or facts.joint),
            (self.laterality, series.laterality),
            (self.axis, series.axis),
            (self.modality, series.first.modality),
            (self.split, series.split),
        )
        if any(wanted and (value is None or str(value) not in wanted) for wanted, value in values):
            return False
        if self.visit and facts.visits.get(series.key, frozenset()).isdisjoint(self.visit):
            return False
        if self.fat_suppressed is not None and series.fat_suppressed != self.fat_suppressed:
            return False
        if self.fewest_slices is not None and len(series.instances) < self.fewest_slices:
            return False
        return not self.description or _mentions(series, self.description)


@dataclass(frozen=True, slots=True)
class TileRule:
    """One place of a grid (row and column from 0, stage from 1) and what belongs there.

    `again` lets a series hang here that hangs elsewhere on the same screen.
    """

    role: str
    row: int
    column: int
    link: str
    window: str
    rules: tuple[Rule, ...]
    stage: int = 1
    again: bool = False

    def score(self, series: Series, facts: CaseFacts) -> float | None:
        """How well a series fits here; None when a required rule fails or nothing speaks for it."""
        total = 0.0
        for rule in self.rules:
            if rule.holds(series, facts):
                total += rule.weight
            elif rule.required:
                return None
        return total if total > 0 else None


@dataclass(frozen=True, slots=True)
class Stage:
    """A further screen of a protocol, reached with PgDn."""

    title: str
    rows: int
    columns: int


@dataclass(frozen=True, slots=True)
class Protocol:
    """A hanging protocol.

    Attributes
    ----------
    most : int or None
        Set for an automatic grid, whose one tile is repeated.
    stages : tuple of Stage
        Screens after the first.
    desk : str
        ``"reading"``, or the desk that asks for it by id and where alone it is used.
    own : bool
        True for one that a person saved here.
    shrink : bool
        Leave out a row or column in which nothing hangs.
    """

    id: str
    version: int
    title: str
    rows: int
    columns: int
    fewest: int
    most: int | None
    match: tuple[Rule, ...]
    tiles: tuple[TileRule, ...]
    stages: tuple[Stage, ...] = ()
    desk: str = "reading"
    own: bool = False
    shrink: bool = False

    def grid(self, stage: int) -> tuple[int, int]:
        """Rows and columns of a stage, from 1."""
        if stage == 1:
            return self.rows, self.columns
        return self.stages[stage - 2].rows, self.stages[stage - 2].columns


def load_protocols(folder: Path | None = None) -> tuple[Protocol, ...]:
    """Every protocol of the program (or of a folder), by file name.

    Raises
    ------
    ResourceError
        Naming file and line of a mistake, or two protocols with one id.
    """
    found: dict[str, Protocol] = {}
    for path in sorted((folder or resource_path("hanging")).glob("*.toml")):
        protocol = load_protocol(path)
        if protocol.id in found:
            raise ResourceError(
                f"The hanging protocol {path.name} was not loaded",
                f"another file already has the id {protocol.id}",
                "Give it its own id",
            )
        found[protocol.id] = protocol
    return tuple(found.values())


def load_protocol(path: Path, *, own: bool = False) -> Protocol:
    """Read one protocol file; raises `ResourceError` naming the line of a mistake."""
    try:
        state = path.stat()
        return _read_file(path, (state.st_mtime_ns, state.st_size, state.st_ino), own)
    except (OSError, UnicodeDecodeError) as error:
        raise ResourceError(
            f"The hanging protocol {path.name} was not loaded", "it cannot be read"
        ) from error


# Every case that is shown asks for all protocols; reading them anew would hold the window each time.
@lru_cache(maxsize=256)
def _read_file(path: Path, _state: tuple[int, int, int], own: bool) -> Protocol:
    return read_protocol(path.read_text(encoding="utf-8"), path.name, own=own)


@lru_cache(maxsize=64)  # the same few texts each time a case is hung
def read_protocol(text: str, name: str, *, own: bool = False) -> Protocol:
    """The protocol of a text; `name` is what a mistake calls it."""
    data = hanging_schema.parse(hanging_schema.Source(name, text))
    return Protocol(
        id=data["id"],
        version=data["version"],
        title=data["title"],
        rows=data.get("rows", 1),
        columns=data.get("columns", 1),
        fewest=data.get("fewest", 0),
        most=data.get("most"),
        match=_rules(data["match"]),
        tiles=tuple(
            TileRule(
                tile["role"],
                tile.get("row", 1) - 1,
                tile.get("column", 1) - 1,
                tile.get("link", ""),
                tile.get("window", "start"),
                _rules(tile["rules"]),
                tile.get("stage", 1),
                tile.get("again", False),
            )
            for tile in data["tile"]
        ),
        stages=tuple(Stage(one["title"], one["rows"], one["columns"]) for one in data.get("stage", ())),
        desk=data.get("desk", "reading"),
        own=own,
        shrink=data.get("shrink", False),
    )


def _rules(data: Iterable[Mapping[str, Any]]) -> tuple[Rule, ...]:
    return tuple(_rule(one) for one in data)


def _rule(data: Mapping[str, Any]) -> Rule:
    values: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else (value,) if isinstance(value, str) else value
        for key, value in data.items()
    }
    return Rule(**{**values, "weight": float(data["weight"])})


def _told_plane(series: Series) -> str | None:
    """The plane that the description names, where the files do not say how the slices lie."""
    told = vocabulary.words(f"{series.first.series_description} {series.first.protocol_name}")
    named = {_PLANES[word] for word in told if word in _PLANES}
    return named.pop() if len(named) == 1 else None


def _mentions(series: Series, words: tuple[str, ...]) -> bool:
    """True when one of the words starts a token of the description: ``"loc"`` finds ``"3-plane LOC"``.

    Known words count in any language: ``"localizer"`` finds ``"Repérage"``.
    """
    text = f"{series.first.series_description} {series.first.protocol_name}"
    tokens = {token for token in re.split(r"[^a-z0-9]+", text.lower()) if token}
    tokens.update(vocabulary.words(text))
    return any(token.startswith(word.lower()) for token in tokens for word in words)
