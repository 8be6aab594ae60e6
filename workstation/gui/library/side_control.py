"""Confirming joint and side of a case: a person's word, never a guess from pixels."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from workstation.gui.keymap import Keymap, tell
from workstation.gui.library.case_rows import CaseRow, State
from workstation.imaging.study import Joint, Laterality

_SIDES = ((Laterality.LEFT, "Left"), (Laterality.RIGHT, "Right"), (Laterality.BILATERAL, "Both"))
_JOINTS = ((Joint.KNEE, "Knee"), (Joint.HIP, "Hip"))
_UNTIL = "Look at the original request and confirm; until then it cannot be scored."
_UNTIL_ALL = "Look at each original request before."


COMMANDS = ("joint_knee", "joint_hip", "confirm_L", "confirm_R", "confirm_B")
"""Commands of `gui.commands`, each the name of the button that it presses."""


class SideControl(QFrame):
    """Open while a case waits for its side, or when asked. ``confirmed(codes, side, joint or None)``."""

    confirmed = Signal(object, object, object)

    def __init__(self, keymap: Keymap, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("side_control")
        self.setAccessibleName("Confirm joint and side")
        self.setProperty("part", "banner")
        self._rows: tuple[CaseRow, ...] = ()
        self._text = QLabel()
        self._text.setObjectName("side_text")
        self._text.setWordWrap(True)
        self._joints = QButtonGroup(self)
        joint_line, side_line = QHBoxLayout(), QHBoxLayout()
        for joint, word in _JOINTS:
            button = QPushButton(word)
            button.setObjectName(f"joint_{joint.value}")
            button.setAccessibleName(f"Joint: {word.lower()}")
            tell(button, keymap, f"joint_{joint.value}", f"These images show a {word.lower()}")
            button.setCheckable(True)
            self._joints.addButton(button)
            joint_line.addWidget(button)
        self._sides: dict[Laterality, QPushButton] = {}
        for side, word in _SIDES:
            button = QPushButton(word)
            button.setObjectName(f"confirm_{side.value}")
            button.setAccessibleName(f"Confirm side: {word.lower()}")
            tell(button, keymap, f"confirm_{side.value}", f"It is: {word.lower()}. Kept with who and when")
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

    @property
    def asks_several(self) -> bool:
        """True while more than one case is asked about."""
        return len(self._rows) > 1

    def show_case(self, row: CaseRow | None) -> None:
        """Ask for this case's joint and side, if the files leave them open but say something."""
        self._rows = () if row is None else (row,)
        suggested = row.suggested_joint if row is not None and row.state is State.DISPLAY else None
        if row is None or (row.state is not State.SIDE and suggested is None):
            self.hide()
            return
        if suggested is not None:
            said = f"name no joint; their coil is built for the {suggested.value}"
        elif row.case.laterality:
            said = f"suggest {dict(_SIDES)[row.case.laterality].lower()}, not beyond doubt"
        else:
            said = "do not say which side"
        self._ask(f"The files {said}. {_UNTIL}")

    def show_several(self, rows: Sequence[CaseRow]) -> None:
        """Ask for one joint and one side that all of these cases have."""
        self._rows = tuple(rows)
        decided = sum(row.state is State.READY for row in rows)
        known = f" {decided} of them {'is' if decided == 1 else 'are'} decided already." if decided else ""
        self._ask(f"{len(rows)} cases get the same joint and side.{known} {_UNTIL_ALL}")

    def open(self) -> None:
        """Ask although the case does not wait for it: the files may be wrong, or name no joint."""
        if not self._rows:
            return
        if self._rows[0].case.joint is None:
            self._ask(f"The files do not say which joint they show. {_UNTIL}")
        else:
            self._ask("Choose what the original request says. The word of the files is kept beside it.")
        self._joints.buttons()[0].setFocus()

    def decide(self, command: str) -> None:
        """Press the button called so; nothing while nothing is asked."""
        if self.isVisible() and (button := self.findChild(QPushButton, command)) is not None:
            button.click()

    def _ask(self, text: str) -> None:
        self._text.setText(text)
        joints = {row.case.joint or row.suggested_joint for row in self._rows}
        self._joints.setExclusive(False)
        for button, (joint, _) in zip(self._joints.buttons(), _JOINTS, strict=True):
            button.setChecked(joints == {joint})
        self._joints.setExclusive(True)
        self._enable()
        self.show()

    def _enable(self) -> None:
        for button in self._sides.values():
            button.setEnabled(self._joints.checkedButton() is not None)

    def _on_side(self, side: Laterality) -> None:
        chosen = self._joints.checkedButton()
        if not self._rows or chosen is None:
            return
        joint = next(joint for joint, _ in _JOINTS if chosen.objectName() == f"joint_{joint.value}")
        changed = joint if any(row.case.joint is not joint for row in self._rows) else None
        self.confirmed.emit(tuple(row.code for row in self._rows), side, changed)
