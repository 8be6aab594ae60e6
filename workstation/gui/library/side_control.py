"""Confirming joint and side of a case: a person's word, never a guess from pixels."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from workstation.gui.library.case_rows import CaseRow, State
from workstation.imaging.study import Joint, Laterality

_SIDES = ((Laterality.LEFT, "Left"), (Laterality.RIGHT, "Right"), (Laterality.BILATERAL, "Both"))
_JOINTS = ((Joint.KNEE, "Knee"), (Joint.HIP, "Hip"))
_UNTIL = "Look at the original request and confirm; until then it cannot be scored."


class SideControl(QFrame):
    """Open while a case waits for its side, or when asked. ``confirmed(code, side, joint or None)``."""

    confirmed = Signal(str, object, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("side_control")
        self.setAccessibleName("Confirm joint and side")
        self.setProperty("part", "banner")
        self._row: CaseRow | None = None
        self._text = QLabel()
        self._text.setObjectName("side_text")
        self._text.setWordWrap(True)
        self._joints = QButtonGroup(self)
        joint_line, side_line = QHBoxLayout(), QHBoxLayout()
        for joint, word in _JOINTS:
            button = QPushButton(word)
            button.setObjectName(f"joint_{joint.value}")
            button.setAccessibleName(f"Joint: {word.lower()}")
            button.setToolTip(f"These images show a {word.lower()}; then choose the side")
            button.setCheckable(True)
            self._joints.addButton(button)
            joint_line.addWidget(button)
        self._sides: dict[Laterality, QPushButton] = {}
        for side, word in _SIDES:
            button = QPushButton(word)
            button.setObjectName(f"confirm_{side.value}")
            button.setAccessibleName(f"Confirm side: {word.lower()}")
            button.setToolTip(f"This case is: {word.lower()}. Kept with who and when")
            button.clicked.connect(lambda _checked=False, of=side: self._on_side(of))
            side_line.addWidget(button)
            self._sides[side] = button
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 8, 12, 8)
        layout.setSpacing(8)
        layout.addWidget(self._text)
        for line in (joint_line, side_line):
            line.setSpacing(8)
            line.addStretch(1)
            layout.addLayout(line)
        self._joints.buttonClicked.connect(lambda _button: self._enable())
        self.hide()

    def show_case(self, row: CaseRow | None) -> None:
        """Ask for this case's side, if it needs one."""
        self._row = row
        if row is None or row.state is not State.SIDE:
            self.hide()
            return
        found = row.case.laterality
        said = (
            f"suggest {dict(_SIDES)[found].lower()}, not beyond doubt" if found else "do not say which side"
        )
        self._ask(f"The files {said}. {_UNTIL}")

    def open(self) -> None:
        """Ask although the case does not wait for it: the files may be wrong, or name no joint."""
        if self._row is None:
            return
        if self._row.case.joint is None:
            self._ask(f"The files do not say which joint they show. {_UNTIL}")
        else:
            self._ask("Choose what the original request says. The word of the files is kept beside it.")
        self._joints.buttons()[0].setFocus()

    def _ask(self, text: str) -> None:
        self._text.setText(text)
        self._joints.setExclusive(False)
        for button, (joint, _) in zip(self._joints.buttons(), _JOINTS, strict=True):
            button.setChecked(self._row is not None and self._row.case.joint is joint)
        self._joints.setExclusive(True)
        self._enable()
        self.show()

    def _enable(self) -> None:
        for button in self._sides.values():
            button.setEnabled(self._joints.checkedButton() is not None)

    def _on_side(self, side: Laterality) -> None:
        chosen = self._joints.checkedButton()
        if self._row is None or chosen is None:
            return
        joint = next(joint for joint, _ in _JOINTS if chosen.objectName() == f"joint_{joint.value}")
        changed = joint if joint is not self._row.case.joint else None
        self.confirmed.emit(self._row.code, side, changed)
