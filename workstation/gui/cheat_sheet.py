"""All keys and what the mouse does, on one page, made from the table of commands."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from workstation.gui.commands import Section, sections
from workstation.gui.keymap import Keymap

COLUMNS = 3


class CheatSheet(QDialog):
    """A window of its own, so that it can stay open beside the images; F1 or Esc closes it.

    Signals
    -------
    edit_wanted()
        The person wants to change keys.
    """

    edit_wanted = Signal()

    def __init__(self, keymap: Keymap, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("cheat_sheet")
        self.setWindowTitle("Keys and mouse")
        self.setAccessibleName("Keys and mouse on one page")
        self._keymap = keymap
        self._page = QWidget()
        self._scroll = QScrollArea()
        self._scroll.setObjectName("cheat_sheet_page")
        self._scroll.setAccessibleName("Keys and what they do")
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        change = QPushButton("Change keys…")
        change.setObjectName("change_keys")
        change.setToolTip("Choose the keys of another program, or give a command another key")
        change.clicked.connect(self.edit_wanted)
        close = QPushButton("Close")
        close.setObjectName("close_keys")
        close.setToolTip("Close this page  (Esc)")
        close.clicked.connect(self.close)
        for button in (change, close):
            button.setAutoDefault(False)
        foot = QHBoxLayout()
        foot.addWidget(change)
        foot.addStretch(1)
        foot.addWidget(close)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 12, 16, 12)
        layout.addWidget(self._scroll, 1)
        layout.addLayout(foot)
        keymap.changed.connect(self._fill)
        self._fill()

    @property
    def text(self) -> str:
        """The page as plain text, one line a command."""
        return "\n".join(f"{key}\t{title}" for _, rows in sections(self._keymap) for key, title in rows)

    def page_size(self) -> QSize:
        """What the page needs to be seen whole."""
        return self._page.sizeHint()

    def _fill(self) -> None:
        page = QWidget()
        columns = QHBoxLayout(page)
        columns.setContentsMargins(0, 0, 0, 0)
        columns.setSpacing(20)
        for column in in_columns(sections(self._keymap), COLUMNS):
            box = QGridLayout()
            box.setHorizontalSpacing(12)
            box.setVerticalSpacing(1)
            for heading, rows in column:
                _add_section(box, heading, rows)
            box.setRowStretch(box.rowCount(), 1)
            box.setColumnStretch(1, 1)
            columns.addLayout(box, 1)
        self._scroll.setWidget(page)
        self._page = page
        wanted = self.page_size()
        screen = self.screen().availableGeometry()
        self.resize(min(wanted.width() + 64, screen.width()), min(wanted.height() + 96, screen.height()))


def _add_section(box: QGridLayout, heading: str, rows: Sequence[tuple[str, str]]) -> None:
    title = QLabel(heading)
    title.setProperty("text_role", "heading")
    row = box.rowCount()
    if row > 1:
        box.setRowMinimumHeight(row, 8)
        row += 1
    box.addWidget(title, row, 0, 1, 2)
    for number, (key, what) in enumerate(rows, start=row + 1):
        name = QLabel(_short(key))
        name.setProperty("text_role", "key")
        told = QLabel(what)
        name.setTextFormat(Qt.TextFormat.PlainText)
        box.addWidget(name, number, 0)
        box.addWidget(told, number, 1)


def _short(keys: str) -> str:
    """``"Ctrl+PgUp, PgDown"`` for two keys that are held with the same one."""
    first, _, second = keys.partition(", ")
    held, _, _ = first.rpartition("+")
    return f"{first}, {second.removeprefix(held + '+')}" if second and held else keys


def in_columns(parts: Sequence[Section], count: int) -> list[list[Section]]:
    """Sections in columns of about equal height; a long one goes on in the next column."""
    total = sum(len(rows) + 2 for _, rows in parts)
    most = -(-total // count) + 1
    columns: list[list[Section]] = [[]]
    used = 0
    for heading, rows in parts:
        rest = rows
        name = heading
        while rest:
            room = most - used - 2
            if room < min(3, len(rest)) and len(columns) < count:
                columns.append([])
                used = 0
                continue
            fits = rest if len(columns) == count else rest[:room]
            columns[-1].append((name, tuple(fits)))
            used += len(fits) + 2
            rest = rest[len(fits) :]
            name = f"{heading}, continued"
    return columns
