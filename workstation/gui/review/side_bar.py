"""Above the two pictures: what each side said and where, both or one alone, linked or each by itself."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QLabel, QPushButton, QWidget

from workstation.gui.keymap import Keymap, tell
from workstation.gui.review.both_masks import show_compared
from workstation.gui.viewer.grid import ViewerGrid
from workstation.imaging.viewport import Links

BOTH, X_ONLY, Y_ONLY = 0, 1, 2
_SIDES = (
    ("show_both", "Both", "Show both readers' slices"),
    ("show_x", "{} only", "Show this reader alone"),
    ("show_y", "{} only", "Show this reader alone"),
)


class SideBar(QWidget):
    """Names both sides and says how the person wants to see them; ``apply`` does it on a grid."""

    changed = Signal()
    pair_wanted = Signal()

    def __init__(self, keymap: Keymap, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._names = "X", "Y"
        self._x, self._y = QLabel("X"), QLabel("Y")
        for label, name in ((self._x, "x_caption"), (self._y, "y_caption")):
            label.setObjectName(name)
        self._places = QLabel(), QLabel()
        for label, name in zip(self._places, ("x_place", "y_place"), strict=True):
            label.setObjectName(name)
            label.setProperty("text_role", "secondary")
            tell(label, keymap, "own_slices", "Back to the slices and windows that the readers left")
        self._group = QButtonGroup(self)
        self._link = QPushButton("Linked")
        self._link.setObjectName("reconcile_link")
        self._link.setCheckable(True)
        self._link.setChecked(True)
        self._link.setAccessibleName("Both move together")
        tell(self._link, keymap, "sides_link", "Scroll, zoom and pan both together by patient position")
        self._link.clicked.connect(self.changed)
        self._masks = QPushButton("Masks compared")
        self._masks.setObjectName("reconcile_masks")
        self._masks.setCheckable(True)
        self._masks.setChecked(True)
        self._masks.setAccessibleName("Masks of both compared")
        tell(self._masks, keymap, "sides_masks", "Masks compared; or over each picture its reader's own")
        self._masks.clicked.connect(self.changed)
        self._masks.hide()
        self._next = QPushButton("Next two")
        self._next.setObjectName("reconcile_next_pair")
        self._next.setAccessibleName("The next two of three readers")
        tell(self._next, keymap, "next_pair", "X and Y, X and Z, Y and Z")
        self._next.clicked.connect(self.pair_wanted)
        for number, (name, _, tip) in enumerate(_SIDES):
            made = QPushButton()
            made.setObjectName(name)
            made.setCheckable(True)
            made.setChecked(number == BOTH)
            tell(made, keymap, "sides", tip)
            self._group.addButton(made, number)
        self._group.idClicked.connect(lambda _number: self.changed.emit())
        self.name_sides("X", "Y", three=False)
        self._lay_out()

    def name_sides(self, left: str, right: str, *, three: bool) -> None:
        """Say which two readers stand here."""
        self._names = left, right
        self._next.setVisible(three)
        for number, ((_, text, _), name) in enumerate(zip(_SIDES, ("", left, right), strict=True)):
            button = self._group.button(number)
            button.setText(text.format(name))
            button.setAccessibleName(f"Show {button.text()}")

    def show_answers(self, left: str, right: str) -> None:
        """What both readers said of the item in hand."""
        for label, name, text in zip((self._x, self._y), self._names, (left, right), strict=True):
            label.setText(f"<b>{name}</b>&nbsp;&nbsp;{text}&nbsp;")

    def show_places(self, left: str, right: str) -> None:
        """Whether each picture shows what its reader left."""
        for label, text in zip(self._places, (left, right), strict=True):
            if label.text() != text:
                label.setText(text)

    def turn(self) -> None:
        """Both, X alone, Y alone, and round again."""
        self._group.button((self._group.checkedId() + 1) % len(_SIDES)).setChecked(True)
        self.changed.emit()

    def toggle_link(self) -> None:
        """Linked, or each by itself."""
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

    def _lay_out(self) -> None:
        """Each answer stands above its own picture."""
        sides = (
            (self._x, self._places[0], (self._next, self._masks)),
            (self._y, self._places[1], (*self._group.buttons(), self._link)),
        )
        halves = QHBoxLayout(self)
        halves.setContentsMargins(0, 0, 0, 0)
        halves.setSpacing(0)
        for answer, place, buttons in sides:
            half = QHBoxLayout()
            half.setContentsMargins(12, 4, 4, 4)
            half.setSpacing(4)
            half.addWidget(answer)
            half.addWidget(place, 1)
            for button in buttons:
                half.addWidget(button)
            halves.addLayout(half, 1)
