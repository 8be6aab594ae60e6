"""The strip under the viewports: what the left button does, the overlay, and the layout."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QSignalBlocker, QSize, Qt
from PySide6.QtGui import QAction, QActionGroup, QResizeEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QLabel,
    QMenu,
    QSlider,
    QToolButton,
    QWidget,
)

from workstation.gui import icons
from workstation.gui.keymap import tell
from workstation.gui.theme import Theme
from workstation.gui.viewer.gestures import Tool
from workstation.gui.viewer.grid import ViewerGrid
from workstation.gui.viewer.layout_menu import LayoutMenu
from workstation.gui.viewer.links_menu import LinksMenu
from workstation.gui.viewer.tile_menu import TileMenu
from workstation.gui.viewer.view_menu import ViewMenu

STRIP_PX = 40


class ToolStrip(QFrame):
    """Buttons for what the mouse does and how overlays look.

    Parameters
    ----------
    grid : ViewerGrid
        What the buttons act upon.
    theme : Theme
        For the icons; `icons.redress` tints them again.
    """

    def __init__(self, grid: ViewerGrid, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("tool_strip")
        self.setAccessibleName("Viewer tools")
        self._grid, self._theme = grid, theme
        self.setFixedHeight(STRIP_PX)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 0, 8, 0)
        row.setSpacing(4)
        self._tools = self._tool_buttons(row)
        row.addWidget(_rule(self))
        self._overlay = self._menu_button("overlay", "Mask", "How masks are drawn", self._overlay_menu())
        row.addWidget(self._overlay)
        self._slider, self._percent = self._opacity(row)
        row.addStretch(1)
        self._view = self._menu_button("eye", "View", "Cine, magnifier, turns, windows", ViewMenu(grid, self))
        row.addWidget(self._view)
        self._links = self._menu_button("link", "Links", "What this viewport shares", LinksMenu(grid, self))
        row.addWidget(self._links)
        self._presets = self._menu_button("window", "Presets", "Window presets (Alt+1 to Alt+9)", QMenu(self))
        self._presets.menu().aboutToShow.connect(self._fill_presets)
        row.addWidget(self._presets)
        self.layouts = LayoutMenu(grid, self)
        TileMenu(grid, self)
        self._layout = self._menu_button("layout", "Layout", "Hanging protocol and grid", self.layouts)
        row.addWidget(self._layout)
        self._menus = (self._overlay, self._view, self._links, self._presets, self._layout)
        self._full_width = row.sizeHint().width()
        grid.look_changed.connect(self._on_look_changed)
        self._on_look_changed()

    def sizeHint(self) -> QSize:
        """As wide as its buttons, 40 px high."""
        return QSize(super().sizeHint().width(), STRIP_PX)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Words beside the icons of the menus where there is room for all of them."""
        style = Qt.ToolButtonStyle
        wanted = (
            style.ToolButtonTextBesideIcon if self.width() >= self._full_width else style.ToolButtonIconOnly
        )
        for button in self._menus:
            button.setToolButtonStyle(wanted)
        super().resizeEvent(event)

    # --- private ---------------------------------------------------------------------------------

    def _tool_buttons(self, row: QHBoxLayout) -> dict[str, QToolButton]:
        group = QButtonGroup(self)
        made = {}
        for tool in self._grid.tools:
            if not tool.title:
                continue
            button = QToolButton(self)
            button.setObjectName(f"tool_{tool.id}")
            button.setCheckable(True)
            button.setProperty("emphasis", "quiet")
            button.setText(tool.title)
            button.setAccessibleName(tool.title)
            tell(button, self._grid.keymap, f"tool_{tool.id}", tool.tip)
            icons.dress(button, tool.id, self._theme)
            button.clicked.connect(partial(self._grid.set_tool, tool.id))
            group.addButton(button)
            row.addWidget(button)
            made[tool.id] = button
        return made

    def _menu_button(self, icon: str, title: str, tip: str, menu: QMenu) -> QToolButton:
        button = QToolButton(self)
        button.setObjectName(f"tool_{title.lower()}")
        button.setProperty("emphasis", "quiet")
        button.setText(title)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        button.setAccessibleName(title)
        button.setToolTip(tip)
        icons.dress(button, icon, self._theme)
        button.setMenu(menu)
        return button

    def _overlay_menu(self) -> QMenu:
        menu = QMenu(self)
        group = QActionGroup(menu)
        self._looks: dict[str, QAction] = {}
        for name, title in (("outline", "Outline"), ("fill", "Fill"), ("hatch", "Hatch")):
            action = menu.addAction(title)
            action.setCheckable(True)
            group.addAction(action)
            action.triggered.connect(partial(self._set_look, name))
            self._looks[name] = action
        menu.addSeparator()
        shown = menu.addAction(f"Show masks\t{self._grid.keymap.key_of('overlay')}")
        shown.setCheckable(True)
        shown.triggered.connect(lambda checked: self._grid.set_overlay_look(hidden=not checked))
        self._looks["shown"] = shown
        menu.addSeparator()
        note = menu.addAction(f"Hold {self._grid.keymap.key_of('peek')} to look under them")
        note.setEnabled(False)
        return menu

    def _opacity(self, row: QHBoxLayout) -> tuple[QSlider, QLabel]:
        slider = QSlider(Qt.Orientation.Horizontal, self)
        slider.setObjectName("overlay_opacity")
        slider.setAccessibleName("Opacity of filled masks, percent")
        slider.setToolTip("Opacity of filled masks")
        slider.setRange(0, 100)
        slider.setSingleStep(5)
        slider.setFixedWidth(88)
        slider.valueChanged.connect(lambda value: self._grid.set_overlay_look(opacity=value / 100))
        percent = QLabel("100 %", self)
        percent.setFixedWidth(percent.sizeHint().width() + 4)  # no shift when the number changes
        row.addWidget(slider)
        row.addWidget(percent)
        return slider, percent

    def _set_look(self, name: str) -> None:
        self._grid.set_overlay_look(filled=name != "outline", hatched=name == "hatch")

    def _fill_presets(self) -> None:
        menu = self._presets.menu()
        menu.clear()
        tile = self._grid.active_tile
        for number, preset in enumerate(self._grid.presenter.presets(tile), start=1):
            key = f"\tAlt+{number}" if number < 10 else ""
            action = menu.addAction(f"{preset.title}{key}")
            action.triggered.connect(partial(self._use_preset, tile, number))
        if menu.isEmpty():
            menu.addAction("No series in the active viewport").setEnabled(False)

    def _use_preset(self, tile: int, number: int) -> None:
        self._grid.presenter.use_preset(tile, number)

    def _on_look_changed(self) -> None:
        filled, opacity, hidden = self._grid.overlay_look
        look = "outline" if not filled else "hatch" if self._grid.overlay_hatched else "fill"
        self._looks[look].setChecked(True)
        self._looks["shown"].setChecked(not hidden)
        with QSignalBlocker(self._slider):
            self._slider.setValue(round(opacity * 100))
        self._slider.setEnabled(filled)
        self._percent.setText(f"{round(opacity * 100)} %")
        group = self._tools[Tool.WINDOW].group()
        group.setExclusive(False)  # the point tool, set by a desk, has no button here
        for tool, button in self._tools.items():
            button.setChecked(tool == self._grid.tool)
        group.setExclusive(True)


def _rule(parent: QWidget) -> QFrame:
    rule = QFrame(parent)
    rule.setFrameShape(QFrame.Shape.VLine)
    rule.setFixedSize(9, 20)
    return rule
