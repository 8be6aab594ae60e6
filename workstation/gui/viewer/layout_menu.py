"""Hanging protocols and grids; the present screen saved as a protocol; one's own protocols managed."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QInputDialog, QMenu, QWidget

from workstation.errors import WorkstationError
from workstation.gui.viewer.grid import ViewerGrid
from workstation.imaging import hanging_own
from workstation.imaging.hanging_protocol import Protocol

GRIDS = ((1, 1), (1, 2), (2, 2), (2, 3), (3, 3), (3, 4), (4, 4))
OTHER_GRIDS = tuple(
    (rows, columns) for rows in range(1, 5) for columns in range(1, 5) if (rows, columns) not in GRIDS
)
_TOML = "Hanging protocol (*.toml)"


class LayoutMenu(QMenu):
    """Filled anew each time it opens.

    Signals
    -------
    told(str)
        Something was done, in a sentence.
    refused(object)
        A `WorkstationError`.
    """

    told = Signal(str)
    refused = Signal(object)

    def __init__(self, grid: ViewerGrid, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("layout_menu")
        self._grid = grid
        self.aboutToShow.connect(self.fill)

    def fill(self) -> None:
        """Stages that fit this case, plain grids, and what one can do with protocols."""
        self.clear()
        grid = self._grid
        shown = grid.layout_shown
        for stage in grid.stages:
            action = self.addAction(stage.title.replace("&", "&&"))
            action.setCheckable(True)
            action.setChecked(stage.id == shown.id)
            action.triggered.connect(partial(self._hang, stage.id))
        self.addSeparator()
        self._add_grids(self, GRIDS)
        self._add_grids(self.addMenu("Other grids"), OTHER_GRIDS)
        self.addSeparator()
        save = self.addAction("Save this screen as a protocol…")
        save.setObjectName("save_protocol")
        save.setEnabled(any(state.series_key for state in grid.presenter.states))
        save.triggered.connect(self._ask_title)
        own, wrong = hanging_own.own_protocols()
        for protocol in own:
            self._add_own(protocol)
        take = self.addAction("Add a protocol file…")
        take.setObjectName("take_protocol")
        take.triggered.connect(self._ask_file)
        for error in wrong:
            note = self.addAction(f"⚠ {error.sentence}".replace("&", "&&"))
            note.setEnabled(False)

    def save_screen(self, title: str) -> Protocol | None:
        """Save what hangs now; None if it was refused, and `refused` says why."""
        try:
            protocol = self._grid.protocols.of_screen(title)
            hanging_own.save_own(protocol)
        except WorkstationError as error:
            self.refused.emit(error)
            return None
        self._grid.protocols.rank_again()
        self.told.emit(f"“{protocol.title}” is saved; cases like this one open with it")
        return protocol

    def replace_own(self, protocol: Protocol) -> None:
        """Let an own protocol hang what is on the screen now."""

        def change() -> str:
            new = self._grid.protocols.of_screen(protocol.title, protocol.id)
            hanging_own.save_own(new, replacing=True)
            return f"“{protocol.title}” now hangs this screen"

        self._try(change)

    def rename_own(self, protocol: Protocol, title: str) -> None:
        """Give an own protocol another title."""

        def change() -> str:
            return f"“{protocol.title}” is now “{hanging_own.rename_own(protocol.id, title).title}”"

        self._try(change)

    def delete_own(self, protocol: Protocol) -> None:
        """Remove an own protocol."""

        def change() -> str:
            hanging_own.delete_own(protocol.id)
            return f"“{protocol.title}” is deleted"

        self._try(change)

    def share_own(self, protocol: Protocol, path: Path) -> None:
        """Write an own protocol for another person."""
        self._try(lambda: f"“{protocol.title}” is written to {hanging_own.share_own(protocol.id, path).name}")

    def take_file(self, path: Path) -> None:
        """Add a protocol that another person made."""
        self._try(lambda: f"“{hanging_own.take_protocol(path).title}” is added")

    # --- private -----------------------------------------------------------------------------------

    def _add_grids(self, menu: QMenu, grids: Iterable[tuple[int, int]]) -> None:
        shown = self._grid.layout_shown
        for rows, columns in grids:
            action = menu.addAction(f"{rows} × {columns}")
            action.setCheckable(True)
            action.setChecked(shown.id == f"{rows}x{columns}")
            action.triggered.connect(partial(self._set_grid, rows, columns))

    def _add_own(self, protocol: Protocol) -> None:
        menu = self.addMenu(protocol.title.replace("&", "&&"))
        menu.setObjectName(f"own_{protocol.id}")
        for name, words, run in (
            ("hang", "Hang it", partial(self._hang_own, protocol)),
            ("replace", "Replace by this screen", partial(self.replace_own, protocol)),
            ("rename", "Rename…", partial(self._ask_new_title, protocol)),
            ("share", "Share as a file…", partial(self._ask_place, protocol)),
            ("delete", "Delete", partial(self.delete_own, protocol)),
        ):
            action = menu.addAction(words)
            action.setObjectName(f"{name}_{protocol.id}")
            action.triggered.connect(partial(_call, run))

    def _try(self, change: object) -> None:
        assert callable(change)
        try:
            said = change()
        except WorkstationError as error:
            self.refused.emit(error)
            return
        self._grid.protocols.rank_again()
        self.told.emit(said)

    def _hang(self, stage_id: str) -> None:
        for stage in self._grid.stages:
            if stage.id == stage_id:
                self._grid.hang(stage)

    def _hang_own(self, protocol: Protocol) -> None:
        self._grid.protocols.hang(protocol.id)

    def _set_grid(self, rows: int, columns: int) -> None:
        self._grid.set_grid(rows, columns)

    def _ask_title(self) -> None:
        title, agreed = QInputDialog.getText(self._grid, "Save this screen", "Title of the protocol")
        if agreed:
            self.save_screen(title)

    def _ask_new_title(self, protocol: Protocol) -> None:
        title, agreed = QInputDialog.getText(self._grid, "Rename", "Title", text=protocol.title)
        if agreed:
            self.rename_own(protocol, title)

    def _ask_place(self, protocol: Protocol) -> None:
        name, _ = QFileDialog.getSaveFileName(self._grid, "Share", f"{protocol.id}.toml", _TOML)
        if name:
            self.share_own(protocol, Path(name))

    def _ask_file(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self._grid, "Add a protocol", "", _TOML)
        if name:
            self.take_file(Path(name))


def _call(run: object, _checked: bool = False) -> None:
    assert callable(run)
    run()
