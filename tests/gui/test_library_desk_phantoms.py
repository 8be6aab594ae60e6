"""The library desk on real files: phantoms imported by a drop, listed, pictured."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QTableView

from workstation.gui.application import make_application, make_window
from workstation.gui.library.case_table import PICTURE, PICTURE_ROLE
from workstation.gui.library.library_desk import LibraryDesk
from workstation.workflow.import_report import ImportReport
from workstation.workflow.workspace import open_workspace


def test_dropped_phantoms_become_cases_with_pictures(qtbot, phantom_knees: Path, tmp_path: Path) -> None:
    make_application()
    window = make_window(
        open_workspace=lambda _progress: open_workspace(tmp_path / "library"), synchronous=False
    )
    qtbot.addWidget(window)
    window.show()
    with qtbot.waitSignal(window.library_opened, timeout=10_000):
        pass
    desk = window.built("library")
    assert isinstance(desk, LibraryDesk)
    refusals: list[str] = []
    window.context.messages.posted.connect(lambda message: refusals.append(message.text))
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(phantom_knees))])
    reports: list[ImportReport] = []
    desk.import_finished.connect(reports.append)
    given = (Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(window, QDragEnterEvent(QPoint(300, 300), *given))
    QApplication.sendEvent(window, QDropEvent(QPointF(300, 300), *given))
    qtbot.waitUntil(lambda: bool(reports or refusals), timeout=60_000)
    assert reports, refusals
    report = reports[0]
    assert report.refused == 0 and report.loaded > 50
    table = window.findChild(QTableView, "case_table")
    qtbot.waitUntil(lambda: table.model().rowCount() == 2)
    assert {table.model().index(line, 2).data() for line in range(2)} == {"knee"}

    def pictured() -> bool:
        table.viewport().repaint()
        model = table.model()
        return all(model.index(n, PICTURE).data(PICTURE_ROLE) for n in range(2))

    qtbot.waitUntil(pictured, timeout=20_000)
    picture = table.model().index(0, PICTURE).data(PICTURE_ROLE).toImage()
    greys = {picture.pixelColor(x, picture.height() // 2).red() for x in range(picture.width())}
    assert len(greys) > 10  # an image, not a flat square
    assert window.close()


def test_no_identity_of_the_files_is_on_the_screen(qtbot, knee_library: Path) -> None:
    make_application()
    window = make_window(open_workspace(knee_library))
    qtbot.addWidget(window)
    window.show()
    texts = [window.windowTitle(), window.header.title]
    for widget in window.findChildren(object):
        for name in ("text", "toolTip", "accessibleName", "whole_text"):
            value = getattr(widget, name, None)
            texts.append(str(value() if callable(value) else value or ""))
    model = window.findChild(QTableView, "case_table").model()
    texts += [
        str(model.index(r, c).data()) for r in range(model.rowCount()) for c in range(model.columnCount())
    ]
    assert any("K-R" in text for text in texts)
    assert not any("PHANTOM-RIGHT" in text or "PHANTOM-LEFT" in text for text in texts)
    window.close()
