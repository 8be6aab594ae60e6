"""A study is opened by code, by UID, or as a folder of files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from workstation.errors import DataError, StoreError
from workstation.imaging.study import Joint, Laterality
from workstation.tasks import SilentProgress
from workstation.workflow.import_files import import_paths
from workstation.workflow.open_study import open_study
from workstation.workflow.workspace import Workspace, open_workspace

WriteSeries = Callable[..., list[Path]]


@pytest.fixture
def workspace(tmp_path: Path, write_series: WriteSeries) -> Workspace:
    opened = open_workspace(tmp_path / "library")
    write_series(tmp_path / "in" / "SENTINELFOLDER", slices=4)
    import_paths(opened, [tmp_path / "in"], progress=SilentProgress())
    return opened


def test_by_code_by_uid_and_by_the_uid_of_the_original(workspace: Workspace) -> None:
    (case,) = workspace.library.cases()
    by_code = open_study(workspace, case.code, SilentProgress())
    assert (by_code.code, by_code.joint, by_code.laterality) == (case.code, Joint.KNEE, Laterality.RIGHT)
    assert by_code.laterality_confirmed and by_code.imported and not by_code.warnings
    assert by_code.visits == {by_code.series[0].key: "A"}
    for name in (by_code.series[0].study_instance_uid, "1.2.826.0.1.99.1", "1.2.826.0.1.99.1.1"):
        assert open_study(workspace, name, SilentProgress()).code == case.code


def test_a_folder_is_read_as_it_is(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "in" / "letter.txt").write_text("x")
    (tmp_path / "in" / "cut").write_bytes(next((tmp_path / "in").rglob("IM*")).read_bytes()[:-10])
    study = open_study(None, tmp_path / "in", SilentProgress())
    assert [len(series.instances) for series in study.series] == [4]
    assert (study.joint, study.laterality, study.laterality_confirmed) == (Joint.KNEE, Laterality.RIGHT, True)
    assert not study.imported
    assert study.warnings == ("1 files could not be read; import the folder to see which and why.",)
    for text in (study.code, study.title, *study.corner_text, *study.warnings):
        assert "SENTINEL" not in text and str(tmp_path) not in text


def test_one_file_and_two_studies(workspace: Workspace, tmp_path: Path, write_series: WriteSeries) -> None:
    (path, *_) = write_series(tmp_path / "in" / "more", study="2", patient="SECOND")
    assert len(open_study(None, path, SilentProgress()).series[0].instances) == 1
    assert "2 studies" in open_study(None, tmp_path / "in", SilentProgress()).warnings[0]


def test_what_is_not_there_is_said(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="it holds no DICOM picture"):
        open_study(workspace, tmp_path / "empty", SilentProgress())
    with pytest.raises(DataError, match="does not exist"):
        open_study(workspace, tmp_path / "nowhere", SilentProgress())
    with pytest.raises(DataError, match="does not exist"):
        open_study(None, "K-1234", SilentProgress())
    with pytest.raises(StoreError, match="neither a case of the library nor a folder"):
        open_study(workspace, "K-1234", SilentProgress())


def test_an_open_side_is_a_warning(workspace: Workspace, tmp_path: Path, write_series: WriteSeries) -> None:
    write_series(tmp_path / "other", study="3", patient="THIRD", Laterality=None)
    report = import_paths(workspace, [tmp_path / "other"], progress=SilentProgress())
    study = open_study(workspace, report.cases[0].code, SilentProgress())
    assert not study.laterality_confirmed
    assert "not confirmed" in study.warnings[0]
