"""Accounts in the window, outside the wizard: made, a passphrase changed, restored with an escrow key."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QComboBox, QLabel, QLineEdit, QPushButton
from pytestqt.qtbot import QtBot

from workstation.gui.application import make_application
from workstation.gui.jobs import Jobs
from workstation.gui.study.accounts_dialog import AccountsDialog, Way
from workstation.reading import seal
from workstation.reading.account import WrongPassphrase, new_account
from workstation.reading.cards import Seat
from workstation.store.account_files import FOLDER, AccountFolder
from workstation.workflow import accounts
from workstation.workflow.read_case import create_study, open_study_folder

PLAN = """\
id = "koa"
title = "Knee"
cases = ["K-1"]
readers = ["R1", "R2"]
instruments = ["recht"]
[sealing]
mode = "both-keys"
escrow = "{escrow}"
"""


def word(name: str) -> str:
    return f"four plain words {name}"


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        accounts,
        "new_account",
        lambda name, seat, passphrase, escrow, _cost: new_account(
            name, seat, passphrase, escrow, seal.LEAST_COST
        ),
    )


class Person:
    """Types into the dialog."""

    def __init__(self, dialog: AccountsDialog) -> None:
        self.dialog = dialog

    def types(self, **texts: str) -> None:
        for name, text in texts.items():
            line = self.dialog.findChild(QLineEdit, name)
            assert line is not None
            line.setText(text)

    def chooses(self, name: str, entry: str) -> None:
        box = self.dialog.findChild(QComboBox, name)
        assert box is not None
        box.setCurrentText(entry)

    def presses(self) -> str:
        button = self.dialog.findChild(QPushButton, "account_do")
        assert button is not None
        assert button.isEnabled()
        button.click()
        return self.told("account_answer")

    def told(self, name: str) -> str:
        label = self.dialog.findChild(QLabel, name)
        assert label is not None
        return label.text()

    def makes(self, name: str, seat: str, escrow: str = "") -> str:
        self.dialog.choose(Way.MAKE)
        self.chooses("account_seat", seat)
        self.types(
            account_name=name, escrow_file=escrow, new_passphrase=word(name), new_passphrase_again=word(name)
        )
        return self.presses()


@pytest.fixture
def open_dialog(qtbot: QtBot) -> Iterator[object]:
    make_application()
    bugs: list[BaseException] = []
    jobs = Jobs(bugs.append, bugs.append, synchronous=True)

    def opened(folder: Path) -> Person:
        dialog = AccountsDialog(folder, jobs)
        qtbot.addWidget(dialog)
        dialog.show()
        return Person(dialog)

    yield opened
    jobs.close()
    assert bugs == []


def test_accounts_with_an_escrow_key_from_making_to_restoring(tmp_path: Path, open_dialog) -> None:  # type: ignore[no-untyped-def]  # pytest gives the fixture
    safe = open_dialog(tmp_path / "offline")
    assert "There are no accounts yet." in safe.told("account_cards")
    told = safe.makes("safe", "escrow key, kept offline")
    fingerprint = AccountFolder(tmp_path / "offline" / FOLDER).load("safe").card.fingerprint
    assert f'escrow = "{fingerprint}"' in told
    escrow_file = str(tmp_path / "offline" / FOLDER / "safe.json")
    person = open_dialog(tmp_path / "study")
    assert "Nobody can recover this passphrase" not in person.told("account_said")
    person.dialog.choose(Way.MAKE)
    assert "Nobody can recover this passphrase" in person.told("account_said")
    for name in ("R1", "R2"):
        assert f"{name} was made" in person.makes(name, "reader", escrow_file)
    cards = AccountFolder(tmp_path / "study" / FOLDER).cards()
    assert all(card.spoken in person.told("account_cards") for card in cards)
    (tmp_path / "plan.toml").write_text(PLAN.format(escrow=fingerprint), encoding="utf-8")
    create_study(tmp_path / "plan.toml", tmp_path / "study", passphrase_of=word).close()
    person.dialog.choose(Way.RESTORE)
    person.chooses("account_known", "R2")
    new = "another four words"
    person.types(
        escrow_file=escrow_file, escrow_passphrase=word("safe"), new_passphrase=new, new_passphrase_again=new
    )
    assert person.presses() == "R2 has a new passphrase. The study's log says how it got it."
    with open_study_folder(tmp_path / "study") as study:
        study.sign_in("R2", new)
        assert "escrow key used" in [one.event for one in study.store.audit()]


def test_a_passphrase_is_changed_and_a_wrong_one_refused_and_logged(tmp_path: Path, open_dialog) -> None:  # type: ignore[no-untyped-def]  # pytest gives the fixture
    person = open_dialog(tmp_path / "study")
    for name in ("R1", "R2"):
        person.makes(name, "reader")
    (tmp_path / "plan.toml").write_text(PLAN.format(escrow=""), encoding="utf-8")
    create_study(tmp_path / "plan.toml", tmp_path / "study", passphrase_of=word).close()
    person.dialog.choose(Way.CHANGE)
    person.chooses("account_known", "R1")
    new = "another four words"
    person.types(old_passphrase="not the right one", new_passphrase=new, new_passphrase_again=new)
    assert "the passphrase is wrong" in person.presses()
    for line in person.dialog.findChildren(QLineEdit):
        assert not line.text() or line.objectName() in ("account_name", "escrow_file"), line.objectName()
    person.types(old_passphrase=word("R1"), new_passphrase=new, new_passphrase_again=new)
    assert person.presses() == "The passphrase of R1 was changed."
    with open_study_folder(tmp_path / "study") as study:
        events = [one.event for one in study.store.audit()]
        assert events[-2:] == ["wrong passphrase", "passphrase changed"]
        with pytest.raises(WrongPassphrase):
            study.sign_in("R1", word("R1"))
        study.sign_in("R1", new)


def test_what_cannot_be_done_is_said_in_place(tmp_path: Path, open_dialog) -> None:  # type: ignore[no-untyped-def]  # pytest gives the fixture
    person = open_dialog(tmp_path / "study")
    button = person.dialog.findChild(QPushButton, "account_do")
    assert button is not None
    assert not button.isEnabled()
    person.dialog.choose(Way.MAKE)
    person.types(account_name="R1", new_passphrase=word("R1"), new_passphrase_again="something else")
    assert not button.isEnabled(), "typed twice, and not the same"
    person.types(account_name="R 1/..", new_passphrase=word("R1"), new_passphrase_again=word("R1"))
    assert "cannot be its name" in person.presses()
    person.types(new_passphrase="short", new_passphrase_again="short", account_name="R1")
    assert "at least 10 characters" in person.presses()
    assert "was made" in person.makes("R1", "reader")
    assert "there is an account R1 already" in person.makes("r1", "reader")
    assert "⚠" in person.makes("R2", "reader", str(tmp_path / "nothing.json"))
    (tmp_path / "study" / FOLDER / "R1.json").write_text("{", encoding="utf-8")
    damaged = open_dialog(tmp_path / "study")
    assert "R1" in damaged.told("account_answer")
    assert Seat.READER.value not in damaged.told("account_cards")


def test_a_study_set_up_with_an_escrow_key_names_it_and_so_do_its_accounts(
    knee_library: Path, tmp_path: Path
) -> None:
    from workstation.reading.cards import SealMode
    from workstation.reading.plan import StudyPlan
    from workstation.reading.sealing_rule import Sealing
    from workstation.scoring.instrument import instrument
    from workstation.workflow.set_up_study import set_up_study
    from workstation.workflow.workspace import open_workspace

    safe = accounts.make_account(AccountFolder(tmp_path / "offline"), "safe", Seat.ESCROW, word("safe"))
    form, rule = instrument("recht"), Sealing(SealMode.BOTH_KEYS)
    plan = StudyPlan(
        "koa",
        "Knee",
        1,
        ("K-R",),
        ("R1", "R2"),
        ((form.id, form.version),),
        sealing=rule,
    )
    workspace = open_workspace(knee_library)
    seats = {"R1": Seat.READER, "R2": Seat.READER}
    said = {name: word(name) for name in seats}
    set_up_study(plan, tmp_path / "study", workspace, said, seats, escrow=tmp_path / "offline" / "safe.json")
    workspace.library.close()
    with open_study_folder(tmp_path / "study") as study:
        assert study.plan.sealing is not None
        assert study.plan.sealing.escrow == safe.card.fingerprint
        assert study.vault is not None
        assert study.vault.missing_plan_signatures() == ()
    people, escrow_file = AccountFolder(tmp_path / "study" / FOLDER), tmp_path / "offline" / "safe.json"
    accounts.restore_account(
        tmp_path / "study", people, "R1", escrow_file, word("safe"), lambda: "another four words"
    )
    with open_study_folder(tmp_path / "study") as study:
        study.sign_in("R1", "another four words")
