"""The library desk as a person uses it: list, search, import, cancel, report, side, join, open."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QCheckBox,
    QComboBox,
    QFileDialog,
    QFrame,
    QLabel,
    QLineEdit,
    QListWidget,
    QPushButton,
    QTableView,
)

from workstation.errors import Cancelled, StoreError
from workstation.gui.application import make_application, make_window
from workstation.gui.desk import Desk, DeskEntry
from workstation.gui.desks import DESKS
from workstation.gui.library.import_options import ImportOptions
from workstation.gui.library.library_desk import LibraryDesk
from workstation.gui.main_window import MainWindow
from workstation.gui.messages import Kind
from workstation.imaging.dicom_kinds import WHY_LEFT_OUT
from workstation.imaging.dicom_kinds import Kind as Kind_
from workstation.imaging.study import Case, Joint, Laterality, Plane, Weighting
from workstation.store.records import JoinCandidate, SeriesRow, StudyRow
from workstation.workflow import curate, import_files
from workstation.workflow.import_report import FileOutcome, ImportReport
from workstation.workflow.import_worker import Status


def series(key: str, warnings: tuple[str, ...] = ()) -> SeriesRow:
    return SeriesRow(
        key, 3, "", "MR", Plane.SAGITTAL, Weighting.PD, True, None, 36, 384, 384, 0.36, 0.36, 3.5, warnings
    )  # fmt: skip


@dataclass
class FakeLibrary:
    """Cases in memory; remembers what was decided."""

    rows: list[StudyRow]
    candidates: tuple[JoinCandidate, ...] = ()
    warnings: tuple[str, ...] = ()
    is_closed: bool = False
    joined: tuple[str, ...] = ()
    suggested: dict[str, Joint] = field(default_factory=dict)
    folder: Path = Path("/library")

    def __post_init__(self) -> None:
        self.decided: list[tuple[object, ...]] = []

    def studies(self) -> tuple[StudyRow, ...]:
        return tuple(self.rows)

    def join_candidates(self) -> tuple[JoinCandidate, ...]:
        return self.candidates

    def series(self, code: str) -> tuple[object, ...]:
        return ()

    def suggested_joints(self) -> dict[str, Joint]:
        return dict(self.suggested)

    def case(self, code: str) -> Case:
        return next(row.case for row in self.rows if row.case.code == code)

    def joined_cases(self) -> frozenset[str]:
        return frozenset(self.joined)

    def keep_apart(self, first: str, second: str, by: str) -> None:
        self.decided.append(("apart", first, second, by))
        self.candidates = ()

    def part(self, code: str, by: str) -> tuple[Case, ...]:
        self.decided.append(("part", code, by))
        self.joined = ()
        return tuple(row.case for row in self.rows if row.case.code == code)

    def confirm_laterality(self, code: str, side: Laterality, by: str, joint: Joint | None) -> Case:
        self.decided.append(("side", code, side, joint, by))
        self.rows = [
            replace(
                row,
                case=replace(
                    row.case, laterality=side, laterality_confirmed=True, joint=joint or row.case.joint
                ),
            )
            if row.case.code == code
            else row
            for row in self.rows
        ]
        return next(row.case for row in self.rows if row.case.code == code)

    def join(self, first: str, second: str, by: str) -> Case:
        self.decided.append(("join", first, second, by))
        self.candidates = ()
        kept = next(row.case for row in self.rows if row.case.code == first)
        self.rows = [replace(row, case=kept) if row.case.code == second else row for row in self.rows]
        return kept

    def close(self) -> None:
        self.is_closed = True


class FakeWorkspace:
    def __init__(self, library: FakeLibrary) -> None:
        self.library = library


def study(code: str, *, joint=Joint.KNEE, side=Laterality.RIGHT, confirmed=True, warnings=()) -> StudyRow:
    case = Case(code, "subject", joint, side, confirmed, ("A",), (f"{code}.1",))
    return StudyRow(case, "A", f"2.25.{code}", (series(f"{code}.1", warnings), series(f"{code}.2")))


class ReadingStub(Desk):
    id = "reading"
    title = "Reading"

    def __init__(self, context) -> None:
        super().__init__(context)
        self.taken: list[object] = []

    def take(self, what: object) -> None:
        self.taken.append(what)


TABLE = (
    DESKS[0],
    DeskEntry("reading", "Reading", "read", "Ctrl+2", "Read a case", ReadingStub, shut_while_blinded=False),
)
LIBRARY = [
    study("K-2"),
    study("K-10", side=None, confirmed=False),
    study(
        "H-1", joint=Joint.HIP, side=Laterality.BILATERAL, warnings=("Slice 12 to 16: 3 slices are missing.",)
    ),
]


def window_on(qtbot, library: FakeLibrary, *, synchronous: bool = True) -> MainWindow:
    make_application()
    window = make_window(FakeWorkspace(library), TABLE, synchronous=synchronous)  # type: ignore[arg-type]
    qtbot.addWidget(window)
    window.resize(1280, 800)
    window.show()
    qtbot.waitExposed(window)
    return window


@pytest.fixture(autouse=True)
def in_step(monkeypatch) -> list[Path | None]:
    """Decisions are kept under one name; which crosswalk each was carried into, in order."""
    refreshed: list[Path | None] = []
    monkeypatch.setattr(curate, "who", lambda: "person")
    monkeypatch.setattr(curate, "_refresh", lambda _workspace, crosswalk: refreshed.append(crosswalk))
    return refreshed


@pytest.fixture
def library() -> FakeLibrary:
    return FakeLibrary(list(LIBRARY))


@pytest.fixture
def window(qtbot, library) -> MainWindow:
    return window_on(qtbot, library)


def desk_of(window: MainWindow) -> LibraryDesk:
    desk = window.built("library")
    assert isinstance(desk, LibraryDesk)
    return desk


def table_of(window: MainWindow) -> QTableView:
    return window.findChild(QTableView, "case_table")


def codes(window: MainWindow) -> list[str]:
    model = table_of(window).model()
    return [model.index(line, 1).data() for line in range(model.rowCount())]


def outcomes(*given: tuple[str, Status, str]) -> ImportReport:
    return ImportReport(tuple(FileOutcome(*one) for one in given), (), (), Path("library.crosswalk.csv"))


REPORT = outcomes(
    ("/disc/IM1", Status.LOADED, ""),
    ("/disc/IM2", Status.LOADED, ""),
    ("/disc/README.TXT", Status.SKIPPED, "it is not DICOM"),
    ("/disc/exam.zip!IM3", Status.REFUSED, "the file is cut short"),
)


def test_an_empty_library_teaches_what_to_do_and_its_key(qtbot) -> None:
    window = window_on(qtbot, FakeLibrary([]))
    text = window.findChild(QLabel, "empty_text")
    assert text.isVisible() and "drop it anywhere" in text.text()
    assert text.height() >= text.heightForWidth(text.width())  # nothing is cut off
    assert window.findChild(QPushButton, "empty_import_folder").isVisible()
    assert not table_of(window).isVisible()


def test_cases_are_listed_in_counting_order_with_what_they_need(window) -> None:
    assert codes(window) == ["H-1", "K-2", "K-10"]
    model = table_of(window).model()
    states = [model.index(line, 6).data() for line in range(3)]
    assert states == ["1 warning", "ready", "side not confirmed"]
    assert "3 slices are missing" in model.index(0, 6).data(Qt.ItemDataRole.ToolTipRole)
    assert window.findChild(QLabel, "import_text").text() == "3 cases · 1 waits for a side"


def test_the_case_in_focus_shows_its_series_and_their_warnings(window) -> None:
    desk_of(window).take("H-1")
    shown = window.findChild(QListWidget, "series_list")
    assert shown.count() == 2
    shown.setCurrentRow(0)
    assert "3 slices are missing" in window.findChild(QLabel, "series_warnings").text()
    shown.setCurrentRow(1)
    assert window.findChild(QLabel, "series_warnings").text() == ""


def test_enter_and_double_click_and_button_open_the_case_for_reading(window, qtbot) -> None:
    table = table_of(window)
    desk_of(window).take("K-2")
    qtbot.keyClick(table, Qt.Key.Key_Return)
    assert window.desk.id == "reading" and window.desk.taken == ["K-2"]
    window.show_desk("library")
    spot = table.visualRect(table.model().index(0, 1)).center()
    qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=spot)
    qtbot.mouseDClick(table.viewport(), Qt.MouseButton.LeftButton, pos=spot)
    assert window.built("reading").taken == ["K-2", "H-1"]
    window.show_desk("library")
    window.findChild(QPushButton, "open_case").click()
    assert window.built("reading").taken == ["K-2", "H-1", "H-1"]


def test_search_narrows_the_table_and_enter_goes_to_it(window, qtbot) -> None:
    qtbot.keyClick(window.desk, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    field = window.findChild(QLineEdit, "search")
    assert field.hasFocus()
    qtbot.keyClicks(field, "k-1")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert codes(window) == ["K-10"]
    assert table_of(window).hasFocus()
    assert window.findChild(QLabel, "preview_title").text() == "K-10"
    assert window.findChild(QLabel, "import_text").text().startswith("1 of 3 cases")
    field.clear()
    qtbot.waitUntil(lambda: len(codes(window)) == 3)


def test_filters_of_the_left_list_narrow_and_show_all_clears(window) -> None:
    window.findChild(QAbstractButton, "filter_hip").click()
    assert codes(window) == ["H-1"]
    window.findChild(QAbstractButton, "filter_knee").click()
    assert codes(window) == ["H-1", "K-2", "K-10"]
    window.findChild(QAbstractButton, "filter_side_not_confirmed").click()
    assert codes(window) == ["K-10"]
    window.findChild(QAbstractButton, "show_all").click()
    assert len(codes(window)) == 3
    assert window.findChild(QAbstractButton, "filter_hip").accessibleName() == "Hip, 1 case"


def test_an_unconfirmed_side_is_confirmed_in_place(window, library, in_step) -> None:
    control = window.findChild(QFrame, "side_control")
    desk_of(window).take("K-2")
    assert not control.isVisible()
    desk_of(window).take("K-10")
    assert control.isVisible()
    window.findChild(QPushButton, "confirm_L").click()
    assert library.decided == [("side", "K-10", Laterality.LEFT, None, "person")]
    assert in_step == [None]
    assert not control.isVisible()
    assert "Joint and side of K-10 are confirmed" in window.context.messages.last.text
    assert window.findChild(QLabel, "preview_title").text() == "K-10"


def test_a_torn_examination_is_joined_in_two_steps(qtbot, library) -> None:
    library.candidates = (JoinCandidate("K-2", "K-10", "they share one frame of reference"),)
    window = window_on(qtbot, library)
    banner = window.findChild(QFrame, "join_banner")
    assert banner.isVisible()
    assert "one frame of reference" in window.findChild(QLabel, "join_text").text()
    window.findChild(QPushButton, "join").click()
    assert library.decided == []
    assert "Join K-10 to K-2?" in window.findChild(QLabel, "join_text").text()
    window.findChild(QPushButton, "join").click()
    assert library.decided == [("join", "K-2", "K-10", "person")]
    assert not banner.isVisible()
    assert codes(window) == ["H-1", "K-2"]


def test_cases_said_to_be_apart_are_not_offered_again(qtbot, library) -> None:
    library.candidates = (JoinCandidate("K-2", "K-10", "they share one frame of reference"),)
    window = window_on(qtbot, library)
    window.findChild(QPushButton, "join").click()
    window.findChild(QPushButton, "not_the_same").click()  # back
    assert "may be one examination" in window.findChild(QLabel, "join_text").text()
    window.findChild(QPushButton, "not_the_same").click()
    desk_of(window).refresh()
    assert not window.findChild(QFrame, "join_banner").isVisible()
    assert library.decided == [("apart", "K-2", "K-10", "person")]


def test_a_case_without_a_joint_gets_joint_and_side_from_a_person(qtbot) -> None:
    library = FakeLibrary([study("X-1", joint=None, side=None, confirmed=False)])
    window = window_on(qtbot, library)
    control, left = window.findChild(QFrame, "side_control"), window.findChild(QPushButton, "confirm_L")
    assert not control.isVisible()
    window.findChild(QPushButton, "change_side").click()
    assert control.isVisible() and not left.isEnabled()  # a side of nothing is no answer
    window.findChild(QPushButton, "joint_hip").click()
    left.click()
    assert library.decided == [("side", "X-1", Laterality.LEFT, Joint.HIP, "person")]
    assert table_of(window).model().index(0, 2).data() == "hip"


def test_a_confirmed_side_can_be_corrected(window, library) -> None:
    desk_of(window).take("K-2")
    window.findChild(QPushButton, "change_side").click()
    assert window.findChild(QPushButton, "joint_knee").isChecked()
    window.findChild(QPushButton, "confirm_L").click()
    assert library.decided == [("side", "K-2", Laterality.LEFT, None, "person")]


def test_a_joined_case_is_parted_in_two_steps(qtbot, library) -> None:
    library.joined = ("K-2",)
    window = window_on(qtbot, library)
    button = window.findChild(QPushButton, "part_case")
    desk_of(window).take("H-1")
    assert not button.isVisible()
    desk_of(window).take("K-2")
    button.click()
    assert button.text() == "Yes, part it" and library.decided == []
    button.click()
    assert library.decided == [("part", "K-2", "person")]
    assert not button.isVisible()


def test_options_carry_codes_crosswalk_and_approval_into_the_import(
    window, monkeypatch, tmp_path, in_step
) -> None:
    given: list[object] = []

    def fake(workspace, paths, *, progress, **named):
        given.append((paths, named))
        return REPORT

    def fill(dialog: ImportOptions) -> int:
        assert not dialog.findChild(QPushButton, "start_import").isEnabled()
        dialog.findChild(QPushButton, "choose_folder").click()
        dialog.findChild(QLineEdit, "codes_file").setText(str(tmp_path / "codes.csv"))
        dialog.findChild(QLineEdit, "crosswalk_file").setText(str(tmp_path / "who.csv"))
        dialog.findChild(QCheckBox, "approve_secondary").setChecked(True)
        dialog.findChild(QPushButton, "start_import").click()
        return dialog.result()

    monkeypatch.setattr(import_files, "import_paths", fake)
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path))
    monkeypatch.setattr(ImportOptions, "exec", fill)
    window.findChild(QPushButton, "import_options").click()
    named = {
        "codes": tmp_path / "codes.csv",
        "crosswalk": tmp_path / "who.csv",
        "approve_secondary": True,
    }
    assert given == [([tmp_path], named)]
    desk_of(window).take("K-10")
    window.findChild(QPushButton, "confirm_L").click()
    assert in_step == [tmp_path / "who.csv"]  # the decision goes into the crosswalk of the import


def test_what_was_kept_out_comes_in_only_after_a_person_approved_it(window, monkeypatch, tmp_path) -> None:
    given: list[object] = []
    kept_out = outcomes(
        ("/disc/IM1", Status.LOADED, ""),
        ("/disc/SC1", Status.SKIPPED, WHY_LEFT_OUT[Kind_.SECONDARY_CAPTURE]),
        ("/disc/SC2", Status.SKIPPED, WHY_LEFT_OUT[Kind_.BURNED_IN]),
    )

    def fake(workspace, paths, *, progress, approve_secondary, **_):
        given.append((paths, approve_secondary))
        return outcomes(("/disc/SC1", Status.LOADED, "")) if approve_secondary else kept_out

    monkeypatch.setattr(import_files, "import_paths", fake)
    desk_of(window).take((tmp_path,))
    desk_of(window)._show_report()
    control, text = (
        window.findChild(QFrame, "approval_control"),
        window.findChild(QLabel, "approval_text"),
    )
    assert control.isVisible() and text.text().startswith("2 files kept out")
    window.findChild(QPushButton, "approve").click()
    assert len(given) == 1 and "every reader will see them" in text.text()
    assert window.findChild(QTableView, "import_table").model().rowCount() == 2  # what would come in
    window.findChild(QPushButton, "approve_not").click()
    assert len(given) == 1 and text.text().startswith("2 files kept out")
    window.findChild(QPushButton, "approve").click()
    window.findChild(QPushButton, "approve").click()
    assert given == [([tmp_path], False), ([tmp_path], True)]
    assert not control.isVisible()


def test_an_import_lists_every_file_and_shows_the_refused_first(window, monkeypatch, tmp_path) -> None:
    given: list[object] = []

    def fake(workspace, paths, *, progress, **_):
        given.extend(paths)
        return REPORT

    monkeypatch.setattr(import_files, "import_paths", fake)
    desk_of(window).take((tmp_path,))
    assert given == [tmp_path]
    table = window.findChild(QTableView, "import_table")
    assert table.isVisible()
    assert table.model().rowCount() == 1
    assert "cut short" in table.model().index(0, 1).data()
    status = window.findChild(QComboBox, "import_status")
    shown = {}
    for index in range(status.count()):
        status.setCurrentIndex(index)
        shown[status.currentText()] = table.model().rowCount()
    counts = {"All files": 4, "Refused": 1, "Skipped": 1, "Loaded": 2, "Waiting for approval": 0}
    assert shown == counts
    assert window.findChild(QLabel, "import_summary").text() == "4 files: 2 loaded, 1 skipped, 1 refused"
    assert window.context.messages.last.kind is Kind.ATTENTION


def test_the_report_is_saved_as_csv(window, monkeypatch, tmp_path) -> None:
    monkeypatch.setattr(import_files, "import_paths", lambda workspace, paths, *, progress, **_: REPORT)
    desk_of(window).take((tmp_path,))
    target = tmp_path / "report.csv"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(target), ""))
    window.findChild(QPushButton, "save_report").click()
    lines = target.read_text("utf-8-sig").splitlines()
    assert lines[0] == "path,status,reason,series" and len(lines) == 5
    assert "report.csv" in window.context.messages.last.text


def test_a_report_that_cannot_be_saved_is_said(window, monkeypatch, tmp_path) -> None:
    monkeypatch.setattr(import_files, "import_paths", lambda workspace, paths, *, progress, **_: REPORT)
    desk_of(window).take((tmp_path,))
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "no" / "such.csv"), ""))
    window.findChild(QPushButton, "save_report").click()
    assert window.context.messages.last.kind is Kind.REFUSED


def test_menu_keys_ask_for_a_folder_or_files(window, qtbot, monkeypatch, tmp_path) -> None:
    given: list[list[Path]] = []
    monkeypatch.setattr(
        import_files, "import_paths", lambda workspace, paths, *, progress, **_: given.append(paths) or REPORT
    )
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path))
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_: ([str(tmp_path / "a.zip")], ""))
    qtbot.keyClick(window.desk, Qt.Key.Key_O, Qt.KeyboardModifier.ControlModifier)
    window.findChild(QPushButton, "import_files").click()
    assert given == [[tmp_path], [tmp_path / "a.zip"]]
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: "")
    window.findChild(QPushButton, "import_folder").click()
    assert len(given) == 2


def test_an_import_that_cannot_start_is_said_and_the_library_stays(window, monkeypatch, tmp_path) -> None:
    def refuse(workspace, paths, *, progress, **_):
        raise StoreError("Nothing was imported", "the disk is full", "Free some space")

    monkeypatch.setattr(import_files, "import_paths", refuse)
    desk_of(window).take((tmp_path,))
    assert "disk is full" in window.context.messages.last.text
    assert codes(window) == ["H-1", "K-2", "K-10"]
    assert not window.findChild(QPushButton, "cancel_import").isVisible()


def in_a_thread(window: MainWindow, monkeypatch) -> None:
    """A fake import cannot be sent to another process: a thread of the window takes it."""

    def work(function, *arguments, **named):
        return lambda progress: function(*arguments, **named, progress=progress)

    monkeypatch.setattr(window.context.jobs, "in_gentle_process", work)


def test_an_import_runs_beside_the_window_can_be_cancelled_and_others_wait(
    qtbot, library, monkeypatch, tmp_path
) -> None:
    window = window_on(qtbot, library, synchronous=False)
    qtbot.waitUntil(lambda: len(codes(window)) == 3)
    in_a_thread(window, monkeypatch)
    began = threading.Event()
    calls: list[list[Path]] = []

    def slow(workspace, paths, *, progress, **_):
        calls.append(paths)
        began.set()
        for step in range(10_000):
            progress.report(step, 10_000, "reading")
            time.sleep(0.002)
        raise AssertionError("never cancelled")

    monkeypatch.setattr(import_files, "import_paths", slow)
    desk = desk_of(window)
    desk.take((tmp_path / "first",))
    qtbot.waitUntil(began.is_set)
    qtbot.waitUntil(lambda: "of 10,000" in window.findChild(QLabel, "import_text").text())
    assert window.findChild(QPushButton, "cancel_import").isVisible()
    desk.take((tmp_path / "second",))
    assert "after the import that runs now" in window.context.messages.last.text
    window.findChild(QLineEdit, "search").setText("H-1")  # the desk answers meanwhile
    qtbot.waitUntil(lambda: codes(window) == ["H-1"])
    window.findChild(QPushButton, "cancel_import").click()
    qtbot.waitUntil(lambda: "was stopped" in window.context.messages.last.text)
    assert not window.findChild(QPushButton, "cancel_import").isVisible()
    assert calls == [[tmp_path / "first"]]
    assert window.close()


def test_an_import_waiting_its_turn_follows_by_itself(qtbot, library, monkeypatch, tmp_path) -> None:
    window = window_on(qtbot, library, synchronous=False)
    in_a_thread(window, monkeypatch)
    gate = threading.Event()
    calls: list[list[Path]] = []

    def fake(workspace, paths, *, progress, **_):
        calls.append(paths)
        gate.wait(5)
        return REPORT

    monkeypatch.setattr(import_files, "import_paths", fake)
    desk_of(window).take((tmp_path / "first",))
    desk_of(window).take((tmp_path / "second",))
    gate.set()
    qtbot.waitUntil(lambda: len(calls) == 2)
    assert calls == [[tmp_path / "first"], [tmp_path / "second"]]
    assert window.close()


def test_closing_the_window_stops_a_running_import(qtbot, library, monkeypatch, tmp_path) -> None:
    window = window_on(qtbot, library, synchronous=False)
    in_a_thread(window, monkeypatch)
    ended = threading.Event()
    began = threading.Event()

    def slow(workspace, paths, *, progress, **_):
        try:
            while True:
                began.set()
                progress.report(1, 2)
                time.sleep(0.002)
        except Cancelled:
            ended.set()
            raise

    monkeypatch.setattr(import_files, "import_paths", slow)
    desk_of(window).take((tmp_path,))
    assert began.wait(3)
    assert window.close()
    assert ended.is_set() and library.is_closed


def test_what_the_library_warns_of_is_said(qtbot, library) -> None:
    library.warnings = ("An import was interrupted. Import the same files again; nothing is taken twice.",)
    window = window_on(qtbot, library)
    assert "interrupted" in window.context.messages.last.text


def test_a_thousand_cases_scroll_without_a_stutter(qtbot) -> None:
    many = FakeLibrary([study(f"K-{number}", warnings=("Uneven spacing.",)) for number in range(1000)])
    window = window_on(qtbot, many)
    table = table_of(window)
    assert len(codes(window)) == 1000
    bar = table.verticalScrollBar()
    slowest = 0.0
    for step in range(60):
        began = time.perf_counter()
        bar.setValue(bar.maximum() * step // 60)
        table.viewport().repaint()
        slowest = max(slowest, time.perf_counter() - began)
    assert slowest < 0.1  # a generous bound for a busy machine; about 10 ms when it is not
    assert len(desk_of(window)._thumbnails._wishes) <= 60  # only what is seen is asked for


def test_every_control_has_a_name_and_a_reason_on_hover(window, monkeypatch, tmp_path) -> None:
    monkeypatch.setattr(import_files, "import_paths", lambda workspace, paths, *, progress, **_: REPORT)
    desk_of(window).take((tmp_path,))
    kinds = (QAbstractButton, QLineEdit, QComboBox, QTableView, QListWidget)
    controls = [control for kind in kinds for control in window.desk.findChildren(kind)]
    nameless = [control for control in controls if control.isVisible() and not control.accessibleName()]
    assert [control.objectName() for control in nameless if _is_ours(control)] == []
    tipless = [
        control.objectName()
        for control in window.desk.findChildren(QAbstractButton)
        if control.isVisible() and _is_ours(control) and not control.toolTip()
    ]
    assert tipless == []


def test_tab_reaches_every_part_of_the_desk(window, qtbot) -> None:
    table_of(window).setFocus()
    seen = set()
    for _ in range(60):
        qtbot.keyClick(window.focusWidget(), Qt.Key.Key_Tab)
        seen.add(window.focusWidget().objectName())
    assert {"case_table", "search", "import_folder", "series_list", "open_case", "filter_knee"} <= seen


def _is_ours(control) -> bool:
    return not control.objectName().startswith("qt_") and control.objectName() != ""


def test_what_the_coil_suggests_is_confirmed_by_one_key(qtbot, in_step) -> None:
    library = FakeLibrary(
        [study("X-1", joint=None, side=None, confirmed=False)], suggested={"X-1": Joint.KNEE}
    )
    window = window_on(qtbot, library)
    table = table_of(window)
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    assert table.model().index(0, 2).data() == "knee ?"
    control = window.findChild(QFrame, "side_control")
    assert control.isVisible()
    assert "coil is built for the knee" in control.findChild(QLabel, "side_text").text()
    assert library.decided == []  # nothing is taken for granted
    table.setFocus()
    qtbot.keyClick(window.desk, Qt.Key.Key_R, Qt.KeyboardModifier.AltModifier)
    assert library.decided == [("side", "X-1", Laterality.RIGHT, Joint.KNEE, "person")]
    assert table.model().index(0, 2).data() == "knee"


def test_joint_and_side_of_many_cases_in_one_step(qtbot, in_step) -> None:
    rows = [study(f"X-{n}", joint=None, side=None, confirmed=False) for n in range(1, 5)]
    library = FakeLibrary(rows)
    window = window_on(qtbot, library)
    table = table_of(window)
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    qtbot.keyClick(window.desk, Qt.Key.Key_L, Qt.KeyboardModifier.AltModifier)
    assert library.decided == []  # nothing was asked
    table.setFocus()
    for _ in range(2):
        qtbot.keyClick(table, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    text = window.findChild(QLabel, "side_text").text()
    assert text.startswith("3 cases get the same joint and side.")
    assert not window.findChild(QPushButton, "confirm_L").isEnabled()
    qtbot.keyClick(window.desk, Qt.Key.Key_H, Qt.KeyboardModifier.AltModifier)
    qtbot.keyClick(window.desk, Qt.Key.Key_B, Qt.KeyboardModifier.AltModifier)
    assert [(code, side, joint) for _, code, side, joint, _ in library.decided] == [
        (f"X-{n}", Laterality.BILATERAL, Joint.HIP) for n in (1, 2, 3)
    ]
    assert in_step == [None]  # the crosswalk is brought up to date once
    assert "3 cases are confirmed" in window.context.messages.last.text


def test_one_line_again_asks_for_one_case_again(qtbot, in_step) -> None:
    library = FakeLibrary([study("K-1"), study("K-2")])
    window = window_on(qtbot, library)
    table = table_of(window)
    table.selectAll()
    assert window.findChild(QFrame, "side_control").isVisible()
    table.selectRow(0)
    assert not window.findChild(QFrame, "side_control").isVisible()
    assert window.findChild(QPushButton, "change_side").isVisible()
