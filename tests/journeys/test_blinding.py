"""A planted identity must not reach a reader: no widget, title, log, file name, store or export has it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent
from PySide6.QtGui import QAccessible, QAccessibleInterface, QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QListWidget,
    QWidget,
)
from pytestqt.qtbot import QtBot

from workstation.gui.application import make_application, make_window
from workstation.gui.crash import CrashGuard
from workstation.gui.main_window import MainWindow
from workstation.gui.reading.reading_desk import ReadingDesk
from workstation.gui.study.office.page import OfficePage
from workstation.reading.cards import Seat
from workstation.reading.seal import LEAST_COST
from workstation.scoring.instrument import instrument
from workstation.store.account_files import FOLDER, AccountFolder
from workstation.tasks import SilentProgress
from workstation.workflow.accounts import make_account
from workstation.workflow.deliver import export_study
from workstation.workflow.import_files import import_paths
from workstation.workflow.read_case import create_study
from workstation.workflow.workspace import Workspace, open_workspace

SENTINELS = ("SENTINELNAME", "SENTINELID", "SENTINELSTUDY", "SENTINELFOLDER", "SENTINELHOSPITAL", "19601231")


@pytest.fixture
def planted(phantom_knees: Path, tmp_path: Path) -> Path:
    """A study whose tags, file names and folder names carry sentinels."""
    pydicom = pytest.importorskip("pydicom")
    folder = tmp_path / "SENTINELFOLDER^DISC"
    source = phantom_knees / "right" / "series-4"
    shutil.copytree(source, folder / "SENTINELNAME_SENTINELID")
    for path in folder.rglob("*.dcm"):
        dataset = pydicom.dcmread(path)
        dataset.PatientName = "SENTINELNAME^GIVEN"
        dataset.PatientID = "SENTINELID"
        dataset.PatientBirthDate, dataset.PatientSex = "19601231", "F"
        dataset.StudyDate = "20200304"
        dataset.StudyDescription = "SENTINELSTUDY osteoporosis group"
        dataset.SeriesDescription = "COR T2 FS SENTINELNAME"
        dataset.InstitutionName = "SENTINELHOSPITAL"
        dataset.save_as(path)
        path.rename(path.with_name(f"SENTINELNAME{path.name}"))
    return folder


@pytest.fixture
def workspace(planted: Path, tmp_path: Path) -> Iterator[Workspace]:
    codes = tmp_path / "codes.csv"
    codes.write_text("patient_id,code\nSENTINELID,K-1\n", encoding="utf-8")
    opened = open_workspace(tmp_path / "library")
    report = import_paths(opened, [planted], codes=codes, workers=0, progress=SilentProgress())
    assert report.loaded == 26
    yield opened


def word(name: str) -> str:
    return f"four plain words {name}"


REVEALING = '[blinding]\nreveal = ["sex", "age_decade"]\n'
"""Birth date and visit are in the crosswalk beside the library; readers may know the decade only."""


def make_study(workspace: Workspace, folder: Path, more: str = "") -> None:
    plan = folder.with_suffix(".toml")
    plan.write_text(
        'id = "s"\ntitle = "Study"\ncases = ["K-1"]\nreaders = ["R1", "R2"]\ninstruments = ["recht"]\n'
        + more,
        encoding="utf-8",
    )
    create_study(plan, folder, workspace.library.folder, passphrase_of=word).close()


def told(widget: QWidget) -> Iterator[str]:
    """Everything a widget could tell a person or a screen reader."""
    yield from (widget.toolTip(), widget.accessibleName(), widget.accessibleDescription())
    yield from (widget.windowTitle(), widget.objectName(), widget.statusTip(), widget.whatsThis())
    if isinstance(widget, QLabel | QAbstractButton | QLineEdit):
        yield widget.text()
    if isinstance(widget, QComboBox):
        yield from (widget.itemText(row) for row in range(widget.count()))
    if isinstance(widget, QListWidget):
        yield from (widget.item(row).text() for row in range(widget.count()))
    for action in widget.actions():
        yield from (action.text(), action.toolTip(), action.statusTip())


def spoken(interface: QAccessibleInterface | None) -> Iterator[str]:
    """What a screen reader could say of something and of all inside it, hidden or not."""
    if interface is None:
        return
    yield from (interface.text(kind) for kind in QAccessible.Text if kind is not QAccessible.Text.UserText)
    for number in range(interface.childCount()):
        yield from spoken(interface.child(number))


def copied(widgets: Sequence[QWidget]) -> Iterator[str]:
    """What the clipboard holds after everything was marked and copied, widget by widget."""
    clipboard = QApplication.clipboard()
    for widget in widgets:
        if isinstance(widget, QLabel | QLineEdit | QAbstractItemView | QComboBox):
            clipboard.clear()
            for keys in ("Ctrl+A", "Ctrl+C"):
                key = QKeySequence(keys)[0]
                for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
                    QApplication.sendEvent(widget, QKeyEvent(kind, key.key(), key.keyboardModifiers()))
            yield clipboard.text()


def planted_in(folder: Path) -> list[str]:
    """Sentinels in any byte, file name or folder name below a folder."""
    found = []
    for path in folder.rglob("*"):
        content = path.name.encode() + (path.read_bytes() if path.is_file() else b"")
        found += [f"{word} in {path.name}" for word in SENTINELS if word.encode() in content]
    return found


@pytest.mark.expects_warning
def test_no_widget_shows_an_identity_while_a_read_is_open(
    workspace: Workspace, planted: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    make_study(workspace, tmp_path / "study", REVEALING)
    application = make_application()
    window = make_window(workspace, synchronous=True)
    qtbot.addWidget(window)
    window.resize(1280, 800)
    window.show()
    desk = window.show_desk("reading", tmp_path / "study")
    assert isinstance(desk, ReadingDesk)
    desk.choose_reader("R1")
    desk._screen.side_window.turn()
    desk.grid.detach(0)
    for digit in "012340":
        qtbot.keyClick(desk.grid, digit)
    texts = [text for widget in application.allWidgets() for text in told(widget)]
    tops = [widget for widget in application.topLevelWidgets() if widget.isVisible()]
    assert len(tops) >= 3, "form and viewport in windows of their own"
    for widget in tops:
        texts += spoken(QAccessible.queryAccessibleInterface(widget))
    assert "K-1 · right knee" in texts
    assert {text for text in texts if "female" in text} == {"female · 50-59"}
    assert not [text for text in texts if any(one in text for one in ("1960", "20200304", "crosswalk.csv"))]
    texts += copied(application.allWidgets())
    texts += [one.text for one in window.context.messages.said]
    guard = CrashGuard(texts.append)
    try:
        raise ValueError(f"{planted} of {' '.join(SENTINELS)}")
    except ValueError as error:
        guard.report(error)
    logs = Path(os.environ["MARROW_LOG"])
    assert list(logs.glob("crash-*.txt")), "a crash report was written"
    assert planted_in(logs) == []
    leaks = [text for text in texts if any(word in text for word in SENTINELS)]
    assert not leaks
    window.close()


SAFETY = '[blinding]\noverlays = "after-own-score"\n[safety]\ncontact = "S1"\n'


def everything_told(window: MainWindow, part: QWidget) -> list[str]:
    """All that any widget tells now; of a part also what a screen reader says and what can be copied."""
    texts = [text for widget in make_application().allWidgets() for text in told(widget)]
    texts += spoken(QAccessible.queryAccessibleInterface(part))
    texts += copied(part.findChildren(QWidget))
    return texts + [one.text for one in window.context.messages.said]


@pytest.mark.expects_warning
def test_no_question_asked_during_a_read_shows_an_identity(
    workspace: Workspace, planted: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    """Locking, signing several, urgent finding, not readable, masks, amending, pause, help and keys."""
    seats = {"R1": Seat.READER, "R2": Seat.READER, "C1": Seat.COORDINATOR, "S1": Seat.SAFETY}
    people = AccountFolder(tmp_path / "study" / FOLDER)
    for name, seat in seats.items():
        make_account(people, name, seat, word(name), cost=LEAST_COST)
    make_study(workspace, tmp_path / "study", SAFETY)
    make_application()
    window = make_window(workspace, synchronous=True)
    qtbot.addWidget(window)
    window.resize(1280, 800)
    window.show()
    desk = window.show_desk("reading", tmp_path / "study")
    assert isinstance(desk, ReadingDesk)
    desk.choose_reader("R1")
    desk.sign_in("R1", word("R1"))
    screen, acts = desk._screen, desk._acts
    assert desk.read is not None
    texts: list[str] = []

    def look(wanted: str, part: QWidget) -> None:
        now = everything_told(window, part)
        assert any(wanted in text for text in now), f"{wanted} is on screen"
        texts.extend(now)

    acts.ask_urgent()
    look("Urgent finding in K-1", screen.urgent)
    screen.urgent.sent.emit("nothing to fear")
    desk._not_readable.ask()
    look("Every item of K-1 becomes not assessable", screen.not_readable)
    screen.put_questions_away()
    for item in instrument("recht").items:
        desk.read.answer(item.id, 1)
    acts.show_masks()
    desk.form.lock_wanted.emit()
    look("You sign K-1", screen.lock)
    acts.ask_several()
    look("Sign complete reads", screen.sign_several)
    acts._back()
    window.toggle_help()
    window.show_keys()
    window.edit_keys()
    desk.turn_pause()
    look("Paused", screen.paused)
    desk.turn_pause()
    screen.lock.signed.emit(word("R1"), True, "")
    desk.choose_reader("R1")
    desk.sign_in("R1", word("R1"))
    acts.ask_amend()
    look("K-1 opens again as a new version", screen.amend)
    window.lock_session()
    look("Locked", window)
    window.show_desk("setup", ("look after", tmp_path / "study"))
    office = window.built("setup").findChild(OfficePage)
    office.sign_in("C1", word("C1"))
    office.sign_in("S1", word("S1"))
    for part in office.parts:
        office.choose(part.title)
        texts += everything_told(window, part)
    office.choose("Urgent findings").open()
    look("nothing to fear", office)
    assert [text for text in texts if any(one in text for one in SENTINELS)] == []
    assert planted_in(Path(os.environ["MARROW_LOG"])) == []
    assert planted_in(tmp_path / "study") == []
    window.close()


def test_no_byte_of_library_study_log_or_export_holds_an_identity(
    workspace: Workspace, tmp_path: Path
) -> None:
    from workstation.workflow.read_case import open_study_folder

    study_folder = tmp_path / "study"
    make_study(workspace, study_folder, REVEALING)
    with open_study_folder(study_folder, workspace) as study:
        for reader in ("R1", "R2"):
            read = study.reader(reader).open_read("K-1")
            for item in instrument("recht").items:
                read.answer(item.id, 1)
            read.lock(reader)
    export_study(workspace, study_folder, ("csv", "html"), tmp_path / "out", progress=SilentProgress())
    for folder in (workspace.library.folder, study_folder, tmp_path / "out", Path(os.environ["MARROW_LOG"])):
        assert planted_in(folder) == []
    crosswalk = next(tmp_path.glob("*crosswalk*"))
    assert "SENTINELNAME" in crosswalk.read_text(encoding="utf-8"), "the coordinator keeps who is who"


def test_nothing_tells_a_reader_that_or_how_the_other_has_read(
    workspace: Workspace, tmp_path: Path, qtbot: QtBot
) -> None:
    """Not by code, worklist, title, status bar or messages: R2's screen is that of a study nobody began."""
    from workstation.workflow.read_case import open_study_folder

    def screen(study: Path) -> list[str]:
        window = make_window(workspace, synchronous=True)
        qtbot.addWidget(window)
        window.show()
        desk = window.show_desk("reading", study)
        assert isinstance(desk, ReadingDesk)
        desk.choose_reader("R2")
        widgets = [window, *window.findChildren(QWidget)]
        texts = [text for widget in widgets if widget.isVisibleTo(window) for text in told(widget)]
        texts += [window.windowTitle(), *(one.text for one in window.context.messages.said)]
        desk.leave()
        desk.shut_down()
        return texts

    make_study(workspace, tmp_path / "untouched")
    make_study(workspace, tmp_path / "begun")
    with open_study_folder(tmp_path / "begun", workspace) as study:
        read = study.reader("R1").open_read("K-1")
        for item in instrument("recht").items:
            read.answer(item.id, 3)
        read.flag("MFC")
        read.keep_mark("mark-1", {"kind": "length", "text": "R1 measured this"})
        read.keep_view_state({"rows": 1, "columns": 1})
        read.lock("R1")
    seen = screen(tmp_path / "begun")
    assert not any("R1" in text for text in seen)
    assert seen == screen(tmp_path / "untouched")
