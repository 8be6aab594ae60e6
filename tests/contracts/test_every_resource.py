"""Every shipped data file is read by its loader; a folder that nothing reads is a mistake."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from workstation.export.codes import known_codes
from workstation.gui.commands import load_profile
from workstation.gui.theme import load_theme
from workstation.imaging.hanging import load_protocol
from workstation.scoring.instrument import load_instrument

RESOURCES = Path(__file__).resolve().parents[2] / "resources"

LOADERS: dict[str, Callable[[Path], object]] = {
    "keys": load_profile,
    "codes": lambda path: known_codes(),
    "hanging": load_protocol,
    "instruments": load_instrument,
    "themes": lambda path: load_theme(path.stem),
}
FILES = sorted(RESOURCES.rglob("*.toml"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(RESOURCES)))
def test_every_table_is_read_by_its_loader(path: Path) -> None:
    assert path.parent.name in LOADERS, f"nothing reads {path.relative_to(RESOURCES)}"
    assert LOADERS[path.parent.name](path)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(RESOURCES)))
def test_every_table_is_text_that_travels(path: Path) -> None:
    raw = path.read_bytes()
    assert b"\r" not in raw and b"\t" not in raw and raw.endswith(b"\n")
    assert tomllib.loads(raw.decode("utf-8"))


@pytest.mark.parametrize("kind", sorted(LOADERS))
def test_every_kind_of_table_ships_at_least_one(kind: str) -> None:
    assert list((RESOURCES / kind).glob("*.toml"))


@pytest.mark.parametrize("path", sorted((RESOURCES / "help").glob("*.md")), ids=lambda path: path.name)
def test_every_help_page_has_a_title_and_something_to_say(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("# ")
    assert len(" ".join(lines[1:]).split()) > 20
