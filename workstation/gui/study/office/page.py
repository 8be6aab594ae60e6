"""Looking after a study: who is signed in at the top, what to look at on the left, the part on the right."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QListWidget, QStackedWidget, QVBoxLayout, QWidget

from workstation.errors import WorkstationError
from workstation.gui.desk import DeskContext
from workstation.gui.idle import NOBODY_THERE, ON_DEMAND, IdleWatch, put_away_windows
from workstation.gui.jobs import Work as JobWork
from workstation.gui.study.office.emergency_part import EmergencyPart
from workstation.gui.study.office.export_part import ExportPart
from workstation.gui.study.office.log_part import LogPart
from workstation.gui.study.office.part import (
    EXPORT_SLOT,
    SLOT,
    VERIFY_SLOT,
    Done,
    OfficePart,
    TablePart,
    Work,
)
from workstation.gui.study.office.progress_part import ProgressPart, TimesPart
from workstation.gui.study.office.strip import OfficeStrip
from workstation.gui.study.office.urgent_part import UrgentPart
from workstation.tasks import Progress

if TYPE_CHECKING:
    from workstation.workflow.office import Office
    from workstation.workflow.office_tables import Told
    from workstation.workflow.read_case import Study

LOOK_AFTER = "look after"
"""What another desk asks of the set-up desk: ``(LOOK_AFTER, folder)``."""
LIST_PX = 200
BUILD_SLOT = "office-build"
ORDERS = "The order in which each reader meets the cases, and which code is which case."
CALIBRATION = "Whether readers agree with known answers before reading; each is told what the plan allows."
KNOWN = "Readers against the cases among the others whose answers are known: whether a scale has drifted."
PLANS = "Every plan that was in force, who signed it, what it changed and why."


class OfficePage(QWidget):
    """``opened`` when a study is; ``left`` when the person goes back.

    ``titled(text)`` when the header has something else to say.
    """

    opened = Signal()
    left = Signal()
    titled = Signal(str)

    def __init__(self, context: DeskContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("office_page")
        self.setAccessibleName("Looking after a study")
        self._context = context
        self._office: Office | None = None
        self._is_locked = False
        self._watch = IdleWatch(float(context.settings.get("idle_lock_min", 10)), self)
        self._watch.idle.connect(lambda: self.lock_session(NOBODY_THERE))
        self._strip = OfficeStrip(self)
        self._strip.sign_in_wanted.connect(self.sign_in)
        self._strip.sign_out_wanted.connect(self.sign_out)
        self._strip.leave_wanted.connect(self.leave)
        self._list = QListWidget()  # made before the parts: Tab goes from it to them
        self._list.setObjectName("office_parts")
        self._list.setAccessibleName("What to look at")
        self._list.setToolTip("Up and down choose")
        self._list.setFixedWidth(LIST_PX)
        self.parts: tuple[OfficePart, ...] = ()
        self._is_built = False
        self._waiting: Office | None = None  # opened before all parts were there
        self._cover = QLabel()
        self._cover.setObjectName("office_cover")
        self._cover.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._cover.setProperty("text_role", "quiet")
        self._pages = QStackedWidget()
        self._pages.addWidget(self._cover)
        body = QHBoxLayout()
        body.setSpacing(0)
        body.addWidget(self._list)
        body.addWidget(self._pages, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._strip)
        layout.addLayout(body, 1)
        self._list.currentRowChanged.connect(self._on_row)
        # Together the parts would hold the window.
        steps = (partial(self._add, make) for make in self._makers())
        context.jobs.in_turns(BUILD_SLOT, *steps, self._on_built)

    def _makers(self) -> tuple[Callable[[], OfficePart], ...]:
        run = self._run
        return (
            partial(ProgressPart, run),
            partial(TablePart, "orders", "Orders", ORDERS, run, _orders),
            partial(TimesPart, run),
            partial(TablePart, "calibration", "Calibration", CALIBRATION, run, _calibration),
            partial(TablePart, "known", "Known cases", KNOWN, run, _drift),
            partial(UrgentPart, run),
            partial(EmergencyPart, run),
            partial(LogPart, run),
            partial(TablePart, "plans", "Plan", PLANS, run, _plans),
            partial(ExportPart, run),
        )

    def _add(self, make: Callable[[], OfficePart]) -> None:
        part = make()
        self._pages.addWidget(part)
        part.order_tabs()
        self.parts += (part,)

    def _on_built(self) -> None:
        self._list.addItems([part.title for part in self.parts])
        self._is_built = True
        office, self._waiting = self._waiting, None
        if office is not None:
            self._on_opened(office)

    @property
    def is_open(self) -> bool:
        """Whether a study is open here."""
        return self._office is not None

    @property
    def folder(self) -> Path:
        """Of the study that is open, or of none."""
        return self._office.folder if self._office is not None else Path()

    @property
    def part(self) -> OfficePart | None:
        """What is in front; None while all is covered."""
        shown = self._pages.currentWidget()
        return shown if isinstance(shown, OfficePart) else None

    # what a person does ------------------------------------------------------------------------------

    def open(self, folder: Path) -> None:
        """Open the study of a folder; one that is open is closed."""
        context = self._context
        workspace = context.workspace if context.has_workspace else None

        def work(_progress: Progress) -> Office:
            from workstation.workflow.office import Office

            return Office(folder, workspace)

        context.jobs.start("open-office", work, self._on_opened, context.messages.show)

    def choose(self, title: str) -> OfficePart:
        """Bring a part to the front."""
        row = next(number for number, part in enumerate(self.parts) if part.title == title)
        self._list.setCurrentRow(row)
        return self.parts[row]

    def sign_in(self, name: str, passphrase: str) -> None:
        """Sign in with an account; with both keys the other reader follows."""
        office, accepted = self._office, self._strip.accepted
        if office is None:
            return
        self._strip.wait(True)
        self._context.jobs.start(
            SLOT,
            lambda _progress: office.sign_in(name, passphrase, accepted),
            lambda _none: self._on_signed_in(),
            self._strip.refuse,
        )

    def focus_first(self) -> None:
        """The keyboard works at once: where one signs in, else on the list of parts."""
        if self._office is not None and self._office.accounts and not self._office.signed_in:
            self._strip.focus_first()
        else:
            self._list.setFocus(Qt.FocusReason.OtherFocusReason)

    def lock_session(self, why: str = ON_DEMAND) -> bool:
        """Forget the keys and cover everything until somebody signs in; False where nobody was."""
        office = self._office
        if office is None or not office.signed_in:
            return False
        self._put_away()
        put_away_windows(self)
        self._cover.setText(why)
        self._is_locked = True
        self._list.setEnabled(False)
        # An export that runs is finished, and the keys are forgotten after it.
        self._context.jobs.forget(VERIFY_SLOT)
        self._context.jobs.start(SLOT, lambda _progress: office.sign_out(), lambda _none: self._show_people())
        return True

    def sign_out(self) -> None:
        """Forget the keys, and show again what nobody must sign in for."""
        office = self._office
        if office is not None:
            self._put_away()
            self._start(lambda _progress: office.sign_out(), lambda _none: self._on_signed_out())

    def leave(self) -> None:
        """Close the study and go back."""
        self.close_study()
        self.left.emit()

    def close_study(self) -> None:
        """Close the study; all keys are forgotten."""
        self._watch.stop()
        office, self._office = self._office, None
        if office is not None:
            self._put_away()
            self._start(lambda _progress: office.close())
            self.titled.emit("")

    def shut_down(self) -> None:
        """The window closes."""
        self._watch.stop()
        for slot in (SLOT, VERIFY_SLOT, EXPORT_SLOT, BUILD_SLOT):
            self._context.jobs.forget(slot)
        for office in (self._office, self._waiting):
            if office is not None:
                office.close()
        self._office = self._waiting = None

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc goes back to the list of parts, and from there to making a study."""
        if event.key() != Qt.Key.Key_Escape:
            super().keyPressEvent(event)
        elif self._list.hasFocus() or not self._list.isEnabled():
            self.leave()
        else:
            self._list.setFocus(Qt.FocusReason.OtherFocusReason)

    # private -----------------------------------------------------------------------------------------

    def _run(
        self,
        work: Work,
        done: Done,
        refused: Callable[[WorkstationError], None],
        *,
        slot: str = SLOT,
    ) -> None:
        office = self._office
        if office is None:
            return

        def unless_locked(answer: Done) -> Done:
            def tell(what: object) -> None:
                if not self._is_locked:
                    answer(what)
                elif slot == EXPORT_SLOT:
                    ended = "was refused" if isinstance(what, WorkstationError) else "is done"
                    self._context.messages.inform(f"The export {ended}.")

            return tell

        self._context.jobs.start(
            slot, lambda progress: work(office, progress), unless_locked(done), unless_locked(refused)
        )

    def _start(self, work: JobWork, done: Done | None = None) -> None:
        """Do what ends a session: whatever is still running is stopped, and its answer not awaited."""
        for slot in (VERIFY_SLOT, EXPORT_SLOT):
            self._context.jobs.forget(slot)
        self._context.jobs.start(SLOT, work, done)

    def _on_opened(self, office: Office) -> None:
        if not self._is_built:
            if self._waiting is not None:
                self._waiting.close()
            self._waiting = office
            return
        self.close_study()
        self._office = office
        self._is_locked = False
        self._list.setEnabled(True)
        self._strip.show_study(office.accounts, sealed=office.is_sealed)
        self._show_people()
        self.titled.emit(office.title)
        self.opened.emit()
        self._list.setCurrentRow(0)
        self._on_row(0)
        self.focus_first()

    def _on_signed_in(self) -> None:
        self._is_locked = False
        self._list.setEnabled(True)
        self._strip.clear()
        self._watch.start()
        self._show_people()
        self._on_row(self._list.currentRow())
        self._list.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_signed_out(self) -> None:
        self._show_people()
        self._on_row(self._list.currentRow())

    def _show_people(self) -> None:
        if self._office is not None:
            self._strip.show_people(self._office.signed_in)
            if not self._office.signed_in:
                self._watch.stop()
                self._strip.focus_first()

    def _on_row(self, row: int) -> None:
        if self._office is None or self._is_locked or not 0 <= row < len(self.parts):
            return
        for number, part in enumerate(self.parts):
            if number != row:
                part.rest()
        self._pages.setCurrentWidget(self.parts[row])
        self.parts[row].refresh(self._office)

    def _put_away(self) -> None:
        for part in self.parts:
            part.put_away()
        self._cover.clear()
        self._pages.setCurrentWidget(self._cover)
        self._strip.clear()


def _orders(study: Study) -> Told:
    from workstation.workflow.office_tables import orders_told

    return orders_told(study)


def _calibration(study: Study) -> Told:
    from workstation.workflow.office_tables import calibration_told

    return calibration_told(study)


def _drift(study: Study) -> Told:
    from workstation.workflow.office_tables import drift_told

    return drift_told(study)


def _plans(study: Study) -> Told:
    from workstation.workflow.office_tables import plans_told

    return plans_told(study)
