"""What every test gets: its own settings, library and log; no screen; no unexpected warning in the log."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

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
def no_unexpected_warning(
    request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture
) -> Iterator[None]:
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
