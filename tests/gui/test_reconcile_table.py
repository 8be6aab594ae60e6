"""The table of the reconcile desk: whatever the form calls its grades, a grade is read whole."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QFontMetrics
from pytestqt.qtbot import QtBot

from workstation.gui.review.item_table import ItemTable, final_text
from workstation.gui.theme import load_theme
from workstation.reading.plan import Resolution
from workstation.reading.reconcile import Final, Source, final_of, pair_of
from workstation.scoring.instrument import instrument
from workstation.scoring.sheet import Answer, AnswerState


@pytest.mark.parametrize("form", ["red-marrow-hip", "red-marrow-knee", "recht", "worms-marrow"])
@pytest.mark.parametrize("three", [False, True])
def test_a_grade_is_whole_in_its_cell_and_its_words_are_in_the_tooltip(
    qtbot: QtBot, form: str, three: bool
) -> None:
    used = instrument(form)
    pairs = []
    for item in used.items:
        first, last = item.levels[0].grade, item.levels[-1].grade
        third = Answer.not_assessable(item.id) if three else None
        pairs.append(pair_of(used, Answer.scored(item.id, first), Answer.scored(item.id, last), 0, third))
    finals = {(form, one.item): final_of(one, used, Resolution.MEDIAN) for one in pairs}
    table = ItemTable()
    qtbot.addWidget(table)
    table.resize(396, 600)
    table.show_items(tuple(pairs), {form: used}, finals, load_theme("dark"))
    table.show()
    metrics = QFontMetrics(table.font())
    item = used.items[0]
    for column in (1, 3) if three else (1, 2, 3):
        for row in range(table.rowCount()):
            text = table.item(row, column).text()
            assert metrics.horizontalAdvance(text) + 6 <= table.columnWidth(column), text
    assert item.levels[0].label in table.item(0, 1).toolTip()
    assert item.levels[-1].label in table.item(0, 1 if three else 2).toolTip()


def test_one_point_is_one_point() -> None:
    used = instrument("worms-marrow")
    for points, words in ((1.0, "1 point"), (1.5, "1.5 points"), (0.0, "0 points")):
        final = Final(used.id, used.items[0].id, Source.MEAN, AnswerState.SCORED, None, points)
        assert final_text(used, final) == words
