"""Case codes: neutral, stable, free of clashes; mistakes in a codes file name the line."""

from __future__ import annotations

from pathlib import Path

import pytest

from workstation.errors import DataError
from workstation.imaging.study import Joint, Laterality
from workstation.store.case_codes import make_code, read_codes
from workstation.store.case_rules import Place

KEY = bytes(range(32))
KNEE_R = Place(Joint.KNEE, Laterality.RIGHT)


def test_a_code_is_short_says_the_joint_and_never_changes() -> None:
    code = make_code(KEY, "S1", KNEE_R, ())
    assert code == make_code(KEY, "S1", KNEE_R, ())
    assert code.startswith("K-") and len(code) == 6
    assert not set("01IOL") & set(code[2:])
    assert make_code(KEY, "S1", Place(Joint.HIP, Laterality.RIGHT), ()).startswith("H-")
    assert make_code(bytes(32), "S1", KNEE_R, ()) != code


def test_codes_of_many_subjects_do_not_clash() -> None:
    taken: set[str] = set()
    for number in range(20_000):
        code = make_code(KEY, f"S{number}", KNEE_R, taken if number % 50 == 0 else ())
        taken.add(code)
    # Four letters clash sometimes; with the codes in use at hand they never do.
    clash = make_code(KEY, "S1", KNEE_R, ())
    assert make_code(KEY, "S1", KNEE_R, {clash.lower()}).startswith(clash)
    assert make_code(KEY, "S1", KNEE_R, {clash}) != clash


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "has no column patient_id"),
        ("patient_id,name\nA,B", "has no column code"),
        ("patient_id,code\nA,", "line 2: code is empty"),
        ("patient_id,code\n,C1", "line 2: patient_id is empty"),
        ("patient_id,code\nA,C1\nB,c1", "line 3: the code c1 was already given in line 2"),
        ("patient_id,code\nA,C1\nA,C2", "line 3: this patient, joint and side already has a code in line 2"),
        (
            "patient_id,code,joint\nA,C1,shoulder",
            "line 2: joint is 'shoulder'; it must be knee, hip or empty",
        ),
        ("patient_id,code,side\nA,C1,X", "line 2: side is 'X'; it must be L, R, B or empty"),
        ("patient_id,code\nA,B\nB,C1", "line 2: the code is a patient's own number"),
        ("patient_id,code\nA,a/b", "line 2: a code is 1 to 32 letters, digits"),
    ],
)
def test_a_mistake_names_its_line(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "codes.csv"
    path.write_text(text)
    with pytest.raises(DataError) as raised:
        read_codes(path)
    assert said in raised.value.sentence


def test_a_missing_codes_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="The codes file was not read"):
        read_codes(tmp_path / "codes.csv")


def test_files_of_spreadsheets_are_read(tmp_path: Path) -> None:
    path = tmp_path / "codes.csv"
    path.write_bytes("\ufeffPatient_ID, Code ,Side\r\nÄ1, C1 ,r\r\n\r\n".encode())
    assert read_codes(path).code_for("Ä1", KNEE_R) == "C1"
    path.write_bytes("patient_id,code\n病人一,C2\n".encode("gb18030"))
    assert read_codes(path).code_for("病人一", KNEE_R) == "C2"


def test_the_most_specific_line_is_used(tmp_path: Path) -> None:
    path = tmp_path / "codes.csv"
    path.write_text("patient_id,code,joint,side\nA,C0,,\nA,C1,knee,\nA,C2,knee,R\n")
    book = read_codes(path)
    assert book.code_for("A", KNEE_R) == "C2"
    assert book.code_for("A", Place(Joint.KNEE, Laterality.LEFT)) == "C1"
    assert book.code_for("A", Place(Joint.HIP, None)) == "C0"
    assert book.code_for("B", KNEE_R) is None


def test_a_cell_of_absurd_length_is_a_mistake_of_its_line(tmp_path: Path) -> None:
    path = tmp_path / "codes.csv"
    path.write_text("patient_id,code\nA," + "x" * 200_000 + "\n")
    with pytest.raises(DataError, match="line 2: it cannot be read"):
        read_codes(path)
