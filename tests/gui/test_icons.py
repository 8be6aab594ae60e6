"""Icons: drawn on one grid in one colour, tinted by the theme, and found by name."""

from __future__ import annotations

import re

import pytest
from PySide6.QtGui import QColor, QIcon
from PySide6.QtWidgets import QPushButton, QWidget

from workstation.errors import ResourceError
from workstation.gui import icons
from workstation.gui.theme import load_theme
from workstation.resources import icon_path

NEEDED = [
    "import",
    "open",
    "library",
    "read",
    "reconcile",
    "results",
    "practice",
    "study",
    "window",
    "pan",
    "zoom",
    "overlay",
    "eye",
    "lock",
    "flag",
    "check",
    "warning",
    "close",
    "search",
    "folder",
    "layout",
    "cine",
    "undo",
    "redo",
    "moon",
    "sun",
    "help",
]


@pytest.mark.parametrize("name", NEEDED)
def test_every_icon_the_desks_need_is_drawn(qtbot, name: str) -> None:
    picture = icons.pixmap(name, "#FF0000", 24).toImage()
    painted = [
        QColor(picture.pixelColor(x, y))
        for x in range(24)
        for y in range(24)
        if picture.pixelColor(x, y).alpha() > 200
    ]
    assert len(painted) > 8
    assert all(colour.red() > 200 and colour.green() < 60 for colour in painted)


@pytest.mark.parametrize("name", icons.icon_names())
def test_icons_keep_to_the_grid_and_one_colour(name: str) -> None:
    source = icon_path(name).read_text(encoding="utf-8")
    assert 'viewBox="0 0 24 24"' in source
    assert 'stroke-width="1.75"' in source and 'stroke-linejoin="round"' in source
    assert not re.search(r"#[0-9A-Fa-f]{3,6}|rgb\(", source)


def test_an_unknown_icon_is_refused_with_the_known_ones(qtbot) -> None:
    with pytest.raises(ResourceError, match="library"):
        icons.pixmap("nonesuch", "#000000")


def test_icons_follow_the_theme(qtbot) -> None:
    root = QWidget()
    qtbot.addWidget(root)
    button = QPushButton(root)
    icons.dress(button, "stop", load_theme("dark"))
    before = _colour(button.icon())
    icons.redress(root, load_theme("light"))
    assert before == load_theme("dark").colour("text")
    assert _colour(button.icon()) == load_theme("light").colour("text")


def _colour(icon: QIcon) -> QColor:
    image = icon.pixmap(36, 36).toImage()
    strongest = max(
        (image.pixelColor(x, y) for x in range(image.width()) for y in range(image.height())),
        key=lambda colour: colour.alpha(),
    )
    return QColor(strongest.red(), strongest.green(), strongest.blue())
