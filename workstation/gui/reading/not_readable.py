"""Saying that a whole case cannot be read, inline below the form: the reason, and Enter."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from workstation.gui.reading.read_keeper import ReadKeeper
from workstation.gui.reading.reason_panel import ReasonPanel


class NotReadablePanel(ReasonPanel):
    """Asks why a case cannot be read and closes all its items with that.

    Attributes
    ----------
    keeper : ReadKeeper or None
        Holds the open read.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(
            "not_readable",
            "Case not readable",
            "Why can it not be read?",
            "Not readable",
            "Call every item of the case not assessable (Enter); undo takes it back",
            parent,
        )
        self.keeper: ReadKeeper | None = None
        self.given.connect(self._on_reason)

    def ask(self) -> None:
        """Show what will happen and wait for the reason."""
        read = self.keeper.read if self.keeper is not None else None
        if read is None or read.is_locked:
            return
        missing = f"It has no {' and no '.join(read.missing)} series. " if read.missing else ""
        lacking = ", ".join(f"no {one}" for one in read.missing)
        self.ask_for(
            f"{missing}Every item of {read.case.code} becomes not assessable, and the reason is kept.",
            read.not_readable or lacking,
        )

    def _on_reason(self, reason: str) -> None:
        if self.keeper is not None and self.keeper.call_not_readable(reason):
            self.put_away()


class AmendPanel(ReasonPanel):
    """Asks why a locked read is to be opened again."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(
            "amend",
            "Amend this read",
            "What has to be corrected, and why?",
            "Open it again",
            "Open a new version of this read (Enter); the locked one stays",
            parent,
        )

    def ask(self, case_code: str) -> None:
        """Show what will happen and wait for the reason."""
        self.ask_for(
            f"{case_code} opens again as a new version with this reason; the locked one stays. It counts "
            "once locked again. If reads could be compared before, it is marked and left out of agreement."
        )
