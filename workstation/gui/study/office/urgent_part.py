"""Urgent findings as the safety contact reads them; nobody else opens one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QLabel, QVBoxLayout, QWidget

from workstation.gui.study.office.part import OfficePart, Run

if TYPE_CHECKING:
    from workstation.reading.safety import UrgentFinding
    from workstation.workflow.office import Office
    from workstation.workflow.urgent import Sent

TEXT = (
    "Sent by readers to the plan's safety contact, who alone can open them; the scores stay sealed. That one "
    "was opened, and when, stands in the study's log."
)


class UrgentPart(OfficePart):
    """Lists the messages, and opens one on Enter."""

    def __init__(self, run: Run, parent: QWidget | None = None) -> None:
        super().__init__("urgent", "Urgent findings", TEXT, run, parent)
        self._sent: tuple[Sent, ...] = ()
        self._frame = QFrame()
        self._frame.setProperty("part", "banner")
        self._message = QLabel()
        self._message.setObjectName("office_urgent_message")
        self._message.setAccessibleName("Urgent finding")
        self._message.setWordWrap(True)
        self._message.setTextFormat(Qt.TextFormat.PlainText)
        self._message.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        inside = QVBoxLayout(self._frame)
        inside.setContentsMargins(12, 8, 12, 8)
        inside.addWidget(self._message)
        self._open = self.add_button("office_open_urgent", "Open", "Open what is chosen (Enter)", self.open)
        self.body.addWidget(self._frame)
        self._frame.hide()
        self._open.hide()
        self.table.activated.connect(lambda _index: self.open())

    def refresh(self, office: Office) -> None:  # noqa: ARG002 - the shape of every part
        """List them for the contact; anybody else is told who that is."""
        self._close_message()
        self._open.hide()
        self.run(lambda office, _progress: office.sent(), self._on_listed, self.refuse)

    def rest(self) -> None:
        """A message stays on screen only while the part does."""
        super().rest()
        self._close_message()

    def put_away(self) -> None:
        """Nothing of a message stays."""
        super().put_away()
        self._sent = ()
        self._close_message()
        self._open.hide()

    def open(self) -> None:
        """Open the chosen message."""
        row = self.table.currentRow()
        if 0 <= row < len(self._sent):
            number = self._sent[row].number

            def work(office: Office, _progress: object) -> tuple[UrgentFinding, tuple[Sent, ...]]:
                return office.read_urgent(number), office.sent()

            self.run(work, self._on_read, self.refuse)

    def _close_message(self) -> None:
        self._message.clear()
        self._frame.hide()

    def _on_listed(self, sent: tuple[Sent, ...]) -> None:
        from workstation.workflow.office_tables import Told

        chosen = self.table.currentRow()
        self._sent = sent
        new = sum(not one.is_seen for one in sent)
        told = f"{new} of {len(sent)} not read yet." if sent else "No urgent finding was sent."
        rows = tuple(
            (str(one.number), one.at[:16].replace("T", " "), one.reader, "read" if one.is_seen else "NEW")
            for one in sent
        )
        self.show_told(Told(told, ("No.", "Sent (UTC)", "From", "State"), rows))
        first = next((row for row, one in enumerate(sent) if not one.is_seen), 0)
        self.table.setCurrentCell(chosen if 0 <= chosen < len(sent) else first, 0)
        self._open.setVisible(bool(sent))

    def _on_read(self, found: tuple[UrgentFinding, tuple[Sent, ...]]) -> None:
        finding, sent = found
        self._on_listed(sent)
        self._message.setText(message_of(finding))
        self._frame.show()


def message_of(finding: UrgentFinding) -> str:
    """The message, with the case as the library names it and the slice the reader had on screen."""
    met = f" (met as {finding.shown_as})" if finding.shown_as != finding.case else ""
    lines = [f"Case {finding.case}{met}, by {finding.reader}, {finding.at[:16].replace('T', ' ')} UTC"]
    if finding.slice_number:
        lines.append(f"Slice {finding.slice_number} of series {finding.series}, image {finding.instance}")
    return "\n".join([*lines, "", finding.text])
