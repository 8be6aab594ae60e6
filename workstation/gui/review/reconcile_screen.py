"""What the reconcile desk is made of: an empty page, both readers' images with the panel, the sign-in."""

from __future__ import annotations

from enum import IntEnum

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from workstation.gui.actions import Action
from workstation.gui.desk import Desk, DeskContext
from workstation.gui.empty_state import EmptyState
from workstation.gui.review.reconcile_panel import ReconcilePanel
from workstation.gui.review.side_bar import SideBar
from workstation.gui.sign_in_page import SignInPage
from workstation.gui.viewer.grid import ViewerGrid
from workstation.gui.viewer.theming import viewer_palette

_EMPTY = (
    "When every read is locked, open the study here: differing items come first, each with "
    "both readers' slices."
)


class Page(IntEnum):
    """What the desk shows."""

    EMPTY = 0
    WORK = 1
    SIGN_IN = 2


class ReconcileScreen(QStackedWidget):
    """The widgets of the reconcile desk in their places; what they do is the desk's affair.

    Attributes
    ----------
    grid, sides : the viewports, and the bar above them that shows X, Y or both
    panel : items, choice, reason and signature at the right
    empty, sign_in : the other pages
    """

    def __init__(self, context: DeskContext, desk: Desk, open_study: Action) -> None:
        super().__init__(desk)
        self.grid = ViewerGrid(viewer_palette(context.theme), desk, context.keymap)
        self.grid.set_form_open(True)
        self.sides = SideBar(context.keymap, desk)
        self.panel = ReconcilePanel(context.keymap, self.grid.palette_used, desk)
        self.empty = EmptyState(
            "reconcile",
            "Settle what two readers scored differently",
            _EMPTY,
            context.appearance,
            (open_study,),
        )
        self.sign_in = SignInPage(desk)
        for page in (self.empty, self._work_page(), self.sign_in):
            self.addWidget(page)

    @property
    def page(self) -> Page:
        """What is shown now."""
        return Page(self.currentIndex())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The panel keeps its part of the width."""
        self.panel.fit_into(event.size().width())
        super().resizeEvent(event)

    def turn_to(self, page: Page) -> None:
        """Show a page."""
        self.setCurrentIndex(page)

    def _work_page(self) -> QWidget:
        images = QVBoxLayout()
        images.setSpacing(0)
        images.addWidget(self.sides)
        images.addWidget(self.grid, 1)
        page = QWidget()
        layout = QHBoxLayout(page)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(images, 1)
        layout.addWidget(self.panel)
        return page
