"""The menu of links: which moves the active viewport shares, and what ties frames of reference."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from PySide6.QtWidgets import QMenu, QWidget

from workstation.gui.viewer.grid import ViewerGrid
from workstation.imaging.viewport import Links

_MOVES = (("scroll", "Slices"), ("zoom", "Zoom"), ("pan", "Pan"), ("window", "Window"))


class LinksMenu(QMenu):
    """Made anew each time it opens, for the viewport that is active then."""

    def __init__(self, grid: ViewerGrid, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("links_menu")
        self._grid = grid
        self.aboutToShow.connect(self.fill)

    def fill(self) -> None:
        """What holds for the active viewport now."""
        self.clear()
        presenter, tile = self._grid.presenter, self._grid.active_tile
        links = presenter.states[tile].links
        key_of = self._grid.keymap.key_of
        for name, title in _MOVES:
            action = self.addAction(title)
            action.setCheckable(True)
            action.setChecked(getattr(links, name))
            action.triggered.connect(lambda checked, name=name: self._set(name, checked))
        self.addSeparator()
        everything = self.addAction(f"All or nothing\t{key_of('link')}")
        everything.triggered.connect(partial(self._grid.do, "link"))
        self.addSeparator()
        here = self.addAction(f"Tie to the others at the slices shown\t{key_of('tie_slices')}")
        here.setEnabled(presenter.linkable(tile) is not None)
        here.triggered.connect(partial(self._grid.do, "tie_slices"))
        place = self.addAction("Tie by the same place: click it in two viewports")
        place.triggered.connect(partial(self._grid.set_tool, "tie"))
        found = presenter.ties_of(tile)
        for kind, said in found.items():
            self.addAction(f"Untie ({said})").triggered.connect(partial(presenter.untie, tile, kind))
        if not found:
            self.addAction("Untie").setEnabled(False)

    def _set(self, name: str, checked: bool) -> None:
        presenter, tile = self._grid.presenter, self._grid.active_tile
        links: Links = replace(presenter.states[tile].links, **{name: checked})
        presenter.set_links(tile, links)
