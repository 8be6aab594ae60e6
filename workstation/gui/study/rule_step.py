"""Rules of a new study: how reads become one result, who else takes part, what is read twice."""

from __future__ import annotations

import secrets

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from workstation.errors import ResourceError
from workstation.gui.study.summary import RULES, UNSEAL
from workstation.gui.study.trigger_row import TriggerRow
from workstation.gui.theme import CONTROL_PX
from workstation.reading.conduct import Adjudication, Conduct, Repeats, RequiredSeries, Sees, required_series
from workstation.reading.plan import Resolution, Unseal

SEES = {
    Sees.BOTH: "The adjudicator sees both answers, without names",
    Sees.NONE: "The adjudicator sees neither answer",
}


ORDERS = (
    "Each reader meets the cases in an own order, drawn by chance from a seed that is sealed to that reader "
    "and to the coordinator, or with both keys to that reader alone. All can check it when reads are open."
)


class RuleStep(QWidget):
    """Asks for the rules. ``changed`` when one did."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rule = _choice("resolution_rule", "Rule of reconciliation", "How differing answers become one")
        for rule, text in RULES.items():
            self._rule.addItem(text, rule.value)
        self._unseal = _choice("unseal_rule", "When reads may be compared", "When the reads may be compared")
        for when, text in UNSEAL.items():
            self._unseal.addItem(f"Compare {text}", when.value)
        self._third = QLineEdit()
        self._third.setObjectName("third_reader")
        self._sees = _choice("adjudicator_sees", "What the adjudicator sees", "What the adjudicator sees")
        for sees, text in SEES.items():
            self._sees.addItem(text, sees.value)
        self._tolerance = _number(
            "tolerance",
            "Tolerated difference in grades",
            "Differences up to this many grades need not be settled",
        )
        self._tolerance.setSpecialValueText("every difference is settled")
        self._tolerance.setPrefix("tolerate a difference of ")
        self._tolerance.setRange(0, 3)
        self._tolerance.valueChanged.connect(
            lambda value: self._tolerance.setSuffix(" grade" if value == 1 else " grades")
        )
        self._seed = _number(
            "order_seed",
            "Seed of the case order",
            "Every reader's order follows from this number; keep it from the readers",
        )
        self._seed.setPrefix("order seed ")
        self._seed.setRange(1, 2**31 - 1)
        self._seed.setValue(secrets.randbelow(2**31 - 2) + 1)
        self._orders = QLabel(ORDERS)
        self._orders.setObjectName("orders_explained")
        self._orders.setWordWrap(True)
        self._orders.setProperty("text_role", "quiet")
        self._triggers = TriggerRow(self)
        self._triggers.changed.connect(self.changed)
        self._share = _number(
            "repeat_share",
            "Cases read twice, in percent",
            "Each reader meets these again under another code, to tell the agreement with the own reading",
        )
        self._share.setPrefix("read ")
        self._share.setSuffix(" % of the cases twice")
        self._share.setRange(0, 50)
        self._washout = _number(
            "washout_days", "Wash-out in days", "Days between the first reading of a case and the second"
        )
        self._washout.setSuffix(" days between")
        self._washout.setRange(0, 3650)
        self._washout.setValue(14)
        self._required = QLineEdit()
        self._required.setObjectName("required_series")
        self._required.setAccessibleName("Series that every case must have")
        self._required.setPlaceholderText("Series that every case must have, e.g. T1, sagittal PD-FS")
        self._required.setToolTip("Without them a case can only be called not readable; separate by commas")
        self._lay_out()
        self._connect()

    @property
    def resolution(self) -> Resolution:
        """The chosen rule."""
        return Resolution(self._rule.currentData())

    @property
    def unseal(self) -> Unseal:
        """When reads may be compared."""
        return Unseal(self._unseal.currentData())

    @property
    def tolerance(self) -> int:
        """Difference in grades that need not be settled."""
        return self._tolerance.value()

    @property
    def seed(self) -> int:
        """Seed of the orders."""
        return self._seed.value()

    @property
    def third(self) -> str:
        """Code of the third reader or the adjudicator, where the rule has one."""
        return "" if self._third.isHidden() else self._third.text().strip()

    @property
    def conduct(self) -> Conduct:
        """Repeats, required series and adjudication as far as they can be understood."""
        adjudicator = self.third if self.resolution is Resolution.ADJUDICATION else ""
        return Conduct(
            Repeats(self._share.value() / 100, self._washout.value()) if self._share.value() else Repeats(),
            self._series()[0],
            Adjudication(adjudicator, Sees(self._sees.currentData()), self._triggers.triggers)
            if adjudicator
            else None,
        )

    @property
    def missing(self) -> list[str]:
        """What is still needed, in words."""
        found = []
        if not self._third.isHidden() and not self.third:
            found.append("the code of " + ("the adjudicator" if self._sees_shown else "the third reader"))
        if wrong := self._series()[1]:
            found.append(wrong)
        return found

    @property
    def _sees_shown(self) -> bool:
        return self.resolution is Resolution.ADJUDICATION

    def _series(self) -> tuple[tuple[RequiredSeries, ...], str]:
        found: list[RequiredSeries] = []
        for text in (part.strip() for part in self._required.text().split(",")):
            if text:
                try:
                    found.append(required_series(text))
                except ResourceError:
                    return (), f'a series that is known, not "{text}"'
        return tuple(found), ""

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for pair in (
            (self._rule, self._unseal),
            (self._third, self._sees),
            (self._triggers,),
            (self._tolerance, self._seed),
            (self._orders,),
            (self._share, self._washout),
        ):
            row = QHBoxLayout()
            for widget in pair:
                row.addWidget(widget, 1)
            layout.addLayout(row)
        layout.addWidget(self._required)
        self._show_third()
        self._show_washout()

    def set_sealed(self, sealed: bool) -> None:
        """A sealed study draws each order from an own seed; only one that is not uses the plan's."""
        self._seed.setVisible(not sealed)
        self._orders.setVisible(sealed)

    def _show_washout(self) -> None:
        self._washout.setVisible(self._share.value() > 0)

    def _connect(self) -> None:
        self._rule.currentIndexChanged.connect(self._show_third)
        self._share.valueChanged.connect(lambda _value: self._show_washout())
        for box in (self._rule, self._unseal, self._sees):
            box.currentIndexChanged.connect(lambda _index: self.changed.emit())
        for spin in (self._tolerance, self._share, self._washout):
            spin.valueChanged.connect(lambda _value: self.changed.emit())
        for line in (self._third, self._required):
            line.textChanged.connect(lambda _text: self.changed.emit())

    def _show_third(self) -> None:
        rule = self.resolution
        self._third.setVisible(rule in (Resolution.MEDIAN, Resolution.ADJUDICATION))
        self._sees.setVisible(self._sees_shown)
        self._triggers.setVisible(self._sees_shown)
        title = "Code of the adjudicator" if self._sees_shown else "Code of reader 3"
        self._third.setAccessibleName(title)
        self._third.setPlaceholderText(title)
        self._third.setToolTip(f"{title}: letters, digits, dot, dash and underscore")


def _choice(name: str, title: str, tip: str) -> QComboBox:
    box = QComboBox()
    box.setObjectName(name)
    box.setAccessibleName(title)
    box.setToolTip(tip)
    return box


def _number(name: str, title: str, tip: str) -> QSpinBox:
    spin = QSpinBox()
    spin.setObjectName(name)
    spin.setAccessibleName(title)
    spin.setToolTip(tip)
    spin.setButtonSymbols(QAbstractSpinBox.ButtonSymbols.NoButtons)
    spin.lineEdit().setTextMargins(6, 0, 6, 0)
    spin.setFixedHeight(CONTROL_PX)
    return spin
