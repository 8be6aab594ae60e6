"""Which cases of the library a new study reads."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from workstation.imaging.study import Case, Joint


class CaseStep(QWidget):
    """Asks for the joint and for its cases.

    ``changed`` when a tick did; ``filled`` when the list is another one; ``library_wanted``.
    """

    changed = Signal()
    filled = Signal()
    library_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._cases: tuple[Case, ...] = ()
        self._joint_box = QComboBox()
        self._joint_box.setObjectName("study_joint")
        self._joint_box.setAccessibleName("Joint")
        self._joint_box.setToolTip("A study reads one joint")
        for joint in Joint:
            self._joint_box.addItem(joint.value, joint.value)
        self._joint_box.currentIndexChanged.connect(lambda _index: self._fill(set()))
        every = QPushButton("Choose all")
        every.setObjectName("choose_all_cases")
        every.setToolTip("Tick every case that can be read")
        every.clicked.connect(self._choose_all)
        self.list = QListWidget()
        self.list.setObjectName("study_cases")
        self.list.setAccessibleName("Cases to read")
        self.list.setToolTip("Space ticks a case")
        self.list.setFixedHeight(150)
        self.list.itemChanged.connect(lambda _item: self.changed.emit())
        self._no_case = QPushButton()
        self._no_case.setObjectName("setup_no_case")
        self._no_case.setToolTip("Import cases, or say their joint and side, in the library")
        self._no_case.clicked.connect(self.library_wanted)
        self._no_case.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        row = QHBoxLayout()
        row.addWidget(self._joint_box)
        row.addWidget(every)
        row.addStretch(1)
        layout.addLayout(row)
        layout.addWidget(self.list)
        layout.addWidget(self._no_case)

    @property
    def joint(self) -> str:
        """The joint that the study reads."""
        return str(self._joint_box.currentData())

    @property
    def chosen(self) -> tuple[str, ...]:
        """Codes of the ticked cases."""
        items = (self.list.item(row) for row in range(self.list.count()))
        return tuple(
            str(item.data(Qt.ItemDataRole.UserRole))
            for item in items
            if item.checkState() == Qt.CheckState.Checked
        )

    @property
    def known(self) -> dict[str, Case]:
        """The library's cases by code."""
        return {case.code: case for case in self._cases}

    def show_cases(self, cases: tuple[Case, ...]) -> None:
        """List the library's cases; what was ticked stays so."""
        chosen = set(self.chosen)
        self._cases = cases
        if not self._fitting() and cases:
            joints = [case.joint.value for case in cases if case.joint]
            if joints:
                self._joint_box.setCurrentIndex(self._joint_box.findData(joints[0]))
        self._fill(chosen)

    def _fitting(self) -> list[Case]:
        return [case for case in self._cases if case.joint is not None and case.joint.value == self.joint]

    def _fill(self, chosen: set[str]) -> None:
        self.list.blockSignals(True)
        self.list.clear()
        for case in self._fitting():
            side = {"L": "left", "R": "right", "B": "bilateral"}.get(case.laterality or "", "side unknown")
            item = QListWidgetItem(f"{case.code}   {side} {case.joint}")
            item.setData(Qt.ItemDataRole.UserRole, case.code)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            if not case.laterality_confirmed:
                item.setText(f"⚠ {item.text()}: confirm the side in the library first")
                item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsEnabled)
            ticked = case.code in chosen and case.laterality_confirmed
            item.setCheckState(Qt.CheckState.Checked if ticked else Qt.CheckState.Unchecked)
            self.list.addItem(item)
        self.list.blockSignals(False)
        is_empty = self.list.count() == 0
        self.list.setVisible(not is_empty)
        self._no_case.setVisible(is_empty)
        self._no_case.setText(f"No {self.joint} in the library yet: go to the library to import one")
        self.filled.emit()

    def _choose_all(self) -> None:
        for row in range(self.list.count()):
            item = self.list.item(row)
            if item.flags() & Qt.ItemFlag.ItemIsEnabled:
                item.setCheckState(Qt.CheckState.Checked)
