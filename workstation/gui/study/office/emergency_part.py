"""Emergency unblinding: one case opened at once, with a reason, the passphrase, and a second press."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QComboBox, QLabel, QLineEdit, QWidget

from workstation.errors import WorkstationError
from workstation.gui.sign_in_page import passphrase_line
from workstation.gui.study.office.part import OfficePart, Run

if TYPE_CHECKING:
    from workstation.workflow.emergency import OpenedRead
    from workstation.workflow.office import Office

TEXT = (
    "Opens the locked reads of one case now, and nothing else. The reason stands in the study's log before "
    "anything is shown, every export lists it, and reads of this case that are locked later are flagged. It "
    "cannot be taken back."
)
REASON = "Everybody can read it: name no finding"


class EmergencyPart(OfficePart):
    """Asks for all of it and shows the grades until the part is left."""

    def __init__(self, run: Run, parent: QWidget | None = None) -> None:
        super().__init__("emergency", "Emergency", TEXT, run, parent)
        self._is_sure = False
        self._holders: tuple[str, ...] = ()
        self._case = QComboBox()
        self._case.setObjectName("unblind_case")
        self.add_field("Case", self._case)
        self._reason = self.add_line("unblind_reason", "Reason", REASON)
        self._reason.setToolTip(REASON)
        self._words: list[tuple[QLabel, QLineEdit]] = []
        for number in (1, 2):
            line = passphrase_line(f"unblind_passphrase_{number}", "Passphrase")
            self._words.append((self.add_field("Passphrase", line), line))
        self._go = self.add_button("unblind", "", "", self._on_go)
        self._go.setProperty("emphasis", "primary")
        self._case.currentIndexChanged.connect(lambda _index: self._changed())
        for line in (self._reason, *(line for _, line in self._words)):
            line.textChanged.connect(lambda _text: self._changed())
            line.returnPressed.connect(self._on_go)
        self._show_holders()

    def refresh(self, office: Office) -> None:
        """Offer the study's cases, and ask for the passphrases of those who hold the reads closed."""
        chosen, self._holders = self._case.currentText(), office.holders
        self._case.clear()
        self._case.addItems(list(office.cases))
        self._case.setCurrentText(chosen)
        if not chosen:
            self._case.setCurrentIndex(-1)  # an emergency is about a case that somebody names
        self._show_holders()

    def rest(self) -> None:
        """Grades stay on screen only while the part does."""
        super().rest()
        self.say("")
        self.table.clear_told()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc takes the first press back."""
        if event.key() == Qt.Key.Key_Escape and self._is_sure:
            self._turn(sure=False)
            return
        super().keyPressEvent(event)

    def put_away(self) -> None:
        """Neither grades nor what was typed stay."""
        super().put_away()
        self._case.clear()
        self._changed()

    def _show_holders(self) -> None:
        for number, (label, line) in enumerate(self._words):
            is_asked = number < len(self._holders)
            title = f"Passphrase of {self._holders[number]}" if is_asked else "Passphrase"
            label.setText(title)
            label.setVisible(is_asked)
            line.setVisible(is_asked)
            line.setAccessibleName(title)
            line.setPlaceholderText(title)
            line.setToolTip(f"{title} (Enter)")
        self._changed()

    @property
    def _is_ready(self) -> bool:
        asked = [line for _, line in self._words][: len(self._holders)]
        return bool(
            self._case.currentText() and self._reason.text().strip() and all(line.text() for line in asked)
        )

    def _changed(self) -> None:
        self._turn(sure=False)
        self._go.setEnabled(self._is_ready)

    def _turn(self, *, sure: bool) -> None:
        self._is_sure = sure
        case = self._case.currentText() or "a case"
        text = f"Yes, open {case} now" if sure else f"Open {case}…"
        self._go.setText(text)
        self._go.setAccessibleName(text)
        self._go.setToolTip("It cannot be taken back (Enter)" if sure else "Asks once more (Enter)")

    def _on_go(self) -> None:
        if not self._is_ready:
            return
        if not self._is_sure:
            self._turn(sure=True)
            return
        case, reason = self._case.currentText(), self._reason.text()
        typed = [line.text() for _, line in self._words]
        words = dict(zip(self._holders, typed, strict=False))
        self._case.setFocus(Qt.FocusReason.OtherFocusReason)  # before the button goes that had it
        for _, line in self._words:
            line.setText("")
        self.say("One moment: a passphrase is slow to check on purpose.")
        self.run(
            lambda office, _progress: office.unblind(case, reason, words),
            lambda opened: self._on_opened(case, opened),
            self._on_refused,
        )

    def _on_opened(self, case: str, opened: tuple[OpenedRead, ...]) -> None:
        from workstation.workflow.office_tables import unblinded_told

        self._reason.setText("")
        self.show_told(unblinded_told(case, opened))
        self.table.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_refused(self, error: WorkstationError) -> None:
        self._changed()
        self.refuse(error)
