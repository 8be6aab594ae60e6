"""Hostile, strange and plain tables of reads."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workstation.analysis.reads import (
    HEADER,
    NOT_ASSESSABLE,
    UNREAD,
    ReadRow,
    check_values,
    load_reads,
    write_reads,
)
from workstation.errors import DataError, StoreError

PLAIN = "case,reader,item,value\nK-01,R1,MFc,2\nK-01,R2,MFc,3\n"


def table(tmp_path: Path, content: str | bytes) -> Path:
    path = tmp_path / "reads.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_header_is_the_one_of_the_exchange_format() -> None:
    assert ",".join(HEADER) == (
        "study,case,side,visit,repeat,reader,read_version,instrument,"
        "instrument_version,item,value,points,state,locked_at"
    )


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "empty"),
        ("\n\n  \n", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        ("case,reader,item,value\n", "no rows"),
        ("case,reader,item\nK,R,M\n", "line 1 lacks the column value"),
        ("kase;wert\n1;2\n", "line 1 lacks the columns case, reader, item, value"),
        ("case,case,reader,item,value\nK,K,R,M,1\n", "has the column case twice"),
        (PLAIN + "K-02,R1,MFc\n", "line 4 has 3 columns"),
        (PLAIN + "K-02,R1,MFc,two\n", "line 4 has the value 'two'"),
        (PLAIN + "K-02,R1,MFc,nan\n", "line 4 has the value 'nan'"),
        (PLAIN + "K-02,R1,MFc,1e999\n", "line 4 has the value '1e999'"),
        (PLAIN + "K-02,R1,MFc,1_0\n", "line 4 has the value '1_0'"),
        (PLAIN + "K-02,R1,MFc,٣\n", "line 4 has the value"),
        (PLAIN + ",R1,MFc,1\n", "line 4 has no case"),
        (PLAIN + "K-01,R1,MFc,1\n", "line 4 repeats line 2"),
        ("case,reader,item,value,state\nK,R,M,1,done\n", "line 2 has the unknown state 'done'"),
        ("case,reader,item,value,state\nK,R,M,,scored\n", "line 2 is scored but has no value"),
        ("case,reader,item,value,state\nK,R,M,1,unread\n", "line 2 has a value but is unread"),
        ("case,reader,item,value,repeat\nK,R,M,1,-1\n", "line 2 has the repeat '-1'"),
        ("case,reader,item,value,read_version\nK,R,M,1,²\n", "line 2 has the read_version"),
        (b"case,reader,item,value\nK,R,M,1\nK\xff,R,M,1\n", "line 3 is not UTF-8"),
        (b"case,reader,item,value\nK,R,M\x00,1\n", "line 2 holds binary data"),
        (b"PK\x03\x04" + bytes(200), "line 1 holds binary data"),
        ('case,reader,item,value\nK,R,"M,1\n', "is not CSV"),
        ('case,reader,item,value\nK,R,"M"x,1\n', "line 2 is not CSV"),
        ("case,reader,item,value\nK,R," + "M" * 200_000 + ",1\n", "is not CSV"),
    ],
)
def test_bad_table_is_refused_in_one_sentence_that_names_the_line(
    tmp_path: Path, content: str | bytes, words: str
) -> None:
    with pytest.raises(DataError) as refused:
        load_reads(table(tmp_path, content))
    assert words in refused.value.sentence
    assert "\n" not in refused.value.sentence


def test_missing_file_and_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no file absent\.csv"):
        load_reads(tmp_path / "absent.csv")
    with pytest.raises(DataError):
        load_reads(tmp_path)


@pytest.mark.parametrize(
    "content",
    [
        PLAIN,
        "\ufeff" + PLAIN,
        PLAIN.replace("\n", "\r\n"),
        PLAIN.replace("\n", "\r"),
        PLAIN.replace(",", ";"),
        "sep=;\n" + PLAIN.replace(",", ";"),
        PLAIN.replace(",", "\t"),
        PLAIN.encode("utf-16"),
        PLAIN.replace("case,reader", " Case , READER "),
        PLAIN + "\n , , ,\n",
        "comment,case,reader,item,value\n'',K-01,R1,MFc,2\n,K-01,R2,MFc,3\n",
    ],
)
def test_spreadsheet_habits_are_understood(tmp_path: Path, content: str | bytes) -> None:
    rows = load_reads(table(tmp_path, content))
    assert [(row.case, row.reader, row.item, row.value) for row in rows] == [
        ("K-01", "R1", "MFc", 2.0),
        ("K-01", "R2", "MFc", 3.0),
    ]


def test_decimal_comma_only_with_semicolons(tmp_path: Path) -> None:
    assert load_reads(table(tmp_path, "case;reader;item;value\nK;R;M;2,5\n"))[0].value == 2.5


def test_line_numbers_count_lines_of_the_file(tmp_path: Path) -> None:
    content = 'sep=,\ncase,reader,item,value\n"K\n01",R,M,1\nK2,R,M,x\n'
    with pytest.raises(DataError, match="line 5 has the value 'x'"):
        load_reads(table(tmp_path, content))


def test_states_without_value(tmp_path: Path) -> None:
    rows = load_reads(table(tmp_path, "case,reader,item,value,state\nK,R,a,,\nK,R,b,,not_assessable\n"))
    assert [row.state for row in rows] == [UNREAD, NOT_ASSESSABLE]
    assert all(row.value is None for row in rows)


def test_value_out_of_the_scale_names_line_and_grades(tmp_path: Path) -> None:
    rows = load_reads(table(tmp_path, PLAIN + "K-02,R1,MFc,4\n"))
    with pytest.raises(DataError, match=r"line 4 gives MFc the value 4, but WORMS allows 0, 1, 2, 3"):
        check_values(rows, {"MFc": (0, 1, 2, 3)}, "WORMS")
    with pytest.raises(DataError, match="line 2 names the item 'MFc'"):
        check_values(rows, {}, "WORMS")


CODES = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1, max_size=12).map(
    str.strip
)


@settings(max_examples=60)
@given(
    rows=st.lists(
        st.builds(
            ReadRow,
            case=CODES.filter(bool),
            reader=CODES.filter(bool),
            item=CODES.filter(bool),
            value=st.integers(0, 6).map(float) | st.just(2.5),
            points=st.none() | st.floats(0, 100),
            side=st.sampled_from(["", "L", "R", "B"]),
            repeat=st.integers(0, 3),
            read_version=st.integers(1, 4),
            instrument=CODES,
        ),
        min_size=1,
        max_size=8,
        unique_by=lambda row: (row.case, row.reader, row.item),
    )
)
def test_what_is_written_comes_back(tmp_path_factory: pytest.TempPathFactory, rows: list[ReadRow]) -> None:
    path = tmp_path_factory.mktemp("reads") / "reads.csv"
    write_reads(path, rows)
    assert list(load_reads(path)) == rows


def test_written_table_is_rfc_4180(tmp_path: Path) -> None:
    path = tmp_path / "out" / "reads.csv"
    write_reads(path, [ReadRow('K "1", left', "R1", "MFc", 2.0), ReadRow("K2", "R1", "MFc", 2.5, points=3.5)])
    raw = path.read_bytes()
    assert not raw.startswith(b"\xef\xbb\xbf")
    assert raw.count(b"\r\n") == 3
    lines = list(csv.reader(raw.decode().splitlines()))
    assert lines[0] == list(HEADER)
    assert lines[1][1] == 'K "1", left'
    assert (lines[1][10], lines[2][10], lines[2][11]) == ("2", "2.5", "3.5")
    assert [file.name for file in path.parent.iterdir()] == ["reads.csv"]


def test_a_formula_stays_text_in_a_spreadsheet(tmp_path: Path) -> None:
    path = tmp_path / "reads.csv"
    write_reads(path, [ReadRow("=1+1", "@R", "-MFc", -1.0)])
    line = path.read_text().splitlines()[1]
    assert "'=1+1" in line and "'@R" in line and "'-MFc" in line and ",-1," in line
    assert load_reads(path)[0].case == "=1+1"


def test_unwritable_place_is_one_sentence(tmp_path: Path) -> None:
    blocker = tmp_path / "file"
    blocker.write_text("x")
    with pytest.raises(StoreError, match="was not written"):
        write_reads(blocker / "reads.csv", [ReadRow("K", "R", "M", 1.0)])


def test_not_assessable_in_words_and_numbers_beyond_any_grade(tmp_path: Path) -> None:
    header = "case,reader,item,value\n"
    (row,) = load_reads(table(tmp_path, header + "K,R,M,NA\n"))
    assert (row.value, row.state) == (None, "not_assessable")
    with pytest.raises(DataError, match="line 2 has the value '1e300', which is larger than any grade"):
        load_reads(table(tmp_path, header + "K,R,M,1e300\n"))
