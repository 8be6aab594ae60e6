"""What a mask is drawn with: label, size, limits, what is done to the whole label, and its volume."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt, Signal, SignalInstance
from PySide6.QtGui import QColor, QIcon, QPixmap
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QSpinBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from workstation.gui import icons
from workstation.gui.keymap import tell
from workstation.gui.theme import Theme
from workstation.gui.viewer.grid import ViewerGrid
from workstation.gui.viewer.mask_book import LEAST_MM, MOST_MM
from workstation.gui.viewer.palette import drawn_styles
from workstation.masks.editing.labels import LABELS


class DrawingPanel(QFrame):
    """A line with the volume of the chosen label that opens to everything a mask is drawn with.

    Signals
    -------
    undo_wanted(), redo_wanted()
        Of whatever was done last, drawn or answered.
    """

    undo_wanted = Signal()
    redo_wanted = Signal()

    def __init__(self, grid: ViewerGrid, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("drawing_panel")
        self.setAccessibleName("Drawing masks")
        self._grid, self._drawing, self._book = grid, grid.drawing, grid.drawing.book
        self._theme = theme
        self._head = self._header()
        self._volume = QLabel()
        self._volume.setObjectName("drawn_volume")
        self._body = QWidget(self)
        self._build_body()
        top = QHBoxLayout()
        top.setContentsMargins(8, 2, 12, 2)
        top.addWidget(self._head)
        top.addWidget(self._turn("undo", "Undo", "Take back what was done last", self.undo_wanted))
        top.addWidget(self._turn("redo", "Redo", "Bring back what was taken back", self.redo_wanted))
        top.addStretch(1)
        top.addWidget(self._volume)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(top)
        layout.addWidget(self._body)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self._book.changed.connect(self._show_volume)
        self._book.hand_changed.connect(self._show_hand)
        grid.look_changed.connect(self._on_tool)
        grid.active_changed.connect(lambda _tile: self._show_volume())
        grid.layout_changed.connect(self._show_volume)
        self.set_open(False)
        self._show_hand()

    @property
    def is_open(self) -> bool:
        """True while the body is shown."""
        return self._head.isChecked()

    def set_open(self, is_open: bool) -> None:
        """Show or fold the body."""
        self._head.setChecked(is_open)
        self._head.setArrowType(Qt.ArrowType.DownArrow if is_open else Qt.ArrowType.RightArrow)
        self._body.setVisible(is_open)
        self._show_volume()

    # --- building --------------------------------------------------------------------------------

    def _header(self) -> QToolButton:
        head = QToolButton(self)
        head.setObjectName("drawing_open")
        head.setText("Draw a mask")
        head.setCheckable(True)
        head.setProperty("emphasis", "quiet")
        head.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        head.setAccessibleName("What masks are drawn with")
        head.setToolTip("Your own masks on this case: brush, eraser and polygon stand under the images")
        head.toggled.connect(self.set_open)
        return head

    def _turn(self, action: str, title: str, tip: str, wanted: SignalInstance) -> QToolButton:
        made = QToolButton(self)
        made.setObjectName(f"drawing_{action}")
        made.setProperty("emphasis", "quiet")
        made.setAccessibleName(title)
        if self._grid.keymap.has(action):
            tell(made, self._grid.keymap, action, tip)
        else:
            made.setToolTip(tip)
        icons.dress(made, action, self._theme)
        made.clicked.connect(wanted)
        return made

    def _build_body(self) -> None:
        box = QGridLayout(self._body)
        box.setContentsMargins(12, 0, 12, 8)
        box.setHorizontalSpacing(6)
        box.setVerticalSpacing(4)
        box.addLayout(self._label_row(), 0, 0, 1, 4)
        box.addLayout(self._limit_row(), 1, 0, 1, 4)
        drawing = self._drawing
        buttons = (
            ("mask_holes", "Fill holes", "Fill holes of this label", drawing.fill_holes),
            (
                "mask_between",
                "Between",
                "Fill empty slices between marked ones by shape",
                drawing.interpolate,
            ),
            ("mask_copy_back", "To previous", "Copy to the previous slice", lambda: drawing.copy(-1)),
            ("mask_copy_on", "To next", "Copy to the next slice", lambda: drawing.copy(1)),
            ("mask_grow", "Grow", "Grow this label on all sides", lambda: drawing.grow(1)),
            ("mask_shrink", "Shrink", "Shrink this label on all sides", lambda: drawing.grow(-1)),
        )
        for number, (action, title, tip, run) in enumerate(buttons):
            made = self._button(action, title, tip)
            made.clicked.connect(run)
            box.addWidget(made, 2 + number // 4, number % 4)
        box.addWidget(self._grow_size(), 3, 2)
        island = self._button("tool_island", "Island", "Then click a piece of a mask to take it away")
        island.clicked.connect(lambda: self._grid.set_tool("island"))
        box.addWidget(island, 3, 3)
        self._adopt = self._button(
            "adopt", "Correct the recipe's mask", "Take over the recipe's mask of this series"
        )
        self._adopt.clicked.connect(self._on_adopt)
        box.addWidget(self._adopt, 4, 0, 1, 4)

    def _label_row(self) -> QHBoxLayout:
        self._label = QComboBox()
        self._label.setObjectName("drawn_label")
        self._label.setAccessibleName("Label to draw")
        self._label.setToolTip("What is marked")
        styles = drawn_styles(self._grid.palette_used)
        for one in LABELS:
            colour = QPixmap(12, 12)
            colour.fill(QColor.fromRgb(styles[one.label].color))
            self._label.addItem(QIcon(colour), one.name.partition(",")[0], one.label)
        self._label.activated.connect(lambda: self._book.set_hand(label=int(self._label.currentData())))
        self._size = QDoubleSpinBox()
        self._size.setObjectName("brush_size")
        self._size.setAccessibleName("Diameter of the brush, mm")
        self._size.setToolTip(
            f"Diameter of the brush; {self._grid.keymap.key_of('brush_back')} and "
            f"{self._grid.keymap.key_of('brush_on')}, or Alt and wheel"
        )
        self._size.setRange(LEAST_MM, MOST_MM)
        self._size.setDecimals(1)
        self._size.setSuffix(" mm")
        self._size.setKeyboardTracking(False)
        self._size.valueChanged.connect(lambda value: self._book.set_hand(size_mm=value))
        self._solid = QCheckBox("3-D")
        self._solid.setObjectName("brush_3d")
        tell(self._solid, self._grid.keymap, "brush_3d", "A ball, and operations on the whole series")
        self._solid.setAccessibleName("Draw in three dimensions")
        self._solid.toggled.connect(lambda on: self._book.set_hand(in_3d=on))
        row = QHBoxLayout()
        row.setSpacing(6)
        row.addWidget(self._label, 1)
        row.addWidget(self._size)
        row.addWidget(self._solid)
        return row

    def _limit_row(self) -> QHBoxLayout:
        self._limited = QCheckBox("Only values")
        self._limited.setObjectName("brush_limited")
        self._limited.setAccessibleName("Paint only values between two limits")
        self._limited.setToolTip("Paint only voxels between these values; they begin as the window shown")
        self._limited.toggled.connect(self._on_limited)
        self._low, self._high = (self._limit(name) for name in ("lowest", "highest"))
        row = QHBoxLayout()
        row.setSpacing(6)
        row.addWidget(self._limited)
        row.addWidget(self._low, 1)
        row.addWidget(QLabel("to"))
        row.addWidget(self._high, 1)
        return row

    def _limit(self, name: str) -> QSpinBox:
        made = QSpinBox()
        made.setObjectName(f"brush_{name}")
        made.setAccessibleName(f"{name.capitalize()} value that is painted")
        made.setToolTip(f"The {name} value that is painted")
        made.setRange(-1_000_000, 1_000_000)
        made.setKeyboardTracking(False)
        made.valueChanged.connect(lambda _value: self._on_limits())
        return made

    def _grow_size(self) -> QDoubleSpinBox:
        made = QDoubleSpinBox()
        made.setObjectName("grow_size")
        made.setAccessibleName("By how much to grow or shrink, mm")
        made.setToolTip("By how much to grow or shrink")
        made.setRange(0.1, 20.0)
        made.setSingleStep(0.5)
        made.setDecimals(1)
        made.setSuffix(" mm")
        made.setValue(self._drawing.grow_mm)
        made.valueChanged.connect(lambda value: setattr(self._drawing, "grow_mm", value))
        return made

    def _button(self, action: str, title: str, tip: str) -> QPushButton:
        made = QPushButton(title)
        made.setObjectName(f"drawing_{action}")
        made.setProperty("size", "small")
        made.setAccessibleName(tip)
        if self._grid.keymap.has(action):
            tell(made, self._grid.keymap, action, tip)
        else:
            made.setToolTip(tip)
        return made

    # --- showing ---------------------------------------------------------------------------------

    def _show_volume(self) -> None:
        presenter = self._grid.presenter
        content = presenter.content(presenter.active)
        key = "" if content is None else content.source or content.series.key
        volume = self._book.volume_ml(key, self._book.hand.label)
        self._volume.setText("" if volume is None else f"{volume:.2f} ml")
        self._volume.setToolTip("Volume of this label on the series of the active viewport")
        self._adopt.setVisible(self._drawing.can_adopt)

    def _show_hand(self) -> None:
        hand = self._book.hand
        self._label.setCurrentIndex(self._label.findData(hand.label))
        with QSignalBlocker(self._size):
            self._size.setValue(hand.size_mm)
        for box, is_on in ((self._solid, hand.in_3d), (self._limited, hand.limits is not None)):
            with QSignalBlocker(box):
                box.setChecked(is_on)
        for spin, limit in zip((self._low, self._high), hand.limits or (None, None), strict=True):
            spin.setEnabled(limit is not None)
            if limit is not None:
                with QSignalBlocker(spin):
                    spin.setValue(round(limit))
        self._show_volume()

    # --- events ----------------------------------------------------------------------------------

    def _on_tool(self) -> None:
        if self._drawing.draws(self._grid.tool) and not self.is_open:
            self.set_open(True)

    def _on_limited(self, on: bool) -> None:
        presenter = self._grid.presenter
        window = presenter.present_window(presenter.active) if on else None
        limits = (0.0, 1000.0) if on else None
        if window is not None:
            half = window.width / 2
            limits = (float(round(window.center - half)), float(round(window.center + half)))
        self._book.set_hand(limits=limits)

    def _on_limits(self) -> None:
        if self._limited.isChecked():
            self._book.set_hand(limits=(float(self._low.value()), float(self._high.value())))

    def _on_adopt(self) -> None:
        presenter = self._grid.presenter
        content = presenter.content(presenter.active)
        if content is not None and self._drawing.adopt():
            self._grid.set_overlay(content.series.key, None)
            self._show_volume()
