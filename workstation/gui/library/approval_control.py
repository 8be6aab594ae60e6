"""Letting in what an import kept out: a person looks at the list, reads what follows, and approves."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from workstation.gui.library.import_options import CONSEQUENCE


class ApprovalControl(QFrame):
    """Shown while files wait. ``look_wanted()`` lists them; ``approved()`` after the second step."""

    look_wanted = Signal()
    approved = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("approval_control")
        self.setAccessibleName("Files that wait for approval")
        self.setProperty("part", "banner")
        self._count = 0
        self._asking = False
        self._text = QLabel()
        self._text.setObjectName("approval_text")
        self._text.setWordWrap(True)
        self._yes = QPushButton()
        self._yes.setObjectName("approve")
        self._yes.clicked.connect(self._on_yes)
        self._no = QPushButton("Back")
        self._no.setObjectName("approve_not")
        self._no.setToolTip("Keep them out")
        self._no.setAccessibleName("Keep them out")
        self._no.clicked.connect(lambda: self.set_count(self._count))
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(self._yes)
        line.addWidget(self._no)
        line.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 8, 12, 8)
        layout.setSpacing(8)
        layout.addWidget(self._text)
        layout.addLayout(line)
        self.hide()

    def set_count(self, count: int) -> None:
        """So many files of the last import wait; none hides the control."""
        self._count = count
        self._asking = False
        self._text.setText(
            f"{count:,} file{'' if count == 1 else 's'} kept out: secondary captures or burned-in text, "
            "which may show a name."
        )
        self._say("Look and approve…", "List them, and say what approving means")
        self._no.hide()
        self.setVisible(count > 0)

    def _on_yes(self) -> None:
        if self._asking:
            self.approved.emit()
            return
        self._asking = True
        self._text.setText(CONSEQUENCE)
        self._say(f"Approve and import {self._count:,}", "I have looked at them: no name is shown")
        self._no.show()
        self.look_wanted.emit()

    def _say(self, words: str, tip: str) -> None:
        self._yes.setText(words)
        self._yes.setToolTip(tip)
        self._yes.setAccessibleName(words.rstrip("…"))
