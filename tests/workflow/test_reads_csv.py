"""Answers from a table are recorded whole or not at all; locked reads leave as one long table."""

from __future__ import annotations

from pathlib import Path

import pytest

from workstation.analysis.reads import HEADER, load_reads, write_reads
from workstation.errors import DataError, ProtocolViolation
from workstation.reading.session import ReadState
from workstation.reading.visibility import Role, Viewer
from workstation.workflow.read_case import Study, create_study
from workstation.workflow.reads_csv import reads_rows, record_answers, record_consensus
from workstation.workflow.reconcile_case import reconciliation

ITEMS = ("patella", "trochlea", "MFC", "LFC", "MTP", "LTP")


@pytest.fixture
def study(tmp_path: Path) -> Study:
    (tmp_path / "plan.toml").write_text(
        'id = "koa"\ntitle = "Knee"\ncases = ["K-1", "K-2"]\nreaders = ["R1", "R2"]\n'
        'instruments = ["recht"]\n',
        encoding="utf-8",
    )
    with create_study(tmp_path / "plan.toml", tmp_path / "study") as made:
        yield made


def table(tmp_path: Path, text: str, name: str = "answers.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(text.encode("utf-8"))
    return path


def whole(grades: str = "324131", cases: tuple[str, ...] = ("K-1", "K-2")) -> str:
    rows = [f"{case},{item},{grade}" for case in cases for item, grade in zip(ITEMS, grades, strict=True)]
    return "case,item,value\n" + "\n".join(rows) + "\n"


def nothing_recorded(study: Study) -> bool:
    return not study.store.reads.journals() and not study.store.reads.locks()


def test_a_whole_table_is_recorded_and_locked(study: Study, tmp_path: Path) -> None:
    done = record_answers(study, "R1", table(tmp_path, whole()), lock=True)
    assert (done.answers, done.cases, len(done.locks)) == (12, ("K-1", "K-2"), 2)
    assert {one.state for one in study.reader("R1").worklist()} == {ReadState.LOCKED}
    assert study.counted_reads()["R1", "K-1", 1].content.sheet("recht").totals()["total"].value == 20


def test_part_of_a_table_is_a_draft_that_another_completes(study: Study, tmp_path: Path) -> None:
    part = "case,item,value\n" + "\n".join(whole().splitlines()[1:4])
    record_answers(study, "R1", table(tmp_path, part))
    assert study.reader("R1").open_read("K-1").state is ReadState.OPEN
    rest = "case,item,value\n" + "\n".join(whole().splitlines()[4:])
    assert len(record_answers(study, "R1", table(tmp_path, rest), lock=True).locks) == 2


def test_not_assessable_and_unread_are_understood(study: Study, tmp_path: Path) -> None:
    text = (
        "\ufeffcase;item;value;state\r\nK-1;patella;;not_assessable\r\nK-1;trochlea;NA;\r\n"
        "K-1;MFC;;unread\r\nK-1;LFC;2;scored\r\n\r\n"
    )
    done = record_answers(study, "R1", table(tmp_path, text))
    sheet = study.reader("R1").open_read("K-1").sheet()
    assert done.answers == 3
    assert [sheet.answer(item).state.value for item in ITEMS[:4]] == [
        "not_assessable", "not_assessable", "unread", "scored",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "case,item,value\nK-1,MFC,2\nK-1,LFC,5\n",
            'line 3 gives LFC the value "5". Allowed are 0, 1, 2, 3 or 4',
        ),
        ("case,item,value\nK-1,MFC,-1\n", 'line 2 gives MFC the value "-1"'),
        ("case,item,value\nK-1,MFC,2.5\n", 'line 2 gives MFC the value "2.5"'),
        ("case,item,value\nK-1,MFC,II\n", 'line 2 gives MFC the value "II"'),
        ("case,item,value\nK-1,MFC,٢\n", "line 2 gives MFC the value"),
        ("case,item,value\nK-9,MFC,2\n", 'line 2: This case was not opened: the plan names no case "K-9"'),
        (
            "case,item,value\nK-1,head,2\n",
            'line 2 names the item "head", which Recht cartilage grade does not',
        ),
        ("case,item,value\nK-1,MFC,2\nK-1,MFC,3\n", "line 3 repeats line 2: K-1, MFC"),
        ("case,item,value,reader\nK-1,MFC,2,R2\n", "line 2 is of reader R2, not of R1"),
        ("case,item,value,study\nK-1,MFC,2,other\n", "line 2 is of study other, not of koa"),
        (
            "case,item,value,instrument\nK-1,MFC,2,worms-marrow\n",
            'line 2 names the instrument "worms-marrow"',
        ),
        ("case,item,value,state\nK-1,MFC,2,guessed\n", 'line 2 has the unknown state "guessed"'),
        ("case,item,value,state\nK-1,MFC,2,unread\n", "line 2 gives MFC a value and the state unread"),
        ("case,item,value,state\nK-1,MFC,,scored\n", "line 2 says MFC is scored and has no value"),
        ("case,item\nK-1,MFC\n", "line 1 lacks the column value"),
        ("case,item,value,value\nK-1,MFC,1,1\n", "line 1 has the column value twice"),
        ("case,item,value\nK-1,MFC\n", "line 2 has 2 columns, the header 3"),
        ("case,item,value\n", "the table has no answers"),
        ("", "is empty"),
        ('case,item,value\n"K-1,MFC,1\n', "is not CSV"),
        ("case,item,value\nK-1,MF\0C,1\n", "line 2 holds binary data"),
    ],
)
def test_a_mistake_is_told_with_its_line_and_nothing_is_recorded(
    study: Study, tmp_path: Path, text: str, words: str
) -> None:
    good = whole(cases=("K-2",)).splitlines()[1:]  # right answers beside the wrong one
    if text.startswith("case,item,value\nK"):
        text += "\n".join(good)
    with pytest.raises(DataError) as caught:
        record_answers(study, "R1", table(tmp_path, text), lock=True)
    assert words in caught.value.sentence, caught.value.sentence
    assert str(tmp_path) not in caught.value.sentence
    assert nothing_recorded(study)


def test_a_case_that_would_stay_incomplete_is_not_locked_and_nothing_is_recorded(
    study: Study, tmp_path: Path
) -> None:
    text = whole().replace("K-2,LTP,1\n", "")
    with pytest.raises(
        ProtocolViolation, match="K-2 was not locked: not yet read: Recht cartilage grade: LTP"
    ):
        record_answers(study, "R1", table(tmp_path, text), lock=True)
    assert nothing_recorded(study)


def test_a_locked_case_is_not_recorded_again(study: Study, tmp_path: Path) -> None:
    record_answers(study, "R1", table(tmp_path, whole(cases=("K-1",))), lock=True)
    with pytest.raises(DataError, match=r"line 2: The read of K-1 was not changed: it is locked"):
        record_answers(study, "R1", table(tmp_path, whole("000000")), lock=True)
    assert study.reader("R1").open_read("K-2").session.content.is_untouched


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"case,item,value\nK-1,MFC,\xe9\n"])
def test_a_table_that_is_no_text_is_told(study: Study, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    with pytest.raises(DataError, match="is not UTF-8 text"):
        record_answers(study, "R1", path)


def test_a_missing_table_is_told(study: Study, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no file none\.csv"):
        record_answers(study, "R1", tmp_path / "none.csv")


def test_a_readers_export_before_the_other_locks_holds_only_the_own_reads(
    study: Study, tmp_path: Path
) -> None:
    record_answers(study, "R1", table(tmp_path, whole()), lock=True)
    record_answers(study, "R2", table(tmp_path, whole("224241", ("K-1",))), lock=True)
    own = reads_rows(study, Viewer(Role.READER, "R1"))
    assert {row.reader for row in own} == {"R1"}
    assert len(own) == 12
    assert {row.reader for row in reads_rows(study, Viewer(Role.READER, "R2"))} == {"R2"}
    assert reads_rows(study) == (), "the coordinator waits for the last lock"


def test_the_long_table_says_everything_and_reads_back(study: Study, tmp_path: Path) -> None:
    record_answers(study, "R1", table(tmp_path, whole()), lock=True)
    record_answers(study, "R2", table(tmp_path, whole("2NNNNN".replace("N", "0"))), lock=True)
    rows = reads_rows(study)
    assert len(rows) == 2 * 2 * 6
    path = tmp_path / "reads.csv"
    write_reads(path, rows)
    assert path.read_text(encoding="utf-8").splitlines()[0] == ",".join(HEADER)
    assert load_reads(path) == rows
    first = rows[0]
    assert (first.study, first.case, first.reader, first.item) == ("koa", "K-1", "R1", "patella")
    assert (first.value, first.points, first.state) == (3, 4, "scored")
    assert (first.instrument, first.instrument_version, first.read_version, first.repeat) == (
        "recht",
        "1.0",
        1,
        0,
    )
    assert first.locked_at.endswith("+00:00")


def test_not_assessable_leaves_without_value_and_points(study: Study, tmp_path: Path) -> None:
    for reader in ("R1", "R2"):
        text = whole().replace("K-1,patella,3", "K-1,patella,NA")
        record_answers(study, reader, table(tmp_path, text), lock=True)
    row = reads_rows(study)[0]
    assert (row.value, row.points, row.state) == (None, None, "not_assessable")


def test_consensus_values_from_a_table(study: Study, tmp_path: Path) -> None:
    record_answers(study, "R1", table(tmp_path, whole()), lock=True)
    record_answers(study, "R2", table(tmp_path, whole("224241")), lock=True)
    text = "case,item,value,reason\nK-1,patella,3,fissure\nK-1,LFC,2,seen together\nK-1,MTP,NA,artefact\n"
    record_consensus(study, table(tmp_path, text))
    case = reconciliation(study, "K-1")
    assert case.status == "settled"
    assert {final.item: final.grade for final in case.finals}["MTP"] is None


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("K-1,trochlea,2,why", "line 3: The consensus on trochlea was not kept: both readers agree on it"),
        ("K-1,LFC,7,why", 'line 3 gives LFC the value "7"'),
        ("K-1,LFC,2,", "line 3: The consensus on LFC was not kept: it has no reason"),
        ("K-1,LFC,,why", "line 3 has no value for LFC"),
        ("K-5,LFC,2,why", "line 3: This case was not opened"),
    ],
)
def test_a_wrong_consensus_value_keeps_none(study: Study, tmp_path: Path, row: str, words: str) -> None:
    record_answers(study, "R1", table(tmp_path, whole()), lock=True)
    record_answers(study, "R2", table(tmp_path, whole("224241")), lock=True)
    with pytest.raises(DataError) as caught:
        record_consensus(study, table(tmp_path, f"case,item,value,reason\nK-1,patella,3,fissure\n{row}\n"))
    assert words in caught.value.sentence, caught.value.sentence
    assert reconciliation(study, "K-1").settlements == ()


def test_consensus_values_before_the_last_lock_are_refused(study: Study, tmp_path: Path) -> None:
    record_answers(study, "R1", table(tmp_path, whole()), lock=True)
    with pytest.raises(DataError, match="not available yet"):
        record_consensus(study, table(tmp_path, "case,item,value,reason\nK-1,patella,3,fissure\n"))
