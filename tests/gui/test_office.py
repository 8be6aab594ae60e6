"""The page of those who look after a study: what each may see and do there, and what each is refused."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QComboBox, QLabel, QLineEdit, QListWidget, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from workstation.errors import StoreError
from workstation.gui.application import make_application, make_context
from workstation.gui.study.office.page import OfficePage
from workstation.gui.study.office.part import OfficePart
from workstation.reading.cards import Seat
from workstation.reading.seal import LEAST_COST
from workstation.store.account_files import FOLDER, AccountFolder
from workstation.store.study_store import StudyStore
from workstation.workflow.accounts import make_account
from workstation.workflow.emergency import UNBLINDED
from workstation.workflow.read_case import Study, create_study, open_study_folder
from workstation.workflow.urgent import send_urgent

W = TypeVar("W", bound=QWidget)
RECHT = ("patella", "trochlea", "MFC", "LFC", "MTP", "LTP")
SENTINEL = "SENTINEL lesion of the distal femur"
PLAN = """\
id = "koa"
title = "Knee osteoarthritis"
cases = ["K-1", "K-2"]
readers = ["R1", "R2"]
instruments = ["recht"]
[drift]
cases = ["D-1"]
share = 0.5
answers = "key.csv"
[sealing]
mode = "{mode}"
"""
DRIFT = PLAN[PLAN.index("[drift]") : PLAN.index("[sealing]")]
SEATS = {"R1": Seat.READER, "R2": Seat.READER, "C1": Seat.COORDINATOR, "S1": Seat.SAFETY}


def word(name: str) -> str:
    return f"four plain words {name}"


def make(folder: Path, mode: str, more: str = "", *, drift: bool = True) -> Path:
    people = AccountFolder(folder / "study" / FOLDER)
    for name, seat in SEATS.items():
        if mode != "none" and (mode == "coordinator" or name in ("R1", "R2")):
            make_account(people, name, seat, word(name), cost=LEAST_COST)
    (folder / "key.csv").write_text("\n".join(["case,item,value", *(f"D-1,{item},2" for item in RECHT)]))
    safety = '[safety]\ncontact = "S1"\n' if mode == "coordinator" else ""
    plan = PLAN if drift else PLAN.replace(DRIFT, "")
    (folder / "plan.toml").write_text(plan.format(mode=mode) + safety + more, encoding="utf-8")
    create_study(folder / "plan.toml", folder / "study", passphrase_of=word).close()
    return folder / "study"


def read_some(study: Study, reader: str, cases: int) -> None:
    study.sign_in(reader, word(reader))
    desk = study.reader(reader)
    for entry in desk.worklist()[:cases]:
        read = desk.open_read(entry.code)
        for item in RECHT:
            read.answer(item, 3)
        read.lock(word(reader) if study.vault is not None else reader)
    study.sign_out(reader)


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """R1 has locked everything and sent an urgent finding."""
    folder = make(tmp_path_factory.mktemp("begun"), "coordinator")
    with open_study_folder(folder) as study:
        read_some(study, "R1", 3)
        study.sign_in("R1", word("R1"))
        desk = study.reader("R1")
        first = next(e.code for e in desk.worklist() if desk.any_read(e.code).session.key.case == "K-1")
        send_urgent(study, desk.any_read(first), SENTINEL)
    return folder


@pytest.fixture(scope="module")
def whole(begun: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every read is locked."""
    folder = Path(shutil.copytree(begun, tmp_path_factory.mktemp("whole") / "study"))
    with open_study_folder(folder) as study:
        read_some(study, "R2", 3)
    return folder


@pytest.fixture(scope="module")
def both_keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = make(tmp_path_factory.mktemp("both"), "both-keys")
    with open_study_folder(folder) as study:
        for reader in ("R1", "R2"):
            read_some(study, reader, 3)
    return folder


class Person:
    """Somebody at the page."""

    def __init__(self, page: OfficePage, qtbot: QtBot) -> None:
        self.page, self.qtbot = page, qtbot

    def signs_in(self, name: str, typed: str = "") -> str:
        """Types a passphrase; what was refused is returned."""
        who = self.find(QComboBox, "office_who")
        who.setCurrentIndex(who.findData(name))
        self.types("office_passphrase", typed or word(name))
        return self.find(QLabel, "office_refusal").text()

    def types(self, name: str, text: str, key: Qt.Key = Qt.Key.Key_Return) -> None:
        line = self.find(QLineEdit, name)
        line.clear()
        self.qtbot.keyClicks(line, text)
        self.qtbot.keyClick(line, key)

    def find(self, kind: type[W], name: str) -> W:
        found = self.page.findChild(kind, name)
        assert isinstance(found, kind), name
        return found

    def presses(self, name: str) -> None:
        button = self.find(QPushButton, name)
        assert button.isVisible() and button.isEnabled(), name
        button.click()

    def looks(self, title: str) -> OfficePart:
        return self.page.choose(title)

    def cells(self, part: OfficePart) -> list[list[str]]:
        table = part.table
        return [
            [table.item(row, column).text() for column in range(table.columnCount())]
            for row in range(table.rowCount())
        ]


@pytest.fixture
def person(qtbot: QtBot) -> Iterator[Person]:
    make_application()
    page = OfficePage(make_context({}, synchronous=True))
    qtbot.addWidget(page)
    page.resize(1280, 700)
    page.show()
    yield Person(page, qtbot)
    page.shut_down()


@pytest.fixture
def at_begun(person: Person, begun: Path, tmp_path: Path) -> Person:
    person.page.open(Path(shutil.copytree(begun, tmp_path / "study")))
    return person


def events(folder: Path, kind: str) -> list[dict[str, object]]:
    with open_study_folder(folder) as study:
        return [
            {**json.loads(one.detail), "by": one.actor} for one in study.store.audit() if one.event == kind
        ]


def everything(page: QWidget) -> str:
    """All that any widget of the page holds, hidden ones too."""
    found = [label.text() for label in page.findChildren(QLabel)]
    found += [line.text() for line in page.findChildren(QLineEdit)]
    for part in page.findChildren(OfficePart):
        table = part.table
        cells = ((table.item(r, c)) for r in range(table.rowCount()) for c in range(table.columnCount()))
        found += [f"{cell.text()} {cell.toolTip()}" for cell in cells if cell is not None]
    return "\n".join(found)


# refused ----------------------------------------------------------------------------------------------


def test_nobody_signed_in_learns_nothing_that_needs_a_passphrase(at_begun: Person) -> None:
    told = {title: at_begun.looks(title).said for title in ("Progress", "Orders", "Times", "Urgent findings")}
    assert "told to C1, the coordinator" in told["Progress"]
    assert "C1 is not signed in" in told["Orders"] and "Sign in as C1" in told["Orders"]
    assert "nobody is signed in" in told["Times"]
    assert "only S1, the safety contact" in told["Urgent findings"]
    assert SENTINEL not in everything(at_begun.page)
    assert not at_begun.find(QPushButton, "office_unseal").isVisible()


def test_a_wrong_passphrase_is_refused_in_a_sentence_and_kept_nowhere(at_begun: Person) -> None:
    for name in ("C1", "S1"):
        assert "passphrase is wrong" in at_begun.signs_in(name, "not the passphrase")
        assert "not the passphrase" not in everything(at_begun.page)
        assert at_begun.page.part is not None, "what needs no passphrase stays in sight"
    assert "Nobody is signed in" in at_begun.find(QLabel, "office_people").text()
    at_begun.page.lock_session()


@pytest.mark.parametrize("name", ["R1", "S1"])
def test_a_reader_and_the_contact_see_nothing_of_the_coordinators(at_begun: Person, name: str) -> None:
    assert at_begun.signs_in(name) == ""
    assert "told to C1" in at_begun.looks("Progress").said
    assert at_begun.cells(at_begun.looks("Orders")) == []
    known = at_begun.looks("Known cases")
    assert "⚠" in known.said and at_begun.cells(known) == []
    if name == "R1":
        assert "only S1" in at_begun.looks("Urgent findings").said
        assert {row[1] for row in at_begun.cells(at_begun.looks("Times"))} == {"R1"}


def test_an_emergency_needs_a_case_a_reason_and_the_passphrase(at_begun: Person) -> None:
    part = at_begun.looks("Emergency")
    go, case = at_begun.find(QPushButton, "unblind"), at_begun.find(QComboBox, "unblind_case")
    assert case.currentText() == "" and not go.isEnabled()
    case.setCurrentText("K-1")
    at_begun.types("unblind_passphrase_1", word("C1"))
    assert not go.isEnabled()
    at_begun.types("unblind_reason", "   ")
    assert not go.isEnabled()
    at_begun.types("unblind_reason", "operation tomorrow", Qt.Key.Key_Shift)
    assert go.isEnabled() and go.text() == "Open K-1…"
    at_begun.types("unblind_passphrase_1", "not the passphrase", Qt.Key.Key_Shift)
    go.click()
    assert go.text() == "Yes, open K-1 now"
    at_begun.qtbot.keyClick(part, Qt.Key.Key_Escape)
    assert go.text() == "Open K-1…", "Esc takes the first press back"
    go.click()
    go.click()
    assert "passphrase is wrong" in part.said
    assert part.table.rowCount() == 0
    assert at_begun.find(QLineEdit, "unblind_reason").text() == "operation tomorrow", "nothing else is lost"
    assert at_begun.find(QLineEdit, "unblind_passphrase_1").text() == ""
    assert events(at_begun.page.folder, UNBLINDED) == []


def test_a_case_that_nobody_has_locked_is_not_unblinded(person: Person, tmp_path: Path, begun: Path) -> None:
    folder = make(tmp_path, "coordinator")
    person.page.open(folder)
    part = person.looks("Emergency")
    person.find(QComboBox, "unblind_case").setCurrentText("K-2")
    person.types("unblind_reason", "operation", Qt.Key.Key_Shift)
    for _ in range(2):
        person.types("unblind_passphrase_1", word("C1"), Qt.Key.Key_Shift)
        person.find(QPushButton, "unblind").click()
    person.find(QPushButton, "unblind").click()
    assert "no read of K-2 is locked yet" in part.said
    assert events(folder, UNBLINDED) == []


def test_a_folder_without_a_study_is_refused_and_what_is_open_stays(at_begun: Person, tmp_path: Path) -> None:
    at_begun.page.open(tmp_path)
    assert "no reading study" in at_begun.page._context.messages.last.text
    assert at_begun.page.is_open


# done --------------------------------------------------------------------------------------------------


def test_the_coordinator_sees_progress_and_orders(at_begun: Person) -> None:
    assert at_begun.signs_in("C1") == ""
    part = at_begun.looks("Progress")
    assert at_begun.cells(part) == [["K-1", "locked", "–"], ["K-2", "locked", "–"], ["D-1", "locked", "–"]]
    assert "3 of 6 reads locked" in part.said
    orders = at_begun.cells(at_begun.looks("Orders"))
    assert len(orders) == 6 and [row[4] for row in orders if row[3] == "D-1"] == ["known case"] * 2


def test_one_case_is_opened_in_an_emergency(at_begun: Person) -> None:
    part = at_begun.looks("Emergency")
    at_begun.find(QComboBox, "unblind_case").setCurrentText("K-1")
    at_begun.types("unblind_reason", "operation tomorrow", Qt.Key.Key_Shift)
    at_begun.types("unblind_passphrase_1", word("C1"))
    assert events(at_begun.page.folder, UNBLINDED) == [], "one Enter is not enough"
    at_begun.qtbot.keyClick(at_begun.find(QLineEdit, "unblind_passphrase_1"), Qt.Key.Key_Return)
    assert [(row[0], row[4]) for row in at_begun.cells(part)] == [("R1", "3")] * 6
    assert "K-1 is open" in part.said
    noted = events(at_begun.page.folder, UNBLINDED)
    assert [(one["case"], one["reason"], one["by"]) for one in noted] == [("K-1", "operation tomorrow", "C1")]
    assert "Nobody is signed in" in at_begun.find(QLabel, "office_people").text()
    at_begun.looks("Plan")
    assert part.table.rowCount() == 0, "grades stay on screen only while the part does"


def test_the_contact_reads_a_message_and_it_is_noted(at_begun: Person) -> None:
    assert at_begun.signs_in("S1") == ""
    part = at_begun.looks("Urgent findings")
    assert [(row[2], row[3]) for row in at_begun.cells(part)] == [("R1", "NEW")]
    assert "1 of 1 not read yet" in part.said
    at_begun.presses("office_open_urgent")
    message = at_begun.find(QLabel, "office_urgent_message")
    assert message.isVisible() and SENTINEL in message.text() and "Case K-1 (met as S-" in message.text()
    assert [row[3] for row in at_begun.cells(part)] == ["read"]
    at_begun.looks("Plan")
    assert SENTINEL not in everything(at_begun.page)


def test_known_cases_are_compared_once_the_reads_are_open(
    person: Person, whole: Path, tmp_path: Path
) -> None:
    person.page.open(Path(shutil.copytree(whole, tmp_path / "study")))
    person.signs_in("C1")
    assert "Unseal them first" in person.looks("Known cases").said
    progress = person.looks("Progress")
    assert "cannot be taken back" in progress.said
    person.presses("office_unseal")
    assert person.find(QPushButton, "office_unseal").text() == "Yes, open the reads now"
    person.presses("office_unseal")
    assert "Open for comparison: 2 of 2 cases" in progress.said
    rows = person.cells(person.looks("Known cases"))
    assert [(row[0], row[1], row[6]) for row in rows] == [
        ("R1", "1", "+1.00 grades"),
        ("R2", "1", "+1.00 grades"),
    ]
    assert len(person.cells(person.looks("Times"))) == 4
    person.looks("Times").save(tmp_path / "times.csv")  # type: ignore[attr-defined]  # TimesPart
    assert (tmp_path / "times.csv").read_text().startswith("study,case")
    person.looks("Export")
    person.types("office_export_out", str(tmp_path / "out"))
    assert (tmp_path / "out" / "conduct.csv").read_text().count("held") == 4
    assert "conduct.csv" in person.looks("Export").said


def test_with_both_keys_both_sign_in(person: Person, both_keys: Path, tmp_path: Path) -> None:
    person.page.open(Path(shutil.copytree(both_keys, tmp_path / "study")))
    assert person.signs_in("R1") == ""
    progress = person.looks("Progress")
    assert "told to nobody" in progress.said
    person.presses("office_unseal")
    person.presses("office_unseal")
    assert "Now R2 must sign in here" in progress.said
    assert person.signs_in("R2") == ""
    person.presses("office_unseal")
    person.presses("office_unseal")
    assert "6 of 6 reads locked" in progress.said
    assert len(person.cells(person.looks("Known cases"))) == 2
    person.looks("Emergency")
    assert person.find(QLineEdit, "unblind_passphrase_2").isVisible()


def test_the_log_is_verified_without_a_passphrase(at_begun: Person) -> None:
    part = at_begun.looks("Log and head code")
    assert "Head of the log now" in part.said
    head = part.said.rsplit(" ", 1)[-1]
    at_begun.presses("office_verify")
    assert "✓ Intact" in part.said and "unproven" in part.said
    at_begun.types("office_head", head)
    assert "✓ Intact" in part.said and "unproven" not in part.said
    at_begun.types("office_head", "AAAA-BBBB-CCCC")
    assert "NOT intact" in part.said and "head code that was given is not in it" in part.said
    assert len(at_begun.cells(at_begun.looks("Plan"))) == 1


def test_a_read_only_folder_is_said_and_nothing_is_lost(at_begun: Person, tmp_path: Path) -> None:
    part = at_begun.looks("Export")
    (tmp_path / "file").write_text("in the way")
    at_begun.signs_in("R1")
    what = at_begun.find(QComboBox, "office_export_what")
    what.setCurrentIndex(what.findData("R1"))
    at_begun.types("office_export_out", str(tmp_path / "file" / "out"))
    assert "Nothing was exported" in part.said
    assert at_begun.find(QLineEdit, "office_export_out").text().endswith("out")
    at_begun.types("office_export_out", str(tmp_path / "own"))
    assert "R2" not in (tmp_path / "own" / "reads.csv").read_text()


def test_locking_covers_everything_and_forgets_the_keys(at_begun: Person) -> None:
    at_begun.signs_in("C1")
    at_begun.signs_in("S1")
    assert "Signed in: C1, S1" in at_begun.find(QLabel, "office_people").text()
    part = at_begun.looks("Urgent findings")
    at_begun.presses("office_open_urgent")
    assert SENTINEL in everything(at_begun.page)
    at_begun.looks("Orders")
    at_begun.looks("Urgent findings")
    at_begun.presses("office_open_urgent")
    QApplication.clipboard().setText(SENTINEL)
    assert at_begun.page.lock_session()
    said = everything(at_begun.page)
    assert SENTINEL not in said and "K-1" not in said and "Locked" in said
    assert QApplication.clipboard().text() == ""
    assert not at_begun.find(QListWidget, "office_parts").isEnabled()
    assert part.table.rowCount() == 0
    assert not at_begun.page.lock_session(), "nobody is signed in any more"
    assert at_begun.signs_in("C1") == ""
    assert "only S1" in at_begun.looks("Urgent findings").said
    assert len(at_begun.cells(at_begun.looks("Orders"))) == 6
    at_begun.presses("office_sign_out")
    assert at_begun.cells(at_begun.looks("Orders")) == []


def test_a_study_that_is_not_sealed_asks_for_nothing(person: Person, tmp_path: Path) -> None:
    folder = make(tmp_path, "none")
    with open_study_folder(folder) as study:
        read_some(study, "R1", 2)
    person.page.open(folder)
    assert "Not sealed" in person.find(QLabel, "office_people").text()
    assert not person.find(QLineEdit, "office_passphrase").isVisible()
    assert "2 of 6 reads locked" in person.looks("Progress").said
    assert not person.page.lock_session()


@pytest.mark.expects_warning
def test_on_a_disk_that_takes_nothing_nothing_is_opened_but_an_urgent_finding(
    at_begun: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_begun.signs_in("S1")

    def refuse(*_: object, **__: object) -> None:
        raise StoreError("The entry was not kept", "the folder is read-only", "Copy it to another place")

    monkeypatch.setattr(StudyStore, "record", refuse)
    assert "the folder is read-only" in at_begun.signs_in("C1")
    part = at_begun.looks("Emergency")
    at_begun.find(QComboBox, "unblind_case").setCurrentText("K-1")
    at_begun.types("unblind_reason", "operation tomorrow", Qt.Key.Key_Shift)
    for _ in range(2):
        at_begun.types("unblind_passphrase_1", word("C1"), Qt.Key.Key_Shift)
        at_begun.find(QPushButton, "unblind").click()
    at_begun.find(QPushButton, "unblind").click()
    assert "the folder is read-only" in part.said
    assert part.table.rowCount() == 0, "the log has the reason before anything is shown"
    assert at_begun.find(QLineEdit, "unblind_reason").text() == "operation tomorrow"
    at_begun.looks("Urgent findings")
    at_begun.presses("office_open_urgent")
    assert SENTINEL in at_begun.find(QLabel, "office_urgent_message").text(), "it cannot wait for a disk"


def test_the_calibration_is_told_as_far_as_each_may_know(person: Person, tmp_path: Path) -> None:
    more = '[calibration]\ncases = ["D-1"]\nmeasure = "exact"\nthreshold = 1.0\nattempts = 1\n'
    folder = make(tmp_path, "coordinator", f'{more}feedback = "items"\nanswers = "key.csv"\n', drift=False)
    with open_study_folder(folder) as study:
        read_some(study, "R1", 1)
    person.page.open(folder)
    assert "Sign in as reader or coordinator" in person.looks("Calibration").said
    person.signs_in("C1")
    assert person.cells(person.looks("Calibration")) == [["R1", "not passed at attempt 1"], ["R2", "not yet"]]
    person.presses("office_sign_out")
    person.signs_in("R1")
    part = person.looks("Calibration")
    assert "R1: Calibration not passed with 0.00" in part.said
    assert [row[2:] for row in person.cells(part)] == [["3", "2"]] * 6
    person.presses("office_sign_out")
    person.signs_in("R2")
    assert "R2: Calibration first" in person.looks("Calibration").said and person.cells(part) == []


def test_a_reader_who_is_not_the_holder_unblinds_nothing(at_begun: Person) -> None:
    at_begun.signs_in("R1")
    part = at_begun.looks("Emergency")
    at_begun.find(QComboBox, "unblind_case").setCurrentText("K-1")
    at_begun.types("unblind_reason", "curious", Qt.Key.Key_Shift)
    at_begun.types("unblind_passphrase_1", word("R1"), Qt.Key.Key_Shift)
    for _ in range(2):
        at_begun.find(QPushButton, "unblind").click()
    assert "C1 was not signed in: the passphrase is wrong" in part.said
    assert "Signed in: R1" in at_begun.find(QLabel, "office_people").text()
    assert events(at_begun.page.folder, UNBLINDED) == []


@pytest.mark.parametrize("locks", [False, True])
def test_an_export_goes_on_whatever_is_looked_at(
    qtbot: QtBot, begun: Path, tmp_path: Path, locks: bool
) -> None:
    make_application()
    page = OfficePage(make_context({}, synchronous=False))
    qtbot.addWidget(page)
    page.open(Path(shutil.copytree(begun, tmp_path / "study")))
    qtbot.waitUntil(lambda: page.is_open, timeout=20_000)
    page.sign_in("R1", word("R1"))
    people = page.findChild(QLabel, "office_people")
    qtbot.waitUntil(lambda: people.text() == "Signed in: R1", timeout=20_000)
    export = page.choose("Export")
    what = page.findChild(QComboBox, "office_export_what")
    what.setCurrentIndex(what.findData("R1"))
    page.findChild(QLineEdit, "office_export_out").setText(str(tmp_path / "out"))
    page.findChild(QPushButton, "office_export_go").click()
    if locks:
        assert page.lock_session()
        assert page.part is None
        last = page._context.messages
        qtbot.waitUntil(lambda: last.last is not None and "export is done" in last.last.text, timeout=20_000)
        qtbot.waitUntil(lambda: people.text() == "Nobody is signed in", timeout=20_000)
        assert (tmp_path / "out" / "conduct.csv").is_file()
        assert "conduct.csv" not in everything(page)
        page.shut_down()
        return
    log = page.choose("Log and head code")
    page.findChild(QPushButton, "office_verify").click()
    qtbot.waitUntil(lambda: "Intact" in log.said, timeout=20_000)
    qtbot.waitUntil(lambda: "conduct.csv" in export.said, timeout=20_000)
    page.shut_down()
