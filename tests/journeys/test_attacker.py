"""What a reader finds who has the own passphrase, the whole disk and this source: nothing of the other."""

from __future__ import annotations

import base64
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from workstation.errors import ProtocolViolation, StoreError
from workstation.masks.editing.change import Change, packed
from workstation.masks.editing.strokes import Stroke
from workstation.reading.cards import Seat
from workstation.reading.journal import ReadKey
from workstation.reading.seal import LEAST_COST, NotOpened, decrypt
from workstation.reading.sealed_codec import SealedCodec, journal_key
from workstation.scoring.sheet import Evidence
from workstation.store.account_files import FOLDER, AccountFolder
from workstation.store.study_store import DATABASE
from workstation.workflow.accounts import make_account
from workstation.workflow.read_case import Study, create_study, open_study_folder
from workstation.workflow.verify_study import verify_study

PLAN = """\
id = "koa"
title = "Knee"
cases = ["K-1", "K-2", "K-3"]
readers = ["A", "B"]
instruments = ["recht", "worms-marrow"]
"""
SECRET = "SENTINELSECRET"
TRACES = tuple(
    word.encode()
    for word in (SECRET, '"grade"', '"item"', '"answer"', '"mark"', '"view"', '"slice"', 'blinding_held":')
)


def scattered(chance: random.Random, count: int = 4000) -> Change:
    """Voxels too many and too scattered for one entry of the journal."""
    voxels = np.array(sorted(chance.sample(range(40 * 256 * 256), count)))
    return Change((40, 256, 256), voxels, np.zeros(count, np.uint8), np.ones(count, np.uint8))


PLANTED = Stroke("planted", "1.2", "brush", packed(scattered(random.Random(0), 300)))
RUNS = PLANTED.deltas[0].groups[0].runs
TRACES += (RUNS[8:40], base64.b64encode(RUNS)[16:60], b'"stroke"', b'"changes"', b'"edema"')


def word(name: str) -> str:
    return f"four plain words {name}"


@pytest.fixture(params=["coordinator", "both-keys"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    place = tmp_path / "study"
    people = AccountFolder(place / FOLDER)
    for name, seat in (("A", Seat.READER), ("B", Seat.READER), ("C", Seat.COORDINATOR)):
        if name != "C" or request.param == "coordinator":
            make_account(people, name, seat, word(name), cost=LEAST_COST)
    (tmp_path / "plan.toml").write_text(PLAN + f'[sealing]\nmode = "{request.param}"\n', encoding="utf-8")
    create_study(tmp_path / "plan.toml", place, passphrase_of=word).close()
    return place


def read_as(study: Study, reader: str, chance: random.Random, *, lock: bool, secret: str = "") -> None:
    """Everything that a reader can leave behind: answers, evidence, views, marks, masks, comments."""
    study.sign_in(reader, word(reader))
    desk = study.reader(reader)
    for entry in desk.worklist():
        read = desk.open_read(entry.code)
        for sheet in read.sheets:
            for item in sheet.instrument.items:
                view = {"tiles": [{"series_key": f"1.2.{secret}", "slice_index": chance.randrange(30)}] * 16}
                evidence = Evidence(f"1.2.{secret}", "1.2.3", 0, chance.randrange(30), True, view)
                grade = chance.choice(item.levels).grade
                read.answer(item.id, grade, evidence, instrument=sheet.instrument.id)
        read.undo()
        read.redo()
        read.keep_view_state({"note": secret, "window": [chance.random(), 1.0]})
        read.keep_mark("m1", {"text": f"{secret} comment", "points": [[chance.random(), 2.0]]})
        read.keep_stroke(replace(PLANTED, id=f"planted {secret}"))
        read.keep_stroke(replace(PLANTED, deltas=packed(scattered(chance)), id="large"))
        read.undo()
        if lock:
            read.lock(word(reader), blinding_held=not secret, remark=f"{secret} remark")
    if lock:
        desk.amend("K-1", f"{secret} reason").lock(word(reader))
    study.sign_out(reader)


def every_byte(*places: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for place in places for path in place.rglob("*") if path.is_file()}


def assert_no_trace(*places: Path) -> None:
    for path, content in every_byte(*places).items():
        for trace in TRACES:
            assert trace not in content, f"{trace!r} in {path.name}"
            if trace.isascii():
                assert trace.decode().encode("utf-16-le") not in content, f"{trace!r} in {path.name}"


def places(folder: Path) -> list[Path]:
    return [folder, Path(os.environ["MARROW_LOG"]), Path(os.environ["MARROW_CONFIG"])]


def test_nothing_of_b_lies_readable_after_normal_use(folder: Path) -> None:
    with open_study_folder(folder) as study:
        read_as(study, "B", random.Random(1), lock=True, secret=SECRET)
        assert (folder / f"{DATABASE}-wal").stat().st_size > 0
        assert_no_trace(*places(folder))  # while it is open: write-ahead log and shared memory too
    assert_no_trace(*places(folder))


def test_the_search_would_find_it(folder: Path, tmp_path: Path) -> None:
    """The same read in a study that is not sealed is found at once."""
    plain = tmp_path / "plain"
    (tmp_path / "plan.toml").write_text(PLAN, encoding="utf-8")
    with create_study(tmp_path / "plan.toml", plain) as study:
        read = study.reader("B").open_read("K-1")
        read.keep_mark("m1", {"text": f"{SECRET} comment"})
        read.keep_stroke(PLANTED)
    with pytest.raises(AssertionError, match="SENTINEL"):
        assert_no_trace(plain)
    found = b"".join(every_byte(plain).values())
    assert base64.b64encode(RUNS)[16:60] in found


@pytest.mark.skipif(os.name != "posix", reason="sends SIGKILL")
def test_nothing_of_b_lies_readable_after_a_crash(folder: Path, tmp_path: Path) -> None:
    shutil.copy(__file__, tmp_path / "attacker_scene.py")
    script = (
        "import random, sys; from pathlib import Path; import attacker_scene as scene\n"
        "study = scene.open_study_folder(Path(sys.argv[1])); print('open', flush=True)\n"
        "scene.read_as(study, 'B', random.Random(2), lock=True, secret=scene.SECRET)\n"
    )
    root = Path(__file__).resolve().parents[2]
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(folder)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": f"{root}{os.pathsep}{tmp_path}", "TMPDIR": str(temporary)},
    )
    assert process.stdout is not None
    process.stdout.readline()
    with sqlite3.connect(f"file:{folder / DATABASE}?mode=ro", uri=True) as watching:
        until = time.monotonic() + 60
        while watching.execute("SELECT count(*) FROM journal").fetchone()[0] < 12:
            assert time.monotonic() < until
            time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert_no_trace(folder, temporary)
    with open_study_folder(folder) as study:
        assert verify_study(study).is_intact
        study.sign_in("B", word("B"))
        assert any(study.reader("B").open_read(code).session.sequence for code in study.plan.cases)
    assert_no_trace(folder, temporary)


def test_nothing_of_b_lies_readable_after_deletion(folder: Path) -> None:
    with open_study_folder(folder) as study:
        read_as(study, "B", random.Random(3), lock=True, secret=SECRET)
    connection = sqlite3.connect(folder / DATABASE, isolation_level=None)
    for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        connection.execute(f"DROP TRIGGER {name}")
    for table in ("journal", "sheets", "locks", "amendments"):
        connection.execute(f"DELETE FROM {table}")
    connection.close()
    assert_no_trace(*places(folder))


def test_what_is_visible_is_the_same_whatever_b_answered(folder: Path, tmp_path: Path) -> None:
    """Two reads of B with other answers: the same lengths everywhere, no digest twice."""
    sizes: list[dict[str, list[int]]] = []
    digests: set[str] = set()
    for number in (4, 5):
        place = tmp_path / f"copy-{number}"
        shutil.copytree(folder, place)
        with open_study_folder(place) as study:
            read_as(study, "B", random.Random(number), lock=True, secret=SECRET * (number - 3))
        connection = sqlite3.connect(place / DATABASE)
        found: dict[str, list[int]] = defaultdict(list)
        for table, column in (("journal", "payload"), ("sheets", "body"), ("sheets", "key_box")):
            rows = connection.execute(f"SELECT length({column}) FROM {table} ORDER BY rowid").fetchall()
            found[f"{table}.{column}"] = [length for (length,) in rows]
        sizes.append(dict(found))
        kept = {one for (one,) in connection.execute("SELECT digest FROM journal")}
        assert not kept & digests
        digests |= kept
        connection.close()
    assert sizes[0] == sizes[1]
    # Answers, evidence, views, undo, comments and a small stroke are one class; a large one is another.
    assert sorted(set(sizes[0]["journal.payload"])) == [2_048 + 40, 16_384 + 40]
    assert len(set(sizes[0]["sheets.key_box"])) == 1


def test_with_the_passphrase_of_a_nothing_of_b_opens(folder: Path) -> None:
    with open_study_folder(folder) as study:
        read_as(study, "B", random.Random(6), lock=True, secret=SECRET)
        read_as(study, "A", random.Random(7), lock=False)
        study.sign_in("A", word("A"))
        assert study.vault is not None
        mine = study.vault.people["A"].keys
        # By the source: every key that A can make, on everything that is kept of B.
        keys = {
            who: journal_key(mine, study.store.study_uid, ReadKey(who, case))
            for who in ("A", "B", "")
            for case in study.plan.cases
        }
        for read_key, links in study.store.reads.journals("B").items():
            for key in keys.values():
                codec = SealedCodec(study.store.study_uid, lambda _key, kept=key: kept)
                with pytest.raises(NotOpened):
                    codec.decode(read_key, 1, links[0].payload)
        for sheet in study.store.seals.sheets().values():
            for box in (sheet.key_box, sheet.body[:80]):
                with pytest.raises(NotOpened):
                    inner = mine.open(box)
                    decrypt(inner[:32], sheet.body, b"")  # both keys: A's layer holds only B's box
        # By the program.
        assert {key for key in study.counted_reads() if key[0] == "B"} == set()
        with pytest.raises(ProtocolViolation):
            study.unseal("K-1", "A")
        with pytest.raises(ProtocolViolation):
            study.reader("B").open_read("K-1")


def test_the_program_shows_nothing_of_bs_progress(folder: Path) -> None:
    from workstation.reading.visibility import Role, Viewer

    shown = []
    for number in range(2):
        with open_study_folder(folder) as study:
            if number:
                read_as(study, "B", random.Random(8), lock=True, secret=SECRET)
            study.sign_in("A", word("A"))
            desk = study.reader("A")
            rows = study.status(Viewer(Role.READER, "A"))
            shown.append((desk.worklist(), desk.title, rows, study.has_unsealed_any()))
    assert shown[0] == shown[1]


def test_a_database_cut_short_is_said_in_a_sentence(folder: Path) -> None:
    with open_study_folder(folder) as study:
        read_as(study, "B", random.Random(9), lock=True)
    content = (folder / DATABASE).read_bytes()
    for share in (0.0, 0.3, 0.9):
        (folder / DATABASE).write_bytes(content[: int(len(content) * share)])
        try:
            with open_study_folder(folder) as study:
                assert not verify_study(study).is_intact
        except StoreError as error:
            assert error.sentence


def test_an_account_file_holds_no_secret_in_the_clear(folder: Path) -> None:
    people = AccountFolder(folder / FOLDER)
    _, keys = people.keys("B", word("B"))
    secrets = {bytes(keys._box), bytes(keys._signing), word("B").encode()}
    for content in every_byte(folder).values():
        for secret in secrets:
            assert secret not in content
            assert secret.hex().encode() not in content
    assert json.loads((folder / FOLDER / "B.json").read_text("utf-8"))["kdf"]["name"] == "argon2id13"
