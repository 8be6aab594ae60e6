"""How far the reads are, opening them once all are locked, and how long they took."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QWidget

from workstation.gui.study.office.part import OfficePart, Run

if TYPE_CHECKING:
    from workstation.workflow.office import Office
    from workstation.workflow.office_tables import Told
    from workstation.workflow.read_case import Study

TEXT = "Which reads are locked, and nothing of what they say."
OPENING = (
    "Everything that must be locked is locked. Opening the reads lets those who take part compare scores; it "
    "stands in the log and cannot be taken back."
)
TIMES = "How long cases and items took. Times tell how hard a case was, so they are told like scores."


class ProgressPart(OfficePart):
    """Shows what is locked, and offers to open the reads when that is due."""

    def __init__(self, run: Run, parent: QWidget | None = None) -> None:
        super().__init__("progress", "Progress", TEXT, run, parent)
        self._is_sure = False
        self._unseal = self.add_button("office_unseal", "", "", self._on_unseal)
        self._unseal.setProperty("emphasis", "primary")
        self._turn(sure=False)
        self._unseal.hide()

    def refresh(self, office: Office) -> None:  # noqa: ARG002 - the shape of every part
        """Ask anew."""
        self._turn(sure=False)
        self.run(_looked, self._on_looked, self.refuse)

    def put_away(self) -> None:
        """Nothing stays."""
        super().put_away()
        self._unseal.hide()

    def _on_looked(self, found: tuple[Told, bool]) -> None:
        told, may_open = found
        self.show_told(told)
        if may_open:
            self.say(f"{told.said}\n{OPENING}")
        self._unseal.setVisible(may_open)

    def _turn(self, *, sure: bool) -> None:
        self._is_sure = sure
        text = "Yes, open the reads now" if sure else "Open the reads…"
        self._unseal.setText(text)
        self._unseal.setAccessibleName(text)
        self._unseal.setToolTip("It cannot be taken back" if sure else "Asks once more")

    def _on_unseal(self) -> None:
        if not self._is_sure:
            self._turn(sure=True)
            return
        self.table.setFocus(Qt.FocusReason.OtherFocusReason)  # before the button goes that had it
        self._unseal.hide()
        self.run(
            lambda office, _progress: (office.unseal(), _looked(office, _progress)), self._opened, self.refuse
        )

    def _opened(self, found: tuple[tuple[tuple[str, ...], tuple[str, ...]], tuple[Told, bool]]) -> None:
        (_, needed), (told, _) = found
        self.show_told(told)
        if needed:
            self.say(f"{told.said}\nNow {' and '.join(needed)} must sign in here and open them as well.")


def _looked(office: Office, _progress: object) -> tuple[Told, bool]:
    def look(study: Study) -> tuple[Told, bool]:
        from workstation.workflow.office_tables import progress_told

        waiting = set(study.ready_cases()) - set(study.unsealed_cases())
        vault = study.vault
        may_open = False
        if vault is not None and waiting:
            still = vault.still_needed(study.with_drift(study.ready_cases()))
            may_open = any(name in vault.people for name in still)
        return progress_told(study), may_open

    return office.ask(look)


class TimesPart(OfficePart):
    """Shows the time of each case, and writes a table with every item."""

    def __init__(self, run: Run, parent: QWidget | None = None) -> None:
        super().__init__("times", "Times", TIMES, run, parent)
        self._save = self.add_button(
            "office_save_times",
            "Save every item…",
            "Write a table with the time of every item (CSV)",
            self._on_save,
        )
        self._save.hide()

    def refresh(self, office: Office) -> None:
        """Everybody's once the reads are open; before that the own ones of a reader who is signed in."""
        self._save.hide()
        self._reader = office.readers_here[0] if office.is_sealed and len(office.readers_here) == 1 else ""
        self.run(lambda office, _progress: office.ask(self._tell), self._on_told, self.refuse)

    def put_away(self) -> None:
        """Nothing stays."""
        super().put_away()
        self._save.hide()

    def save(self, path: Path) -> None:
        """Write the table."""
        from workstation.workflow.office_tables import save_times

        reader = self._shown_reader
        self.run(
            lambda office, _progress: office.ask(lambda study: save_times(study, reader, path)),
            lambda _none: self.say(f"✓ Written to {path.name}."),
            self.refuse,
        )

    def _tell(self, study: Study) -> Told:
        from workstation.workflow.office_tables import times_told

        told, self._shown_reader = times_told(study), ""
        if not told.rows and self._reader:
            told, self._shown_reader = times_told(study, self._reader), self._reader
        return told

    def _on_told(self, told: Told) -> None:
        self.show_told(told)
        self._save.setVisible(bool(told.rows))

    def _on_save(self) -> None:
        file, _ = QFileDialog.getSaveFileName(self, "Times", "times.csv", "Tables (*.csv)")
        if file:
            self.save(Path(file))
