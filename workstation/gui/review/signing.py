"""Signing what was settled of a case: by both readers, one after the other, or by the adjudicator."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from workstation.errors import WorkstationError
from workstation.gui.desk import DeskContext
from workstation.gui.reading.words import items_are
from workstation.gui.review.door import CompareDoor
from workstation.gui.review.reconcile_panel import ReconcilePanel, what_is_left

if TYPE_CHECKING:
    from workstation.workflow.reconcile_case import ReconcileCase

SLOT = "reconcile-sign"


class Signing(QObject):
    """Asks for signatures and gives them; ``taken(case)`` after each that was taken."""

    taken = Signal(object)

    def __init__(
        self, context: DeskContext, door: CompareDoor, panel: ReconcilePanel, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._context, self._door, self._panel = context, door, panel

    def ask(self, case: ReconcileCase) -> None:
        """Put the cursor into the signature, or say why nothing can be signed now."""
        messages = self._context.messages
        if case.is_computed:
            messages.inform(what_is_left(case))
        elif case.unsettled:
            what = items_are(len(case.unsettled))
            messages.attention(f"{what} still to be settled; J goes to the next one.")
        elif self._panel.can_sign:
            self._panel.ask_signature()
        elif case.is_signed:
            messages.inform(f"{case.case} is signed; nothing in it changes any more")

    def sign(self, case: ReconcileCase, signature: str, passphrase: str) -> None:
        """Sign a case; who sits here too signs in first, which takes a moment on purpose."""
        self._context.jobs.start(
            SLOT,
            lambda _progress: self._door.admit(signature.strip(), passphrase),
            lambda _none: self._sign(case, signature, passphrase),
        )

    def _sign(self, case: ReconcileCase, signature: str, passphrase: str) -> None:
        try:
            case.sign(signature, passphrase)
        except WorkstationError as error:
            self._context.messages.show(error)
            return
        self._panel.clear_signature()
        self.taken.emit(case)
        if case.is_signed:
            key = self._context.keymap.key_of("reconcile_on")
            self._context.messages.inform(f"{case.case} is signed. {key} goes to the next case")
        else:
            self._panel.ask_signature()
