"""The reconcile desk: both readers' slices side by side, and what becomes of each differing item."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFileDialog, QVBoxLayout, QWidget

from workstation.errors import WorkstationError
from workstation.gui.actions import Action, qt_action
from workstation.gui.desk import Desk, DeskContext
from workstation.gui.idle import ON_DEMAND, put_away_windows
from workstation.gui.reading.keys import FormKeys
from workstation.gui.reading.opening import open_folder
from workstation.gui.review.door import CompareDoor
from workstation.gui.review.item_table import ItemTable
from workstation.gui.review.opening import CaseImages, case_images
from workstation.gui.review.reconcile_panel import headline, what_is_left
from workstation.gui.review.reconcile_screen import Page, ReconcileScreen
from workstation.gui.review.signing import SLOT as SIGNING
from workstation.gui.review.signing import Signing
from workstation.gui.review.two_sides import TwoSides
from workstation.gui.theme import Theme
from workstation.gui.viewer.grid import ViewerGrid
from workstation.gui.viewer.loading import StackLoader
from workstation.gui.viewer.theming import viewer_palette
from workstation.reading.reconcile import ItemPair

if TYPE_CHECKING:
    from workstation.workflow.read_case import Study
    from workstation.workflow.reconcile_case import ReconcileCase

NOT_SHOWN = "By the plan you decide without sight of what either reader answered or drew"


class ReconcileDesk(Desk):
    """Opens when the reads may be compared; before that it says what is still missing."""

    id: ClassVar[str] = "reconcile"
    title: ClassVar[str] = "Reconcile"

    def __init__(self, context: DeskContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self._cases: tuple[ReconcileCase, ...] = ()
        self._case: ReconcileCase | None = None
        self._value: int | None = None
        self._has_value = False
        self._was_hidden = False
        self._build()
        self._loader = StackLoader(context.jobs, self._grid, "reconcile")
        self._keys = FormKeys(self, self._on_key)
        self._by_action: dict[str, Callable[[], object]] = {
            "next_difference": self.next_difference,
            "take_x": lambda: self._take_side("x"),
            "take_y": lambda: self._take_side("y"),
            "reason": self._panel.ask_reason,
            "sides": self._sides.turn,
            "sides_link": self._sides.toggle_link,
            "sides_masks": self._sides.toggle_masks,
            "own_slices": self._pictures.back,
            "next_pair": self._turn_pair,
            "mask_difference": self._go_to_mask_difference,
            "next_mark": self._go_to_mark,
            "reconcile_back": lambda: self._step_case(-1),
            "reconcile_on": lambda: self._step_case(1),
        }

    # properties ----------------------------------------------------------------------------------

    @property
    def case(self) -> ReconcileCase | None:
        """The case in hand."""
        return self._case

    @property
    def grid(self) -> ViewerGrid:
        """X on the left, Y on the right."""
        return self._grid

    @property
    def table(self) -> ItemTable:
        """The items."""
        return self._panel.table

    # what a person does ----------------------------------------------------------------------------

    def take(self, what: object) -> None:
        """Open the folder of a reading study."""
        if isinstance(what, Path | str):
            self.open_study(Path(what))

    def open_study(self, folder: Path) -> None:
        """Open a study for reconciliation; refused in a sentence while a read is missing.

        What is open stays where the folder cannot be opened.
        """
        workspace = self.context.workspace
        self.context.jobs.start(
            "reconcile-study", lambda _progress: open_folder(folder, workspace), self._on_opened
        )

    def _on_opened(self, study: Study) -> None:
        self._close()
        self._door.open(study)

    def sign_in(self, name: str, passphrase: str) -> None:
        """Open a sealed study with an account; with both keys the other reader follows."""
        self._door.sign_in(name, passphrase)

    def _on_refused(self, error: WorkstationError) -> None:
        self._close()
        self._screen.empty.set_text(error.sentence)
        self._screen.empty.setFocus(Qt.FocusReason.OtherFocusReason)
        self.context.messages.show(error)

    def _on_cases(self, cases: tuple[ReconcileCase, ...]) -> None:
        self._cases = cases
        self._panel.set_cases(self._cases)
        first = next((i for i, one in enumerate(self._cases) if one.unsettled), 0)
        self.show_case(first)

    def show_case(self, index: int) -> None:
        """Show one of the study's cases."""
        case, workspace = self._cases[index], self.context.workspace
        study = self._door.study
        rules = None if study is None else study.plan.blinding
        # Paired time points are compared as the visits they were.
        knows_order = rules is not None and (rules.knows_order or rules.is_paired)
        self._was_hidden = case.hides_answers
        self._panel.choose_case(index)
        self.context.jobs.start(
            "reconcile-images",
            lambda progress: case_images(workspace, case, knows_order, not case.hides_answers, progress),
            lambda images: self._on_images(case, images),
        )

    def _on_images(self, case: ReconcileCase, images: CaseImages) -> None:
        if images.problem is not None:
            self.context.messages.show(images.problem)
        self._case = case
        self._loader.forget()
        self._pictures.show(case, images)
        self._screen.turn_to(Page.WORK)
        self._refresh()
        self.table.setCurrentCell(self._first_open_row() if case.differing else 0, 0)
        self._show_item()
        self._grid.setFocus(Qt.FocusReason.OtherFocusReason)

    def next_difference(self) -> None:
        """Go to the next item that differs, unsettled ones first."""
        if self._case is None:
            return
        pairs = self._case.items
        now = self.table.currentRow()
        wanted = [i for i, pair in enumerate(pairs) if pair.differs and pair.settlement is None]
        wanted = wanted or [i for i, pair in enumerate(pairs) if pair.differs]
        if wanted:
            self.table.setCurrentCell(next((i for i in wanted if i > now), wanted[0]), 0)

    def choose(self, grade: int | None) -> None:
        """Take a value for the item in hand; it is kept when the reason is given."""
        pair = self._pair()
        if self._case is None or pair is None:
            return
        if self._case.is_computed or self._case.is_signed:
            self.context.messages.inform(what_is_left(self._case))
            return
        self._value, self._has_value = grade, True
        self._show_choice()
        if self._panel.reason and pair.settlement is None:
            self._settle(self._panel.reason)
        else:
            # An earlier reason may not fit another value: Enter keeps it, typing replaces it.
            self._panel.ask_reason()

    def entered(self) -> None:
        """The keyboard works at once: on the images, or on what to do next."""
        page = self._screen.empty if self._screen.page is Page.EMPTY else self._grid
        page.setFocus(Qt.FocusReason.OtherFocusReason)

    def shut_down(self) -> None:
        """Close the study."""
        self._close()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Letters and arrows act on the active viewport; Esc brings the keys back to the images."""
        if event.key() == Qt.Key.Key_Escape:
            self._grid.setFocus(Qt.FocusReason.OtherFocusReason)
        if not self._grid.handle_key(event):
            super().keyPressEvent(event)

    # building ----------------------------------------------------------------------------------------

    def _build(self) -> None:
        open_study = Action(
            "open_reconcile_study",
            "Open a reading study…",
            self.context.keymap.keys["open_reconcile_study"],
            self._on_open_wanted,
            "open",
            "Choose a study folder",
        )
        qt_action(open_study, self, self.context.keymap)
        self._screen = ReconcileScreen(self.context, self, open_study)
        self._grid, self._sides, self._panel = self._screen.grid, self._screen.sides, self._screen.panel
        self._screen.sign_in.cancelled.connect(self._close)
        self._sides.changed.connect(self._on_sides_changed)
        self._sides.pair_wanted.connect(self._turn_pair)
        self._pictures = TwoSides(self._grid, self._sides, self._panel.masks, self)
        self._panel.case_chosen.connect(self.show_case)
        self._panel.item_chosen.connect(self._show_item)
        self._panel.side_taken.connect(self._take_side)
        self._panel.reason_given.connect(self._settle)
        self._panel.signed.connect(self._on_sign)
        idle_min = float(self.context.settings.get("idle_lock_min", 10))
        self._door = CompareDoor(self._screen.sign_in, self.context.jobs, idle_min, self)
        self._door.opened.connect(self._on_cases)
        self._door.refused.connect(self._on_refused)
        self._door.asking.connect(self._on_asking)
        self._signing = Signing(self.context, self._door, self._panel, self)
        self._signing.taken.connect(self._on_signed)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._screen)
        self.context.appearance.changed.connect(self._on_theme)
        self.context.keymap.bind("sign", self, self._on_sign_wanted)

    # showing -----------------------------------------------------------------------------------------

    def _refresh(self) -> None:
        if self._case is not None and self._door.study is not None:
            instruments = {one.id: one for one in self._case.forms}
            index = self._cases.index(self._case)
            self._panel.show_case(index, self._case, instruments, self.context.theme)
            self.titled.emit(headline(self._case))

    def _show_item(self) -> None:
        pair = self._pair()
        if pair is None or self._case is None:
            return
        instrument = self._case.instrument(pair.instrument)
        item = instrument.item(pair.item)
        settled = pair.settlement
        self._panel.show_item(item, settled.reason if settled else "")
        self._has_value, self._value = settled is not None, settled.grade if settled else None
        self._show_choice()
        self._pictures.show_item(instrument, pair)

    def _show_choice(self) -> None:
        pair = self._pair()
        if pair is not None:
            self._panel.show_choice(pair, has_value=self._has_value, value=self._value)

    def _pair(self) -> ItemPair | None:
        row = self.table.currentRow()
        if self._case is None or not 0 <= row < len(self._case.items):
            return None
        return self._case.items[row]

    def _first_open_row(self) -> int:
        assert self._case is not None
        pairs = self._case.items
        return next((i for i, pair in enumerate(pairs) if pair.differs and pair.settlement is None), 0)

    # events ------------------------------------------------------------------------------------------

    def _on_key(self, event: QKeyEvent) -> bool:
        if self._case is None or self._screen.page is not Page.WORK:
            return False
        if event.isAutoRepeat():
            # A key that is held down must not settle one item after another.
            return bool(event.text().strip())
        plain = Qt.KeyboardModifier.NoModifier | Qt.KeyboardModifier.KeypadModifier
        action = self.context.keymap.action_of(event, "reconcile")
        run = self._by_action.get(action)
        if run is not None:
            run()
        elif action or event.modifiers() & ~plain:
            return False
        elif event.key() == Qt.Key.Key_Minus:
            self.choose(None)
        elif event.text().isdigit():
            pair = self._pair()
            level = (
                self._case.instrument(pair.instrument).item(pair.item).level_of_key(event.text())
                if pair
                else None
            )
            if level is not None:
                self.choose(level.grade)
        else:
            return False
        return True

    def _take_side(self, side: str) -> None:
        if (pair := self._pair()) is None:
            return
        if (taken := pair.x if side == "x" else pair.y).is_answered:
            self.choose(taken.grade)
        else:
            self.context.messages.inform(NOT_SHOWN)

    def _go_to_mask_difference(self) -> None:
        if self._case is not None and self._case.hides_answers:
            self.context.messages.inform(NOT_SHOWN)
        elif not self._pictures.go_to_mask_difference():
            drew = self._pictures.masks
            said = "Both readers' masks are the same" if drew else "Neither reader drew a mask here"
            self.context.messages.inform(said)

    def _go_to_mark(self) -> None:
        hidden = self._case is not None and self._case.hides_answers
        said = self._pictures.go_to_mark() or "Neither reader measured anything here"
        self.context.messages.inform(NOT_SHOWN if hidden else said)

    def _turn_pair(self) -> None:
        if not self._pictures.turn_pair():
            self.context.messages.inform("This case has two reads; only a median has three")

    def _settle(self, reason: str) -> None:
        pair = self._pair()
        if pair is None or self._case is None:
            return
        if not self._has_value:
            self.context.messages.attention("Choose X, Y or a digit first; then the reason.")
            return
        try:
            self._case.settle(pair.item, self._value, reason, instrument=pair.instrument)
        except WorkstationError as error:
            self.context.messages.show(error)
            return
        self._refresh()
        self._grid.setFocus(Qt.FocusReason.OtherFocusReason)
        if self._case.unsettled:
            self.next_difference()

    def _on_sign_wanted(self) -> None:
        if self._case is not None:
            self._signing.ask(self._case)

    def _on_sign(self, signature: str, passphrase: str) -> None:
        if self._case is not None:
            self._signing.sign(self._case, signature, passphrase)

    def _on_signed(self, case: ReconcileCase) -> None:
        if case.is_signed:
            # Before the line that has the focus goes, which would hand it to whatever comes next.
            self._grid.setFocus(Qt.FocusReason.OtherFocusReason)
        if case.is_signed and self._was_hidden:
            self.show_case(self._cases.index(case))  # now the answers may be seen
        else:
            self._refresh()

    def _step_case(self, by: int) -> None:
        if self._case is None:
            return
        wanted = self._cases.index(self._case) + by
        if 0 <= wanted < len(self._cases):
            self.show_case(wanted)
        else:
            self.context.messages.inform(f"This is the {'last' if by > 0 else 'first'} case of the study")

    def _on_open_wanted(self) -> None:
        if folder := QFileDialog.getExistingDirectory(self, "Folder of the reading study"):
            self.open_study(Path(folder))

    def _on_sides_changed(self) -> None:
        self._sides.apply(self._grid)
        self._grid.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_theme(self, theme: Theme) -> None:
        self._grid.set_palette(viewer_palette(theme))
        self._refresh()

    def _on_asking(self) -> None:
        """No case may appear over the page that asks for a passphrase, nor beside it in its own window."""
        self._put_away()
        self._screen.turn_to(Page.SIGN_IN)

    def lock_session(self) -> bool:
        """Put the case away until someone signs in again."""
        return self._door.lock_session(ON_DEMAND)

    def _put_away(self) -> None:
        for slot in ("reconcile-images", SIGNING):
            self.context.jobs.forget(slot)
        self._loader.forget()
        self._case, self._cases = None, ()
        if self._grid.away or self._screen.currentIndex() == Page.WORK:
            put_away_windows(self)
            self.context.messages.clear()
        self._pictures.forget()
        self.titled.emit("")

    def _close(self) -> None:
        self._put_away()
        self._door.close()
        self._screen.turn_to(Page.EMPTY)
