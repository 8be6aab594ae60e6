#!/usr/bin/env python3
"""Write the lock files from pyproject.toml: ``.venv/bin/python packaging/lock.py [--upgrade]``.

``requirements.lock`` holds what the workstation runs on, ``requirements-dev.lock`` the same versions
plus what the tests and checks need. Both name every file of a version by its hash, for all systems
and Python versions, and no address. They are made with uv, which must be installed.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

PACKAGING = Path(__file__).resolve().parent
CHECKOUT = PACKAGING.parent
RUNTIME = PACKAGING / "requirements.lock"
DEV = PACKAGING / "requirements-dev.lock"

HEADER = """\
# Made by packaging/lock.py from pyproject.toml; do not edit.
# Every package is pinned to one version, and each of its files to its hash.
"""


def compile_lock(target: Path, options: list[str]) -> None:
    """Resolve pyproject.toml for every system and write one lock file."""
    uv = shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent))
    if uv is None:
        raise SystemExit("uv is needed to write the lock files; install it and run this again.")
    command = [
        uv, "pip", "compile", "pyproject.toml", "--quiet", "--universal", "--python-version", "3.11",
        "--only-binary", ":all:", "--generate-hashes", "--no-emit-index-url", "--no-emit-find-links",
        "--no-header", "--no-annotate", "--output-file", str(target), *options,
    ]  # fmt: skip
    subprocess.run(command, cwd=CHECKOUT, check=True)
    text = target.read_text(encoding="utf-8")
    if re.search(r"://|^\s*-[a-z-]", text.replace("--hash=sha256:", ""), re.MULTILINE):
        target.unlink()
        raise SystemExit(f"{target.name} would hold an address or an option; it was not written.")
    target.write_text(HEADER + text, encoding="utf-8")


def main() -> None:
    upgrade = ["--upgrade"] if "--upgrade" in sys.argv[1:] else []
    compile_lock(RUNTIME, upgrade)
    # The runtime versions bind the dev lock, so that one environment can serve both.
    compile_lock(DEV, ["--extra", "dev", "--constraint", str(RUNTIME), *upgrade])


if __name__ == "__main__":
    main()
