"""The wheel: it carries the data files inside the package, and works away from the checkout."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project built as a wheel with the backend that pyproject.toml names."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = folder.glob("*.whl")
    return built


def data_files(kind: str) -> set[str]:
    return {
        str(path.relative_to(CHECKOUT / kind))
        for path in (CHECKOUT / kind).rglob("*")
        if path.is_file() and not path.name.startswith(".") and "__pycache__" not in path.parts
    }


@pytest.mark.parametrize("kind", ["resources", "icons"])
def test_every_data_file_is_inside_the_package(wheel: Path, kind: str) -> None:
    prefix = f"workstation/_shared/{kind}/"
    with zipfile.ZipFile(wheel) as archive:
        inside = {name.removeprefix(prefix) for name in archive.namelist() if name.startswith(prefix)}
    assert inside == data_files(kind)
    assert inside


def test_every_module_and_nothing_of_the_workshop_is_inside(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    modules = {str(path.relative_to(CHECKOUT)) for path in (CHECKOUT / "workstation").rglob("*.py")}
    assert modules <= names
    outside = {name.split("/")[0] for name in names} - {"workstation"}
    assert len(outside) == 1 and outside.pop().endswith(".dist-info")


def test_licence_readme_and_command_are_declared(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        texts = {
            name.rsplit("/", maxsplit=1)[-1]: archive.read(name).decode()
            for name in archive.namelist()
            if ".dist-info/" in name
        }
    assert "Apache License" in texts["LICENSE"]
    assert "License-Expression: Apache-2.0" in texts["METADATA"]
    assert "Marrow Reading Workstation" in texts["METADATA"]
    assert "marrow = workstation.__main__:main" in texts["entry_points.txt"]


def test_the_installed_program_finds_its_data_without_the_checkout(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    code = (
        "from workstation.resources import icon_path, resource_path\n"
        "import sys\n"
        "names = sorted(path.name for path in resource_path('themes').glob('*.toml'))\n"
        "print(resource_path('themes', names[0]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path / "site"), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()).is_relative_to(tmp_path / "site")
