"""What is kept of a study is only ever added to, whatever is tried."""

from __future__ import annotations

import os
import sqlite3
import threading
from pathlib import Path

import pytest

from workstation.errors import ProtocolViolation, StoreError
from workstation.reading.journal import ReadKey
from workstation.reading.order import case_order
from workstation.reading.plan import StudyPlan
from workstation.reading.session import Amendment, Lock
from workstation.store.study_reconciling import ReconcileSignature
from workstation.store.study_store import DATABASE, PLAN, StudyStore

PLAN_1 = StudyPlan("koa", "Knee", 1, ("K-1", "K-2", "K-3"), ("R1", "R2"), (("recht", "1.0"),), seed=3)
KEY = ReadKey("R1", "K-1")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "study"


@pytest.fixture
def store(folder: Path) -> StudyStore:
    made = StudyStore.create(folder, PLAN_1)
    yield made
    made.close()


def lock_of(store: StudyStore, key: ReadKey) -> Lock:
    entries = store.reads.entries(key)
    head = entries[-1].digest if entries else store.reads.root(key)
    return Lock(
        key, key.reader, "initial read", "2026-01-01T00:00:00+00:00", len(entries), head, True, "", False
    )


def test_entries_come_back_in_order_and_as_they_were(store: StudyStore, folder: Path) -> None:
    payloads = [b"one", b"", b"\x00\xff" * 50]
    for number, payload in enumerate(payloads):
        link = store.reads.append(KEY, payload, number)
        assert link.sequence == number + 1
    store.close()
    again = StudyStore.open(folder)
    assert [link.payload for link in again.reads.entries(KEY)] == payloads
    assert again.reads.entries(ReadKey("R2", "K-1")) == ()
    again.close()


def test_reads_are_kept_apart_by_reader_case_presentation_and_version(store: StudyStore) -> None:
    keys = [KEY, ReadKey("R2", "K-1"), ReadKey("R1", "K-2"), ReadKey("R1", "K-1", 2)]
    for key in keys:
        store.reads.append(key, repr(key).encode(), 0)
    assert {key: links[0].payload for key, links in store.reads.journals().items()} == {
        key: repr(key).encode() for key in keys
    }
    assert set(store.reads.journals("R2")) == {keys[1]}
    assert set(store.reads.journals(case="K-2")) == {keys[2]}


def test_a_window_that_is_behind_is_told_and_writes_nothing(store: StudyStore) -> None:
    store.reads.append(KEY, b"one", 0)
    with pytest.raises(StoreError, match="open in another window"):
        store.reads.append(KEY, b"two", 0)
    with pytest.raises(StoreError, match="open in another window"):
        store.reads.append(KEY, b"two", 5)
    assert len(store.reads.entries(KEY)) == 1


def test_a_locked_read_takes_nothing_more(store: StudyStore) -> None:
    store.reads.append(KEY, b"one", 0)
    store.reads.lock(lock_of(store, KEY))
    with pytest.raises(ProtocolViolation, match="locked"):
        store.reads.append(KEY, b"two", 1)
    with pytest.raises(ProtocolViolation, match="locked"):
        store.reads.lock(lock_of(store, KEY))
    store.reads.append(ReadKey("R2", "K-1"), b"another read", 0)
    assert len(store.reads.locks()) == 1


def test_a_lock_over_something_else_than_was_seen_is_refused(store: StudyStore) -> None:
    store.reads.append(KEY, b"one", 0)
    seen = lock_of(store, KEY)
    store.reads.append(KEY, b"two", 1)
    with pytest.raises(StoreError, match="another window"):
        store.reads.lock(seen)
    assert store.reads.locks() == ()


def test_a_new_version_needs_an_amendment(store: StudyStore) -> None:
    store.reads.append(KEY, b"one", 0)
    store.reads.lock(lock_of(store, KEY))
    second = ReadKey("R1", "K-1", 1, 2)
    with pytest.raises(StoreError):
        store.reads.append(second, b"two", 0)
    store.reads.amend(Amendment(second, "typing error", "2026-01-01T00:00:01+00:00", False))
    store.reads.append(second, b"two", 0)
    with pytest.raises(ProtocolViolation, match="begun already"):
        store.reads.amend(Amendment(second, "again", "2026-01-01T00:00:02+00:00", False))
    assert [link.payload for link in store.reads.entries(KEY)] == [b"one"]


TABLES = (
    "study", "plans", "orders", "journal", "locks", "amendments", "reconcile_journal",
    "reconcile_signatures", "reconcile_closed", "audit",
)  # fmt: skip


def fill(store: StudyStore) -> None:
    """One row at least in every table."""
    for key in (KEY, ReadKey("R2", "K-1")):
        store.reads.append(key, b"one", 0)
        store.reads.lock(lock_of(store, key))
    store.reads.amend(Amendment(ReadKey("R1", "K-1", 1, 2), "why", "2026-01-01T00:00:01+00:00", True))
    link = store.reconciling.append("K-1", b"settled", 0)
    for reader in PLAN_1.readers:
        signature = ReconcileSignature("K-1", reader, link.digest, "2026-01-01T00:00:02+00:00")
        store.reconciling.sign(signature, PLAN_1.readers)


@pytest.mark.parametrize("table", TABLES)
def test_sql_cannot_change_or_delete_a_row(store: StudyStore, folder: Path, table: str) -> None:
    fill(store)
    raw = sqlite3.connect(folder / DATABASE)
    count = raw.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
    assert count > 0
    column = raw.execute(f"PRAGMA table_info({table})").fetchall()[-1][1]
    for statement in (f"UPDATE {table} SET {column} = {column}", f"DELETE FROM {table}"):
        with pytest.raises(sqlite3.DatabaseError, match="kept for ever"):
            raw.execute(statement)
    columns = [row[1] for row in raw.execute(f"PRAGMA table_info({table})")]
    copied = ", ".join([*columns[:-1], "'forged'"])
    with pytest.raises(sqlite3.DatabaseError, match=r"kept for ever|locked|signed"):
        raw.execute(f"INSERT OR REPLACE INTO {table} SELECT {copied} FROM {table}")
    raw.rollback()
    assert raw.execute(f"SELECT count(*) FROM {table}").fetchone()[0] == count
    raw.close()


def test_sql_cannot_add_to_a_locked_read_or_a_closed_reconciliation(store: StudyStore, folder: Path) -> None:
    fill(store)
    raw = sqlite3.connect(folder / DATABASE)
    with pytest.raises(sqlite3.DatabaseError, match="locked"):
        raw.execute(
            "INSERT INTO journal (reader, case_code, presentation, version, sequence, payload, digest) "
            "VALUES ('R1', 'K-1', 1, 1, 2, x'00', '')"
        )
    with pytest.raises(sqlite3.DatabaseError, match="signed"):
        raw.execute(
            "INSERT INTO reconcile_journal (case_code, sequence, payload, digest) VALUES ('K-1', 2, x'', '')"
        )
    raw.close()
    with pytest.raises(ProtocolViolation, match="signed by all"):
        store.reconciling.append("K-1", b"late", 1)


def test_a_reconciliation_signed_by_one_can_still_change(store: StudyStore) -> None:
    link = store.reconciling.append("K-1", b"settled", 0)
    store.reconciling.sign(ReconcileSignature("K-1", "R1", link.digest, "t"), PLAN_1.readers)
    with pytest.raises(ProtocolViolation, match="signed it already"):
        store.reconciling.sign(ReconcileSignature("K-1", "R1", link.digest, "t"), PLAN_1.readers)
    changed = store.reconciling.append("K-1", b"settled anew", 1)
    store.reconciling.sign(ReconcileSignature("K-1", "R2", changed.digest, "t"), PLAN_1.readers)
    assert store.reconciling.closed() == {}, "both must sign the same"
    store.reconciling.sign(ReconcileSignature("K-1", "R1", changed.digest, "t"), PLAN_1.readers)
    assert store.reconciling.closed() == {"K-1": changed.digest}


def test_a_batch_is_kept_whole_or_not_at_all(store: StudyStore) -> None:
    with pytest.raises(StoreError, match="another window"), store.batch():
        store.reads.append(KEY, b"one", 0)
        store.reads.append(KEY, b"two", 1)
        store.reads.append(KEY, b"three", 7)
    assert store.reads.entries(KEY) == ()
    assert not store.has_begun
    with store.batch():
        store.reads.append(KEY, b"one", 0)
        store.reads.append(KEY, b"two", 1)
    assert len(store.reads.entries(KEY)) == 2


def test_the_order_itself_is_kept(store: StudyStore) -> None:
    for reader in PLAN_1.readers:
        assert store.order(reader) == case_order(PLAN_1, reader)
    assert store.order("R9") == ()


def test_a_plan_can_be_replaced_until_reading_begins(store: StudyStore, folder: Path) -> None:
    better = StudyPlan("koa", "Knee", 2, ("K-1", "K-2"), ("R1", "R2"), (("recht", "1.0"),), seed=9)
    StudyStore.create(folder, better).close()
    assert [plan.number for plan in store.plans()] == [1, 2]
    assert {shown.case for shown in store.order("R1")} == {"K-1", "K-2"}
    assert (folder / PLAN).read_text(encoding="utf-8") == better.to_toml()
    store.reads.append(KEY, b"one", 0)
    with pytest.raises(ProtocolViolation, match="frozen"):
        StudyStore.create(folder, PLAN_1)
    StudyStore.create(folder, better).close()
    assert len(store.plans()) == 2
    assert [entry.event for entry in store.audit()] == ["study made", "plan changed", "plan frozen"]


def test_entries_of_one_second_keep_their_sequence(store: StudyStore) -> None:
    for number in range(50):
        store.record("R1", "opened", {"number": number})
    sequences = [entry.sequence for entry in store.audit()]
    assert sequences == list(range(1, len(sequences) + 1))


def test_events_of_some_kinds_are_those_of_the_whole_log(store: StudyStore, folder: Path) -> None:
    for number in range(6):
        store.record("R1" if number % 2 else "R2", "opened" if number < 4 else "locked", {"number": number})
    whole = store.audit()
    assert store.audit("opened", "locked") == whole[-6:]
    assert store.audit("locked") == whole[-2:]
    assert store.audit("opened", after=whole[-4].sequence) == whole[-3:-2]
    assert store.audit("never") == ()
    assert store.last_signed("R1") == 0  # an unsealed study signs nothing
    with sqlite3.connect(folder / DATABASE) as connection:
        connection.execute("INSERT INTO audit VALUES (-5, '', 'R1', 'opened', '{}', '', '', x'00')")
    connection.close()
    assert store.audit()[0].sequence == -5  # what does not belong there is not passed over
    assert store.last_signed("R1") == -5


def test_two_programs_lose_no_entry(store: StudyStore, folder: Path) -> None:
    """Each thread has a store of its own, as two programs would."""
    errors: list[BaseException] = []

    def read(reader: str) -> None:
        own = StudyStore.open(folder)
        try:
            for number in range(40):
                own.reads.append(ReadKey(reader, "K-1"), f"{reader} {number}".encode(), number)
        except BaseException as error:  # noqa: BLE001 - told to the test below
            errors.append(error)
        finally:
            own.close()

    threads = [threading.Thread(target=read, args=(reader,)) for reader in PLAN_1.readers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    for reader in PLAN_1.readers:
        kept = [link.payload for link in store.reads.entries(ReadKey(reader, "K-1"))]
        assert kept == [f"{reader} {number}".encode() for number in range(40)]


def test_a_folder_without_a_study_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="there is none"):
        StudyStore.open(tmp_path)
    assert not (tmp_path / DATABASE).exists()


def test_a_study_from_a_newer_version_is_left_alone(store: StudyStore, folder: Path) -> None:
    store.close()
    raw = sqlite3.connect(folder / DATABASE)
    raw.execute("UPDATE schema_version SET version = 99")
    raw.commit()
    raw.close()
    with pytest.raises(StoreError, match="newer version"):
        StudyStore.open(folder)


@pytest.mark.parametrize("content", [b"", b"not a database at all" * 100])
def test_a_damaged_database_is_told(folder: Path, content: bytes) -> None:
    folder.mkdir()
    (folder / DATABASE).write_bytes(content)
    with pytest.raises(StoreError):
        StudyStore.open(folder)


@pytest.mark.skipif(os.name != "posix", reason="needs a character device")
def test_a_full_disk_is_told_and_nothing_kept_is_lost(store: StudyStore, folder: Path) -> None:
    store.reads.append(KEY, b"one", 0)
    with store._file.writing() as connection:  # SQLite's own limit stands in for the disk's end
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 1}")
    with pytest.raises(StoreError, match="disk is full"):
        store.reads.append(KEY, bytes(200_000), 1)
    assert [link.payload for link in store.reads.entries(KEY)] == [b"one"]
