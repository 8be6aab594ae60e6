"""Guesses at a passphrase are slowed though the count of them is taken away; account files are private."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from workstation.reading.account import WrongPassphrase
from workstation.reading.cards import Seat
from workstation.reading.seal import LEAST_COST
from workstation.store.account_files import FOLDER, AccountFolder
from workstation.workflow.accounts import change_passphrase, make_account
from workstation.workflow.read_case import create_study, open_study_folder

PLAN = """\
id = "koa"
title = "Knee"
cases = ["K-1"]
readers = ["R1", "R2"]
instruments = ["recht"]
"""


def word(name: str) -> str:
    return f"four plain words {name}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    people = AccountFolder(tmp_path / "study" / FOLDER)
    for name in ("R1", "R2"):
        make_account(people, name, Seat.READER, word(name), cost=LEAST_COST)
    (tmp_path / "plan.toml").write_text(PLAN, encoding="utf-8")
    create_study(tmp_path / "plan.toml", tmp_path / "study", passphrase_of=word).close()
    return tmp_path / "study"


def guess(folder: Path, times: int) -> None:
    with open_study_folder(folder) as study:
        for _ in range(times):
            with pytest.raises(WrongPassphrase, match="is wrong"):
                study.sign_in("R1", "not the right words")


def test_taking_the_count_away_does_not_shorten_the_wait(folder: Path) -> None:
    guess(folder, 3)
    (folder / FOLDER / "R1.tries.json").unlink()
    with open_study_folder(folder) as study:
        with pytest.raises(WrongPassphrase, match="has to wait"):
            study.sign_in("R1", word("R1"))
        study.sign_in("R2", word("R2"))  # another account does not wait
    people = AccountFolder(folder / FOLDER)
    (folder / FOLDER / "R1.tries.json").unlink()
    with pytest.raises(WrongPassphrase, match="has to wait"):
        change_passphrase(folder, people, "R1", word("R1"), "another four words")


def test_who_has_signed_in_since_does_not_wait(folder: Path) -> None:
    guess(folder, 2)
    with open_study_folder(folder) as study:
        study.sign_in("R1", word("R1"))
    guess(folder, 1)
    (folder / FOLDER / "R1.tries.json").unlink()
    with open_study_folder(folder) as study:
        study.sign_in("R1", word("R1"))


@pytest.mark.skipif(os.name != "posix", reason="file modes are those of POSIX systems")
def test_accounts_are_private_unless_the_study_is_shared(tmp_path: Path, folder: Path) -> None:
    guess(folder, 1)
    assert (folder / FOLDER).stat().st_mode & 0o777 == 0o700
    for path in (folder / FOLDER).iterdir():
        assert path.stat().st_mode & 0o777 == 0o600, path.name
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o770)
    make_account(AccountFolder(shared / FOLDER), "R1", Seat.READER, word("R1"), cost=LEAST_COST)
    assert (shared / FOLDER).stat().st_mode & 0o777 == 0o770
    assert (shared / FOLDER / "R1.json").stat().st_mode & 0o777 == 0o660
