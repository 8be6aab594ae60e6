"""What the coordinator decides on the library desk, done off the GUI thread and said afterwards.

Every decision goes through `workflow.curate`, so that the crosswalk stays in step with the library.
`curate` is imported when it is used: it is not needed to show the library.
"""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal

from workstation.gui.desk import DeskContext
from workstation.imaging.study import Joint, Laterality
from workstation.tasks import Progress


class CaseDecisions(QObject):
    """``decided(code)`` with the case to put into focus when a decision is kept.

    Attributes
    ----------
    crosswalk : Path or None
        The crosswalk that the last import named; None for the one beside the library.
    """

    decided = Signal(str)

    def __init__(self, context: DeskContext, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self.crosswalk: Path | None = None

    def confirm(self, codes: tuple[str, ...], side: Laterality, joint: Joint | None) -> None:
        """Keep joint and side of one case or several; a code can change with them."""
        workspace, crosswalk = self._context.workspace, self.crosswalk

        def work(_progress: Progress) -> tuple[str, ...]:
            from workstation.workflow import curate

            found = curate.confirm_sides(workspace, codes, side, curate.who(), joint, crosswalk)
            return tuple(case.code for case in found)

        def done(kept: tuple[str, ...]) -> None:
            if len(codes) > 1:
                self._say(f"Joint and side of {len(codes)} cases are confirmed.", kept[0])
                return
            moved = "" if kept == codes else f" Its images are under {kept[0]} now."
            self._say(f"Joint and side of {codes[0]} are confirmed.{moved}", kept[0])

        self._context.jobs.start("confirm-side", work, done)

    def join(self, first: str, second: str) -> None:
        """Make one case of two."""
        workspace, crosswalk = self._context.workspace, self.crosswalk

        def work(_progress: Progress) -> str:
            from workstation.workflow import curate

            return curate.join(workspace, first, second, curate.who(), crosswalk).code

        def done(kept: str) -> None:
            gone = second if kept == first else first
            self._say(f"{gone} now belongs to {kept}.", kept)

        self._context.jobs.start("join", work, done)

    def keep_apart(self, first: str, second: str) -> None:
        """Two cases are not one: never offered again."""
        workspace = self._context.workspace

        def work(_progress: Progress) -> None:
            from workstation.workflow import curate

            curate.keep_apart(workspace, first, second, curate.who())

        said = f"{first} and {second} stay apart. They are not offered again."
        self._context.jobs.start("keep-apart", work, lambda _none: self._say(said, ""))

    def part(self, code: str) -> None:
        """Undo the joins of a case."""
        workspace, crosswalk = self._context.workspace, self.crosswalk

        def work(_progress: Progress) -> tuple[str, ...]:
            from workstation.workflow import curate

            return tuple(case.code for case in curate.part(workspace, code, curate.who(), crosswalk))

        self._context.jobs.start(
            "part", work, lambda codes: self._say(f"Parted into {' and '.join(codes)}.", codes[0])
        )

    def _say(self, text: str, code: str) -> None:
        self._context.messages.inform(text)
        self.decided.emit(code)
