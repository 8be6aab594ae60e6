"""The frame: desks by key, lazily built; shut while blinded; drops; notice; theme; closing."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QDialog,
    QFrame,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)
from pytestqt.qtbot import QtBot

from workstation import settings
from workstation.errors import ResourceError, StoreError
from workstation.gui.application import make_application, make_context
from workstation.gui.desk import Desk, DeskContext, DeskEntry
from workstation.gui.main_window import MainWindow


class FakeLibrary:
    def __init__(self) -> None:
        self.is_closed = False

    def close(self) -> None:
        self.is_closed = True


class FakeWorkspace:
    def __init__(self) -> None:
        self.library = FakeLibrary()


class PlainDesk(Desk):
    """Remembers what happened to it."""

    def __init__(self, context: DeskContext) -> None:
        super().__init__(context)
        self.taken: list[object] = []
        self.events: list[str] = []
        self.lets_go = True
        layout = QVBoxLayout(self)
        layout.addWidget(QLabel(self.title))

    def take(self, what: object) -> None:
        self.taken.append(what)

    def entered(self) -> None:
        self.events.append("entered")

    def may_leave(self) -> bool:
        return self.lets_go

    def workspace_opened(self) -> None:
        self.events.append("workspace")

    def shut_down(self) -> None:
        self.events.append("shut down")


def desk_class(desk_id: str, title: str, guest: bool = False) -> type[PlainDesk]:
    made = type(f"{title}Desk", (PlainDesk,), {"id": desk_id, "title": title})
    if guest:

        def header_widget(self: PlainDesk) -> QWidget:
            if not hasattr(self, "guest"):
                self.guest = QLabel("12 of 90")
            return self.guest

        made.header_widget = header_widget
    return made


BUILT: list[str] = []


def entries() -> list[DeskEntry]:
    BUILT.clear()

    def entry(desk_id: str, title: str, icon: str, number: int, shut: bool) -> DeskEntry:
        made = desk_class(desk_id, title, guest=desk_id == "reading")

        def build(context: DeskContext) -> Desk:
            BUILT.append(desk_id)
            return made(context)

        return DeskEntry(desk_id, title, icon, f"Ctrl+{number}", f"What {title} is for", build, shut)

    return [
        entry("library", "Library", "library", 1, True),
        entry("reading", "Reading", "read", 2, False),
        entry("reconcile", "Reconcile", "reconcile", 3, True),
        entry("results", "Results", "results", 4, True),
    ]


@pytest.fixture
def window(qtbot) -> MainWindow:
    make_application()
    context = make_context()
    context.set_workspace(FakeWorkspace())  # type: ignore[arg-type]
    made = MainWindow(context, entries())
    qtbot.addWidget(made)
    made.resize(1280, 800)
    made.show()
    qtbot.waitExposed(made)
    return made


def test_the_window_opens_on_the_library_and_builds_nothing_else(window: MainWindow) -> None:
    assert window.desk is not None and window.desk.id == "library"
    assert BUILT == ["library"]


@pytest.mark.parametrize(
    ("key", "desk_id"),
    [(Qt.Key.Key_2, "reading"), (Qt.Key.Key_3, "reconcile"), (Qt.Key.Key_4, "results")],
)
def test_keys_bring_the_desks_to_the_front(window: MainWindow, qtbot, key, desk_id: str) -> None:
    qtbot.keyClick(window, key, Qt.KeyboardModifier.ControlModifier)
    assert window.desk is not None and window.desk.id == desk_id
    assert window.header.tab(desk_id).isChecked()
    qtbot.keyClick(window, Qt.Key.Key_1, Qt.KeyboardModifier.ControlModifier)
    assert window.desk.id == "library"
    assert tuple(BUILT) == ("library", desk_id)


def test_a_desk_is_handed_what_another_asked_for(window: MainWindow) -> None:
    window.desk.asked_for.emit("reading", "K-0172")
    assert window.desk.id == "reading"
    assert window.desk.taken == ["K-0172"]


def test_an_unknown_desk_is_said_not_raised(window: MainWindow) -> None:
    assert window.show_desk("practice") is None
    assert "no practice desk" in window.context.messages.last.text


def test_while_blinded_every_other_desk_is_shut_and_says_why(window: MainWindow, qtbot) -> None:
    window.show_desk("reading")
    window.desk.blinded.emit(True)
    for desk_id in ("library", "reconcile", "results"):
        tab = window.header.tab(desk_id)
        assert not tab.isEnabled()
        assert "blinded read" in tab.toolTip()
        assert window.show_desk(desk_id) is None
        assert window.desk.id == "reading"
    qtbot.keyClick(window, Qt.Key.Key_1, Qt.KeyboardModifier.ControlModifier)
    assert window.desk.id == "reading"
    window.desk.blinded.emit(False)
    assert window.header.tab("library").isEnabled()
    assert "blinded" not in window.header.tab("library").toolTip()
    assert window.show_desk("library") is not None


def test_a_desk_may_refuse_to_be_left(window: MainWindow) -> None:
    window.desk.lets_go = False
    assert window.show_desk("results") is None
    assert window.desk.id == "library"
    assert window.header.tab("library").isChecked()
    assert not window.close()
    window.desk.lets_go = True


def test_the_header_says_what_is_open_and_lends_its_middle(window: MainWindow) -> None:
    window.show_desk("reading")
    window.desk.titled.emit("K-0172 · right knee")
    assert window.header.title == "K-0172 · right knee"
    assert "K-0172" in window.windowTitle()
    assert window.desk.guest.isVisible()
    assert window.desk.guest.parent() is window.header
    window.show_desk("library")
    assert window.header.title == ""
    assert "K-0172" not in window.windowTitle()
    assert not window.built("reading").guest.isVisible()
    window.show_desk("reading")
    assert window.header.title == "K-0172 · right knee"


def test_a_desk_that_cannot_be_built_is_said_and_the_window_stays(qtbot) -> None:
    def refuse(context: DeskContext) -> Desk:
        raise ResourceError("The desk was not opened", "a file is missing", "Install again")

    broken = DeskEntry("results", "Results", "results", "Ctrl+2", "x", refuse)
    made = MainWindow(make_context(), [*entries()[:1], broken])
    qtbot.addWidget(made)
    assert made.show_desk("results") is None
    assert made.desk.id == "library"
    assert "a file is missing" in made.context.messages.last.text


def test_the_library_opens_behind_the_window_and_then_the_study(qtbot) -> None:
    workspace = FakeWorkspace()
    made = MainWindow(make_context(synchronous=False), entries(), lambda progress: workspace)
    qtbot.addWidget(made)
    assert not made.context.has_workspace
    made.open_study("K-0001")
    assert made.desk.id == "library"
    with qtbot.waitSignal(made.library_opened):
        pass
    assert made.built("library").events[-1] == "workspace"
    assert made.desk.id == "reading" and made.desk.taken == ["K-0001"]
    made.close()
    assert workspace.library.is_closed


def test_a_library_that_cannot_be_opened_is_said(qtbot) -> None:
    def refuse(progress) -> FakeWorkspace:
        raise StoreError("The library was not opened", "it is from a newer version", "Update the program")

    made = MainWindow(make_context(), entries(), refuse)
    qtbot.addWidget(made)
    assert "newer version" in made.context.messages.last.text
    assert not made.context.has_workspace
    assert made.close()


def test_a_folder_is_read_even_when_the_library_cannot_be_opened(qtbot, tmp_path: Path) -> None:
    def refuse(progress) -> FakeWorkspace:
        raise StoreError("The library was not opened", "it is from a newer version", "Update the program")

    for study, expected in ((str(tmp_path), "reading"), ("K-0001", "library")):
        made = MainWindow(make_context(synchronous=False), entries(), refuse)
        qtbot.addWidget(made)
        made.open_study(study)
        qtbot.waitUntil(lambda made=made: made.context.messages.last is not None)
        assert made.desk.id == expected
        made.close()


def drop(window: MainWindow, paths: list[Path]) -> bool:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    enter = QDragEnterEvent(
        QPoint(400, 400),
        Qt.DropAction.CopyAction,
        data,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    QApplication.sendEvent(window, enter)
    if not enter.isAccepted():
        return False
    event = QDropEvent(
        QPointF(400, 400),
        Qt.DropAction.CopyAction,
        data,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    QApplication.sendEvent(window, event)
    QApplication.processEvents()
    return True


def test_a_drop_anywhere_goes_to_the_library(window: MainWindow, tmp_path: Path) -> None:
    window.show_desk("results")
    assert drop(window, [tmp_path, tmp_path / "exam.zip"])
    assert window.desk.id == "library"
    assert window.desk.taken == [(tmp_path, tmp_path / "exam.zip")]


def test_nothing_can_be_dropped_on_a_blinded_read(window: MainWindow, tmp_path: Path) -> None:
    window.show_desk("reading")
    window.set_blinded(True)
    assert not drop(window, [tmp_path])
    assert window.desk.id == "reading"


def test_the_intended_use_is_said_once(qtbot) -> None:
    first = MainWindow(make_context(), entries())
    qtbot.addWidget(first)
    first.show()
    notice = first.findChild(QFrame, "notice")
    assert notice.isVisible()
    assert "Not for primary diagnosis" in " ".join(label.text() for label in notice.findChildren(QLabel))
    first.findChild(QPushButton, "intended_use_seen").click()
    assert not notice.isVisible()
    second = MainWindow(make_context(), entries())
    qtbot.addWidget(second)
    assert second.findChild(QFrame, "notice") is None
    assert "Not for primary diagnosis" in second.findChild(QLabel, "standing").text()


def test_the_theme_is_kept_for_the_next_start(window: MainWindow, qtbot) -> None:
    assert window.context.theme.name == "dark"
    qtbot.keyClick(window, Qt.Key.Key_T, Qt.KeyboardModifier.ControlModifier)
    assert window.context.theme.name == "light"
    assert json.loads(settings.settings_file().read_text())["theme"] == "light"
    assert make_context().theme.name == "light"
    window.toggle_theme()


def test_a_read_only_place_for_settings_is_said(window: MainWindow, monkeypatch) -> None:
    def refuse(values, file=None) -> None:
        raise StoreError("The settings were not saved", "the disk is read-only", "Check the disk")

    monkeypatch.setattr(settings, "save", refuse)
    window.toggle_theme()
    assert "read-only" in window.context.messages.last.text
    window.toggle_theme()


def test_help_is_beside_the_desk_and_about_says_the_intended_use(window: MainWindow, qtbot) -> None:
    qtbot.keyClick(window, Qt.Key.Key_F1, Qt.KeyboardModifier.ShiftModifier)
    panel = window.findChild(QFrame, "help_panel")
    assert panel.isVisible()
    panel.findChild(QPushButton, "about").click()
    assert "Not for primary diagnosis" in panel.text
    qtbot.keyClick(window, Qt.Key.Key_F1, Qt.KeyboardModifier.ShiftModifier)
    assert not panel.isVisible()


def test_closing_shuts_the_desks_and_the_library(window: MainWindow) -> None:
    desk = window.desk
    assert window.close()
    assert desk.events[-1] == "shut down"
    assert window.context.workspace.library.is_closed


def test_every_button_of_the_frame_has_a_name_and_a_tooltip(window: MainWindow) -> None:
    window.toggle_help()
    nameless = [
        button.objectName()
        for button in window.findChildren(QAbstractButton)
        if not (button.accessibleName() and button.toolTip()) and button.objectName() != "message_action"
    ]
    assert nameless == []


def test_f1_shows_all_keys_on_one_page_and_again_closes_it(window: MainWindow, qtbot) -> None:
    qtbot.keyClick(window, Qt.Key.Key_F1)
    sheet = window.findChild(QDialog, "cheat_sheet")
    assert sheet.isVisible()
    assert "F1\tAll keys on one page" in sheet.text
    qtbot.keyClick(window, Qt.Key.Key_F1)
    assert not sheet.isVisible()


def test_changed_keys_count_at_once_and_are_kept(window: MainWindow, qtbot) -> None:
    window.edit_keys()
    editor = window.findChild(QDialog, "key_editor")
    editor.give("theme", "Ctrl+Y")
    editor.keep()
    before = window.context.theme.name
    qtbot.keyClick(window, Qt.Key.Key_Y, Qt.KeyboardModifier.ControlModifier)
    assert window.context.theme.name != before
    assert settings.load()["keys"] == {"theme": "Ctrl+Y"}


class TestAFolderFirst:
    """``marrow FOLDER``: its pictures come before the library, which is opened all the same."""

    def test_only_a_path_is_a_folder(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        from workstation.gui.application import _is_path

        monkeypatch.chdir(tmp_path)
        (tmp_path / "K-0001").mkdir()
        assert _is_path(str(tmp_path / "K-0001"))
        assert _is_path("./../" + tmp_path.name)
        assert not _is_path("K-0001")  # may be the code of a case, which goes first
        assert not _is_path(str(tmp_path / "absent"))

    @pytest.mark.parametrize("has_pictures", [True, False])
    def test_the_library_opens_after_it(
        self, tmp_path: Path, phantom_knees: Path, has_pictures: bool
    ) -> None:
        import subprocess
        import sys

        folder = phantom_knees / "right" if has_pictures else tmp_path / "empty"
        folder.mkdir(exist_ok=True)
        program = """
import sys
from pathlib import Path
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from workstation.gui import application
from workstation.gui.main_window import MainWindow
application.LIBRARY_AFTER_MS = 200
seen = []
first = MainWindow.__init__
def watched(self, *arguments, **named):
    first(self, *arguments, **named)
    seen.append(self.desk.id)
    self.library_opened.connect(lambda: QTimer.singleShot(0, self.close))
MainWindow.__init__ = watched
code = application.open_window(Path(sys.argv[1]), sys.argv[2])
print(seen, code)
"""
        done = subprocess.run(
            [sys.executable, "-c", program, str(tmp_path / "library"), str(folder)],
            env={**os.environ, "WORKSTATION_SYNCHRONOUS": ""},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.stdout.strip() == "['reading'] 0", done.stderr


class DeskInParts(PlainDesk):
    """Needs three more turns after it was begun."""

    id, title = "reading", "Reading"
    missing = 3

    def build_on(self) -> bool:
        self.missing -= self.missing > 0
        return self.missing > 0


@pytest.mark.parametrize("is_asked_for_at_once", [False, True])
def test_a_desk_prepared_in_parts_is_whole_whenever_it_is_asked_for(
    qtbot: QtBot, is_asked_for_at_once: bool
) -> None:
    make_application()
    begun: list[DeskInParts] = []

    def begin(context: DeskContext) -> Desk:
        begun.append(DeskInParts(context))
        return begun[-1]

    desk = DeskEntry("reading", "Reading", "read", "Ctrl+2", "Read", begin, begin=begin)
    window = MainWindow(make_context({}, synchronous=False), [*entries()[:1], desk])
    qtbot.addWidget(window)
    window.prepare("reading")
    assert begun[0].missing == 2
    assert window.built("reading") is None
    if not is_asked_for_at_once:
        qtbot.waitUntil(lambda: window.built("reading") is not None)
    assert window.show_desk("reading") is begun[0]
    assert begun[0].missing == 0
    qtbot.waitUntil(lambda: not window.context.jobs.running)
    assert len(begun) == 1
    window.close()
