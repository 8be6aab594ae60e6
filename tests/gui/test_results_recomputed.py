"""The numbers on the results desk against numpy and scikit-learn, computed from the table alone."""

from __future__ import annotations

import csv
import random
import re
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QComboBox, QLabel, QTableWidget, QTabWidget
from pytestqt.qtbot import QtBot

from workstation.gui.application import make_application, make_window
from workstation.gui.desks import DESKS
from workstation.gui.main_window import MainWindow
from workstation.scoring.instrument import instrument

FORM = instrument("worms-marrow")
CASES = 24


@pytest.fixture
def table(tmp_path: Path) -> Path:
    chance = random.Random(11)
    path = tmp_path / "reads.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(("case", "reader", "instrument", "instrument_version", "item", "value"))
        for number in range(CASES):
            for item in FORM.items:
                grade = chance.randrange(4)
                other = min(3, max(0, grade + chance.choice((0, 0, 0, 0, 1, -1, 2))))
                for reader, given in (("R1", grade), ("R2", other)):
                    writer.writerow((f"K-{number}", reader, FORM.id, FORM.version, item.id, given))
    return path


@pytest.fixture
def window(table: Path, qtbot: QtBot) -> MainWindow:
    make_application()
    made = make_window(None, [one for one in DESKS if one.id == "results"], synchronous=True)
    qtbot.addWidget(made)
    made.resize(1280, 800)
    made.show()
    made.desk.take(table)
    return made


def grades_of(path: Path) -> dict[str, np.ndarray]:
    """Grades as (case, reader), per item."""
    found: dict[str, dict[tuple[str, str], int]] = defaultdict(dict)
    with path.open(encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            found[row["item"]][row["case"], row["reader"]] = int(row["value"])
    return {
        item: np.array([[given[f"K-{n}", reader] for reader in ("R1", "R2")] for n in range(CASES)])
        for item, given in found.items()
    }


def number(text: str) -> float:
    found = re.search(r"-?\d+(?:\.\d+)?", text.replace("\u2212", "-"))
    assert found is not None, text
    return float(found.group())


def test_items_on_screen_are_those_of_scikit_learn(window: MainWindow, table: Path) -> None:
    metrics = pytest.importorskip("sklearn.metrics", reason="the second opinion needs scikit-learn")
    shown = window.desk.findChild(QTableWidget, "item_table")
    grades = grades_of(table)
    rows = {shown.item(row, 0).text(): row for row in range(shown.rowCount())}
    for item in FORM.items:
        row = rows[f"{item.id}  {item.title}"]
        texts = [shown.item(row, column).text() for column in range(1, 6)]
        first, second = grades[item.id].T
        kappa = metrics.cohen_kappa_score(first, second, labels=[0, 1, 2, 3], weights="quadratic")
        assert [int(texts[0]), int(texts[1])] == [CASES, int(np.sum(first != second))]
        assert number(texts[2]) == pytest.approx(100 * np.mean(first == second), abs=0.5)
        assert number(texts[3]) == pytest.approx(100 * np.mean(np.abs(first - second) <= 1), abs=0.5)
        assert number(texts[4]) == pytest.approx(kappa, abs=0.0051)


def test_the_total_on_screen_is_that_of_an_analysis_of_variance(window: MainWindow, table: Path) -> None:
    desk = window.desk
    desk.findChild(QTabWidget, "agreement_tabs").setCurrentIndex(1)
    chosen = desk.findChild(QComboBox, "total").currentText()
    rule = next(one for one in FORM.derived if one.title == chosen)
    assert rule.kind == "sum"
    points = {item.id: np.array([level.points for level in item.levels]) for item in FORM.items}
    grades = grades_of(table)
    totals = np.sum([points[item][grades[item]] for item in rule.items], axis=0)
    expected = _icc_2_1(totals)
    shown = desk.findChild(QTableWidget, "icc_table")
    row = next(r for r in range(shown.rowCount()) if shown.item(r, 0).text().startswith("ICC(2,1)"))
    assert int(shown.item(row, 1).text()) == CASES
    assert number(shown.item(row, 2).text()) == pytest.approx(expected, abs=0.0051)
    difference = totals[:, 0] - totals[:, 1]
    said = desk.findChild(QLabel, "bland_altman_text").text()
    assert number(said.partition("Bias ")[2]) == pytest.approx(difference.mean(), abs=0.0051)
    low, high = (difference.mean() + sign * 1.96 * difference.std(ddof=1) for sign in (-1, 1))
    limits = said.partition("limits ")[2]
    assert number(limits) == pytest.approx(low, abs=0.0051)
    assert number(limits.partition(" and ")[2]) == pytest.approx(high, abs=0.0051)


def test_the_differing_cases_on_screen_are_those_of_the_table(window: MainWindow, table: Path) -> None:
    grades = np.stack(list(grades_of(table).values()))
    apart = np.abs(grades[..., 0] - grades[..., 1])
    count = int(np.any(apart > 0, axis=0).sum())
    said = window.desk.findChild(QLabel, "behind").text()
    assert said == f"All items: readers differ in {count} of {CASES}"
    cases = window.desk.findChild(QTableWidget, "case_list")
    for row in range(cases.rowCount()):
        case = int(cases.item(row, 0).text().removeprefix("K-"))
        shown = (int(cases.item(row, 1).text()), int(cases.item(row, 2).text()))
        assert shown == (int((apart[:, case] > 0).sum()), int(apart[:, case].max()))


def _icc_2_1(ratings: np.ndarray) -> float:
    """Shrout and Fleiss 1979, two-way random, single rating, by its mean squares."""
    cases, readers = ratings.shape
    grand = ratings.mean()
    rows = readers * np.sum((ratings.mean(axis=1) - grand) ** 2) / (cases - 1)
    columns = cases * np.sum((ratings.mean(axis=0) - grand) ** 2) / (readers - 1)
    rest = ratings - ratings.mean(axis=1, keepdims=True) - ratings.mean(axis=0) + grand
    error = np.sum(rest**2) / ((cases - 1) * (readers - 1))
    return float((rows - error) / (rows + (readers - 1) * error + readers * (columns - error) / cases))
