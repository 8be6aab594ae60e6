"""The script of the checks: everything runs, and one failure is a failure."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / ".ci" / "run"


@pytest.mark.skipif(sys.platform == "win32", reason="a bash script")
@pytest.mark.parametrize(
    ("lint", "test", "expected"), [(0, 0, 0), (1, 0, 1), (0, 1, 1), (0, 5, 1), (2, 2, 1)]
)
def test_every_check_runs_and_one_failure_counts(tmp_path: Path, lint: int, test: int, expected: int) -> None:
    (tmp_path / ".ci").mkdir()
    (tmp_path / "packaging").mkdir()
    shutil.copy(SCRIPT, tmp_path / ".ci" / "run")
    (tmp_path / "packaging" / "run.py").write_text(
        f"import sys\nprint(sys.argv[1])\nsys.exit({{'lint': {lint}, 'test': {test}}}[sys.argv[1]])\n"
    )
    done = subprocess.run(
        ["bash", str(tmp_path / ".ci" / "run")], capture_output=True, text=True, check=False, cwd="/"
    )
    assert done.returncode == expected
    assert done.stdout.split() == ["lint", "test"]
