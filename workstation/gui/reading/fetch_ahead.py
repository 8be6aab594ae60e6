"""The pictures of the next case are read while the reader looks at this one."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject

from workstation.gui.desk import DeskContext
from workstation.gui.viewer.loading import StackLoader
from workstation.imaging.study import Series
from workstation.tasks import Progress

SLOT = "next-case"


class FetchAhead(QObject):
    """Waits until the pictures of the open case are there, then reads those of the next.

    Nothing of the next case is shown or said: its voxels wait in memory under their series.
    """

    def __init__(self, context: DeskContext, loader: StackLoader) -> None:
        super().__init__(loader)
        self._context, self._loader = context, loader
        self._find: Callable[[], str | None] | None = None
        loader.settled.connect(self.go)

    def expect(self, find: Callable[[], str | None] | None) -> None:
        """`find` names the next case, asked off the GUI thread; None expects no case."""
        self._context.jobs.forget(SLOT)
        self._find = find

    def go(self) -> None:
        """Nothing else is to be read: begin with what was expected."""
        find, self._find = self._find, None
        if find is None or not self._context.has_workspace:
            return
        workspace = self._context.workspace

        def work(progress: Progress) -> tuple[Series, ...]:
            from workstation.workflow.open_study import open_study

            code = find()
            return open_study(workspace, code, progress).series if code is not None else ()

        # What is wrong with the next case is said when it is opened.
        self._context.jobs.start(SLOT, work, self._loader.fetch_ahead, lambda _error: None)
