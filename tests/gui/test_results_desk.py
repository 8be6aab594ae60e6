"""The results desk: map, items, totals, the cases behind a number, what is written."""

from __future__ import annotations

import csv
import random
from pathlib import Path

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QComboBox,
    QFileDialog,
    QLabel,
    QPushButton,
    QTableWidget,
    QTabWidget,
)

from workstation.gui.analysis.agreement_map import AgreementMap
from workstation.gui.analysis.bland_altman_plot import BlandAltmanPlot
from workstation.gui.analysis.label_place import label_place
from workstation.gui.analysis.results_desk import ResultsDesk
from workstation.gui.application import make_application, make_window
from workstation.gui.desk import Desk, DeskEntry
from workstation.gui.desks import DESKS
from workstation.gui.main_window import MainWindow
from workstation.gui.messages import Kind
from workstation.scoring.instrument import instrument
from workstation.tasks import SilentProgress
from workstation.workflow import open_results
from workstation.workflow.open_results import Results

WORMS = instrument("worms-marrow")


def write_reads(path: Path, *, cases: int = 12, readers: tuple[str, ...] = ("R1", "R2")) -> Path:
    """Reads of WORMS where item MFc differs in the first case by 2 and S is 0 throughout."""
    chance = random.Random(5)
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(("case", "reader", "instrument", "instrument_version", "item", "value"))
        for number in range(cases):
            for item in WORMS.items:
                grade = 0 if item.id == "S" else chance.randrange(4)
                for reader in readers:
                    given = grade
                    if item.id == "MFc" and number == 0:
                        given = 3 if reader == readers[0] else 1
                    writer.writerow((f"K-{number}", reader, WORMS.id, WORMS.version, item.id, given))
    return path


class ReadingStub(Desk):
    id = "reading"
    title = "Reading"

    def __init__(self, context) -> None:
        super().__init__(context)
        self.taken: list[object] = []

    def take(self, what: object) -> None:
        self.taken.append(what)


@pytest.fixture
def window(qtbot) -> MainWindow:
    make_application()
    results = next(entry for entry in DESKS if entry.id == "results")
    reading = DeskEntry("reading", "Reading", "read", "Ctrl+2", "Read", ReadingStub, shut_while_blinded=False)
    made = make_window(None, (results, reading), synchronous=True)
    qtbot.addWidget(made)
    made.resize(1280, 800)
    made.show()
    qtbot.waitExposed(made)
    return made


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """The bootstrap takes seconds: once for all tests."""
    table = write_reads(tmp_path_factory.mktemp("reads") / "reads.csv")
    return open_results.open_results(table, None, SilentProgress())


@pytest.fixture
def desk(window: MainWindow, compared: Results, monkeypatch: pytest.MonkeyPatch) -> ResultsDesk:
    found = window.desk
    assert isinstance(found, ResultsDesk)
    with monkeypatch.context() as only_here:
        only_here.setattr(open_results, "open_results", lambda *_given: compared)
        found.take(compared.source)
    assert found.results is compared, window.context.messages.last
    return found


def line_of(table: QTableWidget, start: str) -> list[str]:
    for row in range(table.rowCount()):
        if table.item(row, 0).text().startswith(start):
            return [table.item(row, column).text() for column in range(table.columnCount())]
    raise AssertionError(f"no line {start}")


def test_an_empty_desk_teaches_and_saves_nothing(window: MainWindow) -> None:
    assert "every read of the study is locked" in window.desk.findChild(QLabel, "empty_text").text()
    assert not window.desk.findChild(QPushButton, "save_tables").isEnabled()
    window.desk.choose_tables()
    assert window.context.messages.last.kind is Kind.ATTENTION


def test_items_show_n_exact_within_one_and_weighted_kappa(desk: ResultsDesk) -> None:
    table = desk.findChild(QTableWidget, "item_table")
    differs = line_of(table, "MFc  ")
    assert differs[1:5] == ["12", "1", "92 %", "92 %"]
    assert "to" in differs[5]
    perfect = line_of(table, "MTc  ")
    assert perfect[1:5] == ["12", "0", "100 %", "100 %"] and perfect[5].startswith("1.00")


def test_undefined_is_na_with_its_reason(desk: ResultsDesk) -> None:
    table = desk.findChild(QTableWidget, "item_table")
    row = next(r for r in range(table.rowCount()) if table.item(r, 0).text().startswith("S  "))
    assert table.item(row, 5).text() == "n/a *"
    assert "* Not defined: all grades are the same" in desk.findChild(QLabel, "agreement_notes").text()
    assert "all grades are the same" in table.item(row, 5).toolTip()
    place = next(p for p in desk.findChild(AgreementMap).places if p.id == WORMS.region_of("S").id)
    assert place.text == "n/a" and "all grades are the same" in place.tip


def test_a_click_on_the_diagram_lists_the_cases_behind_it_worst_first(desk: ResultsDesk, qtbot) -> None:
    the_map = desk.findChild(AgreementMap)
    spot = the_map.centre_of(WORMS.region_of("MFc").id)
    qtbot.mouseClick(the_map, Qt.MouseButton.LeftButton, pos=spot.toPoint())
    cases = desk.findChild(QTableWidget, "case_list")
    assert [cases.item(0, column).text() for column in range(3)] == ["K-0", "3", "1"]
    assert cases.rowCount() == 12
    assert "differ in 1 of 12" in desk.findChild(QLabel, "behind").text()
    items = desk.findChild(QTableWidget, "item_table")
    assert items.item(items.currentRow(), 0).text().startswith("MFc")


def test_an_item_chosen_in_the_table_is_marked_on_the_map_and_opens_its_cases(desk, window, qtbot) -> None:
    items = desk.findChild(QTableWidget, "item_table")
    row = next(r for r in range(items.rowCount()) if items.item(r, 0).text().startswith("MFc"))
    items.setCurrentCell(row, 0)
    assert desk.findChild(AgreementMap)._current == WORMS.region_of("MFc").id
    cases = desk.findChild(QTableWidget, "case_list")
    cases.setCurrentCell(0, 0)
    qtbot.keyClick(cases, Qt.Key.Key_Return)
    assert window.desk.id == "reading" and window.desk.taken == ["K-0"]


def test_the_map_is_walked_by_arrow_keys(desk: ResultsDesk, qtbot) -> None:
    the_map = desk.findChild(AgreementMap)
    chosen: list[str] = []
    the_map.chosen.connect(chosen.append)
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Left):
        qtbot.keyClick(the_map, key)
    ids = [place.id for place in the_map.places]
    assert chosen == [ids[0], ids[1], ids[0]]


def test_colours_follow_the_value_and_every_field_carries_its_number(desk: ResultsDesk) -> None:
    the_map = desk.findChild(AgreementMap)
    picture = the_map.grab().toImage()
    ratio = picture.devicePixelRatio()
    good = the_map.centre_of(WORMS.region_of("MTc").id)
    none = the_map.centre_of(WORMS.region_of("S").id)

    def ground(spot: QPointF):
        return picture.pixelColor(int((spot.x() - 14) * ratio), int((spot.y() - 9) * ratio))

    assert ground(good) != ground(none)
    assert len(the_map.places) == len(WORMS.regions)


@pytest.mark.parametrize("statistic", ["exact", "ac2_quadratic", "alpha_ordinal"])
def test_the_map_shows_the_chosen_statistic(desk: ResultsDesk, statistic: str) -> None:
    chooser = desk.findChild(QComboBox, "statistic")
    chooser.setCurrentIndex(chooser.findData(statistic))
    region = WORMS.region_of("MFc").id
    place = next(p for p in desk.findChild(AgreementMap).places if p.id == region)
    item = next(one for one in desk.results.report.parts[0].items if one.id == "MFc")
    assert place.estimate == item.statistics[statistic]


def test_totals_name_every_icc_form_and_draw_the_plot(desk: ResultsDesk, qtbot) -> None:
    desk.findChild(QTabWidget, "agreement_tabs").setCurrentIndex(1)
    table = desk.findChild(QTableWidget, "icc_table")
    forms = [table.item(row, 0).text().split("  ")[0] for row in range(table.rowCount())]
    assert forms == ["ICC(1,1)", "ICC(2,1)", "ICC(3,1)", "ICC(1,k)", "ICC(2,k)", "ICC(3,k)"]
    total = desk.findChild(QComboBox, "total")
    assert "sum" in total.currentText().lower()
    text = desk.findChild(QLabel, "bland_altman_text").text()
    assert text.startswith("Bias 0.17") and "smallest detectable change" in text
    plot = desk.findChild(BlandAltmanPlot)
    scatter = [item for item in plot._plot.getPlotItem().items if hasattr(item, "points")]
    assert sum(len(point.data()) for point in scatter[0].points()) == 12
    assert {point.pos().y() for point in scatter[0].points()} == {0.0, 2.0}


def test_three_readers_have_no_bland_altman_plot_and_it_says_so(window, tmp_path) -> None:
    window.desk.take(write_reads(tmp_path / "three.csv", readers=("A", "B", "C")))
    assert "two readers" in window.desk.findChild(QLabel, "bland_altman_none").text()


def test_reads_without_a_known_form_are_shown_as_a_grid(window, tmp_path, qtbot) -> None:
    table = tmp_path / "other.csv"
    lines = [f"K-{n},{r},item{i},{(n + i) % 3}" for n in range(6) for r in ("A", "B") for i in range(5)]
    table.write_text("case,reader,item,value\n" + "\n".join(lines), encoding="utf-8")
    window.desk.take(table)
    the_map = window.desk.findChild(AgreementMap)
    assert [place.code for place in the_map.places] == [f"item{i}" for i in range(5)]
    qtbot.mouseClick(the_map, Qt.MouseButton.LeftButton, pos=the_map.centre_of("item3").toPoint())
    assert "item3" in window.desk.findChild(QLabel, "behind").text()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "empty"),
        ("case,reader,item\nK-1,R1,a\n", "value"),
        ("case,reader,item,value\nK-1,R1,MFc,two\n", "line 2"),
        (
            "case,reader,instrument,item,value\nK-1,R1,worms-marrow,MFc,7\nK-1,R2,worms-marrow,MFc,1\n",
            "line 2",
        ),
        ("case,reader,item,value\nK-1,R1,a,1\n", "one reader"),
    ],
)
def test_a_damaged_table_is_said_in_one_sentence_and_what_was_open_stays(
    desk, window, tmp_path, content, words
) -> None:
    before = desk.results
    bad = tmp_path / "bad.csv"
    bad.write_text(content, encoding="utf-8")
    desk.take(bad)
    assert window.context.messages.last.kind is Kind.REFUSED
    assert words in window.context.messages.last.text
    assert desk.results is before


def test_a_folder_without_a_study_is_refused(window, tmp_path) -> None:
    window.desk.take(tmp_path)
    assert "no reading study" in window.context.messages.last.text


def test_tables_and_report_are_written_into_a_chosen_folder(desk, window, tmp_path, monkeypatch) -> None:
    out = tmp_path / "out"
    out.mkdir()
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(out))
    desk.findChild(QPushButton, "save_tables").click()
    assert "agreement.csv" in window.context.messages.last.text
    desk.findChild(QPushButton, "save_report").click()
    assert window.context.messages.last.kind is Kind.INFO
    assert {"reads.csv", "agreement.csv"} <= {path.name for path in out.iterdir()}
    assert any(path.suffix == ".html" for path in out.iterdir())


def test_a_table_dropped_on_the_desk_is_opened_here(desk: ResultsDesk, tmp_path: Path) -> None:
    assert desk.takes_drop((tmp_path / "reads.csv",))
    assert not desk.takes_drop((tmp_path,))
    assert not desk.takes_drop((tmp_path / "a.csv", tmp_path / "b.csv"))


def test_the_theme_reaches_map_and_plot(desk: ResultsDesk, window: MainWindow) -> None:
    the_map = desk.findChild(AgreementMap)
    dark = the_map.grab().toImage().pixelColor(2, 2)
    window.context.appearance.use("light")
    light = the_map.grab().toImage().pixelColor(2, 2)
    window.context.appearance.use("dark")
    assert dark.lightness() < 60
    assert light.lightness() > 180


def test_every_control_of_the_desk_has_a_name(desk: ResultsDesk) -> None:
    kinds = (QAbstractButton, QComboBox, QAbstractItemView, AgreementMap)
    controls = [control for kind in kinds for control in desk.findChildren(kind) if control.isVisible()]
    assert [c.objectName() for c in controls if not c.accessibleName() and c.objectName()] == []


def test_a_value_without_interval_is_marked_and_the_legend_says_why(window, tmp_path) -> None:
    table = write_reads(tmp_path / "few.csv", cases=3)
    window.desk.take(table)
    items = window.desk.findChild(QTableWidget, "item_table")
    row = next(r for r in range(items.rowCount()) if items.item(r, 0).text().startswith("MFc"))
    assert items.item(row, 5).text().endswith(" †")
    reason = items.item(row, 5).toolTip().partition(". ")[2]
    assert reason.startswith("no interval")
    notes = window.desk.findChild(QLabel, "agreement_notes").text()
    assert notes.startswith("* Not defined: all grades are the same")
    assert f"† {reason[0].upper()}{reason[1:]}" in notes


def test_side_and_visit_of_a_case_are_words(window, tmp_path) -> None:
    table = tmp_path / "sides.csv"
    lines = [f"K-1,{side},A,{r},a,{n}" for n, side in enumerate("RL") for r in ("R1", "R2")]
    table.write_text("case,side,visit,reader,item,value\n" + "\n".join(lines), encoding="utf-8")
    window.desk.take(table)
    cases = window.desk.findChild(QTableWidget, "case_list")
    named = {cases.item(row, 0).text() for row in range(cases.rowCount())}
    assert named == {"K-1 · right · visit A", "K-1 · left · visit A"}


@pytest.mark.parametrize("size", [(480, 420), (900, 900)])
def test_each_label_lies_inside_its_region(desk: ResultsDesk, size: tuple[int, int]) -> None:
    the_map = desk.findChild(AgreementMap)
    the_map.resize(*size)
    for place, polygon in the_map._drawn():
        points = tuple((point.x(), point.y()) for point in polygon.toList())
        x, y, fits = label_place(points, 24, 24)
        assert polygon.containsPoint(QPointF(x, y), Qt.FillRule.OddEvenFill), place.label
        if place.id == "MFa" and size[0] == 900:
            assert fits, "the trochlea has room for its name"
