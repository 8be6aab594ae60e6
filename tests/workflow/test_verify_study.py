"""Whatever is changed behind the program's back is found and named."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workstation.reading.audit import head_code
from workstation.store.study_store import DATABASE
from workstation.workflow.read_case import create_study, open_study_folder
from workstation.workflow.reconcile_case import reconciliation
from workstation.workflow.verify_study import VerifyReport, verify_study

PLAN = """\
id = "koa"
title = "Knee"
cases = ["K-1", "K-2"]
readers = ["R1", "R2"]
instruments = ["recht"]
"""


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A study with something in every table, as the bytes of its database."""
    folder = tmp_path_factory.mktemp("whole")
    (folder / "plan.toml").write_text(PLAN, encoding="utf-8")
    with create_study(folder / "plan.toml", folder / "study") as study:
        for reader, grade in (("R1", 1), ("R2", 2)):
            for case in study.plan.cases:
                read = study.reader(reader).open_read(case)
                for item in read.sheet().instrument.items:
                    read.answer(item.id, grade)
                read.lock(reader)
        case = reconciliation(study, "K-1")
        for pair in case.differing:
            case.settle(pair.item, 1, "looked together")
        for reader in study.plan.readers:
            case.sign(reader)
        study.reader("R2").amend("K-2", "typing error").answer("MFC", 3)
    return (folder / "study" / DATABASE).read_bytes()


def verify(folder: Path, head: str = "") -> VerifyReport:
    with open_study_folder(folder) as study:
        return verify_study(study, head)


def tampered(folder: Path, whole: bytes, *statements: str) -> Path:
    """The study with its triggers dropped and SQL run over it, as someone with the file could."""
    folder.mkdir(parents=True, exist_ok=True)
    for leftover in folder.iterdir():
        leftover.unlink()
    (folder / DATABASE).write_bytes(whole)
    raw = sqlite3.connect(folder / DATABASE)
    for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        raw.execute(f"DROP TRIGGER {name}")
    for statement in statements:
        raw.execute(statement)
    raw.commit()
    raw.close()
    return folder


def test_an_honest_study_is_intact(tmp_path: Path, whole: bytes) -> None:
    report = verify(tampered(tmp_path, whole))
    assert report.findings == ()
    assert report.reads == 5
    assert any("unproven" in note for note in report.notes)


OF_R1_K1 = "reader = 'R1' AND case_code = 'K-1'"


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        (f"UPDATE journal SET payload = replace(payload, '\"grade\":1', '\"grade\":3') WHERE {OF_R1_K1}",
         "read of K-1 by R1: entry 1 was changed"),
        (f"DELETE FROM journal WHERE {OF_R1_K1} AND sequence = 3", "read of K-1 by R1: entry 3 missing"),
        (f"DELETE FROM journal WHERE {OF_R1_K1} AND sequence = 6",
         "read of K-1 by R1: it is not what was signed (6 entries were)"),
        (f"DELETE FROM journal WHERE {OF_R1_K1}", "it is not what was signed"),
        (f"UPDATE journal SET case_code = 'K-2', sequence = sequence + 6 WHERE {OF_R1_K1}",
         "read of K-2 by R1"),
        (f"DELETE FROM locks WHERE {OF_R1_K1}", "its lock was removed or changed"),
        (f"UPDATE locks SET locked_at = 'x' WHERE {OF_R1_K1}", "its lock was changed or added"),
        (f"UPDATE locks SET blinding_held = 0 WHERE {OF_R1_K1}", "its lock was changed or added"),
        (f"UPDATE locks SET entries = 'x' WHERE {OF_R1_K1}", "its lock was changed or added"),
        (f"UPDATE journal SET payload = 5 WHERE {OF_R1_K1}", "read of K-1 by R1: entry 1 was changed"),
        (f"UPDATE journal SET sequence = 'x' WHERE {OF_R1_K1} AND sequence = 2", "read of K-1 by R1"),
        (f"UPDATE journal SET sequence = -5 WHERE {OF_R1_K1} AND sequence = 2", "read of K-1 by R1"),
        (f"UPDATE locks SET signer = 'R2' WHERE {OF_R1_K1}", "its lock was changed or added"),
        ("DELETE FROM audit WHERE sequence = 4", "study log: entry 4 missing"),
        ("UPDATE audit SET event = 'nothing' WHERE sequence = 4", "study log: entry 4 was changed"),
        ("UPDATE audit SET detail = replace(detail, 'version', 'w') WHERE sequence = 4",
         "study log: entry 4 was changed"),
        ("UPDATE plans SET toml = replace(toml, 'consensus', 'mean')", "plan 1 was changed"),
        ("UPDATE plans SET digest = 'x'", "plan 1 was changed"),
        ("UPDATE orders SET case_code = 'K-1' WHERE reader = 'R1'", "the case order of R1 was changed"),
        ("UPDATE amendments SET reason = 'other'", "the amendment of K-2 by R2 was changed"),
        ("DELETE FROM amendments", "the amendment of K-2 by R2"),
        ("UPDATE reconcile_journal SET payload = replace(payload, 'together', 'alone') WHERE sequence = 1",
         "reconciliation of K-1: entry 1 was changed"),
        ("DELETE FROM reconcile_signatures WHERE signer = 'R1'", "the signature of R1 under K-1"),
        ("DELETE FROM reconcile_closed", "the closing of K-1"),
    ],
)  # fmt: skip
def test_what_was_done_is_named(tmp_path: Path, whole: bytes, statement: str, words: str) -> None:
    report = verify(tampered(tmp_path, whole, statement))
    assert not report.is_intact
    assert any(words in finding for finding in report.findings), report.findings


def test_a_forged_lock_is_found(tmp_path: Path, whole: bytes) -> None:
    forged = (
        "INSERT INTO locks SELECT reader, case_code, presentation, 9, signer, meaning, locked_at, entries, "
    )
    forged += f"digest, blinding_held, remark, after_unsealing FROM locks WHERE {OF_R1_K1}"
    report = verify(tampered(tmp_path, whole, forged))
    assert any("its lock was changed or added" in finding for finding in report.findings)


def test_a_cut_tail_is_found_with_the_head_that_was_written_down(tmp_path: Path, whole: bytes) -> None:
    code = verify(tampered(tmp_path, whole)).head_code
    assert verify(tampered(tmp_path, whole), code).is_intact
    cut = (
        "DELETE FROM audit WHERE event = 'read amended'",
        "DELETE FROM amendments",
        "DELETE FROM journal WHERE version = 2",
    )
    assert verify(tampered(tmp_path, whole, *cut)).is_intact, "a chain alone cannot show that its end is gone"
    report = verify(tampered(tmp_path, whole, *cut), code)
    assert report.findings == ("study log: the head code that was given is not in it",)


def test_a_wrong_head_code_is_no_proof(tmp_path: Path, whole: bytes) -> None:
    assert not verify(tampered(tmp_path, whole), head_code("0" * 64)).is_intact


CHAINED = {
    "journal": ("payload", "digest"),
    "audit": ("at", "actor", "event", "detail", "previous", "digest"),
    "reconcile_journal": ("payload", "digest"),
}


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_single_byte_of_any_chain_is_found(tmp_path: Path, whole: bytes, data: st.DataObject) -> None:
    table = data.draw(st.sampled_from(sorted(CHAINED)))
    column = data.draw(st.sampled_from(CHAINED[table]))
    folder = tampered(tmp_path / "study", whole)
    raw = sqlite3.connect(folder / DATABASE)
    rows = raw.execute(f"SELECT rowid, CAST({column} AS BLOB) FROM {table} ORDER BY rowid").fetchall()
    row, content = data.draw(st.sampled_from(rows))
    place = data.draw(st.integers(0, len(content) - 1))
    # Another letter of the same alphabet keeps the text valid: the chain, not the decoder, must object.
    new = data.draw(st.sampled_from([one for one in b"0123456789abcdef" if one != content[place]]))
    changed = content[:place] + bytes([new]) + content[place + 1 :]
    value = changed if column == "payload" else changed.decode("utf-8", "replace")
    raw.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (value, row))
    raw.commit()
    raw.close()
    assert not verify(folder).is_intact
