"""A process that held keys leaves nothing of them behind when it crashes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps no core dumps of this kind")

CRASH = """
import os, resource, sys
from pathlib import Path
hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
from workstation.reading.seal import Keys
print(resource.getrlimit(resource.RLIMIT_CORE)[0] == hard)
keys = Keys.generate()
print(resource.getrlimit(resource.RLIMIT_CORE)[0])
kept = Path("/proc/self/coredump_filter")
print(int(kept.read_text(), 16) if kept.exists() else 0)
sys.stdout.flush()
os.abort()
"""


def test_after_keys_were_held_a_crash_leaves_no_core(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", CRASH],
        cwd=tmp_path,
        env={"PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    before, limit, memory = ran.stdout.split()
    assert ran.returncode < 0, ran.stderr
    assert before == "True", "nothing is changed before there are keys"
    assert int(limit) in (0, 1)
    assert int(memory) == 0
    assert list(tmp_path.iterdir()) == []
