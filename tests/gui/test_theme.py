"""Both themes: every role, enough contrast, and nothing left unfilled in the stylesheet."""

from __future__ import annotations

import re

import pytest
from PySide6.QtCore import QEvent
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QApplication, QLineEdit, QPushButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from workstation.errors import ResourceError
from workstation.gui import theme as themes
from workstation.gui.application import make_application
from workstation.gui.theme import Appearance, contrast_ratio, load_theme, stylesheet

AA_TEXT = 4.5
AA_PART = 3.0


@pytest.mark.parametrize("name", themes.THEMES)
@pytest.mark.parametrize("ground", ["window", "panel", "raised"])
@pytest.mark.parametrize("role", ["text", "secondary", "accent", "attention", "refused", "complete"])
def test_words_meet_wcag_aa_on_every_ground(name: str, ground: str, role: str) -> None:
    roles = load_theme(name).roles
    assert contrast_ratio(roles[role], roles[ground]) >= AA_TEXT


@pytest.mark.parametrize("name", themes.THEMES)
def test_words_on_the_accent_and_on_images_meet_wcag_aa(name: str) -> None:
    theme = load_theme(name)
    assert contrast_ratio(theme.roles["on_accent"], theme.roles["accent"]) >= AA_TEXT
    assert contrast_ratio(theme.image["text"], theme.image["background"]) >= AA_TEXT


@pytest.mark.parametrize("name", themes.THEMES)
def test_words_on_a_chosen_row_and_under_the_mouse_stay_readable(name: str) -> None:
    theme = load_theme(name)
    for over, part in (("accent", 0.22), ("text", 0.06)):
        ground = themes._mix(theme, "raised", over, part)
        assert contrast_ratio(theme.roles["text"], ground) >= AA_TEXT
        assert contrast_ratio(theme.roles["accent"], ground) >= AA_PART


def test_contrast_of_black_and_white_is_21() -> None:
    assert contrast_ratio("#000000", "#FFFFFF") == pytest.approx(21.0)


def test_images_are_black_and_masks_alike_in_both_themes() -> None:
    dark, light = load_theme("dark"), load_theme("light")
    assert dark.image == light.image
    assert dark.image["background"] == "#000000"
    assert dark.masks == light.masks


@pytest.mark.parametrize("name", themes.THEMES)
def test_stylesheet_has_no_open_place_and_only_colours_of_the_theme(name: str) -> None:
    theme = load_theme(name)
    text = stylesheet(theme)
    assert "$" not in text
    known = {colour.lower() for colour in (*theme.roles.values(), *theme.image.values())}
    known |= {themes._mix(theme, "raised", "text", 0.06), themes._mix(theme, "raised", "accent", 0.22)}
    assert {colour.lower() for colour in re.findall(r"#[0-9A-Fa-f]{6}\b", text)} <= known


def test_a_theme_without_a_role_is_refused_by_name(tmp_path, monkeypatch) -> None:
    (tmp_path / "poor.toml").write_text('name = "poor"\n[roles]\nwindow = "#000000"\n')
    monkeypatch.setattr(themes, "resource_path", lambda *parts: tmp_path / parts[-1])
    with pytest.raises(ResourceError, match="accent"):
        load_theme("poor")


def test_a_damaged_theme_names_the_line(tmp_path, monkeypatch) -> None:
    (tmp_path / "broken.toml").write_text('name = "broken"\n[roles\n')
    monkeypatch.setattr(themes, "resource_path", lambda *parts: tmp_path / parts[-1])
    with pytest.raises(ResourceError, match="line 2"):
        load_theme("broken")


def test_changing_the_theme_changes_what_a_button_is_painted_with(qtbot) -> None:
    appearance = Appearance("dark")
    appearance.dress()
    button = QPushButton("Import")
    qtbot.addWidget(button)
    button.resize(120, 40)
    dark = button.grab().toImage().pixelColor(60, 6)
    assert appearance.toggle() == "light"
    light = button.grab().toImage().pixelColor(60, 6)
    assert dark == load_theme("dark").colour("raised")
    assert light == load_theme("light").colour("raised")
    QApplication.instance().setStyleSheet("")


def test_figures_are_of_equal_width(qtbot) -> None:
    from PySide6.QtGui import QFontMetricsF

    metrics = QFontMetricsF(themes.interface_font())
    assert len({round(metrics.horizontalAdvance(figure), 2) for figure in "0123456789"}) == 1


@pytest.mark.parametrize("name", themes.THEMES)
def test_a_hint_in_an_empty_field_is_read(name: str, qtbot) -> None:
    make_application()
    Appearance(name).dress()
    line = QLineEdit()
    qtbot.addWidget(line)
    line.ensurePolished()
    hint = line.palette().color(QPalette.ColorRole.PlaceholderText)
    assert hint.alpha() == 255
    assert contrast_ratio(hint.name(), load_theme(name).roles["window"]) >= AA_TEXT


class StyledWidget(QWidget):
    """Counts how often it was styled anew."""

    styled = 0

    def changeEvent(self, event: QEvent) -> None:
        self.styled += event.type() == QEvent.Type.StyleChange


def test_a_change_of_theme_does_not_style_a_widget_once_for_each_part_that_holds_it(qtbot: QtBot) -> None:
    make_application()
    appearance = Appearance("dark")
    appearance.dress()
    outermost = QWidget()
    qtbot.addWidget(outermost)
    part: QWidget = outermost
    for _ in range(8):
        inner = StyledWidget()
        QVBoxLayout(part).addWidget(inner)
        part = inner
    assert isinstance(part, StyledWidget)
    outermost.show()
    before = part.styled
    appearance.toggle()
    assert 1 <= part.styled - before <= 3
