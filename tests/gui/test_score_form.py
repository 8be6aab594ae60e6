"""The form as a reader uses it: digits answer and move on, nothing else does."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QPushButton, QWidget
from pytestqt.qtbot import QtBot

from workstation.gui.reading.score_form import ScoreForm
from workstation.gui.theme import load_theme
from workstation.imaging.study import Laterality
from workstation.scoring.instrument import instrument
from workstation.scoring.sheet import Answer, ScoreSheet


class Read:
    """Keeps what the form wishes, as the desk does."""

    def __init__(self, form: ScoreForm, *names: str) -> None:
        self.form = form
        self.sheets = {name: ScoreSheet.empty(instrument(name)) for name in names}
        self.presses = 0
        form.answered.connect(self.answer)
        form.set_read(list(self.sheets.values()), Laterality.RIGHT, locked=False)

    def answer(self, name: str, item: str, grade: int | None) -> None:
        answer = Answer.not_assessable(item) if grade is None else Answer.scored(item, grade)
        self.sheets[name] = self.sheets[name].with_answer(answer)
        self.form.set_sheets(list(self.sheets.values()))

    def press(self, text: str, key: Qt.Key | None = None) -> bool:
        self.presses += 1
        code = key or Qt.Key(ord(text.upper()))
        event = QKeyEvent(QKeyEvent.Type.KeyPress, code, Qt.KeyboardModifier.NoModifier, text)
        return self.form.handle_key(event)


@pytest.fixture
def form(qtbot: QtBot) -> ScoreForm:
    widget = ScoreForm(load_theme("dark"))
    qtbot.addWidget(widget)
    widget.show()
    return widget


def test_a_whole_worms_page_takes_one_key_per_item(form: ScoreForm) -> None:
    read = Read(form, "worms-marrow")
    for grade in "101030103121001":
        assert read.press(grade)
    assert read.sheets["worms-marrow"].is_complete
    assert read.presses <= 1.3 * 15
    assert form.findChild(QPushButton, "lock_read").isEnabled()


def test_recht_keys_enter_the_grade_and_the_point_is_derived(form: ScoreForm) -> None:
    read = Read(form, "recht")
    for grade in "324131":
        read.press(grade)
    assert [total.value for total in read.sheets["recht"].totals().values()] == [20]


def test_a_digit_that_is_no_level_answers_nothing_and_is_not_passed_on(form: ScoreForm) -> None:
    read = Read(form, "worms-marrow")
    assert read.press("7")
    assert read.sheets["worms-marrow"].answered == 0


def test_letters_of_the_viewer_are_left_to_it(form: ScoreForm) -> None:
    read = Read(form, "worms-marrow")
    assert not read.press("r")
    assert not read.press("i")
    assert not read.press("", Qt.Key.Key_Up)


def test_space_goes_to_the_next_unread_item_and_backspace_returns(form: ScoreForm) -> None:
    read = Read(form, "worms-marrow")
    read.press("1")
    read.press("2")
    assert form.current_item == "MFa"
    read.press("", Qt.Key.Key_Backspace)
    assert form.current_item == "LP"
    read.press(" ", Qt.Key.Key_Space)
    assert form.current_item == "MFa"


def test_minus_says_not_assessable_which_is_not_zero(form: ScoreForm) -> None:
    read = Read(form, "worms-marrow")
    read.press("-", Qt.Key.Key_Minus)
    answer = read.sheets["worms-marrow"].answer("MP")
    assert (answer.state, answer.grade) == ("not_assessable", None)


def test_answers_run_on_into_the_second_form(form: ScoreForm) -> None:
    read = Read(form, "recht", "worms-marrow")
    for _ in range(6 + 15):
        read.press("0")
    assert all(sheet.is_complete for sheet in read.sheets.values())


def test_a_click_on_the_diagram_goes_to_its_item(form: ScoreForm, qtbot: QtBot) -> None:
    Read(form, "worms-marrow")
    diagram = form.findChild(object, "region_diagram")
    region = instrument("worms-marrow").item("LTc").region
    place = diagram.centre_of(region).toPoint()
    qtbot.mouseClick(diagram, Qt.MouseButton.LeftButton, pos=place)
    assert form.current_item == "LTc"


def test_the_diagram_of_a_left_knee_is_turned_over(form: ScoreForm) -> None:
    read = Read(form, "worms-marrow")
    diagram = form.findChild(object, "region_diagram")
    region = instrument("worms-marrow").item("MFc").region
    right = diagram.centre_of(region).x()
    form.set_read(list(read.sheets.values()), Laterality.LEFT, locked=False)
    left = diagram.centre_of(region).x()
    lateral = diagram.centre_of(instrument("worms-marrow").item("LFc").region).x()
    assert right > left
    assert lateral > left


def test_every_definition_of_the_item_is_on_screen(form: ScoreForm) -> None:
    Read(form, "recht")
    shown = form.findChild(object, "definitions").text()
    for level in instrument("recht").items[0].levels:
        assert level.definition in shown


def test_no_total_is_shown_while_scoring(form: ScoreForm) -> None:
    read = Read(form, "recht")
    for _ in range(5):
        read.press("4")
    texts = " ".join(label.text() for label in form.findChildren(type(form._summary)))
    assert "25" not in texts


def test_a_locked_read_takes_no_answer(form: ScoreForm) -> None:
    read = Read(form, "recht")
    form.set_locked(True)
    read.press("3")
    assert read.sheets["recht"].answered == 0
    assert not form.findChild(QPushButton, "lock_read").isEnabled()


def test_a_key_held_down_answers_one_item_and_not_the_rest(form: ScoreForm) -> None:
    read = Read(form, "worms-marrow")
    read.press("1")
    for _ in range(10):
        repeated = QKeyEvent(QKeyEvent.Type.KeyPress, Qt.Key.Key_1, Qt.KeyboardModifier.NoModifier, "1", True)
        assert form.handle_key(repeated)
    assert read.sheets["worms-marrow"].answered == 1


def test_a_level_button_keeps_the_focus_when_its_answer_brings_the_next_item(
    form: ScoreForm, qtbot: QtBot
) -> None:
    read = Read(form, "worms-marrow")
    form.activateWindow()
    button = next(one for one in form.findChildren(QPushButton, "level") if one.text() == "2")
    button.setFocus()
    qtbot.waitUntil(button.hasFocus)
    for _ in range(3):
        qtbot.keyClick(button, Qt.Key.Key_Space)
        assert button.hasFocus()
    assert read.sheets["worms-marrow"].answered == 3


def test_a_form_with_fewer_levels_shows_no_button_of_the_form_before(form: ScoreForm) -> None:
    read = Read(form, "recht", "worms-marrow")
    for _ in range(6):
        read.press("0")
    shown = [one.text() for one in form.findChildren(QPushButton, "level") if one.isVisible()]
    assert shown == ["0", "1", "2", "3", "n/a"]


def test_the_current_item_stays_in_sight_when_the_list_gets_less_room(form: ScoreForm, qtbot: QtBot) -> None:
    form.resize(372, 900)
    read = Read(form, "worms-marrow")
    for _ in range(14):
        read.press("1")
    assert form.current_item == "S"
    form.resize(372, 620)
    qtbot.wait(20)
    assert not form.findChild(QWidget, "item_S").visibleRegion().isEmpty()
