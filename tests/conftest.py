"""What every test gets: its own settings, library and log; no screen; no unexpected warning in the log."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

# A property holds or does not; how long an example took says only how busy the machine is.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")

REAL = Path(
    os.environ.get("MARROW_REAL_DATA", Path(__file__).resolve().parents[2] / "shared" / "data" / "real")
)


@pytest.fixture
def real_data() -> Path:
    """Folder of real MRI; the test is skipped where it is not at hand."""
    if not REAL.is_dir():
        pytest.skip("the real MRI is kept outside the project and is not on this machine")
    return REAL


@pytest.fixture(autouse=True)
def own_places(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings, default library and log of each test in a folder of its own."""
    folder = tmp_path_factory.mktemp("places")
    monkeypatch.setenv("MARROW_CONFIG", str(folder / "config"))
    monkeypatch.setenv("MARROW_LIBRARY", str(folder / "library"))
    monkeypatch.setenv("MARROW_LOG", str(folder / "log"))
    monkeypatch.setenv("WORKSTATION_SYNCHRONOUS", os.environ.get("WORKSTATION_SYNCHRONOUS", "1"))


@pytest.fixture(autouse=True)
def no_unexpected_warning(request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """A warning of the program that the test did not announce with ``expects_warning`` fails it."""
    caplog.set_level(logging.WARNING, logger="workstation")
    yield
    if request.node.get_closest_marker("expects_warning"):
        return
    found = [
        record.getMessage()
        for record in caplog.get_records("call")
        if record.name.startswith("workstation") and record.levelno >= logging.WARNING
    ]
    assert not found, f"unexpected warning in the log: {found}"


@pytest.fixture(autouse=True)
def no_window_left() -> Iterator[None]:
    """Windows that a test closed are gone after it: a change of theme restyles every one that is left."""
    yield
    widgets = sys.modules.get("PySide6.QtWidgets")
    if widgets is None or widgets.QApplication.instance() is None:
        return
    from PySide6.QtCore import QCoreApplication, QEvent

    for window in widgets.QApplication.topLevelWidgets():
        if isinstance(window, widgets.QMainWindow) and not window.isVisible():
            window.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture(scope="session")
def phantom_knees(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """DICOM files of two phantom knees, ``right/`` and ``left/``, each with its truth; not to be changed."""
    from workstation.phantoms.dicom_files import write_study
    from workstation.phantoms.knee import knee

    folder = tmp_path_factory.mktemp("phantoms")
    write_study(knee("R", variant=0), folder / "right", patient_id="PHANTOM-RIGHT", truth=True)
    write_study(knee("L", variant=1), folder / "left", patient_id="PHANTOM-LEFT", truth=True)
    return folder


@pytest.fixture(scope="session")
def _knee_library_once(phantom_knees: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from workstation.tasks import SilentProgress
    from workstation.workflow.import_files import import_paths
    from workstation.workflow.workspace import open_workspace

    folder = tmp_path_factory.mktemp("library")
    codes = folder / "codes.csv"
    codes.write_text("patient_id,code\nPHANTOM-RIGHT,K-R\nPHANTOM-LEFT,K-L\n", encoding="utf-8")
    with open_workspace(folder / "library") as workspace:
        import_paths(workspace, [phantom_knees], codes=codes, workers=0, progress=SilentProgress())
    return folder / "library"


@pytest.fixture
def knee_library(_knee_library_once: Path, tmp_path: Path) -> Path:
    """A library of the test's own with the cases ``K-R`` (right knee) and ``K-L`` (left knee)."""
    import shutil

    return Path(shutil.copytree(_knee_library_once, tmp_path / "knee-library"))


@pytest.fixture(scope="session")
def _visit_library_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from dataclasses import replace

    from workstation.phantoms.ball import ball
    from workstation.phantoms.dicom_files import write_study
    from workstation.phantoms.study import uid
    from workstation.tasks import SilentProgress
    from workstation.workflow.import_files import import_paths
    from workstation.workflow.workspace import open_workspace

    folder, codes = tmp_path_factory.mktemp("visits"), ["patient_id,code"]
    for case, dates in (
        ("K-1", "20190307 20210504"),
        ("K-2", "20200605"),
        ("K-3", "20180101 20190101 20200101"),
    ):
        codes.append(f"PHANTOM-{case},{case}")
        for date in dates.split():
            series = []
            for one in ball().series[:2]:
                where = replace(
                    one.geometry,
                    shape=(4, *one.geometry.shape[1:]),
                    origins=one.geometry.origins[5:9],
                    frame_of_reference_uid=uid("frame", case, date),
                )
                name = uid(one.series_instance_uid, case, date)
                series.append(replace(one, series_instance_uid=name, geometry=where, voxels=one.voxels[5:9]))
            study = replace(ball(), name=f"{case} {date}", series=tuple(series))
            write_study(study, folder / case / date, patient_id=f"PHANTOM-{case}", study_date=date)
    (folder / "codes.csv").write_text("\n".join(codes), encoding="utf-8")
    with open_workspace(folder / "library") as workspace:
        import_paths(workspace, [folder], codes=folder / "codes.csv", workers=0, progress=SilentProgress())
    return folder / "library"


@pytest.fixture
def visit_library(_visit_library_once: Path, tmp_path: Path) -> Path:
    """A library of the test's own: ``K-1`` with two visits, ``K-2`` with one and ``K-3`` with three."""
    import shutil

    return Path(shutil.copytree(_visit_library_once, tmp_path / "visit-library"))
