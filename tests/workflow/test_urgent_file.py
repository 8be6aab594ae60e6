"""An urgent finding as a sealed file: opened by its contact alone, and known again when the return comes."""

from __future__ import annotations

import base64
import json
import shutil
from pathlib import Path

import pytest

from tests.workflow.two_machines import PLAN, Machine, make_home, package, send_back, take, word
from workstation.cli.main import OK, REFUSED, run
from workstation.errors import DataError, ProtocolViolation
from workstation.reading.account import WrongPassphrase
from workstation.reading.cards import Seat
from workstation.reading.seal import LEAST_COST, NotOpened
from workstation.reading.urgent_file import UrgentMessage, opened_message, sealed_message
from workstation.store.account_files import FOLDER, AccountFolder
from workstation.workflow.accounts import make_account
from workstation.workflow.take_return import TakenReturn
from workstation.workflow.urgent import Contact, send_urgent
from workstation.workflow.urgent_file import open_urgent, save_urgent, take_urgent
from workstation.workflow.verify_study import verify_study

SENTINEL = "SENTINEL lesion of the distal femur"
WITH_CONTACT = PLAN + '[safety]\ncontact = "S1"\n'


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Home, R1's machine, and two findings that R1 sent there, each in its file; not to be changed."""
    place = tmp_path_factory.mktemp("urgent")
    home, machine = make_home(place / "home", plan=WITH_CONTACT, safety="S1"), Machine(place / "R1")
    take(machine, package(home, "R1", place).path)
    with machine.opened("R1") as study:
        for number, text in enumerate((SENTINEL, "another"), start=1):
            sent = send_urgent(study, study.reader("R1").any_read("K-1"), text)
            save_urgent(study, "R1", sent, place / f"{number}.marrow-urgent")
    send_back(machine, "R1", place / "R1.marrow-return")
    return place


@pytest.fixture
def home(made: Path, tmp_path: Path) -> Machine:
    return Machine(Path(shutil.copytree(made / "home", tmp_path / "home")))


def listed(home: Machine) -> list[tuple[int, bool]]:
    with home.opened() as study:
        return [(one.number, one.is_seen) for one in Contact(study, "S1", word("S1")).sent()]


def test_the_contact_opens_it_with_nothing_but_the_own_account(made: Path, tmp_path: Path) -> None:
    people = AccountFolder(tmp_path / FOLDER)
    tmp_path.joinpath(FOLDER).mkdir()
    shutil.copy(made / "home" / "study" / FOLDER / "S1.json", tmp_path / FOLDER)
    opened = open_urgent(made / "1.marrow-urgent", people, "S1", word("S1"))
    assert (opened.finding.text, opened.finding.case, opened.finding.reader) == (SENTINEL, "K-1", "R1")
    assert opened.sender is not None and opened.sender.name == "R1" and opened.title == "Knee"
    with pytest.raises(WrongPassphrase):
        open_urgent(made / "1.marrow-urgent", people, "S1", "another passphrase")


def test_the_file_tells_nobody_else_anything(made: Path) -> None:
    one, two = ((made / f"{number}.marrow-urgent").read_bytes() for number in (1, 2))
    assert len(one) == len(two), "words of any length make the same size"
    for text in (SENTINEL, "R1", "S1", "K-1", "koa", "Knee"):
        assert base64.b64encode(text.encode())[:-4] not in one or len(text) < 4
        assert text.encode() not in one[:96] and (len(text) < 4 or text.encode() not in one)
    people = AccountFolder(made / "home" / "study" / FOLDER)
    for name in ("R1", "R2", "C1"):
        with pytest.raises(NotOpened):
            open_urgent(made / "1.marrow-urgent", people, name, word(name))


def test_its_name_tells_nothing_either(made: Path, tmp_path: Path) -> None:
    machine = Machine(Path(shutil.copytree(made / "R1", tmp_path / "R1")))
    with machine.opened("R1") as study:
        number = next(one.sequence for one in study.store.audit() if one.event == "urgent finding")
        path = save_urgent(study, "R1", number, tmp_path)
        assert path.name.startswith("urgent-") and path.suffix == ".marrow-urgent" and len(path.stem) == 15
        for wrong in (1, 99999, -1):
            with pytest.raises(ProtocolViolation, match="sent no urgent finding"):
                save_urgent(study, "R1", wrong, tmp_path)


def test_the_return_brings_the_same_message_once(home: Machine, made: Path) -> None:
    assert take_urgent(made / "1.marrow-urgent", home.study)
    assert not take_urgent(made / "1.marrow-urgent", home.study)
    ((number, seen),) = listed(home)
    assert not seen
    with home.opened() as study:
        assert Contact(study, "S1", word("S1")).read(number).text == SENTINEL
    taken = take(home, made / "R1.marrow-return")
    assert isinstance(taken, TakenReturn) and taken.urgent == 1, "the other one is new"
    assert [seen for _, seen in listed(home)] == [True, False]
    with home.opened() as study:
        contact = Contact(study, "S1", word("S1"))
        assert [contact.read(one.number).text for one in contact.sent()] == [SENTINEL, "another"]
        assert verify_study(study).findings == ()
    assert not take_urgent(made / "2.marrow-urgent", home.study), "it came with the return"


def test_damaged_and_foreign_files_are_refused_and_forged_ones_not_shown(
    home: Machine, made: Path, tmp_path: Path
) -> None:
    data = (made / "1.marrow-urgent").read_bytes()
    bad = tmp_path / "bad.marrow-urgent"
    before = home.rows()
    for content in (b"", b"x" * 40_000, data[:-40_000], data[:5000], data + bytes(70_000), data[16:]):
        bad.write_bytes(content)
        with pytest.raises(DataError, match="no sealed message"):
            take_urgent(bad, home.study)
    assert home.rows() == before
    people = AccountFolder(home.study / FOLDER)
    _, contact_keys = people.keys("S1", word("S1"))
    other, other_keys = people.keys("R2", word("R2"))
    message = opened_message(data, contact_keys)
    assert message.sender is not None
    forged = (
        UrgentMessage(message.study, "Knee", message.entry, other.card, message.signature),
        UrgentMessage("another study", "Knee", message.entry, message.sender, message.signature),
        UrgentMessage(message.study, "Knee", message.entry, message.sender, b""),
    )
    flipped = bytearray(data)
    flipped[-1] ^= 1
    to = people.load("S1").card
    for content in (*(sealed_message(one, to) for one in forged), bytes(flipped)):
        bad.write_bytes(content)
        with pytest.raises(NotOpened):
            open_urgent(bad, people, "S1", word("S1"))
        # Who takes it in cannot look inside; what is not genuine is not shown to the contact,
        assert take_urgent(bad, home.study)
        assert not take_urgent(bad, home.study)
    assert listed(home) == []
    assert take_urgent(made / "1.marrow-urgent", home.study), "and does not stand before the genuine one"
    assert len(listed(home)) == 1
    assert other_keys.signing_key != message.sender.signing_key


def test_on_the_command_line(made: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    home = Machine(Path(shutil.copytree(made / "home", tmp_path / "home")))
    machine = Machine(Path(shutil.copytree(made / "R1", tmp_path / "R1")))

    def call(study: Path, *words: object, name: str = "") -> tuple[int, str]:
        given = ["study", *map(str, words), "--study", str(study)]
        if name:
            passphrase = tmp_path / "word"
            passphrase.write_text(word(name))
            with passphrase.open() as file:
                code = run([*given, "--passphrase-fd", str(file.fileno())], None)  # type: ignore[arg-type] - no progress here
        else:
            code = run(given, None)  # type: ignore[arg-type] - no progress here
        return code, capfd.readouterr().out

    words = ("--case", "K-2", "--text", SENTINEL, "--out", tmp_path)
    code, said = call(machine.study, "urgent", "send", "R1", *words, name="R1")
    (file,) = tmp_path.glob("*.marrow-urgent")
    assert code == OK and f"{file.name} is for S1: tell the contact by telephone as well." in said
    code, said = call(home.study, "accept", file)
    assert (code, said.splitlines()[0]) == (
        OK,
        "An urgent finding came in, sealed. Tell the safety contact now, who alone can read it.",
    )
    assert call(home.study, "accept", file, "--json")[1].count('"changed": false') == 1
    code, said = call(home.study, "urgent", "open", file, "--as", "S1", name="S1")
    assert code == OK and SENTINEL in said and "compare the fingerprint aloud" in said
    code, said = call(home.study, "urgent", "open", file, "--as", "S1", "--json", name="S1")
    assert json.loads(said)["text"] == SENTINEL
    assert call(home.study, "urgent", "open", file, "--as", "C1", name="C1")[0] == REFUSED


def test_a_study_that_is_not_sealed_saves_it_too(tmp_path: Path) -> None:
    from workstation.workflow.read_case import create_study

    make_account(AccountFolder(tmp_path / "study" / FOLDER), "S1", Seat.SAFETY, word("S1"), cost=LEAST_COST)
    (tmp_path / "plan.toml").write_text(WITH_CONTACT + '[sealing]\nmode = "none"\n', encoding="utf-8")
    with create_study(tmp_path / "plan.toml", tmp_path / "study") as study:
        sent = send_urgent(study, study.reader("R1").any_read("K-1"), SENTINEL)
        file = save_urgent(study, "R1", sent, tmp_path)
    opened = open_urgent(file, AccountFolder(tmp_path / "study" / FOLDER), "S1", word("S1"))
    assert (opened.finding.text, opened.sender) == (SENTINEL, None)
