"""The study's log: nothing was changed behind the program's back, and a head code that proves the tail."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from workstation.gui.study.office.part import VERIFY_SLOT, OfficePart, Run

if TYPE_CHECKING:
    from workstation.workflow.office import Office
    from workstation.workflow.verify_study import VerifyReport

TEXT = (
    "Every entry, lock and signature is checked again; nobody needs to sign in. A chain cannot show that its "
    "end was cut off: a code that a reader wrote down at lock does."
)


class LogPart(OfficePart):
    """Verifies the whole study, if wanted against a head code."""

    def __init__(self, run: Run, parent: QWidget | None = None) -> None:
        super().__init__("log", "Log and head code", TEXT, run, parent)
        self._head = self.add_line("office_head", "Head code", "as a reader wrote it down; may stay empty")
        self._head.returnPressed.connect(self.verify)
        self.add_button(
            "office_verify", "Verify", "Check every chain and signature again (Enter)", self.verify
        )

    def refresh(self, office: Office) -> None:  # noqa: ARG002 - the shape of every part
        """Show the present head, to be written down."""
        from workstation.workflow.office_tables import head_told

        if not self.said:
            self.run(
                lambda office, _progress: office.ask(head_told),
                self._on_head,
                self.refuse,
            )

    def _on_head(self, head: str) -> None:
        if not self.said:  # else it is verified meanwhile
            self.say(f"Head of the log now: {head}")

    def verify(self) -> None:
        """Check everything."""
        head = self._head.text()
        self.say("Every chain is being checked…")
        self.run(
            lambda office, _progress: office.verify(head),
            lambda report: self.say(verified(report)),
            self.refuse,
            slot=VERIFY_SLOT,
        )


def verified(report: VerifyReport) -> str:
    """What verification found, as a person reads it."""
    word = "✓ Intact" if report.is_intact else "⚠ NOT intact"
    counts = f"{report.audit_entries} log entries, {report.journal_entries} entries in {report.reads} reads"
    lines = [f"{word}: {counts}. Head {report.head_code}", *report.findings, *report.notes]
    return "\n".join(lines)
