"""Sums beside the form: where the plan says so, and nowhere else; a sum that lacks items says it."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from workstation.gui.reading.score_form import ScoreForm
from workstation.gui.reading.totals_strip import TotalsStrip
from workstation.gui.theme import load_theme
from workstation.imaging.study import Laterality
from workstation.scoring.columns import columned, visit_columns
from workstation.scoring.instrument import Instrument, instrument
from workstation.scoring.sheet import Answer, ScoreSheet
from workstation.workflow.open_read import OpenRead
from workstation.workflow.read_case import create_study


@pytest.fixture
def form(qtbot: QtBot) -> ScoreForm:
    widget = ScoreForm(load_theme("dark"))
    qtbot.addWidget(widget)
    widget.resize(372, 658)
    widget.show()
    return widget


def sheet_of(source: Instrument, grades: dict[str, int | None]) -> ScoreSheet:
    sheet = ScoreSheet.empty(source)
    for item, grade in grades.items():
        answer = Answer.not_assessable(item) if grade is None else Answer.scored(item, grade)
        sheet = sheet.with_answer(answer)
    return sheet


def shown(form: ScoreForm) -> tuple[str, ...]:
    strip = form.findChild(TotalsStrip)
    return strip.texts if strip.isVisible() else ()


def said(form: ScoreForm) -> str:
    """All that the form says to eyes and ears."""
    texts = []
    for one in [form, *form.findChildren(QWidget)]:
        told = getattr(one, "text", "")
        texts.append(str(told() if callable(told) else told))
        texts += [
            one.accessibleName(),
            one.accessibleDescription(),
            one.toolTip(),
            *getattr(one, "texts", ()),
        ]
    return "\n".join(texts)


GRADES = {"patella": 4, "trochlea": 4, "MFC": 4, "LFC": 4, "MTP": 3}  # 24 points


def test_a_hidden_sum_is_nowhere_in_the_form(form: ScoreForm) -> None:
    sheet = sheet_of(instrument("recht"), GRADES)
    form.set_read([sheet], Laterality.RIGHT, locked=False)
    assert "24" not in said(form) and "Recht sum" not in said(form)
    form.set_read([sheet], Laterality.RIGHT, locked=False, totals=True)
    assert "24" in said(form), "the words are looked for where they would stand"
    form.set_read([sheet], Laterality.RIGHT, locked=False)
    assert "24" not in said(form) and "Recht sum" not in said(form), "the case after it keeps nothing"


def test_a_partial_sum_says_how_much_of_it_is_there(form: ScoreForm) -> None:
    sheet = sheet_of(instrument("recht"), GRADES)
    form.set_read([sheet], Laterality.RIGHT, locked=False, totals=True)
    assert shown(form) == ("Recht sum: 24, partial, 5 of 6",)
    form.set_sheets([sheet.with_answer(Answer.scored("LTP", 0))])
    assert shown(form) == ("Recht sum: 25",)
    form.set_sheets([sheet.with_answer(Answer.not_assessable("LTP"))])
    assert shown(form) == ("Recht sum: 24, partial, 5 of 6",), "not assessable is not zero"
    form.set_sheets([ScoreSheet.empty(instrument("recht"))])
    assert shown(form) == ("Recht sum: –, partial, 0 of 6",)


def test_each_visit_has_a_sum_of_its_own(form: ScoreForm) -> None:
    source = columned(instrument("recht"), visit_columns(["1", "2"], []))
    first, second = (column.title for column in source.columns)
    grades = {item.id: 1 for item in source.items if item.column == source.columns[0]}
    sheet = sheet_of(source, {**grades, source.item_at("MFC", source.columns[1]).id: 4})
    form.set_read([sheet], Laterality.RIGHT, locked=False, totals=True)
    assert shown(form) == (f"Recht sum: {first} 12; {second} 5, partial, 1 of 6",)


def test_partial_is_amber_and_whole_is_not(form: ScoreForm, qtbot: QtBot) -> None:
    def colours() -> set[str]:
        image = strip.grab().toImage()
        return {image.pixelColor(x, y).name() for x in range(image.width()) for y in range(image.height())}

    strip = form.findChild(TotalsStrip)
    amber = load_theme("dark").colour("attention").name()
    sheet = sheet_of(instrument("recht"), GRADES)
    form.set_read([sheet], Laterality.RIGHT, locked=False, totals=True)
    qtbot.waitUntil(lambda: strip.width() > 300)
    assert amber in colours()
    form.set_sheets([sheet.with_answer(Answer.scored("LTP", 0))])
    assert amber not in colours()


def test_nothing_moves_while_sums_grow(form: ScoreForm, qtbot: QtBot) -> None:
    source, worms = instrument("recht"), instrument("worms-marrow")
    form.set_read([ScoreSheet.empty(worms), ScoreSheet.empty(source)], None, locked=False, totals=True)
    qtbot.wait(1)

    def places() -> list[object]:
        names = ("totals", "definitions", "item_title", "region_diagram", "lock_read")
        return [form.findChild(QWidget, name).geometry() for name in names]

    before, sheet = places(), ScoreSheet.empty(worms)
    for item in worms.items:
        sheet = sheet.with_answer(Answer.scored(item.id, 3))
        form.set_sheets([sheet, ScoreSheet.empty(source)])
        form.go_to(item.id)
    qtbot.wait(1)
    assert places() == before
    assert shown(form) == ("WORMS edema sum: 45",)


@pytest.mark.parametrize("columns", [1, 2])
def test_a_low_form_of_two_keeps_at_least_five_items_in_sight(
    form: ScoreForm, qtbot: QtBot, columns: int
) -> None:
    forms = [instrument("worms-marrow"), instrument("recht")]
    if columns == 2:
        forms = [columned(one, visit_columns(["1", "2"], [])) for one in forms]
    form.set_read([ScoreSheet.empty(one) for one in forms], None, locked=False, totals=True)
    qtbot.wait(1)
    rows = [form.findChild(QWidget, f"item_{item.row}") for item in forms[0].rows]
    whole = [row for row in rows if row.visibleRegion().boundingRect().height() == row.height()]
    assert len(whole) >= 5
    definitions = form.findChild(QWidget, "definitions")
    assert definitions.height() >= definitions.heightForWidth(definitions.width()), "no definition is cut off"


def test_a_high_form_has_a_line_for_every_sum(form: ScoreForm) -> None:
    form.set_read([ScoreSheet.empty(instrument("worms-marrow"))], None, locked=False, totals=True)
    assert len(shown(form)) == 1
    assert "Patellofemoral" in form.findChild(TotalsStrip).toolTip()
    form.resize(372, 1200)
    assert len(shown(form)) == len(instrument("worms-marrow").derived)


@pytest.mark.parametrize("totals", [False, True])
def test_the_plan_decides(visit_library: Path, tmp_path: Path, qtbot: QtBot, totals: bool) -> None:
    from workstation.gui.application import make_application, make_window
    from workstation.workflow.workspace import open_workspace

    workspace = open_workspace(visit_library)
    plan = tmp_path / "plan.toml"
    plan.write_text(
        'id = "koa"\ntitle = "Knee"\ncases = ["K-2"]\nreaders = ["R1", "R2"]\nseed = 1\n'
        f'instruments = ["recht"]\n[blinding]\ntotals = {str(totals).lower()}\n'
        '[sealing]\nmode = "none"\n',
        encoding="utf-8",
    )
    create_study(plan, tmp_path / "study", visit_library).close()
    make_application()
    window = make_window(workspace, synchronous=True)
    qtbot.addWidget(window)
    window.resize(1280, 800)
    window.show()
    desk = window.show_desk("reading", tmp_path / "study")
    desk.choose_reader("R1")
    assert isinstance(desk.read, OpenRead) and not desk.read.is_locked
    for _ in range(5):
        desk.form.answer(4)
    assert shown(desk.form) == (("Recht sum: 25, partial, 5 of 6",) if totals else ())
    assert ("25" in said(desk.form)) is totals
    window.close()
