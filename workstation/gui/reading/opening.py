"""What is read from disk to show a read, off the GUI thread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from workstation.gui.reading.words import STATE_WORDS
from workstation.tasks import Progress

if TYPE_CHECKING:
    from workstation.workflow.open_read import OpenRead
    from workstation.workflow.open_study import OpenStudy
    from workstation.workflow.reader_desk import ReaderDesk
    from workstation.workflow.workspace import Workspace


@dataclass(frozen=True)
class OpenedRead:
    """A read with its images, and the reader's worklist as (code, state word)."""

    read: OpenRead
    images: OpenStudy
    worklist: tuple[tuple[str, str], ...]


def open_next(
    reader: ReaderDesk, workspace: Workspace, case: str | None, after: str | None, progress: Progress
) -> OpenedRead | None:
    """Open a case, or without one the next that is not locked; None when all are locked.

    Parameters
    ----------
    after : str, optional
        The case just locked: the search goes on behind it.

    Raises
    ------
    WorkstationError
        If the case cannot be read now, or its images cannot be opened.
    """
    from workstation.workflow.open_study import open_study

    wanted = case or reader.next_case(after)
    if wanted is None:
        return None
    read = reader.open_read(wanted)
    images = open_study(workspace, wanted, progress)
    worklist = tuple(
        (one.code, "blocked" if one.blocked else STATE_WORDS[one.state]) for one in reader.worklist()
    )
    return OpenedRead(read, images, worklist)
