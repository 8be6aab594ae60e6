"""Which series hangs where: weighted rules on physics, the best protocol wins.

A rule adds its weight when all its conditions hold. A tile takes the series with the highest sum; a
protocol's score is the sum of its match rules and of its first screen. Each series is used once a screen.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from workstation.errors import UsageError
from workstation.imaging.hanging_own import offered_protocols
from workstation.imaging.hanging_protocol import (
    CaseFacts,
    Protocol,
    TileRule,
    facts_of,
    load_protocol,
    load_protocols,
)
from workstation.imaging.study import Joint, Series

__all__ = [
    "Layout", "Protocol", "TileAssignment", "grid_of", "hang", "load_protocol", "load_protocols", "rank",
    "ranked", "screens",
]  # fmt: skip

EMPTY_TILE = -4.0
"""What an empty tile costs a protocol: a small grid that is full beats a large one with holes."""

_GRIDS = ((1, 1), (1, 2), (2, 2), (2, 3), (3, 3), (3, 4), (4, 4))

Visits = Mapping[str, str]
"""Visit label of each series key, where a reader may know the order of visits."""


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
    """A grid with a series, or the reason for its absence, in every tile, row by row.

    `id` is that of the protocol, followed by ``/2``, ``/3`` … for its further stages.
    """

    id: str
    title: str
    rows: int
    columns: int
    tiles: tuple[TileAssignment, ...]
    score: float = 0.0


def ranked(
    series: Sequence[Series],
    protocols: Iterable[Protocol] | None = None,
    joint: Joint | None = None,
    visits: Visits | None = None,
) -> tuple[Layout, ...]:
    """The first screens of all protocols that fit, best first.

    Parameters
    ----------
    series : sequence of Series
        What the case offers, in order of visit.
    protocols : iterable of Protocol or None
        None for those of the program and those that the person saved.
    joint : Joint or None
        Joint of the case, for series whose own tags do not say it.
    visits : mapping of str to str or None
        Visit label of each series key; None where the order must stay hidden.
    """
    facts = facts_of(series, joint, visits)
    return tuple(layout for _, layout in _ranked(series, protocols, facts))


def screens(
    series: Sequence[Series],
    protocols: Iterable[Protocol] | None = None,
    joint: Joint | None = None,
    visits: Visits | None = None,
) -> tuple[Layout, ...]:
    """What PgUp and PgDn go through: every protocol that fits, each with those stages that find a series.

    Parameters as for `ranked`.
    """
    facts = facts_of(series, joint, visits)
    found: list[Layout] = []
    for protocol, first in _ranked(series, protocols, facts):
        found.append(first)
        for number in range(2, len(protocol.stages) + 2):
            layout = _hang(protocol, series, facts, stage=number)
            if any(tile.series_key for tile in layout.tiles):
                found.append(layout)
    return tuple(found)


def rank(
    series: Sequence[Series],
    protocols: Iterable[Protocol] | None = None,
    joint: Joint | None = None,
    visits: Visits | None = None,
) -> Layout:
    """The layout of the protocol with the highest score; parameters as for `ranked`."""
    layouts = ranked(series, protocols, joint, visits)
    return layouts[0] if layouts else grid_of(1, 1)


def hang(
    protocol_id: str,
    series: Sequence[Series],
    protocols: Iterable[Protocol] | None = None,
    joint: Joint | None = None,
    visits: Visits | None = None,
) -> Layout:
    """The layout of a protocol that a person named, whether or not it fits the case.

    A stage is named behind a stroke: ``"knee-oa-bml/2"``.

    Raises
    ------
    UsageError
        If there is no protocol of that id; the message lists those that exist.
    """
    offered = tuple(offered_protocols() if protocols is None else protocols)
    name, _, number = protocol_id.partition("/")
    stage = int(number) if number.isdigit() else 1
    for protocol in offered:
        if protocol.id == name and 1 <= stage <= len(protocol.stages) + 1:
            return _hang(protocol, series, facts_of(series, joint, visits), stage=stage)
    known = ", ".join(sorted(protocol.id for protocol in offered))
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


def _ranked(
    series: Sequence[Series], protocols: Iterable[Protocol] | None, facts: CaseFacts
) -> list[tuple[Protocol, Layout]]:
    fitting = []
    for protocol in offered_protocols() if protocols is None else protocols:
        total = _match_score(protocol, series, facts)
        if total is None or protocol.desk != "reading":
            continue
        layout = _hang(protocol, series, facts, total=total)
        if (
            protocol.most is not None
            or sum(t.series_key is not None for t in layout.tiles) >= protocol.fewest
        ):
            fitting.append((protocol, layout))
    return sorted(fitting, key=lambda pair: -pair[1].score)


def _hang(
    protocol: Protocol, series: Sequence[Series], facts: CaseFacts, *, stage: int = 1, total: float = 0.0
) -> Layout:
    if protocol.most is not None:
        rows, columns, tiles = _automatic(protocol, series, facts)
    else:
        rows, columns = protocol.grid(stage)
        tiles = _all_places(protocol, stage)
    chosen = _assign(tiles, series, facts)
    if protocol.shrink and chosen:
        rows, columns, tiles, chosen = _shrunk(tiles, chosen)
    if protocol.most is not None and not chosen:  # nothing fits, yet nothing may be hidden
        chosen = {number: (one, 0.0) for number, one in enumerate(series[: len(tiles)])}
    score = total + sum(worth for _, worth in chosen.values())
    score += EMPTY_TILE * (len(tiles) - len(chosen))
    hung = []
    for number, tile in enumerate(tiles):
        found = chosen[number][0].key if number in chosen else None
        missing = "" if found else _missing(protocol, tile)
        hung.append(TileAssignment(found, tile.role, tile.row, tile.column, tile.link, tile.window, missing))
    name, title = protocol.id, protocol.title
    if stage > 1:
        name, title = f"{name}/{stage}", f"{title} · {protocol.stages[stage - 2].title}"
    return Layout(name, title, rows, columns, tuple(hung), score)


def _shrunk(
    tiles: Sequence[TileRule], chosen: Mapping[int, tuple[Series, float]]
) -> tuple[int, int, tuple[TileRule, ...], dict[int, tuple[Series, float]]]:
    """The grid without the rows and columns in which nothing hangs; a single column becomes a row.

    Monitors are wider than high: beside each other pictures are larger than one over the other.
    """
    rows = sorted({tiles[number].row for number in chosen})
    columns = sorted({tiles[number].column for number in chosen})
    kept = [n for n, tile in enumerate(tiles) if tile.row in rows and tile.column in columns]
    moved = tuple(
        replace(tiles[n], row=rows.index(tiles[n].row), column=columns.index(tiles[n].column)) for n in kept
    )
    found_at = {kept.index(n): found for n, found in chosen.items()}
    if len(columns) == 1:
        return 1, len(rows), tuple(replace(tile, row=0, column=tile.row) for tile in moved), found_at
    return len(rows), len(columns), moved, found_at


def _missing(protocol: Protocol, tile: TileRule) -> str:
    asks = tile.rules and protocol.most is None
    return f"No {tile.role} in this study" if asks else "Choose a series"


def _match_score(protocol: Protocol, series: Sequence[Series], facts: CaseFacts) -> float | None:
    """Sum of the match rules that some series meets; None when a required one is met by none."""
    total = 0.0
    for rule in protocol.match:
        if any(rule.holds(one, facts) for one in series):
            total += rule.weight
        elif rule.required:
            return None
    return total


def _assign(
    tiles: Sequence[TileRule], series: Sequence[Series], facts: CaseFacts
) -> dict[int, tuple[Series, float]]:
    """Best pairs first; of equals the earlier tile, then the earlier series.

    Series come in order of visit, so a baseline is not mixed with a follow-up.
    """
    pairs = []
    for number, tile in enumerate(tiles):
        for order, one in enumerate(series):
            worth = tile.score(one, facts)
            if worth is not None:
                pairs.append((-worth, number, order))
    chosen: dict[int, tuple[Series, float]] = {}
    used: set[int] = set()
    for negative, number, order in sorted(pairs):
        if number not in chosen and (order not in used or tiles[number].again):
            chosen[number] = (series[order], -negative)
            used.add(order)
    return chosen


def _automatic(
    protocol: Protocol, series: Sequence[Series], facts: CaseFacts
) -> tuple[int, int, tuple[TileRule, ...]]:
    pattern = protocol.tiles[0]
    fitting = sum(pattern.score(one, facts) is not None for one in series) or len(series)
    wanted = max(1, min(fitting, protocol.most or 1))
    rows, columns = next(((r, c) for r, c in _GRIDS if r * c >= wanted), _GRIDS[-1])
    places = [divmod(number, columns) for number in range(rows * columns)]
    tiles = tuple(
        TileRule(pattern.role, row, column, pattern.link, pattern.window, pattern.rules)
        for row, column in places
    )
    return rows, columns, tiles


def _all_places(protocol: Protocol, stage: int) -> tuple[TileRule, ...]:
    """The tiles of a stage row by row; places that the protocol leaves open stay empty."""
    rows, columns = protocol.grid(stage)
    by_place = {(tile.row, tile.column): tile for tile in protocol.tiles if tile.stage == stage}
    return tuple(
        by_place.get((row, column)) or TileRule("", row, column, "", "start", ())
        for row in range(rows)
        for column in range(columns)
    )
