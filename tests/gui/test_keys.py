"""One table of keys: profiles, conflicts, the editor, the cheat sheet, and what each part obeys."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as settings_of_hypothesis
from hypothesis import strategies as st
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QWidget

from workstation import settings
from workstation.errors import ResourceError, UsageError
from workstation.gui import commands
from workstation.gui.application import make_application
from workstation.gui.cheat_sheet import CheatSheet, in_columns
from workstation.gui.commands import (
    COMMANDS,
    GROUPS,
    changed_keys,
    load_profile,
    load_profiles,
    make_keymap,
    profile_of,
    sections,
)
from workstation.gui.key_editor import KeyEditor
from workstation.gui.keymap import HEARD_WITH, SHARED, Keymap, portable, tell
from workstation.gui.theme import Appearance

PLAIN = Qt.KeyboardModifier.NoModifier


def press(key: Qt.Key, held: Qt.KeyboardModifier = PLAIN, text: str = "") -> QKeyEvent:
    return QKeyEvent(QEvent.Type.KeyPress, key, held, text)


# --- the table ---------------------------------------------------------------------------------------------


def test_every_command_has_a_name_of_its_own_and_a_place() -> None:
    names = [command.action for command in COMMANDS]
    assert len(names) == len(set(names))
    assert {command.context for command in COMMANDS} == {context for context, _ in GROUPS}
    assert set(HEARD_WITH) == {context for context, _ in GROUPS}


@pytest.mark.parametrize("profile", load_profiles(), ids=lambda one: one.id)
def test_no_profile_gives_two_commands_that_are_heard_together_one_key(profile) -> None:
    keymap = Keymap(COMMANDS)
    assert keymap.use(profile.keys) == ()
    seen = [(command, keymap.keys[command.action]) for command in COMMANDS if keymap.keys[command.action]]
    for number, (one, key) in enumerate(seen):
        for other, same in seen[number + 1 :]:
            together = other.context == one.context or other.context in HEARD_WITH[one.context]
            shared = frozenset({one.action, other.action}) in SHARED
            assert not (together and key == same and not shared), (one.action, other.action, key)


@pytest.mark.parametrize("profile", load_profiles(), ids=lambda one: one.id)
def test_in_every_profile_what_product_needs_has_a_key(profile) -> None:
    keymap = Keymap(COMMANDS, profile.keys)
    for action in ("slice_on", "series_on", "stage_on", "reset", "invert", "cine", "peek", "maximise",
                   "form_flag", "form_evidence", "form_next", "lock", "undo", "cheat_sheet"):  # fmt: skip
        assert keymap.key_of(action), action


def test_the_conventions_of_the_product_are_the_keys_at_first() -> None:
    keys = Keymap(COMMANDS).keys
    wanted = {
        "slice_back": "Up", "slice_on": "Down", "series_back": "Left", "series_on": "Right", "reset": "R",
        "stage_back": "PgUp", "stage_on": "PgDown", "first_slice": "Home", "last_slice": "End", "cine": "C",
        "invert": "I", "peek": "G", "cancel": "Esc", "undo": "Ctrl+Z", "redo": "Ctrl+Shift+Z",
        "cheat_sheet": "F1", "form_evidence": "K", "lock": "Ctrl+L",
    }  # fmt: skip
    assert {name: keys[name] for name in wanted} == wanted


# --- conflicts ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("action", "key", "why"),
    [
        ("invert", "R", "R is the key of “Start window and whole image”"),
        ("invert", "F", "F is the key of “Flag to come back to”"),
        ("invert", "Ctrl+L", r"Ctrl\+L is the key of “Lock this read”"),
        ("invert", "F1", "F1 is the key of “All keys on one page”"),
        ("invert", "3", "Digits score"),
        ("form_flag", "Alt+3", "Digits score"),
        ("invert", "Tab", "Tab goes to the next viewport"),
        ("invert", "Esc", "is the key of “Cancel”|Esc always cancels"),
        ("invert", "-", "answers “not assessable”"),
        ("cancel", "Q", "keeps its key"),
        ("invert", "Ctrl+K, Ctrl+C", "one key, not several"),
        ("invert", "Blah", "no key"),
        ("brew_coffee", "B", "no command brew_coffee"),
        ("next_difference", "Ctrl+2", "is the key of “Reading”"),
    ],
)
def test_a_key_that_is_taken_or_reserved_is_refused_in_a_sentence(action: str, key: str, why: str) -> None:
    keymap = Keymap(COMMANDS)
    before = keymap.keys
    with pytest.raises(UsageError, match=why):
        keymap.change(action, key)
    assert keymap.keys == before


def test_places_that_are_never_heard_together_may_share_a_key() -> None:
    keymap = Keymap(COMMANDS)
    keymap.change("next_difference", "I")  # the reconcile desk hears its own keys first
    assert keymap.action_of(press(Qt.Key.Key_I), "reconcile") == "next_difference"
    assert keymap.action_of(press(Qt.Key.Key_I)) == "invert"


def test_two_commands_may_exchange_their_keys() -> None:
    keymap = Keymap(COMMANDS)
    assert keymap.use({"invert": "R", "reset": "I"}) == ()
    assert keymap.action_of(press(Qt.Key.Key_R)) == "invert"


def test_damaged_settings_give_a_keymap_without_conflict() -> None:
    keymap = make_keymap({"key_profile": "nonsense", "keys": {"invert": "R", "x": "Y", "cine": "4"}})
    assert keymap.action_of(press(Qt.Key.Key_C)) == ""
    acted = [name for name, key in keymap.keys.items() if key == "R" and name in ("invert", "reset")]
    assert len(acted) <= 1
    assert make_keymap({"keys": "none"}).keys == Keymap(COMMANDS).keys


NAMES = st.sampled_from([command.action for command in COMMANDS])
KEYS = st.sampled_from(
    ["", "A", "K", "R", "J", "Ctrl+L", "Ctrl+O", "Ctrl+1", "Shift+D", "nonsense", "5", "Esc"]
)


@settings_of_hypothesis(max_examples=40)
@given(st.dictionaries(NAMES, KEYS, max_size=12))
def test_whatever_keys_are_asked_for_none_is_taken_twice(asked: dict[str, str]) -> None:
    keymap = Keymap(COMMANDS)
    refused = keymap.use(asked)
    assert bool(refused) >= any(key == "nonsense" for key in asked.values())
    by_name = {command.action: command for command in COMMANDS}
    keys = [(by_name[name], key) for name, key in keymap.keys.items() if key]
    for one, key in keys:
        for other, same in keys:
            together = other.context == one.context or other.context in HEARD_WITH[one.context]
            shared = one is other or frozenset({one.action, other.action}) in SHARED
            assert shared or not (together and key == same), (one.action, other.action, key)


def test_the_programs_own_keys_do_not_wait_for_the_files_of_others(monkeypatch) -> None:
    monkeypatch.setattr(commands, "load_profile", lambda path: pytest.fail(f"{path.name} was read"))
    assert make_keymap({}).keys == Keymap(COMMANDS).keys


def test_a_tooltip_follows_its_key(qtbot) -> None:
    keymap = Keymap(COMMANDS)
    widget = QWidget()
    qtbot.addWidget(widget)
    tell(widget, keymap, "invert", "Invert the picture")
    assert widget.toolTip() == "Invert the picture  (I)"
    keymap.change("invert", "N")
    assert widget.toolTip() == "Invert the picture  (N)"
    keymap.change("invert", "")
    assert widget.toolTip() == "Invert the picture"


def test_a_shortcut_follows_its_key_and_may_outlive_its_widget(qtbot) -> None:
    keymap = Keymap(COMMANDS)
    owner = QWidget()
    shortcut = keymap.bind("lock", owner, lambda: None)
    keymap.change("lock", "Ctrl+K")
    assert shortcut.key().toString() == "Ctrl+K"
    owner.deleteLater()
    qtbot.wait(1)
    keymap.change("lock", "Ctrl+J")


# --- profiles ----------------------------------------------------------------------------------------------


def test_profiles_are_those_a_radiologist_may_know() -> None:
    assert [one.title for one in load_profiles()] == ["Marrow", "Horos-like", "OHIF-like", "Weasis-like"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('title = "x"\n[keys]\nbrew = "B"\n', "line 3: there is no command brew"),
        ('title = "x"\n[keys]\ninvert = "Blah+"\n', "line 3: 'Blah.' is no key"),
        ('title = "x"\n[keys]\ninvert = 3\n', "line 3: 3 is no key"),
        ('title = "x"\n[keys]\ncine = "Ctrl+Y"\ninvert = "R"\n', "line 4: R is the key of"),
        ('title = "x"\n[mouse]\n', "line 2: mouse is not a key of a profile"),
        ('title = "x"\n', "it needs a title and a table"),
        ('title = = "x"\n', "line 1"),
    ],
)
def test_a_mistake_in_a_profile_is_told_with_its_line(text: str, why: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ResourceError, match=why):
        load_profile(path)


# --- cheat sheet -------------------------------------------------------------------------------------------


def test_the_cheat_sheet_says_every_key_and_the_mouse_on_one_page(qtbot) -> None:
    make_application()
    Appearance("dark").dress()  # the stylesheet decides how large words are
    keymap = Keymap(COMMANDS)
    sheet = CheatSheet(keymap)
    qtbot.addWidget(sheet)
    keys = [row.split("\t")[0] for row in sheet.text.splitlines()]
    for command in COMMANDS:
        key = keymap.key_of(command.action)
        assert not key or any(key in row.split(", ") for row in keys), command.action
    assert "Up, Down\tPrevious and next slice" in sheet.text
    assert "PgUp, PgDown\tPrevious and next stage or protocol" in sheet.text
    assert "wheel\tslices" in sheet.text
    assert "digit\tThe grade; the next item follows" in sheet.text
    needed = sheet.page_size()
    assert needed.width() <= 1280 - 48
    assert needed.height() <= 800 - 72
    QApplication.instance().setStyleSheet("")


def test_the_cheat_sheet_follows_a_changed_key(qtbot) -> None:
    keymap = Keymap(COMMANDS)
    sheet = CheatSheet(keymap)
    qtbot.addWidget(sheet)
    keymap.change("invert", "N")
    assert "N\tInvert" in sheet.text
    assert "\tInvert" not in sheet.text.replace("N\tInvert", "")


def test_columns_hold_every_row_once() -> None:
    parts = sections(Keymap(COMMANDS))
    columns = in_columns(parts, 3)
    assert len(columns) == 3
    assert [row for column in columns for _, rows in column for row in rows] == [
        row for _, rows in parts for row in rows
    ]
    heights = [sum(len(rows) + 2 for _, rows in column) for column in columns]
    assert max(heights) - min(heights) <= 8


# --- editor ------------------------------------------------------------------------------------------------


@pytest.fixture
def editor(qtbot) -> KeyEditor:
    made = KeyEditor(Keymap(COMMANDS))
    qtbot.addWidget(made)
    made.show()
    return made


def test_a_pressed_key_becomes_the_key_of_the_command(editor: KeyEditor, qtbot) -> None:
    editor.ask("invert")
    assert "Press the key for “Invert”" in editor.said
    table = editor.findChild(QWidget, "key_table")
    qtbot.keyClick(table, Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)
    assert editor.keys["invert"] == "Ctrl+N"
    assert editor.said == "“Invert” has the key Ctrl+N."


def test_the_editor_refuses_a_conflict_with_a_sentence(editor: KeyEditor, qtbot) -> None:
    editor.ask("invert")
    qtbot.keyClick(editor.findChild(QWidget, "key_table"), Qt.Key.Key_F)
    assert editor.keys["invert"] == "I"
    assert editor.said == "F is the key of “Flag to come back to”. Change that one first."


@pytest.mark.parametrize(("key", "now"), [(Qt.Key.Key_Escape, "I"), (Qt.Key.Key_Delete, "")])
def test_esc_leaves_a_key_and_delete_takes_it_away(editor: KeyEditor, qtbot, key: Qt.Key, now: str) -> None:
    editor.ask("invert")
    qtbot.keyClick(editor.findChild(QWidget, "key_table"), key)
    assert editor.keys["invert"] == now
    assert editor.isVisible()


def test_nothing_counts_before_it_is_kept(qtbot) -> None:
    keymap = Keymap(COMMANDS)
    editor = KeyEditor(keymap)
    qtbot.addWidget(editor)
    editor.choose_profile("weasis")
    editor.give("cine", "Ctrl+Y")
    assert keymap.keys["cine"] == "C"
    with qtbot.waitSignal(editor.kept) as kept:
        editor.keep()
    assert kept.args == ["weasis", {"cine": "Ctrl+Y"}]
    assert keymap.keys["cine"] == "Ctrl+Y"
    assert keymap.keys["tool_pan"] == "T"


def test_kept_keys_come_back_at_the_next_start() -> None:
    keymap = Keymap(COMMANDS, {**profile_of("horos").keys, "cine": "Ctrl+Y"})
    kept = changed_keys(keymap, profile_of("horos"))
    settings.save({"key_profile": "horos", "keys": kept})
    assert kept == {"cine": "Ctrl+Y"}
    assert make_keymap(settings.load()).keys == keymap.keys


def test_keys_are_written_alike_on_every_system() -> None:
    assert portable("ctrl+pgdown") == "Ctrl+PgDown"
    assert portable("nonsense") == ""
