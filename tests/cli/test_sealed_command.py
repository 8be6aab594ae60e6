"""A sealed study on the command line: accounts, passphrases from a file descriptor, unsealing, escrow."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from workstation.cli.main import OK, REFUSED, USAGE, run
from workstation.reading import seal
from workstation.reading.account import new_account
from workstation.store.account_files import FOLDER, AccountFolder
from workstation.workflow import accounts

PLAN = """\
id = "koa"
title = "Knee"
cases = ["K-1", "K-2"]
readers = ["R1", "R2"]
instruments = ["recht"]
"""
ITEMS = ("patella", "trochlea", "MFC", "LFC", "MTP", "LTP")


class Screen:
    """The command line opens no window here."""


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Accounts as the command makes them, at the least cost of a passphrase."""
    monkeypatch.setattr(
        accounts,
        "new_account",
        lambda name, seat, passphrase, escrow, _cost: new_account(
            name, seat, passphrase, escrow, seal.LEAST_COST
        ),
    )


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "plan.toml").write_text(PLAN, encoding="utf-8")
    for reader, grades in (("R1", "324131"), ("R2", "224241")):
        lines = ["case,item,value"]
        for case in ("K-1", "K-2"):
            lines += [f"{case},{item},{grade}" for item, grade in zip(ITEMS, grades, strict=True)]
        (tmp_path / f"{reader}.csv").write_text("\n".join(lines), encoding="utf-8")
    return tmp_path


def word(name: str) -> str:
    return f"vier einfache Wörter {name}"


@contextmanager
def descriptor(*lines: str) -> Iterator[int]:
    reading, writing = os.pipe()
    os.write(writing, "".join(f"{line}\n" for line in lines).encode())
    os.close(writing)
    try:
        yield reading
    finally:
        os.close(reading)


def study(place: Path, *words: str | Path, said: tuple[str, ...] = (), folder: str = "study") -> int:
    with descriptor(*said) as number:
        given = [*map(str, words), "--study", str(place / folder), "--passphrase-fd", str(number)]
        return run(["study", *given], Screen())  # type: ignore[arg-type]


def make(place: Path) -> None:
    for name, seat in (("R1", "reader"), ("R2", "reader"), ("C1", "coordinator")):
        assert study(place, "account", "new", name, "--seat", seat, said=(word(name),)) == OK
    assert study(place, "new", place / "plan.toml", said=(word("C1"),)) == OK


def as_json(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


def test_the_whole_way(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make(place)
    said = capsys.readouterr().out
    assert "Nobody can recover this passphrase" in said
    assert "Sealed, opened by the coordinator C1" in said
    for reader in ("R1", "R2"):
        words = ("read", reader, "--answers", place / f"{reader}.csv", "--lock", "--json")
        assert study(place, *words, said=(word(reader),)) == OK
        done = as_json(capsys)
        assert len(done["locks"]) == 2
    assert study(place, "verify", "--head", done["head_code"]) == OK
    assert study(place, "unseal", "--as", "C1", "--json", said=(word("C1"),)) == OK
    capsys.readouterr()
    assert study(place, "reconcile", "--as", "R1", "--json", said=(word("R1"),)) == OK
    cases = {one["case"]: one for one in as_json(capsys)["cases"]}
    assert [pair["item"] for pair in cases["K-1"]["differing"]] == ["patella", "LFC", "MTP"]
    rows = [f"{case},{item},1,seen together" for case in cases for item in ("patella", "LFC", "MTP")]
    (place / "settled.csv").write_text("case,item,value,reason\n" + "\n".join(rows), encoding="utf-8")
    words = ("reconcile", "--answers", place / "settled.csv", "--sign", "R1", "--sign", "R2", "--json")
    assert study(place, *words, said=(word("R1"), word("R2"))) == OK
    assert {one["status"] for one in as_json(capsys)["cases"]} == {"signed"}
    with descriptor(word("C1")) as number:
        out = ["--format", "csv", "--out", str(place / "out"), "--passphrase-fd", str(number)]
        assert run(["export", str(place / "study"), *out], Screen()) == OK  # type: ignore[arg-type]
    manifest = json.loads((place / "out" / "export.json").read_text("utf-8"))
    assert manifest["facts"]["Sealing"] == "Reads were sealed by encryption and opened by the coordinator."
    assert study(place, "verify", "--head", manifest["audit_head"]) == OK


def test_nothing_is_read_without_the_right_passphrase(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make(place)
    capsys.readouterr()
    words = ("read", "R1", "--answers", place / "R1.csv", "--lock")
    assert study(place, *words, said=(word("R2"),)) == REFUSED
    assert capsys.readouterr().err.startswith("R1 was not signed in: the passphrase is wrong.")
    assert study(place, *words) == USAGE
    assert "there is no line for R1" in capsys.readouterr().err
    given = ["study", *map(str, words), "--study", str(place / "study")]
    assert run([*given, "--passphrase-fd", "999"], Screen()) == USAGE  # type: ignore[arg-type]
    assert "file descriptor 999 is not open" in capsys.readouterr().err
    assert study(place, "unseal", "--as", "C1", said=(word("C1"),)) == REFUSED
    assert "not every read is locked yet" in capsys.readouterr().err


def test_a_short_passphrase_and_a_taken_name_are_refused(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert study(place, "account", "new", "R1", said=("short",)) == USAGE
    assert "at least 10 characters" in capsys.readouterr().err
    assert study(place, "account", "new", "R1", said=(word("R1"),)) == OK
    assert study(place, "account", "new", "r1", said=(word("R1"),)) == REFUSED
    assert "there is an account R1 already" in capsys.readouterr().err
    assert study(place, "account", "new", "../x", said=(word("R1"),)) == USAGE


def test_a_passphrase_is_changed(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make(place)
    assert study(place, "account", "passphrase", "R1", said=(word("R1"), "four other words")) == OK
    words = ("read", "R1", "--answers", place / "R1.csv")
    assert study(place, *words, said=(word("R1"),)) == REFUSED
    assert study(place, *words, said=("four other words",)) == OK
    assert study(place, "verify") == OK


def test_an_escrow_key_saves_a_forgotten_passphrase_and_the_log_says_so(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    new = ("account", "new")
    safe = place / "offline" / FOLDER / "safe.json"
    assert study(place, *new, "safe", "--seat", "escrow", said=(word("safe"),), folder="offline") == OK
    for name, seat in (("R1", "reader"), ("R2", "reader"), ("C1", "coordinator")):
        assert study(place, *new, name, "--seat", seat, "--escrow", safe, said=(word(name),)) == OK
    fingerprint = AccountFolder(safe.parent).load("safe").card.fingerprint
    capsys.readouterr()
    assert study(place, "new", place / "plan.toml", said=(word("C1"),)) == REFUSED
    assert "was not made without an escrow key" in capsys.readouterr().err
    sealing = f'[sealing]\nmode = "coordinator"\nescrow = "{fingerprint}"\n'
    (place / "plan.toml").write_text(PLAN + sealing, encoding="utf-8")
    assert study(place, "new", place / "plan.toml", said=(word("C1"),)) == OK
    restore = ("account", "restore", "R1", "--escrow", safe)
    assert study(place, *restore, said=("not the right one", "four other words")) == REFUSED
    assert study(place, *restore, said=(word("safe"), "four other words")) == OK
    assert study(place, "read", "R1", "--answers", place / "R1.csv", said=("four other words",)) == OK
    capsys.readouterr()
    assert study(place, "verify", "--json") == OK
    database = (place / "study" / "study.sqlite").read_bytes()
    assert b"escrow key used" in database


def test_orders_are_told_to_the_coordinator_and_to_nobody_else(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make(place)
    assert study(place, "new", place / "plan.toml", said=(word("C1"),)) == OK
    assert study(place, "read", "R1", "--answers", place / "R1.csv", "--lock", said=(word("R1"),)) == OK
    capsys.readouterr()
    assert study(place, "status") == OK
    told = capsys.readouterr().out
    assert "which reads are locked is told to the coordinator only (--as)" in told
    assert "K-1" not in told
    assert "2 of" not in told
    assert study(place, "status", "--as", "C1", said=(word("C1"),)) == OK
    assert [line.split() for line in capsys.readouterr().out.splitlines() if line.startswith("K-1")] == [
        ["K-1", "locked", "-"]
    ]
    for command in ("order", "status"):
        assert study(place, command, "--as", "R1", said=(word("R1"),)) == REFUSED
        assert "told to the coordinator only" in capsys.readouterr().err
    assert study(place, "order") == REFUSED
    assert study(place, "order", "--as", "C1", "--json", said=(word("C1"),)) == OK
    rows = json.loads(capsys.readouterr().out)
    assert sorted(rows["seeds"]) == ["R1", "R2"]
    assert {row["case"] for row in rows["order"]} == {"K-1", "K-2"}


def test_verify_says_what_was_taken_away_and_exits_with_1(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make(place)
    assert study(place, "new", place / "plan.toml", said=(word("C1"),)) == OK
    assert study(place, "read", "R1", "--answers", place / "R1.csv", "--lock", said=(word("R1"),)) == OK
    assert study(place, "verify", "--head", "0000-0000-0000") == REFUSED
    assert "the head code that was given is not in it" in capsys.readouterr().out
    database = sqlite3.connect(place / "study" / "study.sqlite", isolation_level=None)
    database.execute("DROP TRIGGER sheets_keep_delete")
    database.execute("DELETE FROM sheets WHERE rowid = 1")
    database.close()
    assert study(place, "verify") == REFUSED
    assert "its sealed sheet was removed" in capsys.readouterr().out
