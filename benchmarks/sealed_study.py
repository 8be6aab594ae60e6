"""A sealed study: one answer on disk, opening 500 cases of two readers, verifying 100,000 signed events."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from benchmarks.figures import Figure, figure
from workstation.reading.audit import AuditEntry, next_entry, next_link, signed_entry
from workstation.reading.cards import Seat
from workstation.reading.journal import answer_entry, utc_now
from workstation.reading.order import Presentation
from workstation.reading.plan import StudyPlan
from workstation.reading.seal import LEAST_COST, Keys, are_signed
from workstation.scoring.instrument import instrument
from workstation.scoring.sheet import Answer
from workstation.store.account_files import FOLDER, AccountFolder
from workstation.store.study_store import DATABASE, StudyStore
from workstation.workflow.accounts import make_account, plan_signers, with_accounts
from workstation.workflow.read_case import Study, open_study_folder
from workstation.workflow.secret_orders import draw_orders
from workstation.workflow.verify_study import verify_study

NAMES = ("answer_durable_ms", "open_500x2_s", "audit_verify_100k_s")
LIMITS = {"answer_durable_ms": 20.0, "open_500x2_s": 1.0, "audit_verify_100k_s": 10.0}
CASES, READERS = 500, ("R1", "R2")
ENTRIES, EVENTS = 90_000, 100_000
"""Entries of the reads, and events of the study's own log: each of those is signed and checked by itself."""
WORDS = "four plain words"
ANSWERS = 200
RUNS = 3


def run(runs: int | None = None) -> list[Figure]:
    """Build one sealed study, then measure on it; the floor of an answer is a write with fsync."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "study"
        _make(folder)
        durable, floor = _answers(folder, Path(place) / "floor")
        _fill(folder)
        opened = [_open(folder) for _ in range(runs or RUNS)]
        verified = [_verify(folder) for _ in range(min(runs or RUNS, RUNS))]
    return [
        figure(
            "answer_durable_ms", durable, "ms", floor=floor, floor_name="4 KiB and fsync",
            limit=LIMITS["answer_durable_ms"],
        ),
        figure("open_500x2_s", opened, "s", limit=LIMITS["open_500x2_s"]),
        figure(
            "audit_verify_100k_s", verified, "s", floor=_signatures(), floor_name="100,000 signatures alone",
            limit=LIMITS["audit_verify_100k_s"],
        ),
    ]  # fmt: skip


def _make(folder: Path) -> None:
    people = AccountFolder(folder / FOLDER)
    for name in READERS:
        make_account(people, name, Seat.READER, WORDS, cost=LEAST_COST)
    make_account(people, "C1", Seat.COORDINATOR, WORDS, cost=LEAST_COST)
    cases = tuple(f"K-{number:04}" for number in range(1, CASES + 1))
    form = instrument("worms-marrow")
    plan = StudyPlan("bench", "Benchmark", 1, cases, READERS, ((form.id, form.version),))
    sealed = with_accounts(plan, people)
    signers = plan_signers(sealed, people, {"C1": WORDS})
    with contextlib.closing(StudyStore.create(folder, sealed, signers=signers)) as store:
        draw_orders(store, sealed, signers)


def _answers(folder: Path, scratch: Path) -> tuple[list[float], float]:
    with open_study_folder(folder) as study:
        study.sign_in("R1", WORDS)
        read = study.reader("R1").open_read("K-0001")
        items = read.sheet().instrument.items
        samples = []
        for number in range(ANSWERS):
            started = time.perf_counter()
            read.answer(items[number % len(items)].id, number % 2)
            samples.append((time.perf_counter() - started) * 1000)
    floors = []
    with scratch.open("wb") as file:
        for _ in range(ANSWERS):
            started = time.perf_counter()
            file.write(bytes(4096))
            file.flush()
            os.fsync(file.fileno())
            floors.append((time.perf_counter() - started) * 1000)
    return samples, sorted(floors)[len(floors) // 2]


def _fill(folder: Path) -> None:
    """Entries of every read, half of the reads locked, and many events."""
    each = ENTRIES // (CASES * len(READERS))
    with open_study_folder(folder) as study:
        for reader in READERS:
            study.sign_in(reader, WORDS)
            worklist = study.reader(reader).worklist()
            _write(study, folder, reader, [one.code for one in worklist if one.code != "K-0001"], each)
            with study.store.batch():
                for entry in worklist[::2]:
                    read = study.reader(reader).open_read(entry.code)
                    if read.session.content.is_complete:
                        read.lock(WORDS)
        _write_events(study, folder)


def _write(study: Study, folder: Path, reader: str, cases: list[str], entries: int) -> None:
    """Journals as the program would write them one by one, in one go."""
    assert study.vault is not None
    items = study.instruments[0].items
    sign, rows = study.vault.people[reader].keys.sign, []
    for case in cases:
        key, last = study.orders.key(reader, Presentation(case)), None
        for number in range(entries):
            answer = Answer.scored(items[number % len(items)].id, number % 2)
            entry = replace(answer_entry("worms-marrow", answer), left=max(0, len(items) - number - 1))
            payload = study.codec.encode(key, number + 1, entry)
            last = next_link(last, study.store.reads.root(key), payload, sign)
            rows.append((*key.kept, last.sequence, payload, last.digest, last.signature))
    with sqlite3.connect(folder / DATABASE) as connection:
        connection.executemany(
            "INSERT INTO journal (reader, case_code, presentation, version, sequence, payload, digest, "
            "signature) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            rows,
        )
    connection.close()


def _write_events(study: Study, folder: Path) -> None:
    """Signed events as the program would write them one by one, of both readers in turn."""
    assert study.vault is not None
    signs = {reader: study.vault.people[reader].keys.sign for reader in READERS}
    audit = study.store.audit()
    last, rows = audit[-1], []
    for number in range(EVENTS - len(audit)):
        actor, detail = READERS[number % 2], {"formats": ["csv"], "files": number}
        last = signed_entry(
            next_entry(last, study.store.audit_root, utc_now(), actor, "exported", detail), signs[actor]
        )
        rows.append([getattr(last, name) for name in AuditEntry.__slots__])
    with sqlite3.connect(folder / DATABASE) as connection:
        named, marks = ", ".join(AuditEntry.__slots__), ", ".join("?" * len(AuditEntry.__slots__))
        connection.executemany(f"INSERT INTO audit ({named}) VALUES ({marks})", rows)
    connection.close()


def _open(folder: Path) -> float:
    """From the folder to the reader's worklist on screen."""
    started = time.perf_counter()
    with open_study_folder(folder) as study:
        study.sign_in("R1", WORDS)
        assert len(study.reader("R1").worklist()) == CASES
        return time.perf_counter() - started


def _signatures() -> float:
    """How long libsodium takes for as many signatures on all processors."""
    keys, count = Keys.generate(), 4096
    message = b"a digest".ljust(64)
    claims = [(keys.signing_key, "benchmark", message, keys.sign("benchmark", message))] * count
    started = time.perf_counter()
    assert all(are_signed(claims)())
    return (time.perf_counter() - started) * EVENTS / count


def _verify(folder: Path) -> float:
    with open_study_folder(folder) as study:
        started = time.perf_counter()
        report = verify_study(study)
        taken = time.perf_counter() - started
    assert report.is_intact, report.findings[:3]
    assert report.audit_entries >= EVENTS and report.journal_entries >= 0.99 * ENTRIES
    return taken
