"""What those try who take part in a sealed study, or can write to its folder: each is refused or found."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from workstation.errors import ProtocolViolation, StoreError
from workstation.reading import seal
from workstation.reading.account import WrongPassphrase
from workstation.reading.cards import Seat
from workstation.reading.journal import ReadKey
from workstation.reading.order import Presentation
from workstation.reading.sealed_sheet import LOCK_PURPOSE, SealedSheet, _place, commitment
from workstation.reading.session import Lock
from workstation.store.account_files import FOLDER, AccountFolder
from workstation.store.study_store import DATABASE
from workstation.workflow.accounts import make_account
from workstation.workflow.read_case import Study, create_study, open_study_folder
from workstation.workflow.reconcile_case import reconciliation
from workstation.workflow.verify_study import verify_study

PLAN = """\
id = "koa"
title = "Knee"
cases = ["K-1", "K-2"]
readers = ["R1", "R2"]
instruments = ["recht"]
[reconciliation]
unseal = "{unseal}"
[sealing]
mode = "{mode}"
"""
ITEMS = ("patella", "trochlea", "MFC", "LFC", "MTP", "LTP")
MODES = ("coordinator", "both-keys")


R1_K1 = (
    "reader = 'R1' AND case_code = (SELECT slot FROM told_reads AS told "
    "WHERE told.reader = 'R1' AND told.case_code = 'K-1')"
)


def word(name: str) -> str:
    return f"four plain words {name}"


def make(folder: Path, mode: str, unseal: str = "study") -> Path:
    people = AccountFolder(folder / "study" / FOLDER)
    for name in ("R1", "R2", "C1"):
        if name != "C1" or mode == "coordinator":
            seat = Seat.COORDINATOR if name == "C1" else Seat.READER
            make_account(people, name, seat, word(name), cost=seal.LEAST_COST)
    (folder / "plan.toml").write_text(PLAN.format(mode=mode, unseal=unseal), encoding="utf-8")
    create_study(folder / "plan.toml", folder / "study", passphrase_of=word).close()
    return folder / "study"


@pytest.fixture(params=MODES)
def mode(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def read(study: Study, reader: str, *cases: str, lock: bool = True) -> None:
    study.sign_in(reader, word(reader))
    for case in cases:
        opened = study.reader(reader).open_read(case)
        for item in ITEMS:
            opened.answer(item, 1 if reader == "R1" else 2)
        if lock:
            opened.lock(word(reader))
    study.sign_out(reader)


def meddle(folder: Path, *statements: str, values: tuple[object, ...] = ()) -> None:
    """Change the database behind the program's back."""
    connection = sqlite3.connect(folder / DATABASE, isolation_level=None)
    names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")]
    for statement in [f"DROP TRIGGER {name}" for name in names]:
        connection.execute(statement)
    for statement in statements:
        connection.execute(statement, values)
    connection.close()


def test_a_key_box_borrowed_from_another_read_opens_nothing(
    tmp_path: Path, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R2 signs an own sheet with R1's key box of a case that R2 has still to read."""
    folder = make(tmp_path, mode, unseal="case")
    with open_study_folder(folder) as study:
        read(study, "R1", "K-1", "K-2")
        vault = study.vault
        assert vault is not None
        study.sign_in("R1", word("R1"))
        wanted = study.store.seals.sheets()[ReadKey("R1", "K-2")]
        study.sign_out("R1")
        honest = vault.seal

        def borrowed(lock: Lock) -> SealedSheet:
            mine = replace(honest(lock), key_box=wanted.key_box)
            keys = vault.people["R2"].keys
            return replace(
                mine, signature=keys.sign(LOCK_PURPOSE, commitment(study.store.study_uid, lock, mine))
            )

        monkeypatch.setattr(vault, "seal", borrowed)
        read(study, "R2", "K-1")
        for name in ("C1",) if mode == "coordinator" else ("R1", "R2"):
            study.sign_in(name, word(name))
        assert study.ready_cases() == ("K-1",)
        with pytest.raises(seal.NotOpened, match="R2 sealed for K-1"):
            study.unseal("K-1", "")
        assert study.store.seals.openings() == ()


def test_a_sheet_put_in_place_after_unsealing_is_not_shown(tmp_path: Path, mode: str) -> None:
    """Whoever can write to the folder knows every public key, and can seal what they like to them."""
    folder = make(tmp_path, mode)
    with open_study_folder(folder) as study:
        read(study, "R1", "K-1", "K-2")
        read(study, "R2", "K-1", "K-2")
        assert study.vault is not None
        for name in study.vault.still_needed(study.plan.cases):
            study.sign_in(name, word(name))
        study.unseal("K-1", "")
        # R2's answers under R1's name, under a key that the forger chose.
        theirs = study.vault.entries(ReadKey("R2", "K-1"), study.store.reads.entries(ReadKey("R2", "K-1")))
        sheet = study.store.seals.sheets()[ReadKey("R1", "K-1")]
        from workstation.reading.cards import canonical
        from workstation.reading.journal import entry_data

        forged_key = seal.new_key()
        content = canonical({"format": 2, "entries": [entry_data(one) for one in theirs]})
        place = _place(study.store.study_uid, sheet.plan_digest, sheet.key)
        body = seal.encrypt(forged_key, seal.padded(content), place)
        boxes = {
            card.name: seal.seal_to(card.encryption_key, forged_key) for card in study.vault.sealing.accounts
        }
    of_r1 = R1_K1
    meddle(folder, f"UPDATE sheets SET body = ? WHERE {of_r1}", values=(body,))
    with open_study_folder(folder) as again:
        again.sign_in("R2", word("R2"))
        with pytest.raises(seal.NotOpened):
            again.counted_reads("K-1")
    for name, box in boxes.items():
        said = f"UPDATE openings SET box = ? WHERE {of_r1} AND stage = 'key' AND recipient = '{name}'"
        meddle(folder, said, values=(box,))
    with open_study_folder(folder) as again:
        again.sign_in("R2", word("R2"))
        for look in (again.counted_reads, lambda case: reconciliation(again, case)):
            with pytest.raises(seal.NotOpened, match="R1's read of K-1"):
                look("K-1")
        assert not verify_study(again).is_intact
    meddle(folder, f"DELETE FROM openings WHERE {of_r1} AND recipient = 'R2'")
    with open_study_folder(folder) as again:
        again.sign_in("R2", word("R2"))
        with pytest.raises(ProtocolViolation, match="no longer there"):
            reconciliation(again, "K-1")


@pytest.mark.parametrize("is_begun", [False, True])
def test_a_sealed_study_made_to_look_plain_is_not_opened(tmp_path: Path, mode: str, is_begun: bool) -> None:
    """Its readers would else go on and write in the clear."""
    folder = make(tmp_path, mode)
    with open_study_folder(folder) as study:
        if is_begun:
            read(study, "R1", "K-1")
        plain = replace(study.plan, sealing=None)
    meddle(folder, "UPDATE study SET codec = 'plain'")
    with pytest.raises(StoreError, match="do not fit"):
        open_study_folder(folder)
    meddle(folder, "UPDATE plans SET toml = ?1, digest = ?2", values=(plain.to_toml(), plain.digest))
    with pytest.raises(StoreError, match="do not fit"):
        open_study_folder(folder)


def test_a_plan_changed_beside_its_signed_digest_is_refused(tmp_path: Path) -> None:
    """The coordinator signed when the study was made and signs in for the first time to unseal."""
    folder = make(tmp_path, "coordinator")
    with open_study_folder(folder) as study:
        read(study, "R1", "K-1", "K-2")
        read(study, "R2", "K-1")
    meddle(folder, "UPDATE plans SET toml = replace(toml, 'unseal = \"study\"', 'unseal = \"case\"')")
    with open_study_folder(folder) as again:
        assert again.vault is not None
        assert again.vault.missing_plan_signatures() == ("C1",)
        with pytest.raises(ProtocolViolation, match="not the one that C1 has accepted"):
            again.sign_in("C1", word("C1"))


def test_another_plan_is_refused_though_the_reads_were_taken_away(tmp_path: Path) -> None:
    """Without a single entry it looks as if nobody had begun, and a plan might still be changed."""
    folder = make(tmp_path, "both-keys")
    with open_study_folder(folder) as study:
        read(study, "R1", "K-1")
        other = replace(study.plan, tolerance=study.plan.tolerance + 1)
    meddle(folder, "DELETE FROM journal", "DELETE FROM locks", "DELETE FROM sheets")
    meddle(folder, "UPDATE plans SET toml = ?1, digest = ?2", values=(other.to_toml(), other.digest))
    with open_study_folder(folder) as again:
        assert not again.store.has_begun
        with pytest.raises(ProtocolViolation, match="not the one that R1 has accepted"):
            again.sign_in("R1", word("R1"))


def test_guesses_at_a_signature_are_slowed_too(tmp_path: Path) -> None:
    with open_study_folder(make(tmp_path, "both-keys")) as study:
        study.sign_in("R1", word("R1"))
        assert study.vault is not None
        for _ in range(3):
            with pytest.raises(WrongPassphrase, match="the passphrase is wrong"):
                study.vault.confirm("R1", "not the right words")
        with pytest.raises(WrongPassphrase, match="has to wait"):
            study.vault.confirm("R1", word("R1"))


@pytest.mark.parametrize("lock", [False, True])
@pytest.mark.parametrize("sequence", [2, 6])
def test_an_answer_taken_out_of_the_own_read_is_not_passed_over(
    tmp_path: Path, lock: bool, sequence: int
) -> None:
    """The last one neither, though a draft that was left earlier would look the same."""
    folder = make(tmp_path, "both-keys")
    with open_study_folder(folder) as study:
        read(study, "R1", "K-1", lock=lock)
    meddle(folder, f"DELETE FROM journal WHERE sequence = {sequence + lock}")
    with open_study_folder(folder) as study:
        assert any("read" in one and "R1" in one for one in verify_study(study).findings)
        study.sign_in("R1", word("R1"))
        with pytest.raises(StoreError, match="behind the program's back"):
            study.reader("R1").open_read("K-1")


def test_an_earlier_state_of_a_draft_is_not_taken_for_the_last(tmp_path: Path) -> None:
    """R1 corrects an answer; somebody takes the correction away, or all that R1 has entered."""
    folder = make(tmp_path, "both-keys")
    with open_study_folder(folder) as study:
        read(study, "R1", "K-1", "K-2", lock=False)
        study.sign_in("R1", word("R1"))
        study.reader("R1").open_read("K-1").answer("MFC", 4)
        key = study.orders.key("R1", Presentation("K-1"))
        study.sign_out("R1")
    before = (folder / DATABASE).read_bytes()
    for what in ("AND sequence > 6", ""):
        (folder / DATABASE).write_bytes(before)
        meddle(folder, f"DELETE FROM journal WHERE case_code = '{key.slot}' {what}")
        with open_study_folder(folder) as study:
            assert verify_study(study).findings == (
                f"read {key.slot} by R1: it no longer holds what R1 left",
            )
            study.sign_in("R1", word("R1"))
            with pytest.raises(StoreError, match="behind the program's back"):
                study.reader("R1").open_read("K-1")
            assert study.reader("R1").open_read("K-2").session.sequence == 6


@pytest.fixture(scope="module", params=MODES)
def whole(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """A sealed study, unsealed and reconciled, with something in every table."""
    folder = make(tmp_path_factory.mktemp("whole"), request.param)
    with open_study_folder(folder) as study:
        read(study, "R1", "K-1", "K-2")
        read(study, "R2", "K-1", "K-2")
        study.sign_in("R2", word("R2"))
        study.reader("R2").amend("K-2", "typing error").lock(word("R2"))
        study.sign_out("R2")
        assert study.vault is not None
        for name in study.vault.still_needed(study.plan.cases):
            study.sign_in(name, word(name))
        case = reconciliation(study, "K-1")
        for pair in case.unsettled:
            case.settle(pair.item, 1, "looked together")
        for reader in study.plan.readers:
            study.sign_in(reader, word(reader))
            case.sign(reader, word(reader))
        assert verify_study(study).findings == ()
    return request.param, folder


@pytest.fixture
def copy(whole: tuple[str, Path], tmp_path: Path) -> Iterator[Path]:
    (tmp_path / DATABASE).write_bytes((whole[1] / DATABASE).read_bytes())
    yield tmp_path


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        (f"UPDATE journal SET payload = zeroblob(2088) WHERE {R1_K1} AND sequence = 2", "read of K-1 by R1"),
        (f"DELETE FROM journal WHERE {R1_K1} AND sequence = 2", "read of K-1 by R1"),
        (f"UPDATE journal SET sequence = CASE sequence WHEN 2 THEN 103 ELSE 102 END WHERE {R1_K1} "
         "AND sequence IN (2, 3)", "read of K-1 by R1"),
        (f"INSERT INTO journal SELECT 9999, reader, case_code, 1, 1, 99, payload, digest, signature "
         f"FROM journal WHERE {R1_K1} AND sequence = 1", "read of K-1 by R1"),
        (f"UPDATE sheets SET body = zeroblob(length(body)) WHERE {R1_K1}", "read of K-1 by R1"),
        (f"UPDATE sheets SET key_box = zeroblob(length(key_box)) WHERE {R1_K1}", "read of K-1 by R1"),
        (f"UPDATE sheets SET plan_digest = 'x' WHERE {R1_K1}", "read of K-1 by R1"),
        (f"DELETE FROM sheets WHERE {R1_K1}", "its sealed sheet was removed"),
        (f"INSERT INTO sheets SELECT reader, case_code, 1, 7, plan_digest, body, key_box, signature "
         f"FROM sheets WHERE {R1_K1}", "a sealed sheet without a lock was added"),
        (f"UPDATE locks SET locked_at = 'x' WHERE {R1_K1}", "read of K-1 by R1"),
        (f"DELETE FROM locks WHERE {R1_K1}", "its lock was removed"),
        (f"UPDATE openings SET box = zeroblob(80) WHERE {R1_K1}", "was changed or added"),
        (f"UPDATE openings SET opened_at = 'x' WHERE {R1_K1}", "was changed or added"),
        (f"DELETE FROM openings WHERE {R1_K1} AND recipient = 'R2' AND stage = 'key'",
         "the opening of its sheet for R2 was removed"),
        (f"DELETE FROM openings WHERE {R1_K1}", "openings of sheets were removed or added"),
        ("UPDATE plan_signatures SET signature = zeroblob(64)", "the plan in force is not signed by"),
        ("DELETE FROM plan_signatures", "the plan in force is not signed by"),
        ("UPDATE amendments SET post_comparison = 1 - post_comparison", "the amendment of K-2 by R2"),
        ("DELETE FROM amendments", "the amendment of K-2 by R2"),
        ("UPDATE audit SET signature = zeroblob(64) WHERE event = 'read locked'", "is not signed by"),
        ("UPDATE audit SET detail = '{}' WHERE event = 'sheets unsealed'", "study log"),
        ("UPDATE audit SET actor = 'program' WHERE event = 'signed in'", "study log"),
        ("DELETE FROM audit WHERE sequence = 7", "study log: entry 7 missing"),
        ("UPDATE order_seeds SET box = zeroblob(32) WHERE recipient = ''", "the order of R1 was changed"),
        ("UPDATE order_seeds SET commitment = 'x' WHERE reader = 'R1'", "the order of R1 was changed"),
        ("DELETE FROM order_seeds WHERE reader = 'R1'", "the order of R1 was removed"),
        ("DELETE FROM order_seeds WHERE reader = 'R1' AND recipient = ''", "the order of R1 was removed"),
        ("DELETE FROM order_seeds WHERE reader = 'R1' AND recipient = 'R1'", "the order of R1 was removed"),
        ("UPDATE told_reads SET case_code = 'K-2' WHERE reader = 'R1'", "which case it stands for was"),
        ("DELETE FROM told_reads WHERE reader = 'R1'", "told reads were removed"),
        ("UPDATE reconcile_journal SET payload = zeroblob(2088) WHERE sequence = 1", "reconciliation of K-1"),
        ("UPDATE reconcile_journal SET signature = zeroblob(64)", "reconciliation of K-1: entry 1 is not"),
        ("DELETE FROM reconcile_signatures WHERE signer = 'R1'", "the signature of R1 under K-1"),
        ("DELETE FROM reconcile_closed", "the closing of K-1"),
    ],
)  # fmt: skip
def test_verify_names_what_was_done_to_a_sealed_study(copy: Path, statement: str, words: str) -> None:
    meddle(copy, statement)
    with open_study_folder(copy) as study:
        findings = verify_study(study).findings
    assert any(words in one for one in findings), findings


def test_a_cut_tail_shows_only_against_the_code_that_was_written_down(tmp_path: Path, mode: str) -> None:
    """Everything of R2 is taken away, in every table, as if it had never been."""
    folder = make(tmp_path, mode)
    with open_study_folder(folder) as study:
        read(study, "R1", "K-1", "K-2")
        study.sign_in("R2", word("R2"))
        study.sign_out("R2")
        kept = len(study.store.audit())
        read(study, "R2", "K-1")
        written_down = study.reader("R2").head_code
        assert verify_study(study, written_down).findings == ()
    of_r2 = [f"DELETE FROM {table} WHERE reader = 'R2'" for table in ("journal", "locks", "sheets")]
    meddle(folder, f"DELETE FROM audit WHERE sequence > {kept}", *of_r2)
    with open_study_folder(folder) as study:
        report = verify_study(study)
        assert report.findings == ()
        assert any("it is unproven" in note for note in report.notes)
        report = verify_study(study, written_down)
        assert report.findings == ("study log: the head code that was given is not in it",)
        with_wrong_code = verify_study(study, "0000-0000-0000")
        assert not with_wrong_code.is_intact
