"""``marrow study package`` and ``accept``: two machines from the readers' cards to the agreement."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.workflow.two_machines import GRADES, ITEMS, PLAN, Machine, make_home, word
from workstation.cli.main import OK, REFUSED, USAGE, run
from workstation.reading import seal
from workstation.reading.account import new_account
from workstation.workflow import accounts


class Screen:
    """The command line opens no window here."""


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Accounts as the command makes them, at the least cost of a passphrase."""
    monkeypatch.setattr(
        accounts,
        "new_account",
        lambda name, seat, words, escrow, _cost: new_account(name, seat, words, escrow, seal.LEAST_COST),
    )


@contextmanager
def descriptor(*lines: str) -> Iterator[int]:
    reading, writing = os.pipe()
    os.write(writing, "".join(f"{line}\n" for line in lines).encode())
    os.close(writing)
    try:
        yield reading
    finally:
        os.close(reading)


@pytest.fixture
def marrow(capsys: pytest.CaptureFixture[str]) -> Any:
    """``marrow(machine, *words, said=(…))``: exit code, standard output (JSON where asked) and error."""

    def call(machine: Machine, *words: object, said: tuple[str, ...] = ()) -> tuple[int, Any, str]:
        capsys.readouterr()
        with descriptor(*said) as number:
            given = [*map(str, words), "--study", str(machine.study), "--passphrase-fd", str(number)]
            code = run(["study", *given], Screen())  # type: ignore[arg-type] - has what is asked for
        out, error = capsys.readouterr()
        return code, json.loads(out) if "--json" in words and code == OK else out, error

    return call


@pytest.fixture
def home(tmp_path: Path) -> Machine:
    """A library; no account and no study yet."""
    made = make_home(tmp_path / "home")
    shutil.rmtree(made.study)
    for reader in ("R1", "R2"):
        rows = [
            f"{case},{i},{g}" for case in ("K-1", "K-2") for i, g in zip(ITEMS, GRADES[reader], strict=True)
        ]
        (tmp_path / f"{reader}.csv").write_text("\n".join(["case,item,value", *rows]), encoding="utf-8")
    return made


def test_two_machines_from_cards_to_agreement(marrow: Any, home: Machine, tmp_path: Path) -> None:
    machines = {name: Machine(tmp_path / name) for name in ("R1", "R2")}
    stick = tmp_path / "stick"
    stick.mkdir()
    for name, machine in machines.items():
        assert marrow(machine, "account", "new", name, said=(word(name),))[0] == OK
        code, card, _ = marrow(machine, "account", "card", name, "--out", stick, "--json")
        assert (code, card["name"], card["file"]) == (OK, name, str(stick / f"{name}.marrow-card"))
        code, out, _ = marrow(home, "accept", stick / f"{name}.marrow-card")
        assert code == OK
        assert card["spoken"] in out
        assert marrow(home, "accept", stick / f"{name}.marrow-card")[1].startswith("Nothing new")
    assert marrow(home, "account", "new", "C1", "--seat", "coordinator", said=(word("C1"),))[0] == OK
    (home.place / "plan.toml").write_text(PLAN, encoding="utf-8")
    place = ("--library", home.library)
    assert marrow(home, "new", home.place / "plan.toml", *place, said=(word("C1"),))[0] == OK
    for name, machine in machines.items():
        code, made, _ = marrow(home, "package", name, "--out", stick, "--json", said=(word("C1"),))
        assert (code, made["cases"], made["images"], made["names"]) == (OK, 2, 4, [])
        code, taken, _ = marrow(
            machine, "accept", made["file"], "--library", machine.library, "--json", said=(word(name),)
        )
        assert (code, taken["kind"], taken["images"], taken["changed"]) == (OK, "package", 4, True)
        code, out, _ = marrow(
            machine, "accept", made["file"], "--library", machine.library, said=(word(name),)
        )
        assert (code, out.startswith("Nothing new")) == (OK, True)
        table = tmp_path / f"{name}.csv"
        assert marrow(machine, "read", name, "--answers", table, "--lock", said=(word(name),))[0] == OK
        code, back, _ = marrow(machine, "package", "--return", "--out", stick, "--json", said=(word(name),))
        assert (code, back["locked"], back["required"], back["for"]) == (OK, 2, 2, "C1")
        code, got, _ = marrow(home, "accept", back["file"], "--json", said=(word("C1"),))
        assert (code, got["new"], got["locked"], got["changed"]) == (OK, 2, 2, True)
        code, out, _ = marrow(home, "accept", back["file"], said=(word("C1"),))
        assert (code, out) == (OK, f"Nothing new: this return of {name} was taken in before.\n")
        assert marrow(machine, "verify")[0] == OK
    assert marrow(home, "unseal", "--as", "C1", said=(word("C1"),))[0] == OK
    code, found, _ = marrow(home, "reconcile", "--as", "C1", "--json", said=(word("C1"),))
    assert code == OK
    assert sorted(one["case"] for one in found["cases"]) == ["K-1", "K-2"]
    code, report, _ = marrow(home, "verify", "--json")
    assert (code, report["intact"]) == (OK, True)
    assert report["reads"] == 4


def test_refusals_are_one_sentence(marrow: Any, home: Machine, tmp_path: Path) -> None:
    for name, seat in (("R1", "reader"), ("R2", "reader"), ("C1", "coordinator")):
        marrow(home, "account", "new", name, "--seat", seat, said=(word(name),))
    (home.place / "plan.toml").write_text(PLAN, encoding="utf-8")
    marrow(home, "new", home.place / "plan.toml", "--library", home.library, said=(word("C1"),))
    for words, said, code in (
        (("package",), (), USAGE),
        (("package", "R9"), (word("C1"),), REFUSED),
        (("package", "R1"), ("not the passphrase",), REFUSED),
        (("package", "R1", "--as", "R2"), (word("R2"),), REFUSED),
        (("package", "--return"), (), REFUSED),
        (("accept", tmp_path / "absent"), (), REFUSED),
        (("accept", tmp_path / "R1.csv"), (), REFUSED),
        (("accept", tmp_path / "absent.marrow-card"), (), REFUSED),
    ):
        got, _, error = marrow(home, *words, said=said)
        assert got == code, words
        assert error.count("\n") == 1, words
    assert not list(tmp_path.glob("*.marrow-package*"))
    assert not list(Path().glob("*.marrow-package*"))
    file = marrow(home, "package", "R1", "--out", tmp_path, "--json", said=(word("C1"),))[1]["file"]
    reader = Machine(tmp_path / "R1")
    code, _, error = marrow(reader, "accept", file, "--library", reader.library, said=("wrong passphrase",))
    assert (code, error.count("\n")) == (REFUSED, 1)
    assert not reader.place.exists()


def test_a_study_that_is_not_sealed_does_not_travel(marrow: Any, home: Machine, tmp_path: Path) -> None:
    (home.place / "plan.toml").write_text(PLAN + '[sealing]\nmode = "none"\n', encoding="utf-8")
    assert marrow(home, "new", home.place / "plan.toml", "--library", home.library)[0] == OK
    code, _, error = marrow(home, "package", "R1", "--out", tmp_path)
    assert code == REFUSED
    assert "not sealed" in error
