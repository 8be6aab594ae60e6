"""The lock files: complete, hashed, without addresses, and free of GPL packages at run time."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement

CHECKOUT = Path(__file__).resolve().parents[2]
RUNTIME = CHECKOUT / "packaging" / "requirements.lock"
DEV = CHECKOUT / "packaging" / "requirements-dev.lock"
GPL = {"pingouin", "krippendorff", "pylibjpeg-libjpeg"}


def name_of(requirement: Requirement) -> str:
    return re.sub(r"[-_.]+", "-", requirement.name).lower()


def pins(lock: Path) -> list[tuple[Requirement, int]]:
    """Each pinned requirement with the number of its hashes."""
    blocks = re.split(r"\n(?=[a-zA-Z0-9])", lock.read_text(encoding="utf-8"))
    found = []
    for block in blocks:
        if block.startswith("#"):
            continue
        head, *hashes = re.split(r"\s*\\\n\s*", block.strip())
        assert all(re.fullmatch(r"--hash=sha256:[0-9a-f]{64}", each) for each in hashes), head
        found.append((Requirement(head), len(hashes)))
    return found


def pinned_here(lock: Path) -> dict[str, str]:
    """Name and version of what the lock installs on the Python that runs this test."""
    here = {key: str(value) for key, value in default_environment().items()}
    return {
        name_of(each): str(each.specifier).removeprefix("==")
        for each, _ in pins(lock)
        if each.marker is None or each.marker.evaluate(here)
    }


@pytest.mark.parametrize("lock", [RUNTIME, DEV], ids=lambda path: path.stem)
def test_every_package_is_pinned_and_hashed(lock: Path) -> None:
    found = pins(lock)
    assert len(found) > 20
    for requirement, hashes in found:
        assert hashes >= 1, requirement
        assert re.fullmatch(r"==[0-9][0-9a-z.+]*", str(requirement.specifier)), requirement
        assert requirement.url is None


@pytest.mark.parametrize("lock", [RUNTIME, DEV], ids=lambda path: path.stem)
def test_no_address_and_no_option_is_in_a_lock(lock: Path) -> None:
    text = lock.read_text(encoding="utf-8")
    assert "://" not in text
    assert not re.search(r"^\s*-(?!-hash=)", text, re.MULTILINE)


def test_the_locks_answer_the_project_file() -> None:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = {RUNTIME: project["dependencies"], DEV: project["dependencies"]}
    wanted[DEV] = wanted[DEV] + project["optional-dependencies"]["dev"]
    for lock, lines in wanted.items():
        pinned = pinned_here(lock)
        for line in lines:
            requirement = Requirement(line)
            assert name_of(requirement) in pinned, f"run packaging/lock.py: {line} is not in {lock.name}"
            version = pinned[name_of(requirement)]
            assert requirement.specifier.contains(version), f"{line} but {version} in {lock.name}"


def test_the_dev_lock_only_adds_to_the_runtime_lock() -> None:
    dev = {str(each) for each, _ in pins(DEV)}
    assert {str(each) for each, _ in pins(RUNTIME)} <= dev


def test_gpl_packages_are_test_oracles_only() -> None:
    assert not GPL & set(pinned_here(RUNTIME))
    for source in (CHECKOUT / "workstation").rglob("*.py"):
        assert not re.search(r"import (pingouin|krippendorff)", source.read_text(encoding="utf-8")), source


def test_pyside_stays_below_the_release_that_aborts() -> None:
    # PySide6 6.12.0 on CPython 3.11 loses a reference to None on every call and ends the process.
    major, minor = pinned_here(RUNTIME)["pyside6-essentials"].split(".")[:2]
    assert (int(major), int(minor)) < (6, 12)
