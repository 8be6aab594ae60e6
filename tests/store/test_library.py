"""The library lists and opens cases at once, whatever it holds, and keeps every fact of an instance."""

from __future__ import annotations

import math
import time
from dataclasses import fields, replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from workstation.errors import StoreError
from workstation.imaging.study import Instance, Physics, PixelFormat
from workstation.store.engine import Database
from workstation.store.facts import from_facts, to_facts
from workstation.store.library import Library
from workstation.store.records import NewFile
from workstation.store.tables import DECISIONS
from workstation.tasks import SilentProgress

PIXELS = PixelFormat(256, 256, 16, 12, False, 1, "MONOCHROME2", "1.2.840.10008.1.2.1", offset=1200)


def instance(study: int, series: int, number: int) -> Instance:
    return Instance(
        path="",
        sop_instance_uid=f"1.{study}.{series}.{number}",
        sop_class_uid="1.2.840.10008.5.1.4.1.1.4",
        series_instance_uid=f"1.{study}.{series}",
        study_instance_uid=f"1.{study}",
        modality="MR",
        pixels=PIXELS,
        instance_number=number,
        series_number=series,
        body_part_examined="KNEE",
        laterality="R",
        frame_of_reference_uid=f"2.{study}",
        image_position_patient=(3.0 * number, -50.0, 50.0),
        image_orientation_patient=(0.0, 1.0, 0.0, 0.0, 0.0, -1.0),
        pixel_spacing=(0.5, 0.4),
        slice_thickness=3.0,
        physics=Physics(repetition_time=500.0, echo_time=12.0, scanning_sequence=("SE",)),
    )


def file(plane: Instance, study: int) -> NewFile:
    uid = plane.sop_instance_uid
    return NewFile(
        path=f"images/00/{uid}.dcm",
        sop_instance_uid=uid,
        study_instance_uid=plane.study_instance_uid,
        subject=f"S{study}",
        is_identified=True,
        shifted_date="20200101",
        source_digest=uid.encode(),
        size=1,
        instances=(plane,),
    )


def filled(folder: Path, studies: int, series: int, slices: int) -> Library:
    library = Library.open(folder)
    for study in range(studies):
        library.add_files([file(instance(study, s, n), study) for s in range(series) for n in range(slices)])
    library.settle(lambda _subject, _place: None, SilentProgress())
    return library


def test_every_fact_of_an_instance_comes_back() -> None:
    plane = replace(
        instance(1, 2, 3),
        frame=4,
        window_center=(40.5, 300.0),
        echo_number=2,
        spacing_between_slices=math.inf,
        series_description="膝 sag",
        pixels=replace(PIXELS, rescale_slope=2.36, signed=True, lossy=True, offset=None),
    )
    assert from_facts(to_facts(plane), "somewhere") == replace(plane, path="somewhere")


def test_every_field_is_kept_by_name() -> None:
    # A field of another type than these would come back changed.
    for kind in (Instance, PixelFormat, Physics):
        for field in fields(kind):
            allowed = ("str", "int", "float", "bool", "tuple", "Triplet", "PixelFormat", "Physics")
            assert str(field.type).startswith(allowed), field


def test_facts_of_a_later_version_are_left_out() -> None:
    text = to_facts(instance(1, 1, 1)).replace('{"sop', '{"a_later_field":7,"sop', 1)
    assert from_facts(text, "").sop_instance_uid == "1.1.1.1"


@pytest.mark.slow
def test_a_thousand_cases_are_listed_and_one_is_opened_at_once(tmp_path: Path) -> None:
    filled(tmp_path / "library", 1000, 2, 2).close()
    library = Library.open(tmp_path / "library")
    listing = min(_seconds(library.cases) for _ in range(5))
    rows = min(_seconds(library.studies) for _ in range(5))
    assert len(library.cases()) == 1000
    assert listing < 0.2
    assert rows < 0.2


def test_a_case_of_five_series_opens_at_once(tmp_path: Path) -> None:
    library = filled(tmp_path / "library", 3, 5, 40)
    code = library.cases()[0].code
    assert min(_seconds(lambda: library.series(code)) for _ in range(5)) < 0.05
    series = library.series(code)
    assert [len(found.instances) for found in series] == [40] * 5
    assert Path(series[0].instances[0].path).is_absolute()


def _seconds(work: object) -> float:
    began = time.perf_counter()
    work()  # type: ignore[operator]
    return time.perf_counter() - began


def test_a_case_is_found_by_code_and_uid_and_not_otherwise(tmp_path: Path) -> None:
    library = filled(tmp_path / "library", 2, 1, 2)
    case = library.cases()[0]
    (series,) = library.series(case.code)
    for name in (
        case.code,
        case.code.lower(),
        series.study_instance_uid,
        series.series_instance_uid,
        series.key,
    ):
        assert library.case(name) == case
    for name in ("", "K-XXXXX", "1.99", "' OR 1=1 --"):
        assert library.find(name) is None
        with pytest.raises(StoreError, match="There is no case"):
            library.case(name)
        with pytest.raises(StoreError, match="There is no case"):
            library.series(name)


def test_a_recorded_decision_is_never_changed(tmp_path: Path) -> None:
    library = filled(tmp_path / "library", 1, 1, 2)
    case = library.cases()[0]
    library.confirm_laterality(case.code, case.laterality, "coordinator")  # type: ignore[arg-type]
    database: Database = library._database
    for statement in (sa.update(DECISIONS).values(decided_by="x"), sa.delete(DECISIONS)):
        with pytest.raises(sa.exc.IntegrityError, match="never changed"), database.write() as connection:
            connection.execute(statement)
    assert [decision.decided_by for decision in library.decisions()] == ["coordinator"]


def test_a_library_that_waits_for_its_series_says_so(tmp_path: Path) -> None:
    library = Library.open(tmp_path / "library")
    library.add_files([file(instance(1, 1, n), 1) for n in range(3)])
    assert library.cases() == ()
    assert any("An import was interrupted" in text for text in library.warnings)
    library.settle(lambda _subject, _place: None, SilentProgress())
    assert library.warnings == ()
    assert len(library.cases()) == 1


def test_what_is_no_library_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError, match="its name is that of a file"):
        Library.open(tmp_path / "file")
    with pytest.raises(StoreError, match="there is none in "):
        Library.open(tmp_path / "nowhere", create=False)
    assert not (tmp_path / "nowhere").exists()


def test_two_programs_that_make_one_library_share_its_key(tmp_path: Path) -> None:
    first, second = Library.open(tmp_path / "library"), Library.open(tmp_path / "library")
    assert first.key == second.key
    (tmp_path / "library" / "private" / "key").write_bytes(b"short")
    with pytest.raises(StoreError, match="key is damaged"):
        _ = first.key
