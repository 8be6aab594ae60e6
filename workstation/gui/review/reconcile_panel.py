"""The right side of the reconcile desk: items, the value chosen, the reason, the signatures."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from workstation.gui.keymap import Keymap, tell
from workstation.gui.review.both_masks import MaskNumbers
from workstation.gui.review.item_table import ItemTable
from workstation.gui.review.opening import case_label, differing_words
from workstation.gui.sign_in_page import passphrase_line
from workstation.gui.theme import Theme
from workstation.gui.viewer.palette import ViewerPalette
from workstation.reading.plan import Resolution
from workstation.reading.reconcile import ItemPair
from workstation.scoring.instrument import Instrument, Item
from workstation.workflow.reconcile_case import ReconcileCase

PANEL_WIDTH, WIDEST, PART = 420, 640, 0.22
"""On a large screen the panel takes part of the room, so that reasons can be read."""
_RULES = {
    Resolution.MEAN: "mean of both readers",
    Resolution.CONSENSUS: "consensus with a reason",
    Resolution.MEDIAN: "median of three readers",
    Resolution.ADJUDICATION: "adjudication by a third reader",
}


class ReconcilePanel(QFrame):
    """Shows a case and says what the person wants; it keeps nothing."""

    case_chosen = Signal(int)
    item_chosen = Signal()
    side_taken = Signal(str)
    reason_given = Signal(str)
    signed = Signal(str, str)

    def __init__(self, keymap: Keymap, palette: ViewerPalette, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("reconcile_panel")
        self.setAccessibleName("Reconciliation")
        self.setFixedWidth(PANEL_WIDTH)
        self._keymap = keymap
        self._decides, self._sees, self._three = True, True, False
        self._keys = QLabel()
        self._choice = QComboBox()
        self._choice.setObjectName("reconcile_case")
        self._choice.setAccessibleName("Case")
        self._choice.setToolTip("Cases that can be reconciled")
        self._choice.activated.connect(self.case_chosen)
        self._rule = QLabel()
        self._rule.setProperty("text_role", "quiet")
        self._rule.setWordWrap(True)
        self.table = ItemTable()
        self.table.item_chosen.connect(lambda _row: self.item_chosen.emit())
        self.masks = MaskNumbers(palette, self)
        self._definition = QLabel()
        self._definition.setObjectName("reconcile_definition")
        self._definition.setProperty("text_role", "secondary")
        self._definition.setWordWrap(True)
        self._definition.setMinimumHeight(96)
        self._definition.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._take_x = self._side_button("X")
        self._take_y = self._side_button("Y")
        self._reason = _line("reconcile_reason", "Reason", "Reason (Enter keeps it)")
        self._reason.setToolTip("Why this value (R); Enter keeps it, Esc goes back to the images")
        self._reason.returnPressed.connect(lambda: self.reason_given.emit(self.reason))
        self._signature = _line("reconcile_signature", "Reader code to sign", "Reader code to sign")
        self._signature.setToolTip("Each reader signs with the own code")
        self._signature.returnPressed.connect(self._on_signature)
        self._passphrase = passphrase_line("reconcile_passphrase", "Passphrase")
        self._passphrase.setToolTip("The passphrase of the reader who signs (Enter)")
        self._passphrase.returnPressed.connect(self._on_signature)
        self._signed = QLabel()
        self._signed.setObjectName("reconcile_signed")
        self._signed.setProperty("text_role", "secondary")
        self._signed.setWordWrap(True)
        self._lay_out()

    # properties ----------------------------------------------------------------------------------

    @property
    def reason(self) -> str:
        """What is typed as the reason."""
        return self._reason.text().strip()

    @property
    def can_sign(self) -> bool:
        """Whether a signature may be typed now."""
        return self._signature.isEnabled()

    def fit_into(self, width: int) -> None:
        """Take this panel's part of the desk's width."""
        self.setFixedWidth(min(max(PANEL_WIDTH, round(PART * width)), WIDEST))

    # setters -------------------------------------------------------------------------------------

    def set_cases(self, cases: tuple[ReconcileCase, ...]) -> None:
        """List the cases that can be reconciled."""
        with QSignalBlocker(self._choice):
            self._choice.clear()
            for one in cases:
                self._choice.addItem(case_label(one))

    def choose_case(self, index: int) -> None:
        """Name the case that is being opened."""
        with QSignalBlocker(self._choice):
            self._choice.setCurrentIndex(index)

    def show_case(
        self, index: int, case: ReconcileCase, instruments: dict[str, Instrument], theme: Theme
    ) -> None:
        """Show a case as it stands now."""
        with QSignalBlocker(self._choice):
            self._choice.setCurrentIndex(index)
            self._choice.setItemText(index, case_label(case))
        finals = {(final.instrument, final.item): final for final in case.finals}
        self.table.show_items(case.items, instruments, finals, theme)
        is_decided, can_take = not case.is_computed, not case.hides_answers
        self._rule.setText(what_is_left(case))
        for widget in (self._take_x, self._take_y, self._reason):
            widget.setVisible(is_decided)
            widget.setEnabled(is_decided and not case.is_signed and (can_take or widget is self._reason))
        self._signature.setEnabled(not case.is_signed and not case.unsettled)
        self._signature.setVisible(is_decided and not case.is_signed)
        self._passphrase.setEnabled(self._signature.isEnabled())
        self._passphrase.setVisible(is_decided and case.is_sealed and not case.is_signed)
        self._signed.setText(_signed_text(case))
        self._decides, self._sees = is_decided and not case.is_signed, can_take
        self._three = case.z is not None
        self._keys.setText(self._told_keys())

    def show_item(self, item: Item, reason: str) -> None:
        """Show the definitions of the item in hand and the reason kept for it."""
        levels = "<br>".join(f"<b>{level.key}</b>&nbsp; {level.definition}" for level in item.levels)
        self._definition.setText(f"<b>{item.full_title}</b><br>{levels}")
        self._reason.setText(reason)

    def show_choice(self, pair: ItemPair, *, has_value: bool, value: int | None) -> None:
        """Mark the side whose answer is the chosen value."""
        for button, answer in ((self._take_x, pair.x), (self._take_y, pair.y)):
            button.setChecked(has_value and answer.is_answered and answer.grade == value)

    def ask_reason(self) -> None:
        """Put the cursor into the reason, a kept one ready to be replaced."""
        self._reason.selectAll()
        self._reason.setFocus(Qt.FocusReason.OtherFocusReason)

    def ask_signature(self) -> None:
        """Put the cursor into the signature."""
        self._signature.setFocus(Qt.FocusReason.OtherFocusReason)

    def clear_signature(self) -> None:
        """The signature was taken."""
        self._signature.setText("")
        self._passphrase.setText("")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter in a line is taken by the line; it must not reach the images, where it shows one alone."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            event.accept()
        else:
            super().keyPressEvent(event)

    def _on_signature(self) -> None:
        if self._passphrase.isVisible() and not self._passphrase.text():
            self._passphrase.setFocus(Qt.FocusReason.OtherFocusReason)
            return
        typed = self._passphrase.text()
        self._passphrase.setText("")
        self.signed.emit(self._signature.text(), typed)

    # private -------------------------------------------------------------------------------------

    def _side_button(self, side: str) -> QPushButton:
        button = QPushButton(f"Take {side}")
        button.setObjectName(f"take_{side.lower()}")
        button.setCheckable(True)
        tell(button, self._keymap, f"take_{side.lower()}", f"Take the answer of {side}")
        button.setAccessibleName(f"Take {side}")
        button.clicked.connect(lambda: self.side_taken.emit(side.lower()))
        return button

    def _told_keys(self) -> str:
        """The keys that mean something for the case in hand."""
        key, decides, sees = self._keymap.key_of, self._decides, self._sees
        parts = [f"{key('next_difference')} next difference"]
        parts += [key("take_x"), key("take_y")] if decides and sees else []
        parts += ["digit other value", "- not assessable", f"{key('reason')} reason"] if decides else []
        if sees:
            parts += [f"{key('sides_masks')} masks", f"{key('mask_difference')} where they differ"]
            parts += [f"{key('next_mark')} measurements"]
        parts += [f"{key('sides')} both or one", f"{key('sides_link')} linked or apart"]
        parts += [f"{key('own_slices')} own slices"] if sees else []
        parts += [f"{key('next_pair')} next two readers"] if self._three else []
        parts += [f"{key('sign')} sign"] if decides else []
        return " · ".join((*parts, f"{key('reconcile_on')} next case"))

    def _lay_out(self) -> None:
        self._keys.setText(self._told_keys())
        self._keymap.changed.connect(lambda: self._keys.setText(self._told_keys()))
        self._keys.setProperty("text_role", "secondary")
        self._keys.setWordWrap(True)
        buttons = QHBoxLayout()
        buttons.addWidget(self._take_x)
        buttons.addWidget(self._take_y)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 12, 12, 12)
        layout.setSpacing(8)
        layout.addWidget(self._choice)
        layout.addWidget(self._rule)
        layout.addWidget(self.table, 1)
        layout.addWidget(self.masks)
        layout.addWidget(self._definition)
        layout.addLayout(buttons)
        for widget in (self._reason, self._signature, self._passphrase, self._signed, self._keys):
            layout.addWidget(widget)


def _line(name: str, title: str, placeholder: str) -> QLineEdit:
    line = QLineEdit()
    line.setObjectName(name)
    line.setAccessibleName(title)
    line.setPlaceholderText(placeholder)
    return line


def headline(case: ReconcileCase) -> str:
    """``"K-0172 · 4 items differ · rule: consensus with a reason"``"""
    return f"{case.case} · {differing_words(case)} · rule: {_RULES[case.rule]}"


def what_is_left(case: ReconcileCase) -> str:
    """What is still to be done with a case, as a sentence."""
    if case.is_signed:
        return "Signed: nothing changes after."
    if case.rule == Resolution.MEAN:
        return "The mean of both readers' points is taken; there is nothing to settle or to sign."
    if case.rule == Resolution.MEDIAN:
        return "The middle one of three grades counts; there is nothing to settle or to sign."
    if case.is_computed:
        return "No difference of this case comes before the adjudicator; differing items take the mean."
    if case.hides_answers and case.unsettled:
        return f"{len(case.unsettled)} to decide without sight of the answers: give a grade, and say why."
    if case.unsettled:
        return f"{len(case.unsettled)} to settle: take X, Y or another value, and say why."
    return f"Nothing is left to settle; {_who_signs(case)}."


def _who_signs(case: ReconcileCase) -> str:
    return "both readers sign" if len(case.signers) > 1 else f"{case.signers[0]} signs"


def _signed_text(case: ReconcileCase) -> str:
    if case.is_signed and case.identities:
        told = ", ".join(f"{side} was {code}" for side, code in zip("XYZ", case.identities, strict=False))
        by = "both readers" if len(case.signers) > 1 else case.signers[0]
        return f"Signed by {by}. {told}."
    if case.signed_by:
        return f"Signed by {' and '.join(case.signed_by)}; the other reader signs too."
    return ""
