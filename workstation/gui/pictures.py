"""Pictures of the screen for a file: the hung case, as the reader would see it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from workstation import settings
from workstation.errors import DataError, StoreError
from workstation.gui.screenshots import screenshots
from workstation.gui.viewer.captions import captions_of
from workstation.gui.viewer.grid import ViewerGrid
from workstation.gui.viewer.palette import ViewerPalette
from workstation.imaging import hanging
from workstation.tasks import SilentProgress
from workstation.workflow.open_study import OpenStudy, open_study
from workstation.workflow.workspace import open_workspace

__all__ = ["SIZE", "hung_grid", "render", "screenshots"]

SIZE = (1280, 800)


def render(
    study: str, library: Path | None, protocol: str | None, out: Path, size: tuple[int, int] = SIZE
) -> dict[str, Any]:
    """Hang a study off screen and save the viewports as PNG.

    Parameters
    ----------
    study : str
        Case code or UID of the library, or a folder of DICOM files.
    library : Path or None
        None for the person's own library.
    protocol : str or None
        Id of a hanging protocol; None lets the best one win.
    size : tuple of int
        Width and height of the picture in pixels.

    Returns
    -------
    dict
        ``out``, ``protocol``, ``rows``, ``columns`` and one entry per viewport: what hangs there, or what
        it misses.

    Raises
    ------
    DataError, StoreError, UsageError
        If the study cannot be opened, the file not written, or the protocol is unknown.
    """
    from workstation.gui.application import make_application, paint_without_display

    paint_without_display()
    application = make_application()
    opened = _open(study, library)
    grid = hung_grid(opened, protocol, size)
    grid.show()
    grid.setFocus()  # else the first viewport takes it and looks active, also where it is empty
    application.processEvents()
    picture = grid.grab()
    grid.close()
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        saved = picture.save(str(out), "PNG")
    except OSError as error:
        raise StoreError("The picture was not saved", error.strerror or "disk") from error
    if not saved:
        raise StoreError("The picture was not saved", f"{out} cannot be written", "Choose another place")
    return _told(grid, out)


def hung_grid(opened: OpenStudy, protocol: str | None, size: tuple[int, int]) -> ViewerGrid:
    """The viewports of an open study with every picture in them."""
    from workstation.imaging.load import load_readable

    layout = None
    if protocol:
        layout = hanging.hang(protocol, opened.series, joint=opened.joint, visits=opened.visits)
    grid = ViewerGrid(ViewerPalette())
    grid.resize(*size)
    captions = captions_of(opened.series, opened.visits)
    grid.show_series(opened.series, layout, captions, opened.joint, opened.visits)
    by_key = {one.key: one for one in opened.series}
    for tile in grid.layout_shown.tiles:
        if tile.series_key is None:
            continue
        try:
            found = load_readable(by_key[tile.series_key], SilentProgress())
        except DataError as error:
            grid.set_problem(tile.series_key, error.sentence)
        else:
            grid.set_stack(tile.series_key, found.stack)
            grid.set_warnings(tile.series_key, found.problems)
    return grid


def _open(study: str, library: Path | None) -> OpenStudy:
    """A path needs no library; a bare name may be a case code, which goes before a folder of that name."""
    named = Path(study)
    is_path = len(named.parts) > 1 or not settings.default_library().exists()
    if library is None and named.exists() and is_path:
        return open_study(None, study, SilentProgress())
    with open_workspace(library, create=False) as workspace:
        return open_study(workspace, study, SilentProgress())


def _told(grid: ViewerGrid, out: Path) -> dict[str, Any]:
    layout, presenter = grid.layout_shown, grid.presenter
    tiles = []
    for number, tile in enumerate(layout.tiles):
        content = presenter.content(number)
        tiles.append(
            {
                "row": tile.row + 1,
                "column": tile.column + 1,
                "series": content.caption if content else None,
                "slice": presenter.states[number].slice_index + 1 if content else None,
                "slices": content.number_of_slices if content else None,
                "missing": tile.missing,
                "problem": content.problem if content else "",
                "warnings": list(content.warnings) if content else [],
            }
        )
    return {
        "out": str(out),
        "protocol": layout.id,
        "title": layout.title,
        "rows": layout.rows,
        "columns": layout.columns,
        "tiles": tiles,
    }
