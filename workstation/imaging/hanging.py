"""Which series hangs where: protocols as TOML, weighted rules on physics, the best one wins.

A rule adds its weight when all its conditions hold. A tile takes the series with the highest sum; a
protocol's score is the sum of its match rules and of its tiles. Each series is used once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workstation.errors import ResourceError, UsageError
from workstation.imaging import hanging_schema, vocabulary
from workstation.imaging.study import Joint, Series
from workstation.resources import resource_path

EMPTY_TILE = -4.0
"""What an empty tile costs a protocol: a small grid that is full beats a large one with holes."""

_GRIDS = ((1, 1), (1, 2), (2, 2), (2, 3), (3, 3), (3, 4), (4, 4))

_PLANES = {"sag": "sagittal", "cor": "coronal", "ax": "axial", "obl": "oblique"}


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
    fat_suppressed: bool | None = None
    fewest_slices: int | None = None

    def holds(self, series: Series, joint: Joint | None) -> bool:
        """True when a series meets every condition; `joint` is that of the case, if known."""
        known = series.joint or joint
        facts = (
            (self.plane, series.plane or _told_plane(series)),
            (self.weighting, series.weighting),
            (self.joint, known),
            (self.laterality, series.laterality),
            (self.axis, series.axis),
            (self.modality, series.first.modality),
            (self.split, series.split),
        )
        if any(wanted and (value is None or str(value) not in wanted) for wanted, value in facts):
            return False
        if self.fat_suppressed is not None and series.fat_suppressed != self.fat_suppressed:
            return False
        if self.fewest_slices is not None and len(series.instances) < self.fewest_slices:
            return False
        return not self.description or _mentions(series, self.description)


@dataclass(frozen=True, slots=True)
class TileRule:
    """One place of a grid (row and column from 0) and what belongs there."""

    role: str
    row: int
    column: int
    link: str
    window: str
    rules: tuple[Rule, ...]

    def score(self, series: Series, joint: Joint | None) -> float | None:
        """How well a series fits here; None when a required rule fails or nothing speaks for it."""
        total = 0.0
        for rule in self.rules:
            if rule.holds(series, joint):
                total += rule.weight
            elif rule.required:
                return None
        return total if total > 0 else None


@dataclass(frozen=True, slots=True)
class Protocol:
    """A hanging protocol. `most` is set for an automatic grid, whose one tile is repeated."""

    id: str
    version: int
    title: str
    rows: int
    columns: int
    fewest: int
    most: int | None
    match: tuple[Rule, ...]
    tiles: tuple[TileRule, ...]


@dataclass(frozen=True, slots=True)
class TileAssignment:
    """What hangs at one place.

    `series_key` is None for an empty tile; `missing` then says what it waits for. Tiles with the same
    non-empty `link` are linked. `window` is the key of a preset (`windowing.presets`).
    """

    series_key: str | None
    role: str
    row: int
    column: int
    link: str = ""
    window: str = "start"
    missing: str = ""


@dataclass(frozen=True, slots=True)
class Layout:
    """A grid with a series, or the reason for its absence, in every tile, row by row."""

    id: str
    title: str
    rows: int
    columns: int
    tiles: tuple[TileAssignment, ...]
    score: float = 0.0


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


def load_protocol(path: Path) -> Protocol:
    """Read one protocol file; raises `ResourceError` naming the line of a mistake."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ResourceError(
            f"The hanging protocol {path.name} was not loaded", "it cannot be read"
        ) from error
    data = hanging_schema.parse(hanging_schema.Source(path.name, text))
    return Protocol(
        id=data["id"],
        version=data["version"],
        title=data["title"],
        rows=data.get("rows", 1),
        columns=data.get("columns", 1),
        fewest=data.get("fewest", 0),
        most=data.get("most"),
        match=tuple(_rule(rule) for rule in data["match"]),
        tiles=tuple(
            TileRule(
                tile["role"],
                tile.get("row", 1) - 1,
                tile.get("column", 1) - 1,
                tile.get("link", ""),
                tile.get("window", "start"),
                tuple(_rule(rule) for rule in tile["rules"]),
            )
            for tile in data["tile"]
        ),
    )


def ranked(
    series: Sequence[Series], protocols: Iterable[Protocol] | None = None, joint: Joint | None = None
) -> tuple[Layout, ...]:
    """The layouts of all protocols that fit, best first.

    Parameters
    ----------
    series : sequence of Series
        What the case offers.
    protocols : iterable of Protocol or None
        None for those of the program.
    joint : Joint or None
        Joint of the case, for series whose own tags do not say it.
    """
    offered = tuple(load_protocols() if protocols is None else protocols)
    layouts = [layout for p in offered if (layout := _hang(p, series, joint, forced=False)) is not None]
    return tuple(sorted(layouts, key=lambda layout: -layout.score))


def rank(
    series: Sequence[Series], protocols: Iterable[Protocol] | None = None, joint: Joint | None = None
) -> Layout:
    """The layout of the protocol with the highest score; parameters as for `ranked`."""
    layouts = ranked(series, protocols, joint)
    return layouts[0] if layouts else grid_of(1, 1)


def hang(
    protocol_id: str,
    series: Sequence[Series],
    protocols: Iterable[Protocol] | None = None,
    joint: Joint | None = None,
) -> Layout:
    """The layout of a protocol that a person named, whether or not it fits the case.

    Raises
    ------
    UsageError
        If there is no protocol of that id; the message lists those that exist.
    """
    offered = tuple(load_protocols() if protocols is None else protocols)
    for protocol in offered:
        if protocol.id == protocol_id:
            layout = _hang(protocol, series, joint, forced=True)
            if layout is not None:
                return layout
    known = ", ".join(protocol.id for protocol in offered)
    raise UsageError("The study was not hung", f"there is no protocol {protocol_id}", f"Known are {known}")


def grid_of(rows: int, columns: int, series: Sequence[Series] = ()) -> Layout:
    """A plain grid with the series in their order, all linked."""
    tiles = []
    for place in range(rows * columns):
        key = series[place].key if place < len(series) else None
        missing = "" if key else "Choose a series"
        row, column = divmod(place, columns)
        role = series[place].label if place < len(series) else ""
        tiles.append(TileAssignment(key, role, row, column, "position", "start", missing))
    return Layout(f"{rows}x{columns}", f"{rows} × {columns}", rows, columns, tuple(tiles))


def _hang(
    protocol: Protocol, series: Sequence[Series], joint: Joint | None, *, forced: bool
) -> Layout | None:
    total = _match_score(protocol, series, joint)
    if total is None and not forced:
        return None
    if protocol.most is not None:
        rows, columns, tiles = _automatic(protocol, series, joint)
    else:
        rows, columns, tiles = protocol.rows, protocol.columns, _all_places(protocol)
    chosen = _assign(tiles, series, joint)
    if protocol.most is not None and not chosen:  # nothing fits, yet nothing may be hidden
        chosen = {number: (one, 0.0) for number, one in enumerate(series[: len(tiles)])}
    if len(chosen) < protocol.fewest and not forced:
        return None
    score = (total or 0.0) + sum(worth for _, worth in chosen.values())
    score += EMPTY_TILE * (len(tiles) - len(chosen))
    hung = []
    for number, tile in enumerate(tiles):
        found = chosen[number][0].key if number in chosen else None
        missing = "" if found else _missing(protocol, tile)
        hung.append(TileAssignment(found, tile.role, tile.row, tile.column, tile.link, tile.window, missing))
    return Layout(protocol.id, protocol.title, rows, columns, tuple(hung), score)


def _missing(protocol: Protocol, tile: TileRule) -> str:
    asks = tile.rules and protocol.most is None
    return f"No {tile.role} in this study" if asks else "Choose a series"


def _match_score(protocol: Protocol, series: Sequence[Series], joint: Joint | None) -> float | None:
    """Sum of the match rules that some series meets; None when a required one is met by none."""
    total = 0.0
    for rule in protocol.match:
        if any(rule.holds(one, joint) for one in series):
            total += rule.weight
        elif rule.required:
            return None
    return total


def _assign(
    tiles: Sequence[TileRule], series: Sequence[Series], joint: Joint | None
) -> dict[int, tuple[Series, float]]:
    """Best pairs first; of equals the earlier tile, then the earlier series.

    Series come in order of visit, so a baseline is not mixed with a follow-up.
    """
    pairs = []
    for number, tile in enumerate(tiles):
        for order, one in enumerate(series):
            worth = tile.score(one, joint)
            if worth is not None:
                pairs.append((-worth, number, order))
    chosen: dict[int, tuple[Series, float]] = {}
    used: set[int] = set()
    for negative, number, order in sorted(pairs):
        if number not in chosen and order not in used:
            chosen[number] = (series[order], -negative)
            used.add(order)
    return chosen


def _automatic(
    protocol: Protocol, series: Sequence[Series], joint: Joint | None
) -> tuple[int, int, tuple[TileRule, ...]]:
    pattern = protocol.tiles[0]
    fitting = sum(pattern.score(one, joint) is not None for one in series) or len(series)
    wanted = max(1, min(fitting, protocol.most or 1))
    rows, columns = next(((r, c) for r, c in _GRIDS if r * c >= wanted), _GRIDS[-1])
    places = [divmod(number, columns) for number in range(rows * columns)]
    tiles = tuple(
        TileRule(pattern.role, row, column, pattern.link, pattern.window, pattern.rules)
        for row, column in places
    )
    return rows, columns, tiles


def _all_places(protocol: Protocol) -> tuple[TileRule, ...]:
    """The tiles row by row; places that the protocol leaves open stay empty."""
    by_place = {(tile.row, tile.column): tile for tile in protocol.tiles}
    return tuple(
        by_place.get((row, column)) or TileRule("", row, column, "", "start", ())
        for row in range(protocol.rows)
        for column in range(protocol.columns)
    )


def _rule(data: dict[str, Any]) -> Rule:
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
