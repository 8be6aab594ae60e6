"""Change keys: another program's, or one by one; a conflict is refused in a sentence."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from workstation.errors import UsageError
from workstation.gui.commands import COMMANDS, GROUPS, changed_keys, load_profiles, profile_of
from workstation.gui.keymap import Keymap

_ONLY_HELD = (
    Qt.Key.Key_Control, Qt.Key.Key_Shift, Qt.Key.Key_Alt, Qt.Key.Key_Meta, Qt.Key.Key_AltGr,
    Qt.Key.Key_CapsLock, Qt.Key.Key_NumLock,
)  # fmt: skip


class KeyEditor(QDialog):
    """Works on a copy; *Keep* gives it to the keymap in use.

    Signals
    -------
    kept(str, object)
        Id of the profile, and the keys that differ from it by command: for the settings.
    """

    kept = Signal(str, object)

    def __init__(self, keymap: Keymap, profile: str = "marrow", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("key_editor")
        self.setWindowTitle("Change keys")
        self.setAccessibleName("Change keys")
        self._in_use = keymap
        self._draft = Keymap(COMMANDS, keymap.keys, self)
        self._waiting: str = ""
        self._build(profile_of(profile).id)
        self._fill()
        self.resize(640, 640)

    @property
    def said(self) -> str:
        """What the line under the table says."""
        return self._said.text()

    @property
    def keys(self) -> dict[str, str]:
        """The keys as they would be kept."""
        return dict(self._draft.keys)

    def give(self, action: str, key: str) -> bool:
        """Give a command a key, or none; False if it was refused, and the line says why."""
        try:
            self._draft.change(action, key)
        except UsageError as error:
            self._say(f"{error.why}.", "refused")
            return False
        title = next(command.title for command in COMMANDS if command.action == action)
        now = self._draft.key_of(action)
        self._say(f"“{title}” has the key {now}." if now else f"“{title}” has no key.", "complete")
        self._show_key(action)
        return True

    def choose_profile(self, profile_id: str) -> None:
        """Take all keys of a profile."""
        self._profile.setCurrentIndex(self._profile.findData(profile_id))
        self._draft.use(profile_of(profile_id).keys)
        self._fill()
        self._say(f"All keys are those of {self._profile.currentText()}.", "complete")

    def keep(self) -> None:
        """Use the keys from now on."""
        profile = profile_of(self._profile.currentData())
        self._in_use.use(self._draft.keys)
        self.kept.emit(profile.id, changed_keys(self._draft, profile))
        self.accept()

    def ask(self, action: str) -> None:
        """Wait for the key of a command."""
        self._waiting = action
        title = next(command.title for command in COMMANDS if command.action == action)
        self._say(f"Press the key for “{title}”. Esc leaves it; Delete takes the key away.", "")
        self._table.setFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Hear the key that was asked for before the table or a shortcut does."""
        if not self._waiting or not isinstance(event, QKeyEvent):
            return super().eventFilter(watched, event)
        if event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        if event.type() == QEvent.Type.KeyPress and event.key() not in _ONLY_HELD:
            action, self._waiting = self._waiting, ""
            if event.key() == Qt.Key.Key_Escape:
                self._say("Nothing changed.", "")
            elif event.key() == Qt.Key.Key_Delete and not event.modifiers():
                self.give(action, "")
            else:
                held = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
                self.give(action, QKeySequence(held.value | event.key()).toString())
        return True

    # --- private -----------------------------------------------------------------------------------

    def _build(self, profile: str) -> None:
        self._profile = QComboBox()
        self._profile.setObjectName("key_profile")
        self._profile.setAccessibleName("Keys of which program")
        self._profile.setToolTip("Start from the keys of a program you know")
        for one in load_profiles():
            self._profile.addItem(one.title, one.id)
        self._profile.setCurrentIndex(self._profile.findData(profile))
        self._profile.activated.connect(lambda _i: self.choose_profile(self._profile.currentData()))
        self._table = QTableWidget(0, 3)
        self._table.setObjectName("key_table")
        self._table.setAccessibleName("Commands and their keys")
        self._table.setHorizontalHeaderLabels(["Where", "Command", "Key"])
        self._table.verticalHeader().hide()
        self._table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self._table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self._table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self._table.horizontalHeader().setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        self._table.cellDoubleClicked.connect(lambda row, _column: self._ask_row(row))
        self._table.installEventFilter(self)
        self._said = QLabel(" ")
        self._said.setObjectName("key_said")
        self._said.setWordWrap(True)
        self._said.setMinimumHeight(36)
        top = QHBoxLayout()
        top.addWidget(QLabel("Keys like"))
        top.addWidget(self._profile)
        top.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 12, 16, 12)
        layout.addLayout(top)
        layout.addWidget(self._table, 1)
        layout.addWidget(self._said)
        layout.addLayout(self._buttons())

    def _buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        for name, words, tip, run in (
            ("change_key", "New key…", "Press a new key for the chosen command", self._ask_chosen),
            ("clear_key", "No key", "Take the key of the chosen command away", self._clear_chosen),
            ("profile_keys", "As the profile", "Take back every change", self._take_back),
            ("cancel_keys", "Cancel", "Leave the keys as they were  (Esc)", self.reject),
            ("keep_keys", "Keep", "Use these keys from now on", self.keep),
        ):
            button = QPushButton(words)
            button.setObjectName(name)
            button.setToolTip(tip)
            button.setAutoDefault(False)
            button.clicked.connect(partial(_run, run))
            if name == "keep_keys":
                button.setProperty("emphasis", "primary")
            if name == "cancel_keys":
                row.addStretch(1)
            row.addWidget(button)
        return row

    def _fill(self) -> None:
        headings = dict(GROUPS)
        order = [context for context, _ in GROUPS]
        commands = sorted(COMMANDS, key=lambda command: order.index(command.context))
        self._rows = [command.action for command in commands]
        self._table.setRowCount(len(commands))
        for row, command in enumerate(commands):
            words = (headings[command.context], command.title, self._draft.key_of(command.action))
            for column, text in enumerate(words):
                self._table.setItem(row, column, QTableWidgetItem(text))
        self._table.resizeColumnToContents(0)

    def _show_key(self, action: str) -> None:
        item = self._table.item(self._rows.index(action), 2)
        if item is not None:
            item.setText(self._draft.key_of(action))

    def _ask_row(self, row: int) -> None:
        self.ask(self._rows[row])

    def _ask_chosen(self) -> None:
        if self._table.currentRow() >= 0:
            self._ask_row(self._table.currentRow())
        else:
            self._say("Choose a command first.", "")

    def _clear_chosen(self) -> None:
        if self._table.currentRow() >= 0:
            self.give(self._rows[self._table.currentRow()], "")

    def _take_back(self) -> None:
        self.choose_profile(self._profile.currentData())

    def _say(self, text: str, role: str) -> None:
        self._said.setText(text)
        self._said.setProperty("text_role", role)
        self._said.style().unpolish(self._said)
        self._said.style().polish(self._said)


def _run(run: object, _checked: bool = False) -> None:
    assert callable(run)
    run()
