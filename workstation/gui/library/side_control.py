"""Confirming the side of a case: a person's word, never a guess from pixels."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from workstation.gui.library.case_rows import CaseRow, State
from workstation.imaging.study import Laterality

_CHOICES = ((Laterality.LEFT, "Left"), (Laterality.RIGHT, "Right"), (Laterality.BILATERAL, "Both"))


class SideControl(QFrame):
    """Shown only while a case waits for its side. ``confirmed(code, side)``."""

    confirmed = Signal(str, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("side_control")
        self.setAccessibleName("Confirm the side")
        self.setProperty("part", "banner")
        self._code = ""
        self._text = QLabel()
        self._text.setWordWrap(True)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        self._buttons: dict[Laterality, QPushButton] = {}
        for side, word in _CHOICES:
            button = QPushButton(word)
            button.setObjectName(f"confirm_{side.value}")
            button.setAccessibleName(f"Confirm side: {word.lower()}")
            button.setToolTip(f"This case is: {word.lower()}. Kept with who and when")
            button.clicked.connect(lambda _checked=False, of=side: self.confirmed.emit(self._code, of))
            buttons.addWidget(button)
            self._buttons[side] = button
        buttons.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 8, 12, 8)
        layout.setSpacing(8)
        layout.addWidget(self._text)
        layout.addLayout(buttons)
        self.hide()

    def show_case(self, row: CaseRow | None) -> None:
        """Ask for this case's side, if it needs one."""
        needed = row is not None and row.state is State.SIDE
        if needed and row is not None:
            self._code = row.code
            found = row.case.laterality
            says = f"The files suggest {dict(_CHOICES)[found].lower()}" if found else "The files do not say"
            self._text.setText(
                f"{says} which side this is. Look at the original request and confirm; "
                "until then it cannot be scored."
                if not found
                else f"{says}, not beyond doubt. Look at the original request and confirm; "
                "until then it cannot be scored."
            )
        self.setVisible(needed)
