"""What every part of the office is made of: a heading, what it is for, a sentence, a table."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Protocol

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from workstation.errors import WorkstationError
from workstation.tasks import Progress

if TYPE_CHECKING:
    from workstation.workflow.office import Office
    from workstation.workflow.office_tables import Told
    from workstation.workflow.read_case import Study

SLOT, VERIFY_SLOT, EXPORT_SLOT = "office", "office-verify", "office-export"
FIELD_PX = 420
ROW_PX = 28
GAP_PX, WIDEST_PX = 24, 320

Work = Callable[["Office", Progress], Any]
Done = Callable[[Any], None]


class Run(Protocol):
    """Does something with the open study off the GUI thread; a refusal is said by the part that asked."""

    def __call__(
        self,
        work: Work,
        done: Done,
        refused: Callable[[WorkstationError], None],
        *,
        slot: str = SLOT,
    ) -> None:
        """Start it. What takes long has a slot of its own: it goes on while other parts are looked at."""


class ToldTable(QTableWidget):
    """A table to look at; nothing in it can be changed."""

    def __init__(self, name: str, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setAccessibleName(title)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setTabKeyNavigation(False)
        self.setShowGrid(False)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(ROW_PX)
        self.horizontalHeader().setDefaultAlignment(
            Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        )
        self.horizontalHeader().setHighlightSections(False)
        self.hide()

    def show_told(self, told: Told) -> None:
        """Fill the table; without rows it is not there."""
        self.clear()  # not hidden meanwhile: it would lose the keyboard
        self.setColumnCount(len(told.columns))
        self.setHorizontalHeaderLabels(list(told.columns))
        self.setRowCount(len(told.rows))
        for row, cells in enumerate(told.rows):
            for column, text in enumerate(cells):
                item = QTableWidgetItem(text)
                item.setToolTip(text)
                self.setItem(row, column, item)
        self.resizeColumnsToContents()
        for column in range(len(told.columns) - 1):
            self.setColumnWidth(column, min(self.columnWidth(column) + GAP_PX, WIDEST_PX))
        self.horizontalHeader().setStretchLastSection(True)
        self.setVisible(bool(told.rows))
        if told.rows:
            self.setCurrentCell(0, 0)

    def clear_told(self) -> None:
        """Nothing of it stays."""
        self.clear()
        self.setRowCount(0)
        self.setColumnCount(0)
        self.hide()


class OfficePart(QWidget):
    """One thing to look at or to do.

    Attributes
    ----------
    title : str
        As the list at the left calls it.
    """

    def __init__(self, name: str, title: str, text: str, run: Run, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(f"office_{name}")
        self.setAccessibleName(title)
        self.title = title
        self.run = run
        heading = QLabel(title)
        heading.setProperty("text_role", "title")
        explained = QLabel(text)
        explained.setProperty("text_role", "quiet")
        explained.setWordWrap(True)
        self._said = QLabel()
        self._said.setObjectName(f"office_{name}_said")
        self._said.setAccessibleName(f"{title}: what was found")
        self._said.setWordWrap(True)
        self._said.setTextFormat(Qt.TextFormat.PlainText)
        self._said.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self._said.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.table = ToldTable(f"office_{name}_table", title)
        self.fields: list[QWidget] = []  # as Tab reaches them; the table is last
        self.body = QVBoxLayout()
        self.body.setSpacing(8)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 16, 24, 16)
        layout.setSpacing(8)
        layout.addWidget(heading)
        layout.addWidget(explained)
        layout.addLayout(self.body)
        layout.addWidget(self._said)
        layout.addWidget(self.table, 10)
        layout.addStretch(1)

    @property
    def said(self) -> str:
        """The sentence that is shown."""
        return self._said.text()

    def order_tabs(self) -> None:
        """Tab goes from field to field as they stand, then to the table."""
        for first, second in pairwise([*self.fields, self.table]):
            QWidget.setTabOrder(first, second)

    def refresh(self, office: Office) -> None:
        """It came to the front, or somebody signed in."""

    def rest(self) -> None:
        """Another part comes to the front: no passphrase stays in a hidden field."""
        for line in self.findChildren(QLineEdit):
            if line.echoMode() is QLineEdit.EchoMode.Password:
                line.setText("")

    def put_away(self) -> None:
        """Nothing that was shown or typed stays."""
        self._said.clear()
        self.table.clear_told()
        for line in self.findChildren(QLineEdit):
            line.setText("")

    def say(self, sentence: str) -> None:
        """Show a sentence."""
        self._said.setText(sentence)
        self._said.setAccessibleDescription(sentence)

    def refuse(self, error: WorkstationError) -> None:
        """Say why not; what was shown before is another answer and goes."""
        self.table.clear_told()
        self.say(f"⚠ {error.sentence}")

    def show_told(self, told: Told) -> None:
        """Show a sentence and a table."""
        self.say(told.said)
        self.table.show_told(told)

    def add_line(self, name: str, title: str, hint: str, *more: QWidget) -> QLineEdit:
        """A line to type in, with its title above it."""
        line = QLineEdit()
        line.setObjectName(name)
        line.setPlaceholderText(hint)
        self.add_field(title, line, *more)
        return line

    def add_field(self, title: str, field: QWidget, *more: QWidget) -> QLabel:
        """A field with its title, and what stands beside it."""
        label = QLabel(title)
        label.setBuddy(field)
        label.setFixedWidth(140)
        field.setAccessibleName(title)
        if not field.toolTip():
            field.setToolTip(title)
        field.setFixedWidth(FIELD_PX)
        self.fields += [field, *more]
        row = QHBoxLayout()
        row.setSpacing(8)
        for widget in (label, field, *more):
            row.addWidget(widget)
        row.addStretch(1)
        self.body.addLayout(row)
        return label

    def add_button(self, name: str, text: str, tip: str, run: Callable[[], None]) -> QPushButton:
        """A button under the fields, in line with them."""
        button = QPushButton(text)
        button.setObjectName(name)
        button.setAccessibleName(text.rstrip("…"))
        button.setToolTip(tip)
        button.clicked.connect(lambda _checked=False: run())
        self.fields.append(button)
        row = QHBoxLayout()
        row.addWidget(button)
        row.addStretch(1)
        self.body.addLayout(row)
        return button


class TablePart(OfficePart):
    """Something that is only looked at."""

    def __init__(
        self,
        name: str,
        title: str,
        text: str,
        run: Run,
        tell: Callable[[Study], Told],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(name, title, text, run, parent)
        self._tell = tell

    def refresh(self, office: Office) -> None:  # noqa: ARG002 - the shape of every part
        """Ask anew."""
        self.run(lambda office, _progress: office.ask(self._tell), self.show_told, self.refuse)
