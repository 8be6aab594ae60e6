"""The arrows between the rooms: kept by the code as it is, and broken by each forbidden import."""

from __future__ import annotations

import ast
import fnmatch
import os
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
LINT = "from importlinter.cli import lint_imports_command; lint_imports_command()"

ROOMS = (
    "gui", "cli", "workflow", "store", "export", "phantoms", "reading", "analysis", "scoring", "masks",
    "imaging",
)  # fmt: skip
GROUND = ("__main__", "tasks", "settings", "resources", "log", "errors")

LAYERS = "Rooms look down only"
QT = "Only the surface knows Qt"
SQL = "Only the store knows SQLAlchemy"

DICOM_FILES = (
    "imaging/dicom*.py",
    "imaging/deidentify*.py",
    "export/dicom_*.py",
    "phantoms/dicom_files.py",
)
"""The files that may touch pydicom datasets."""


def check(folder: Path) -> str:
    """The verdict of import-linter on the package in a folder."""
    done = subprocess.run(
        [sys.executable, "-c", LINT, "--no-cache"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder), "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, 1), done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def sketch(tmp_path: Path) -> Path:
    """A package with our rooms, nothing in them, and our contracts."""
    package = tmp_path / "workstation"
    for room in ROOMS:
        (package / room).mkdir(parents=True)
        (package / room / "__init__.py").write_text("")
    for name in ("__init__", *GROUND):
        (package / f"{name}.py").write_text("")
    text = (CHECKOUT / "pyproject.toml").read_text(encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text(text, encoding="utf-8")
    return tmp_path


def test_the_code_keeps_every_contract() -> None:
    said = check(CHECKOUT)
    assert "0 broken" in said, said


def test_an_empty_house_keeps_every_contract(sketch: Path) -> None:
    assert "0 broken" in check(sketch)


@pytest.mark.parametrize(
    ("room", "line", "contract"),
    [
        ("imaging", "import workstation.workflow", LAYERS),
        ("errors", "import workstation.log", LAYERS),
        ("workflow", "import workstation.gui", LAYERS),
        ("store", "import workstation.workflow", LAYERS),
        ("scoring", "import workstation.masks", LAYERS),
        ("analysis", "import workstation.reading", LAYERS),
        ("export", "import workstation.store", LAYERS),
        ("cli", "import workstation.gui", LAYERS),
        ("imaging", "import PySide6.QtCore", QT),
        ("workflow", "import pyqtgraph", QT),
        ("cli", "import PySide6", QT),
        ("reading", "import sqlalchemy", SQL),
        ("gui", "from sqlalchemy import orm", SQL),
        ("workflow", "import alembic", SQL),
        # An import that is put off until a function runs is an import all the same.
        ("masks", "def late():\n    import workstation.store", LAYERS),
        ("scoring", "def late():\n    from PySide6 import QtGui", QT),
    ],
)
def test_a_forbidden_import_breaks_its_contract(sketch: Path, room: str, line: str, contract: str) -> None:
    place = sketch / "workstation" / room
    file = place / "forbidden.py" if place.is_dir() else place.with_suffix(".py")
    file.write_text(line + "\n")
    said = check(sketch)
    assert f"{contract} BROKEN" in said, said


def test_a_room_that_no_layer_names_breaks_the_contract(sketch: Path) -> None:
    (sketch / "workstation" / "helpers.py").write_text("")
    assert f"{LAYERS} BROKEN" in check(sketch)


def imported_names(source: Path) -> set[str]:
    """Top-level names of everything a file imports, inside functions too."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names.add(str(node.module).split(".")[0])
    return names


def test_pydicom_is_touched_only_where_dicom_is_read_or_written() -> None:
    package = CHECKOUT / "workstation"
    elsewhere = [
        str(source.relative_to(package))
        for source in sorted(package.rglob("*.py"))
        if imported_names(source) & {"pydicom", "highdicom", "gdcm"}
        and not any(fnmatch.fnmatch(str(source.relative_to(package)), each) for each in DICOM_FILES)
    ]
    assert elsewhere == []
