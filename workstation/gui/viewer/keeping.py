"""What the viewer shows as plain values, to be kept with a reading and brought back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workstation.gui.viewer.contents import reformat_parts
from workstation.gui.viewer.presenter import ViewerPresenter
from workstation.imaging import viewport
from workstation.imaging.hanging import Layout, TileAssignment
from workstation.imaging.ties import Ties
from workstation.imaging.viewport import ViewportState

_LONGEST = 80
"""Characters of what an empty viewport says."""


def as_dict(presenter: ViewerPresenter) -> dict[str, Any]:
    """Layout, states, windows and the active viewport."""
    return {
        "layout": presenter.layout.id,
        "rows": presenter.layout.rows,
        "columns": presenter.layout.columns,
        "active": presenter.active,
        "tiles": [viewport.as_dict(state) for state in presenter.states],
        "groups": [tile.link for tile in presenter.layout.tiles],
        "missing": [tile.missing for tile in presenter.layout.tiles],
        "ties": presenter.ties.as_dict(),
        "windows": {k: [w.center, w.width, w.function] for k, w in presenter.windows.items()},
    }


def restore(presenter: ViewerPresenter, values: Mapping[str, Any]) -> None:
    """Show again what `as_dict` told; a record that makes no sense changes nothing."""
    tiles = values.get("tiles")
    kept = [tile for tile in tiles if isinstance(tile, dict)] if isinstance(tiles, list) else []
    rows, columns = values.get("rows"), values.get("columns")
    if not isinstance(rows, int) or not isinstance(columns, int) or not 0 < rows * columns <= 16:
        return
    if len(kept) != rows * columns:
        return
    found = [viewport.from_dict(tile) for tile in kept]
    for state in found:
        parts = reformat_parts(state.series_key)
        if parts is not None and parts[0] in presenter.contents:
            presenter.add_reformat(*parts)
    states = [state if state.series_key in presenter.contents else ViewportState() for state in found]
    old = presenter.layout.tiles
    told = values.get("groups")
    groups = list(told) if isinstance(told, list) and len(told) == len(kept) else []
    groups = groups if groups and all(isinstance(one, str) for one in groups) else ["position"] * len(kept)
    missing = _missing(presenter.layout, values, len(kept))
    places = [
        TileAssignment(
            state.series_key or None,
            old[number].role if number < len(old) else "",
            *divmod(number, columns),
            groups[number],
            "start",
            "" if state.series_key else missing[number],
        )
        for number, state in enumerate(states)
    ]
    layout = Layout(str(values.get("layout") or ""), presenter.layout.title, rows, columns, tuple(places))
    active = values.get("active")
    if not isinstance(active, int) or not 0 <= active < len(states):
        active = 0
    presenter.ties = Ties.from_dict(values.get("ties"))
    windows = values.get("windows")
    kept_windows = windows if isinstance(windows, dict) else {}
    found_windows = {key: viewport.window_from(value) for key, value in kept_windows.items()}
    chosen = {key: window for key, window in found_windows.items() if window is not None}
    presenter.show_states(layout, states, active, chosen)


def _missing(fresh: Layout, values: Mapping[str, Any], count: int) -> list[str]:
    """What each viewport says while nothing hangs in it; an older record takes the words of its protocol."""
    told = values.get("missing")
    if not isinstance(told, list) or len(told) != count or not all(isinstance(one, str) for one in told):
        same = fresh.id == values.get("layout") and len(fresh.tiles) == count
        told = [tile.missing for tile in fresh.tiles] if same else [""] * count
    return [one[:_LONGEST] or "Choose a series" for one in told]
