"""The frame of what is done with a file that travels: a form, progress, stop, and what became of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import cast

from PySide6.QtCore import Qt
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from workstation.errors import WorkstationError
from workstation.gui.desk import DeskContext
from workstation.gui.jobs import Work
from workstation.gui.sign_in_page import passphrase_line

SLOT, FACTS = "travel", "travel-facts"
WIDTH_PX = 600


class TravelDialog(QDialog):
    """Asks, works in the background, and says in a sentence what became of it.

    A form adds its fields with `add_row` and overrides `missing`, `work` and `outcome`.
    """

    def __init__(
        self, context: DeskContext, name: str, title: str, text: str, verb: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.context = context
        self.setObjectName(name)
        self.setWindowTitle(title)
        self.setAccessibleName(title)
        self.setMinimumWidth(WIDTH_PX)
        self._running = False
        self._verb = verb
        heading = QLabel(title)
        heading.setProperty("text_role", "title")
        explained = QLabel(text)
        explained.setProperty("text_role", "secondary")
        explained.setWordWrap(True)
        self._grid = QGridLayout()
        self._grid.setSpacing(8)
        self._grid.setColumnStretch(1, 1)
        self._bar = QProgressBar()
        self._bar.setObjectName("travel_progress")
        self._bar.setAccessibleName("Progress")
        self._bar.setTextVisible(False)
        self._said = QLabel()
        self._said.setObjectName("travel_said")
        self._said.setAccessibleName("Outcome")
        self._said.setWordWrap(True)
        self._said.setTextFormat(Qt.TextFormat.PlainText)  # names and reasons in it come from files
        self._said.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 20, 24, 20)
        layout.setSpacing(12)
        for widget in (heading, explained):
            layout.addWidget(widget)
        layout.addLayout(self._grid)
        layout.addWidget(self._bar)
        layout.addWidget(self._said)
        layout.addStretch(1)
        layout.addLayout(self._buttons())
        self._bar.hide()

    # what a form overrides ---------------------------------------------------------------------------

    def missing(self) -> str:
        """What is still needed, in words; empty when it can be begun."""
        return ""

    def work(self) -> Work:
        """What to do; called in the background with a progress."""
        raise NotImplementedError

    def outcome(self, result: object) -> str:
        """What became of it, as a sentence."""
        raise NotImplementedError

    # what forms use ----------------------------------------------------------------------------------

    @property
    def said(self) -> str:
        """The sentence at the foot."""
        return self._said.text()

    @property
    def is_running(self) -> bool:
        """True while it works."""
        return self._running

    def add_row(self, title: str, *widgets: QWidget) -> QLabel:
        """One line of the form."""
        row = self._grid.rowCount()
        label = QLabel(title)
        label.setBuddy(widgets[0])
        self._grid.addWidget(label, row, 0)
        if isinstance(widgets[0], QCheckBox):
            self._grid.addWidget(widgets[0], row, 1, 1, 2)  # its words need the room of the button too
            return label
        for column, widget in enumerate(widgets, start=1):
            self._grid.addWidget(widget, row, column)
        return label

    def add_wide(self, widget: QWidget) -> None:
        """Something over the whole width of the form."""
        self._grid.addWidget(widget, self._grid.rowCount(), 0, 1, 3)

    def show_row(self, widget: QWidget, *, shown: bool) -> None:
        """Show or hide the line of the form that `widget` stands in."""
        position = self._grid.getItemPosition(self._grid.indexOf(widget))
        row = cast("tuple[int, int, int, int]", position)[0]  # the binding calls it an object
        for column in range(self._grid.columnCount()):
            item = self._grid.itemAtPosition(row, column)
            if item is not None and (one := item.widget()) is not None:
                one.setVisible(shown)

    def set_verb(self, verb: str) -> None:
        """What the button does now."""
        self._verb = verb
        self._go.setText(verb)

    def add_path(self, name: str, title: str, hint: str, choose: Callable[[], str]) -> QLineEdit:
        """A line for a file or folder with a button to choose it."""
        line = QLineEdit()
        line.setObjectName(name)
        line.setAccessibleName(title)
        line.setPlaceholderText(hint)
        line.setToolTip(hint)
        browse = QPushButton("Choose…")
        browse.setObjectName(f"choose_{name}")
        browse.setAccessibleName(f"Choose: {title}")
        browse.setToolTip(f"Choose: {title.lower()}")
        browse.setAutoDefault(False)

        def chosen() -> None:
            if found := choose():
                line.setText(found)

        browse.clicked.connect(chosen)
        line.textChanged.connect(self.refresh)
        self.add_row(title, line, browse)
        return line

    def add_passphrase(self, name: str, title: str) -> tuple[QLineEdit, QLabel]:
        """A line that shows dots, and its label."""
        line = passphrase_line(name, title)
        line.setToolTip(title)
        line.textChanged.connect(self.refresh)
        return line, self.add_row(title, line)

    def choose_folder(self, title: str) -> str:
        """A folder that a person chose; empty for none."""
        return QFileDialog.getExistingDirectory(self, title)

    def refresh(self) -> None:
        """Whether it can be begun now, and what is missing."""
        missing = self.missing()
        self._go.setEnabled(not missing and not self._running)
        self._go.setToolTip(missing or self._verb)

    def say(self, sentence: str, *, refused: bool = False) -> None:
        """Write the sentence at the foot."""
        self._said.setText(f"⚠ {sentence}" if refused else sentence)
        self._said.setAccessibleDescription(sentence)
        self.grow()

    def grow(self) -> None:
        """Be high enough for everything that is shown; never lower than before."""
        if (layout := self.layout()) is not None:
            layout.activate()
            self.resize(self.width(), max(self.height(), layout.totalHeightForWidth(self.width())))

    def focus_first(self) -> None:
        """Put the keyboard on the first thing that is still to be said."""
        empty = (line for line in self.findChildren(QLineEdit) if line.isVisibleTo(self) and not line.text())
        self.focus_on(next(empty, self._go))

    def focus_on(self, widget: QWidget) -> None:
        """Put the keyboard there."""
        widget.setFocus(Qt.FocusReason.OtherFocusReason)

    # private -----------------------------------------------------------------------------------------

    def _buttons(self) -> QHBoxLayout:
        self._go = QPushButton(self._verb)
        self._go.setObjectName("travel_go")
        self._go.setAccessibleName(self._verb)
        self._go.setProperty("emphasis", "primary")
        self._go.setDefault(True)
        self._go.clicked.connect(self._on_go)
        self._close = QPushButton("Close")
        self._close.setObjectName("travel_close")
        self._close.setToolTip("Close (Esc)")
        self._close.setAutoDefault(False)
        self._close.clicked.connect(self.reject)
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addStretch(1)
        line.addWidget(self._go)
        line.addWidget(self._close)
        return line

    def _on_go(self) -> None:
        if self.missing() or self._running:
            return
        self._turn(running=True)
        self.say("")
        jobs = self.context.jobs
        self._ticket = jobs.start(
            SLOT, self.work(), self._on_result, self._on_refused, self._on_progress, self._on_cancelled
        )

    def _turn(self, *, running: bool) -> None:
        self._running = running
        self._bar.setVisible(running)
        self._bar.setRange(0, 0)
        self._close.setText("Stop" if running else "Close")
        self._close.setToolTip(
            "Stop; the next run goes on from here (Esc)" if running else "Close this window (Esc)"
        )
        for row in range(self._grid.count()):
            entry = self._grid.itemAt(row)
            widget = entry.widget() if entry is not None else None
            if widget is not None and not isinstance(widget, QLabel):
                widget.setEnabled(not running)
        self.refresh()

    def _on_progress(self, done: int, total: int, text: str) -> None:
        self._bar.setRange(0, total)
        self._bar.setValue(done)
        self.say(text)

    def _on_result(self, result: object) -> None:
        self._turn(running=False)
        self.say(self.outcome(result))
        self.focus_on(self._close)

    def _on_refused(self, error: WorkstationError) -> None:
        self._turn(running=False)
        self.say(error.sentence, refused=True)

    def _on_cancelled(self) -> None:
        self._turn(running=False)
        self.say("Stopped. What is done stays; begin again to go on.")

    def reject(self) -> None:
        """Stop what runs, or close."""
        if self._running:
            self._ticket.cancel()
            return
        super().reject()

    def closeEvent(self, event: QCloseEvent) -> None:
        """A window that is closed stops what runs."""
        if self._running:
            self._ticket.cancel()
        super().closeEvent(event)


def path_of(line: QLineEdit) -> Path:
    """What a line names."""
    return Path(line.text().strip()).expanduser()
