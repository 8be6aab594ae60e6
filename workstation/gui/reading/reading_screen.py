"""What the reading desk is made of: the pages, and the images with the form beside them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from enum import IntEnum

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from workstation.gui.desk import Desk, DeskContext
from workstation.gui.keymap import tell
from workstation.gui.masks.drawing_panel import DrawingPanel
from workstation.gui.masks.mask_panel import MaskPanel
from workstation.gui.reading.lock_panel import LockPanel
from workstation.gui.reading.not_readable import AmendPanel, NotReadablePanel
from workstation.gui.reading.pause_page import PausePage
from workstation.gui.reading.score_form import FORM_WIDTH, ScoreForm
from workstation.gui.reading.side_window import SideWindow, side_panel
from workstation.gui.reading.sign_page import SignPage
from workstation.gui.reading.start_page import StartPage
from workstation.gui.reading.urgent_panel import UrgentPanel
from workstation.gui.sign_in_page import SignInPage
from workstation.gui.theme import Theme
from workstation.gui.viewer.gestures import Tool
from workstation.gui.viewer.grid import ViewerGrid
from workstation.gui.viewer.mask_book import Hand
from workstation.gui.viewer.overview_strip import OverviewStrip
from workstation.gui.viewer.series_strip import SeriesStrip
from workstation.gui.viewer.theming import viewer_palette
from workstation.gui.viewer.tool_strip import ToolStrip

SEVERAL = "List every complete read and sign what you tick with one passphrase"


class Page(IntEnum):
    """What the desk shows."""

    START = 0
    READ = 1
    SIGN_IN = 2
    PAUSED = 3
    SIGN_SEVERAL = 4


class ReadingScreen(QStackedWidget):
    """The widgets of the reading desk in their places; what they do is the desk's affair.

    Attributes
    ----------
    grid, strip, tools : the viewports, the series beside them, the tools below
    form, masks, drawing, lock, not_readable : the panel at the right and what is asked below it
    urgent : asks for an urgent finding, at the same place
    start, sign_in, paused, sign_several : the other pages
    side_window : takes the panel to a second screen and back
    """

    def __init__(self, context: DeskContext, desk: Desk) -> None:
        super().__init__(desk)
        self._context, self._desk = context, desk

    def building(self) -> Iterator[None]:
        """Make the parts, with a rest between them: all at once would hold the window."""
        context, desk = self._context, self._desk
        theme = context.theme
        self.grid = ViewerGrid(viewer_palette(theme), desk, context.keymap)
        self.strip = SeriesStrip(self.grid, self)
        yield
        self.tools = ToolStrip(self.grid, theme, self)
        yield
        self.form = ScoreForm(theme, self, context.keymap)
        self.lock = LockPanel(self)
        self.lock.hide()
        tell(self.lock.several, context.keymap, "sign_several", SEVERAL)
        yield
        self.masks = MaskPanel(context, self.grid, desk)
        yield
        self.drawing = DrawingPanel(self.grid, theme, self)
        yield
        self.not_readable = NotReadablePanel(self)
        self.amend = AmendPanel(self)
        self.urgent = UrgentPanel(self)
        self._questions: tuple[QWidget, ...] = (self.lock, self.not_readable, self.amend, self.urgent)
        for one in self._questions:
            one.installEventFilter(self)
        yield
        self.sign_several = SignPage(self)
        self.start = StartPage(self)
        self.sign_in = SignInPage(self)
        self.paused = PausePage(context.appearance, self)
        self._side = QStackedWidget()
        self._side.addWidget(self.masks)
        self._side.addWidget(self.form)
        self.tools.layouts.told.connect(context.messages.inform)
        self.tools.layouts.refused.connect(context.messages.show)
        yield
        yield from self._place(desk)

    @property
    def page(self) -> Page:
        """What is shown now."""
        return Page(self.currentIndex())

    @property
    def is_asking(self) -> bool:
        """True while a question under the form waits for its answer; the form takes no key then."""
        return any(one.isVisible() for one in self._questions)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The form makes room for a question, and takes it back."""
        if event.type() in (QEvent.Type.ShowToParent, QEvent.Type.HideToParent):
            self.form.set_asking(any(not one.isHidden() for one in self._questions))
        return super().eventFilter(watched, event)

    def put_questions_away(self) -> None:
        """Nothing is asked under the form any more."""
        self.lock.hide()
        for one in (self.not_readable, self.amend, self.urgent):
            one.put_away()

    def turn_to(self, page: Page) -> None:
        """Show a page."""
        self.setCurrentIndex(page)

    def cover(self, covered: bool) -> None:
        """Hide what stands in windows of its own, as in a pause, or show it again."""
        self.grid.cover(covered)
        self.side_window.cover(covered)

    def show_side(self, *, form: bool) -> None:
        """The form of a read, or the masks of free reading."""
        self._side.setCurrentWidget(self.form if form else self.masks)
        self.grid.set_form_open(form)

    def forget_hand(self) -> None:
        """Who reads next learns nothing from what the one before drew with."""
        if self.grid.drawing.draws(self.grid.tool):
            self.grid.set_tool(Tool.WINDOW)
        self.grid.drawing.book.set_hand(**asdict(Hand()))
        self.drawing.set_open(False)

    def focus_first(self) -> None:
        """The keyboard works at once: on the images of an open case, else on what to do next."""
        if self.page is Page.START:
            self.start.focus_first()
        elif self.page is Page.SIGN_IN:
            self.sign_in.focus_first()
        elif self.page is Page.SIGN_SEVERAL:
            self.sign_several.setFocus()
        else:
            (self.paused if self.page is Page.PAUSED else self.grid).setFocus()

    def set_theme(self, theme: Theme) -> None:
        """Show the colours of another theme."""
        self.grid.set_palette(viewer_palette(theme))
        self.form.set_theme(theme)

    def _place(self, desk: Desk) -> Iterator[None]:
        feet = self._questions
        side = side_panel(self._side, self.drawing, self.grid, feet, FORM_WIDTH, (self.form.lock_button,))
        yield
        images = QVBoxLayout()
        images.setSpacing(0)
        images.addWidget(self.grid, 1)
        images.addWidget(OverviewStrip(self.grid, self))
        images.addWidget(self.tools)
        read = QWidget()
        row = QHBoxLayout(read)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.strip)
        row.addLayout(images, 1)
        row.addWidget(side)
        yield
        self.side_window = SideWindow(side, row, desk)
        self.side_window.moved.connect(self.grid.state_changed)
        self.grid.kept_parts["form_window"] = self.side_window
        for page in (self.start, read, self.sign_in, self.paused, self.sign_several):
            self.addWidget(page)
