"""What is read from disk to show a read, off the GUI thread."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QWidget

from workstation import __version__
from workstation.gui.reading.words import STATE_WORDS
from workstation.imaging import hanging
from workstation.imaging.hanging import Layout
from workstation.imaging.hanging_own import offered_protocols
from workstation.imaging.study import Series
from workstation.reading.journal import Kind
from workstation.scoring.columns import visit_titles
from workstation.tasks import Progress

if TYPE_CHECKING:
    from workstation.workflow.open_read import OpenRead
    from workstation.workflow.open_study import OpenStudy
    from workstation.workflow.read_case import Study
    from workstation.workflow.reader_desk import ReaderDesk
    from workstation.workflow.workspace import Workspace


@dataclass(frozen=True)
class OpenedRead:
    """A read with its images, and the reader's worklist as (code, state word)."""

    read: OpenRead
    images: OpenStudy
    worklist: tuple[tuple[str, str], ...]


def open_next(
    reader: ReaderDesk,
    workspace: Workspace,
    case: str | None,
    after: str | None,
    display: Mapping[str, Any],
    progress: Progress,
) -> OpenedRead | None:
    """Open a case, or without one the next that is not locked; None when all are locked.

    Parameters
    ----------
    after : str, optional
        The case just locked: the search goes on behind it.
    display : mapping
        Program and screen, kept with the read.

    Raises
    ------
    WorkstationError
        If the case cannot be read now, or its images cannot be opened.
    """
    from workstation.workflow.open_study import open_study

    wanted = case or reader.next_case(after)
    if wanted is None:
        return None
    offered_protocols()  # the window hangs by them
    read = reader.open_read(wanted)
    images = open_study(workspace, read.images_of, progress)
    if not read.is_locked:
        read.note(Kind.OPENED, display)
    worklist = tuple(
        (one.code, "blocked" if one.blocked else STATE_WORDS[one.state]) for one in reader.worklist()
    )
    return OpenedRead(read, images, worklist)


def open_freely(workspace: Workspace | None, study: str | Path, progress: Progress) -> OpenStudy:
    """Open a case or folder outside any study, and import here what the window would then wait for."""
    from workstation.masks.recipe import recipes
    from workstation.workflow import free_masks  # noqa: F401 - the window needs it next
    from workstation.workflow.open_study import open_study

    opened = open_study(workspace, study, progress)
    recipes()  # the mask panel lists them
    offered_protocols()  # the window hangs by them
    return opened


def display_of(widget: QWidget) -> dict[str, Any]:
    """Program and screen of a read, as plain values."""
    screen = widget.screen()
    size = screen.geometry().size()
    return {
        "program": __version__,
        "screen": [size.width(), size.height()],
        "pixel_ratio": screen.devicePixelRatio(),
    }


Shown = tuple[tuple[Series, ...], Mapping[str, str], Layout | None]
"""Series in order, what the time point of each is called, and how they hang; None lets a protocol win."""


def word_before(read: OpenRead | None) -> str:
    """What stands before a time point: columns have titles of their own."""
    return "" if read is not None and read.rules.is_paired else "visit "


def series_shown(read: OpenRead | None, opened: OpenStudy) -> Shown:
    """The series in the order a reader meets them, and their visits where the reader may know these.

    Where the order of visits is hidden, nothing that follows it may show it: thumbnails, menus, numbers of
    alike captions and what hangs first would. Visits then come in an order of chance, the same each time.
    """
    if read is not None and read.rules.is_paired:
        return _paired(read, opened)
    if read is None or read.rules.knows_order:
        return opened.series, opened.visits, None
    return in_order_of_chance(opened), {}, None


def _paired(read: OpenRead, opened: OpenStudy) -> Shown:
    """Visits side by side in the order of the form's columns, each under its column's title."""
    titles = visit_titles(read.forms[0].columns)
    if not titles:  # one visit
        return opened.series, {}, None
    place = {visit: i for i, visit in enumerate(titles)}
    series = tuple(
        sorted(opened.series, key=lambda one: place.get(opened.visits.get(one.key, ""), len(place)))
    )
    labels = {one.key: titles.get(opened.visits.get(one.key, ""), "") for one in series}
    layout = _side_by_side(series, opened, tuple(titles)) if len(titles) > 2 else None
    return series, labels, layout


def _side_by_side(series: Sequence[Series], opened: OpenStudy, visits: Sequence[str]) -> Layout:
    """One viewport for each visit, all with the same kind of images where they have it."""
    of_visit = {visit: [one for one in series if opened.visits.get(one.key) == visit] for visit in visits}
    first = hanging.rank(of_visit[visits[0]], joint=opened.joint)
    keys = [tile.series_key for tile in first.tiles]
    wanted = next((one.label for one in of_visit[visits[0]] if one.key in keys), "")
    chosen = [next((one for one in there if one.label == wanted), there[0]) for there in of_visit.values()]
    return hanging.grid_of(1, len(chosen), chosen)


def in_order_of_chance(opened: OpenStudy) -> tuple[Series, ...]:
    """The series with their visits in an order of chance, the same each time."""
    chance = {visit: _drawn(visit, opened) for visit in set(opened.visits.values())}
    return tuple(sorted(opened.series, key=lambda one: chance.get(opened.visits.get(one.key, ""), "")))


def _drawn(visit: str, opened: OpenStudy) -> str:
    """A value that tells nothing of the time of a visit: its UIDs are made by a keyed hash at import."""
    studies = {one.study_instance_uid for one in opened.series if opened.visits.get(one.key) == visit}
    return hashlib.sha256("\n".join([opened.code, *sorted(studies)]).encode()).hexdigest()


def in_hanging_order(series: tuple[Series, ...], layout: Layout) -> list[Series]:
    """Series on screen first, in the order of their tiles."""
    keys = [tile.series_key for tile in layout.tiles if tile.series_key]
    return sorted(series, key=lambda one: keys.index(one.key) if one.key in keys else len(keys))


def open_folder(folder: Path, workspace: Workspace) -> Study:
    """Open the folder of a reading study.

    Raises
    ------
    DataError
        If there is none.
    StoreError
        If it cannot be opened.
    """
    from workstation.workflow.read_case import open_study_folder, require_study

    require_study(folder)
    return open_study_folder(folder, workspace)
