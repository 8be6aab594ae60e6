"""What can be done with the pictures, as a menu made from the table of keys."""

from __future__ import annotations

from functools import partial

from PySide6.QtWidgets import QMenu, QWidget

from workstation.gui.viewer.grid import ViewerGrid

COMMANDS = (
    ("cine", "cine_slower", "cine_faster"),
    ("magnifier", "overview", "reference"),
    ("invert", "flip_horizontal", "flip_vertical", "rotate", "reset"),
    ("maximise", "detach", "full_screen"),
)
"""Names in `keys.BINDINGS`, in groups."""


class ViewMenu(QMenu):
    """Filled when it opens, so that keys and ticks are those of now."""

    def __init__(self, grid: ViewerGrid, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("view_menu")
        self._grid = grid
        self.aboutToShow.connect(self.fill)

    def fill(self) -> None:
        """Every command with its key; those that are on are ticked."""
        self.clear()
        grid = self._grid
        titles = {command.action: command.title for command in grid.keymap.commands}
        state = grid.presenter.states[grid.active_tile]
        is_on = {
            "cine": grid.is_playing,
            "magnifier": grid.magnifier.is_on,
            "reference": grid.presenter.show_reference_lines,
            "invert": state.inverted,
            "full_screen": grid.window().isFullScreen(),
        }
        for group in COMMANDS:
            for name in group:
                action = self.addAction(f"{titles[name]}\t{grid.keymap.key_of(name)}")
                action.setObjectName(f"view_{name}")
                if name in is_on:
                    action.setCheckable(True)
                    action.setChecked(is_on[name])
                action.triggered.connect(partial(self._do, name))
            self.addSeparator()

    def _do(self, name: str) -> None:
        self._grid.do(name)
