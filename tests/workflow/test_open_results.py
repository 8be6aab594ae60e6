"""Results open from a table, or from a study once every read is locked; never before."""

from __future__ import annotations

from pathlib import Path

import pytest

from workstation.analysis.reads import ReadRow, load_reads
from workstation.errors import DataError, ProtocolViolation
from workstation.tasks import SilentProgress
from workstation.workflow.open_results import cases_behind, open_results, save_results
from workstation.workflow.read_case import create_study
from workstation.workflow.reads_csv import record_answers

ITEMS = ("patella", "trochlea", "MFC", "LFC", "MTP", "LTP")


def study_folder(tmp_path: Path) -> Path:
    (tmp_path / "plan.toml").write_text(
        'id = "koa"\ntitle = "Knee study"\ncases = ["K-1", "K-2"]\nreaders = ["R1", "R2"]\n'
        'instruments = ["recht"]\n',
        encoding="utf-8",
    )
    with create_study(tmp_path / "plan.toml", tmp_path / "study"):
        return tmp_path / "study"


def read(folder: Path, reader: str, grades: str) -> None:
    from workstation.workflow.read_case import open_study_folder

    lines = [f"{case},{item},{g}" for case in ("K-1", "K-2") for item, g in zip(ITEMS, grades, strict=True)]
    table = folder.parent / f"{reader}.csv"
    table.write_text("case,item,value\n" + "\n".join(lines) + "\n", encoding="utf-8")
    with open_study_folder(folder) as study:
        record_answers(study, reader, table, lock=True)


def test_a_study_opens_only_when_every_read_is_locked(tmp_path: Path) -> None:
    folder = study_folder(tmp_path)
    read(folder, "R1", "012340")
    with pytest.raises(ProtocolViolation, match="2 reads are not locked yet"):
        open_results(folder, None, SilentProgress())
    read(folder, "R2", "012341")
    results = open_results(folder, None, SilentProgress())
    assert results.is_study and results.title == "Knee study"
    assert results.report.parts[0].readers == ("R1", "R2")
    assert {row.reader for row in results.bundle.reads} == {"R1", "R2"}


def test_looking_at_scores_is_an_entry_of_the_audit(tmp_path: Path) -> None:
    from workstation.workflow.read_case import open_study_folder

    folder = study_folder(tmp_path)
    for reader in ("R1", "R2"):
        read(folder, reader, "012340")
    for _ in range(2):
        open_results(folder, None, SilentProgress())
    with open_study_folder(folder) as study:
        events = [one.event for one in study.store.audit()]
    assert events.count("reads opened for comparison") == 1


def test_other_folders_and_damaged_tables_are_refused_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="no reading study"):
        open_results(tmp_path / "empty", None, SilentProgress())
    table = tmp_path / "reads.csv"
    table.write_text("case,reader,item,value\nK-1,R1,MFc,9\nK-1,R2,MFc,x\n", encoding="utf-8")
    with pytest.raises(DataError, match="line 3"):
        open_results(table, None, SilentProgress())
    table.write_text("case,reader,item,value\nK-1,R1,MFc,2\n", encoding="utf-8")
    with pytest.raises(DataError, match="one reader"):
        open_results(table, None, SilentProgress())


def test_tables_and_report_of_a_study_are_written_with_their_manifest(tmp_path: Path) -> None:
    folder = study_folder(tmp_path)
    for reader, grades in (("R1", "012340"), ("R2", "112340")):
        read(folder, reader, grades)
    results = open_results(folder, None, SilentProgress())
    tables = save_results(results, "csv", tmp_path / "out", None, SilentProgress())
    report = save_results(results, "html", tmp_path / "out", None, SilentProgress())
    assert {"reads.csv", "reconciled.csv", "export.json"} <= {path.name for path in tables}
    assert len(load_reads(tmp_path / "out" / "reads.csv")) == 2 * 2 * 6
    assert any(path.suffix == ".html" for path in report)


def test_tables_of_a_csv_file_are_written_too(tmp_path: Path) -> None:
    table = tmp_path / "reads.csv"
    table.write_text(
        "case,reader,item,value\nK-1,R1,a,2\nK-1,R2,a,1\nK-2,R1,a,0\nK-2,R2,a,0\n", encoding="utf-8"
    )
    results = open_results(table, None, SilentProgress())
    (tmp_path / "out").mkdir()
    written = save_results(results, "csv", tmp_path / "out", None, SilentProgress())
    assert {"reads.csv", "agreement.csv"} <= {path.name for path in written}


def row(case: str, reader: str, item: str, value: float | None, **more) -> ReadRow:
    state = "scored" if value is not None else "not_assessable"
    return ReadRow(case, reader, item, value, state=state, **more)


def test_the_cases_behind_a_number_come_with_the_largest_difference_first() -> None:
    rows = [
        row("K-1", "R1", "a", 1), row("K-1", "R2", "a", 1),
        row("K-2", "R1", "a", 3), row("K-2", "R2", "a", 0),
        row("K-3", "R1", "a", 1), row("K-3", "R2", "a", 2), row("K-3", "R1", "b", 3),
        row("K-4", "R1", "a", None), row("K-4", "R2", "a", 2),
    ]  # fmt: skip
    found = cases_behind(rows, "", ("a",), ("R1", "R2"))
    assert [(one.case, one.grades[0], one.largest_difference) for one in found] == [
        ("K-2", (3, 0), 3), ("K-3", (1, 2), 1), ("K-4", (None, 2), 0), ("K-1", (1, 1), 0),
    ]  # fmt: skip
    assert [one.items_that_differ for one in found] == [1, 1, 1, 0], (
        "a grade against not assessable is one too"
    )


def test_only_the_first_reading_and_version_count_behind_a_number() -> None:
    rows = [
        row("K-1", "R1", "a", 3, repeat=1),
        row("K-1", "R1", "a", 2, read_version=2),
        row("K-1", "R1", "a", 1),
        row("K-1", "R2", "a", 1, instrument="other"),
    ]
    (only,) = cases_behind(rows, "recht", ("a",), ("R1", "R2"))
    assert only.grades == ((1, None),)
