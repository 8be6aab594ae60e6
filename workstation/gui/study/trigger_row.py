"""Which differences bring a case before the adjudicator."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QAbstractSpinBox, QCheckBox, QDoubleSpinBox, QHBoxLayout, QSpinBox, QWidget

from workstation.gui.theme import CONTROL_PX
from workstation.reading.conduct import Triggers


class TriggerRow(QWidget):
    """Asks for the triggers of the rule 2 + 1. ``changed`` when one did."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        start = Triggers()
        self._grades = QSpinBox()
        self._grades.setObjectName("trigger_grades")
        self._grades.setAccessibleName("Grades apart that bring a case before the adjudicator")
        self._grades.setToolTip("Two grades of one item at least so far apart; 0: not looked at")
        self._grades.setPrefix("decide from ")
        self._grades.setSuffix(" grades apart")
        self._grades.setSpecialValueText("grades apart: not looked at")
        self._grades.setRange(0, 9)
        self._grades.setValue(start.grades)
        self._absent = QCheckBox("absent against present")
        self._absent.setObjectName("trigger_absent")
        self._absent.setAccessibleName("One saw nothing, the other something")
        self._absent.setToolTip("One reader gave the lowest grade of an item, the other a higher one")
        self._absent.setChecked(start.absent_present)
        self._total = QDoubleSpinBox()
        self._total.setObjectName("trigger_total")
        self._total.setAccessibleName("Points between totals that bring a case before the adjudicator")
        self._total.setToolTip("For instance the smallest detectable change; 0: not looked at")
        self._total.setPrefix("totals over ")
        self._total.setSuffix(" apart")
        self._total.setSpecialValueText("totals: not looked at")
        self._total.setRange(0, 999)
        self._total.setDecimals(1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        for spin in (self._grades, self._total):
            spin.setButtonSymbols(QAbstractSpinBox.ButtonSymbols.NoButtons)
            spin.lineEdit().setTextMargins(6, 0, 6, 0)
            spin.setFixedHeight(CONTROL_PX)
        for widget in (self._grades, self._absent, self._total):
            row.addWidget(widget, 1)
        self._grades.valueChanged.connect(lambda _value: self.changed.emit())
        self._total.valueChanged.connect(lambda _value: self.changed.emit())
        self._absent.toggled.connect(lambda _checked: self.changed.emit())

    @property
    def triggers(self) -> Triggers:
        """As they are asked for; a score against not assessable always counts."""
        total = round(self._total.value(), 1) or None
        return Triggers(self._grades.value(), self._absent.isChecked(), total)
