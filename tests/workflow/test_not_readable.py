"""A case without the series that the plan requires, or one that cannot be read for another reason."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from workstation.errors import ProtocolViolation
from workstation.imaging.study import Plane, Series, Weighting
from workstation.reading.conduct import missing_series
from workstation.reading.plan import parse_plan
from workstation.reading.session import ReadState
from workstation.reading.visibility import Role, Viewer
from workstation.scoring.instrument import instruments
from workstation.scoring.sheet import AnswerState
from workstation.tasks import SilentProgress
from workstation.workflow.bundles import study_bundle
from workstation.workflow.import_files import import_paths
from workstation.workflow.read_case import Study, create_study, open_study_folder
from workstation.workflow.workspace import open_workspace

PLAN = """\
id = "koa"
title = "Knee"
cases = CASES
readers = ["R1", "R2"]
instruments = ["recht"]
required_series = ["sagittal PD-FS", "T1"]
"""


def series(plane: Plane, weighting: Weighting | None, fat_suppressed: bool) -> Series:
    return Series("k", "1", "2", "", (), plane, weighting, fat_suppressed, None, None)


@pytest.mark.parametrize(
    ("wanted", "met", "not_met"),
    [
        ("T1", (Plane.CORONAL, Weighting.T1, False), (Plane.CORONAL, Weighting.T1, True)),
        ("T1-FS", (Plane.CORONAL, Weighting.T1, True), (Plane.CORONAL, Weighting.T1, False)),
        ("sagittal pd-fs", (Plane.SAGITTAL, Weighting.PD, True), (Plane.CORONAL, Weighting.PD, True)),
        ("STIR", (Plane.AXIAL, Weighting.STIR, True), (Plane.AXIAL, Weighting.T2, True)),
        ("fluid-sensitive", (Plane.AXIAL, Weighting.STIR, False), (Plane.AXIAL, Weighting.T2, False)),
        ("fluid-sensitive", (Plane.AXIAL, Weighting.PD, True), (Plane.AXIAL, Weighting.GRADIENT_ECHO, True)),
        ("T2", (Plane.OBLIQUE, Weighting.T2, False), (Plane.OBLIQUE, None, False)),
    ],
)
def test_which_series_meets_a_requirement(
    wanted: str, met: tuple[Plane, Weighting, bool], not_met: tuple[Plane, Weighting, bool]
) -> None:
    text = PLAN.replace("CASES", '["K-1"]').replace('"sagittal PD-FS", "T1"', f'"{wanted}"')
    required = parse_plan(text, instruments()).conduct.required_series
    assert missing_series(required, [series(*met)]) == ()
    assert missing_series(required, [series(*not_met)]) == (wanted,)
    assert missing_series(required, []) == (wanted,)


@pytest.fixture
def study(tmp_path: Path, write_series: Callable[..., list[Path]]) -> Iterator[Study]:
    """One knee with a sagittal PD-FS series and nothing else."""
    write_series(tmp_path / "images", ScanOptions="FS")
    workspace = open_workspace(tmp_path / "library")
    import_paths(workspace, [tmp_path / "images"], progress=SilentProgress())
    (case,) = workspace.library.cases()
    if not case.laterality_confirmed and case.laterality is not None:
        workspace.library.confirm_laterality(case.code, case.laterality, "C")
    text = PLAN.replace("CASES", json.dumps([case.code]))
    (tmp_path / "plan.toml").write_text(text, encoding="utf-8")
    create_study(tmp_path / "plan.toml", tmp_path / "study", tmp_path / "library").close()
    with open_study_folder(tmp_path / "study", workspace) as opened:
        yield opened
    workspace.library.close()


def test_a_case_without_a_required_series_takes_no_grade_but_can_be_closed(study: Study) -> None:
    code = study.plan.cases[0]
    for reader in study.plan.readers:
        read = study.reader(reader).open_read(code)
        assert read.missing == ("T1",)
        with pytest.raises(ProtocolViolation, match="it has no T1 series, which the plan requires"):
            read.answer("MFC", 2)
        assert read.session.content.is_untouched
        with pytest.raises(ProtocolViolation, match="no reason is given"):
            read.call_not_readable("  ")
        read.call_not_readable("no T1 was made")
        assert read.state is ReadState.COMPLETE
        read.lock(reader)
    assert study.ready_cases() == (code,)
    bundle = study_bundle(
        study, None, Viewer(Role.COORDINATOR), with_pictures=False, progress=SilentProgress()
    )
    facts = dict(bundle.facts)
    assert facts["Not readable"] == f"{code} by R1 (no T1 was made); {code} by R2 (no T1 was made)"
    assert {row.state for row in bundle.reads} == {"not_assessable"}
    assert {row.value for row in bundle.reads} == {None}


def test_without_images_at_hand_nothing_is_missing(tmp_path: Path) -> None:
    (tmp_path / "plan.toml").write_text(PLAN.replace("CASES", '["K-1"]'), encoding="utf-8")
    with create_study(tmp_path / "plan.toml", tmp_path / "study") as study:
        assert study.reader("R1").open_read("K-1").missing == ()


def test_it_is_taken_back_by_undo_or_by_a_grade_and_kept_over_a_restart(tmp_path: Path) -> None:
    text = PLAN.replace("CASES", '["K-1"]').replace('required_series = ["sagittal PD-FS", "T1"]\n', "")
    (tmp_path / "plan.toml").write_text(text, encoding="utf-8")
    with create_study(tmp_path / "plan.toml", tmp_path / "study") as study:
        read = study.reader("R1").open_read("K-1")
        read.answer("MFC", 3)
        read.call_not_readable("motion")
        assert read.sheet().answer("MFC").state is AnswerState.NOT_ASSESSABLE
        read.undo()
        assert (read.not_readable, read.sheet().answer("MFC").grade) == ("", 3)
        read.redo()
    with open_study_folder(tmp_path / "study") as study:
        read = study.reader("R1").open_read("K-1")
        assert read.not_readable == "motion"
        read.answer("LFC", 1)
        assert read.not_readable == ""
        assert read.sheet().answer("MFC").state is AnswerState.NOT_ASSESSABLE
