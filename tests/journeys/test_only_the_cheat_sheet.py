"""A new user with only the cheat sheet: every key that it names is heard where it says, in every profile."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from workstation.gui.application import make_application, make_window
from workstation.gui.commands import load_profiles
from workstation.gui.main_window import MainWindow
from workstation.gui.viewer.commands import Commands
from workstation.workflow.read_case import create_study
from workstation.workflow.workspace import open_workspace

PROFILES = [profile.id for profile in load_profiles()]


@pytest.fixture
def window(knee_library: Path, qtbot: QtBot) -> Iterator[MainWindow]:
    make_application()
    made = make_window(open_workspace(knee_library), synchronous=True)
    qtbot.addWidget(made)
    made.resize(1280, 800)
    made.show()
    qtbot.waitExposed(made)
    yield made
    made.close()


def type_key(window: MainWindow, action: str) -> None:
    """Press the key that the sheet names, on whatever has the focus."""
    combination = window.context.keymap.sequence_of(action)[0]
    target = window.desk.grid.tiles[window.desk.grid.active_tile]
    QTest.keyClick(target, combination.key(), combination.keyboardModifiers())


def listen(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    heard: list[str] = []
    monkeypatch.setattr(Commands, "do", lambda _self, name: heard.append(name))
    return heard


def use(window: MainWindow, profile: str) -> None:
    keys = next(one for one in load_profiles() if one.id == profile).keys
    assert window.context.keymap.use(keys) == ()


def hear_all(window: MainWindow, left_out: frozenset[str] = frozenset()) -> tuple[list[str], list[str]]:
    """Type every key of the images; what was heard, and what should have been."""
    keymap = window.context.keymap
    wanted = [
        command.action
        for command in keymap.commands
        if command.context == "images" and keymap.keys[command.action] and command.action not in left_out
    ]
    with pytest.MonkeyPatch.context() as patch:
        heard = listen(patch)
        for action in wanted:
            type_key(window, action)
    return heard, wanted


def test_every_key_of_the_images_is_heard_in_free_reading(window: MainWindow) -> None:
    window.show_desk("reading", "K-R")
    for profile in PROFILES:
        use(window, profile)
        heard, wanted = hear_all(window)
        assert heard == wanted, profile


def test_with_a_form_open_the_images_keep_their_keys_and_the_form_has_its_own(
    window: MainWindow, knee_library: Path, tmp_path: Path
) -> None:
    plan, folder = tmp_path / "plan.toml", tmp_path / "study"
    plan.write_text(
        'id = "s"\ntitle = "Study"\ncases = ["K-R"]\nreaders = ["R1", "R2"]\n'
        'instruments = ["worms-marrow"]\n',
        encoding="utf-8",
    )
    create_study(plan, folder, knee_library).close()
    desk = window.show_desk("reading", folder)
    desk.choose_reader("R1")
    form = desk.form
    for number, profile in enumerate(PROFILES):
        use(window, profile)
        first = form.current_item
        type_key(window, "form_next")
        assert form.current_item != first
        type_key(window, "form_back")
        assert form.current_item == first
        type_key(window, "form_flag")
        assert desk.read.sheets[0].answer(first).flagged == (number % 2 == 0)
        type_key(window, "form_evidence")
        assert desk.read.sheets[0].answer(first).evidence is not None
        heard, wanted = hear_all(window, frozenset({"key_image"}))  # K is the evidence of the item here
        assert heard == wanted, profile


def test_the_sheet_itself_is_one_key_away_from_every_desk(window: MainWindow) -> None:
    for desk_id in ("library", "reading", "reconcile", "results", "setup"):
        window.show_desk(desk_id)
        combination = window.context.keymap.sequence_of("cheat_sheet")[0]
        QTest.keyClick(window, combination.key(), combination.keyboardModifiers())
        sheet = window.findChild(object, "cheat_sheet")
        assert sheet.isVisible()
        QTest.keyClick(window, combination.key(), combination.keyboardModifiers())
        assert not sheet.isVisible()
