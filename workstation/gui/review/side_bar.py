"""Above the two pictures: what X and Y said, both or one alone, scrolled together or each by itself."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QLabel, QPushButton, QWidget

from workstation.gui.keymap import Keymap, tell
from workstation.gui.review.both_masks import show_compared
from workstation.gui.viewer.grid import ViewerGrid
from workstation.imaging.viewport import Links

BOTH, X_ONLY, Y_ONLY = 0, 1, 2
_SIDES = (
    ("Both", "Show both readers' slices"),
    ("X only", "Show X alone"),
    ("Y only", "Show Y alone"),
)


class SideBar(QWidget):
    """Names both sides and says how the person wants to see them; ``apply`` does it on a grid."""

    changed = Signal()

    def __init__(self, keymap: Keymap, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._x, self._y = QLabel("X"), QLabel("Y")
        for label, name in ((self._x, "x_caption"), (self._y, "y_caption")):
            label.setObjectName(name)
        self._group = QButtonGroup(self)
        self._link = QPushButton("Together")
        self._link.setObjectName("reconcile_link")
        self._link.setCheckable(True)
        self._link.setAccessibleName("Scroll both together")
        tell(self._link, keymap, "sides_link", "Scroll, zoom and pan X and Y together by patient position")
        self._link.clicked.connect(self.changed)
        self._masks = QPushButton("Masks compared")
        self._masks.setObjectName("reconcile_masks")
        self._masks.setCheckable(True)
        self._masks.setChecked(True)
        self._masks.setAccessibleName("Masks of X and Y compared")
        tell(self._masks, keymap, "sides_masks", "Masks compared; or X's over X and Y's over Y")
        self._masks.clicked.connect(self.changed)
        self._masks.hide()
        right = QHBoxLayout()
        right.setContentsMargins(12, 4, 4, 4)
        right.setSpacing(4)
        right.addWidget(self._y, 1)
        for number, (text, tip) in enumerate(_SIDES):
            made = QPushButton(text)
            made.setObjectName(f"show_{text.split()[0].lower()}")
            made.setCheckable(True)
            made.setChecked(number == BOTH)
            made.setAccessibleName(f"Show {text.lower()}")
            tell(made, keymap, "sides", tip)
            self._group.addButton(made, number)
            right.addWidget(made)
        right.addWidget(self._link)
        # Each answer stands above its own picture.
        halves = QHBoxLayout(self)
        halves.setContentsMargins(0, 0, 0, 0)
        halves.setSpacing(0)
        self._x.setContentsMargins(12, 0, 0, 0)
        left = QHBoxLayout()
        left.setContentsMargins(0, 4, 4, 4)
        left.addWidget(self._x, 1)
        left.addWidget(self._masks)
        halves.addLayout(left)
        halves.addLayout(right)
        halves.setStretch(0, 1)
        halves.setStretch(1, 1)
        self._group.idClicked.connect(lambda _number: self.changed.emit())

    def show_answers(self, x: str, y: str) -> None:
        """What both readers said of the item in hand."""
        self._x.setText(f"<b>X</b>&nbsp;&nbsp;{x}")
        self._y.setText(f"<b>Y</b>&nbsp;&nbsp;{y}")

    def turn(self) -> None:
        """Both, X alone, Y alone, and round again."""
        self._group.button((self._group.checkedId() + 1) % len(_SIDES)).setChecked(True)
        self.changed.emit()

    def toggle_link(self) -> None:
        """Together, or each by itself."""
        self._link.toggle()
        self.changed.emit()

    def offer_masks(self, offered: bool) -> None:
        """Ask how masks are shown, where there are any."""
        self._masks.setVisible(offered)

    def toggle_masks(self) -> None:
        """Masks compared, or each reader's own."""
        self._masks.toggle()
        self.changed.emit()

    def apply(self, grid: ViewerGrid) -> None:
        """Show on a grid of two viewports what is chosen; no slice moves by this."""
        together = self._link.isChecked()
        links = Links(scroll=together, zoom=together, pan=together, window=False)
        for tile in (0, 1):
            grid.presenter.set_links(tile, links)
        show_compared(grid, self._masks.isChecked())
        wanted = self._group.checkedId()
        if not all(tile.isVisibleTo(grid) for tile in grid.tiles):
            grid.maximise(0)  # all again
        if wanted != BOTH:
            grid.maximise(wanted - X_ONLY)
            grid.presenter.set_active(wanted - X_ONLY)
