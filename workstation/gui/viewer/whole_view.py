"""All that a reader set up on the screen, as plain values: viewports, overlays, tools, own windows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from PySide6.QtCore import QRect

from workstation.gui.viewer import keeping

if TYPE_CHECKING:
    from workstation.gui.viewer.grid import ViewerGrid


class KeptPart(Protocol):
    """What stands beside the viewports and comes back with the case."""

    def kept(self) -> dict[str, Any]:
        """Plain values; empty where there is nothing to keep."""

    def restore(self, values: Mapping[str, Any]) -> None:
        """Bring back what `kept` told."""


def states_of(grid: ViewerGrid) -> dict[str, Any]:
    """What the reader set up but the look of overlays, as plain values for the journal."""
    tools = {tool.id: kept for tool in grid.tools if (kept := tool.kept())}
    parts = {name: kept for name, part in grid.kept_parts.items() if (kept := part.kept())}
    away = {str(tile): place_of(place) for tile, place in grid.away_places.items()}
    return {
        **keeping.as_dict(grid.presenter),
        "tools": tools,
        **({"away": away} if away else {}),
        **parts,
    }


def restore_beside(grid: ViewerGrid, states: Mapping[str, Any]) -> None:
    """Bring back tools, and windows of their own; one that stands open now stays open."""
    tools = states.get("tools")
    own = {tool.id: tool for tool in grid.tools}
    for name, kept in (tools if isinstance(tools, dict) else {}).items():
        if name in own and isinstance(kept, dict):
            own[name].restore(kept)
    away = states.get("away")
    for number, place in (away if isinstance(away, dict) else {}).items():
        at, tile = rect_from(place), int(number) if str(number).isdigit() else -1
        if at is not None and 0 <= tile < len(grid.tiles) and tile not in grid.away:
            grid.detach(tile, at)
    for name, part in grid.kept_parts.items():
        if isinstance(kept := states.get(name), dict):
            part.restore(kept)


def place_of(place: QRect) -> list[int]:
    """Left, top, width and height."""
    return [place.x(), place.y(), place.width(), place.height()]


def rect_from(value: object) -> QRect | None:
    """The place again; None where it makes no sense."""
    if not isinstance(value, list) or len(value) != 4 or not all(isinstance(one, int) for one in value):
        return None
    place = QRect(*value)
    return place if 48 <= place.width() <= 20_000 and 48 <= place.height() <= 20_000 else None
