"""The 36 px at the top of the window: the desks, what is open, the theme, help."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QFrame, QHBoxLayout, QPushButton, QToolButton, QWidget

from workstation.gui import icons
from workstation.gui.desk import DeskEntry
from workstation.gui.keymap import Keymap, tell, with_key
from workstation.gui.messages import ElidedLabel
from workstation.gui.theme import HEADER_PX, Appearance, Theme

SHUT = "Shut while a blinded read is open: close the read first"


class Header(QFrame):
    """Emits what the person asks for; the window decides."""

    desk_wanted = Signal(str)
    lock_wanted = Signal()
    theme_wanted = Signal()
    help_wanted = Signal()

    def __init__(
        self,
        entries: Sequence[DeskEntry],
        appearance: Appearance,
        keymap: Keymap,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("header")
        self.setFixedHeight(HEADER_PX)
        self._appearance, self._keymap = appearance, keymap
        self._tabs: dict[str, QPushButton] = {}
        self._entries = {entry.id: entry for entry in entries}
        self._guest: QWidget | None = None
        self._group = QButtonGroup(self)
        self._layout = QHBoxLayout(self)
        self._layout.setContentsMargins(4, 0, 8, 0)
        self._layout.setSpacing(0)
        for entry in entries:
            self._layout.addWidget(self._tab(entry))
        self._layout.addSpacing(16)
        self._title = ElidedLabel()
        self._title.setObjectName("header_title")
        self._title.setAccessibleName("What is open")
        self._layout.addWidget(self._title, 1)
        self._lock = self._tool("lock_session", "lock", "Hide everything until you sign in again")
        self._lock.clicked.connect(self.lock_wanted)
        self._theme = self._tool("theme", "moon", "Change between the dark and the light theme")
        self._theme.clicked.connect(self.theme_wanted)
        self._help = self._tool("help", "help", "Help for this desk")
        self._help.clicked.connect(self.help_wanted)
        for tool in (self._lock, self._theme, self._help):
            self._layout.addWidget(tool)
            self._layout.addSpacing(4)
        self._show_theme(appearance.theme)
        keymap.changed.connect(self._tell_keys)
        appearance.changed.connect(self._show_theme)

    @property
    def title(self) -> str:
        """What is open."""
        return self._title.whole_text

    def tab(self, desk_id: str) -> QPushButton:
        """The button of one desk."""
        return self._tabs[desk_id]

    def show_desk(self, desk_id: str, title: str, guest: QWidget | None) -> None:
        """Mark the desk in front and lend it the middle of the header.

        With a guest the tabs shrink to their icons: a case being read needs the room.
        """
        if desk_id in self._tabs:
            self._tabs[desk_id].setChecked(True)
        self.set_title(title)
        if guest is not self._guest:
            if self._guest is not None:
                self._layout.removeWidget(self._guest)
                self._guest.hide()
            self._guest = guest
            if guest is not None:
                self._layout.insertWidget(self._layout.indexOf(self._title) + 1, guest, 4)
                guest.show()
        self._title.setVisible(guest is None or bool(title))
        for entry_id, tab in self._tabs.items():
            tab.setText("" if guest is not None else self._entries[entry_id].title)

    def set_title(self, title: str) -> None:
        """Say what is open: a case code or a study title, never an identity."""
        self._title.set_whole_text(title)

    def set_shut(self, desk_ids: set[str]) -> None:
        """Shut some desks and say why in their tooltips; the others open."""
        for desk_id, tab in self._tabs.items():
            shut = desk_id in desk_ids
            tab.setEnabled(not shut)
            tab.setToolTip(SHUT if shut else self._tip(self._entries[desk_id]))

    def _tab(self, entry: DeskEntry) -> QPushButton:
        tab = QPushButton(entry.title)
        tab.setObjectName(f"tab_{entry.id}")
        tab.setAccessibleName(f"{entry.title} desk")
        tab.setToolTip(self._tip(entry))
        tab.setProperty("tab", "true")
        tab.setCheckable(True)
        icons.dress(tab, entry.icon, self._appearance.theme)
        tab.clicked.connect(lambda _checked=False, wanted=entry.id: self.desk_wanted.emit(wanted))
        self._group.addButton(tab)
        self._tabs[entry.id] = tab
        return tab

    def _tip(self, entry: DeskEntry) -> str:
        action = f"desk_{entry.id}"
        return with_key(entry.purpose, self._keymap.key_of(action) if self._keymap.has(action) else entry.key)

    def _tell_keys(self) -> None:
        for desk_id, tab in self._tabs.items():
            if tab.isEnabled():
                tab.setToolTip(self._tip(self._entries[desk_id]))

    def _tool(self, name: str, icon: str, tip: str) -> QToolButton:
        made = QToolButton()
        made.setObjectName(name)
        made.setAccessibleName(tip)
        tell(made, self._keymap, name, tip)
        made.setProperty("emphasis", "quiet")
        icons.dress(made, icon, self._appearance.theme)
        return made

    def _show_theme(self, theme: Theme) -> None:
        icons.dress(self._theme, "sun" if theme.name == "dark" else "moon", theme)
