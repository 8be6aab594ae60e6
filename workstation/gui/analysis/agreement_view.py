"""One instrument's agreement: the map, the cases behind a field, items and totals."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QSplitter,
    QTableWidgetItem,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from workstation.analysis.icc import IccForm
from workstation.analysis.reads import ReadRow, number_text
from workstation.analysis.report import STATISTICS, GradeAgreement, InstrumentAgreement, TotalAgreement
from workstation.errors import ResourceError
from workstation.gui.analysis.agreement_map import AgreementMap, Place
from workstation.gui.analysis.bland_altman_plot import BlandAltmanPlot
from workstation.gui.analysis.number_table import ID_ROLE, Cell, NumberTable, estimate_cell, legend, signed
from workstation.gui.theme import Appearance
from workstation.scoring.instrument import Instrument, instrument
from workstation.workflow.open_results import cases_behind

_SIDES = {"R": "right", "L": "left", "B": "both sides"}
START_STATISTIC = "kappa_quadratic"
_ITEM_COLUMNS = (
    ("Item", "Item of the form, or the items of a region together"),
    ("n", "Cases graded by both readers"),
    ("Differ", "Cases in which the grades differ"),
    ("Exact", "Exact agreement; the 95 % interval is shown on hover"),
    ("± 1", "Agreement within one grade; the 95 % interval is shown on hover"),
    ("Weighted κ (95 % CI)", "Cohen's kappa with quadratic weights, bootstrap interval over cases"),
)
_ICC_COLUMNS = (
    ("Form", "Shrout and Fleiss; k is the mean of the readers"),
    ("n", "Cases with a whole total from every reader"),
    ("ICC (95 % CI)", "Interval from the F distribution"),
)


class AgreementView(QWidget):
    """``case_opened(case)`` when the person wants to look at a case behind a number."""

    case_opened = Signal(str)

    def __init__(self, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._part: InstrumentAgreement | None = None
        self._form: Instrument | None = None
        self._rows: Sequence[ReadRow] = ()
        self._map = AgreementMap(appearance)
        self._statistic = QComboBox()
        self._statistic.setObjectName("statistic")
        self._statistic.setAccessibleName("Statistic on the map")
        self._statistic.setToolTip("Which number the map shows")
        for key, name in STATISTICS:
            self._statistic.addItem(name, key)
        self._statistic.setCurrentIndex(self._statistic.findData(START_STATISTIC))
        self._items = NumberTable("item_table", "Agreement per item", _ITEM_COLUMNS)
        self._cases = NumberTable("case_list", "Cases behind the number", (("Case", ""),))
        self._behind = QLabel()
        self._behind.setObjectName("behind")
        self._behind.setProperty("text_role", "quiet")
        self._behind.setWordWrap(True)
        self._total = QComboBox()
        self._total.setObjectName("total")
        self._total.setAccessibleName("Total")
        self._total.setToolTip("Which total is compared")
        self._icc = NumberTable("icc_table", "Agreement of the total", _ICC_COLUMNS)
        self._plot = BlandAltmanPlot(appearance)
        self._plot_text = QLabel()
        self._plot_text.setObjectName("bland_altman_text")
        self._plot_text.setWordWrap(True)
        self._plot_text.setProperty("text_role", "quiet")
        self._notes = QLabel()
        self._notes.setObjectName("agreement_notes")
        self._notes.setProperty("text_role", "secondary")
        self._notes.setWordWrap(True)
        self._lay_out()
        self._statistic.currentIndexChanged.connect(lambda _i: self._show_map())
        self._total.currentIndexChanged.connect(lambda _i: self._show_total())
        self._map.chosen.connect(self._on_place)
        self._items.itemSelectionChanged.connect(self._on_item)
        self._cases.cellDoubleClicked.connect(lambda _r, _c: self._open_case())
        self._cases.itemActivated.connect(lambda _item: self._open_case())
        self._plot.case_chosen.connect(self.case_opened)

    # what is shown ----------------------------------------------------------------------------

    def show_part(self, part: InstrumentAgreement, rows: Sequence[ReadRow]) -> None:
        """Show the agreement with one instrument; `rows` are the reads behind it."""
        for step in self.steps_to_show(part, rows):
            step()

    def steps_to_show(
        self, part: InstrumentAgreement, rows: Sequence[ReadRow]
    ) -> tuple[Callable[[], None], ...]:
        """The same in steps, each short, in the order in which they must be taken."""
        return (
            lambda: self._take(part, rows),
            lambda: self._show_items(part),
            lambda: self._show_totals(part),
        )

    def _take(self, part: InstrumentAgreement, rows: Sequence[ReadRow]) -> None:
        self._part = part
        self._rows = rows
        self._form = _known(part)
        self._show_map()
        self._show_cases(part.pooled.items, "All items")

    def _show_totals(self, part: InstrumentAgreement) -> None:
        self._total.blockSignals(True)
        self._total.clear()
        for total in part.totals:
            self._total.addItem(total.title, total.id)
        whole = max(range(len(part.totals)), key=lambda i: len(_items_of(part, i, self._form)), default=-1)
        self._total.setCurrentIndex(whole)
        self._total.blockSignals(False)
        self._show_total()
        shown = legend(one.statistics[START_STATISTIC] for one in (*part.items, *part.regions, part.pooled))
        self._notes.setText("  ".join((*((shown,) if shown else ()), *part.notes)))

    def _show_map(self) -> None:
        if self._part is not None:
            key = self._statistic.currentData()
            self._map.show_places(places_of(self._part, self._form, key), self._form)

    def _show_items(self, part: InstrumentAgreement) -> None:
        grades = (*part.items, *part.regions, part.pooled)
        self._items.set_lines([(one.id, _item_cells(one, self._form)) for one in grades])

    def _show_total(self) -> None:
        part = self._part
        total = None
        if part is not None:
            total = next((one for one in part.totals if one.id == self._total.currentData()), None)
        self._icc.set_lines(_icc_lines(total) if total is not None else [])
        self._plot.show_total(total, part.readers if part is not None else ())
        words = (legend(total.icc.values()), _bland_altman_text(total)) if total is not None else ()
        self._plot_text.setText("  ".join(word for word in words if word))

    def _show_cases(self, items: Sequence[str], title: str) -> None:
        part = self._part
        if part is None:
            return
        found = cases_behind(self._rows, part.instrument, items, part.readers)
        differing = sum(one.items_that_differ > 0 for one in found)
        self._behind.setText(f"{title}: readers differ in {differing} of {len(found)}")
        single = len(items) == 1
        last = part.readers if single else ("Items that differ", "Largest")
        self._cases.set_columns((("Case", "Enter or double click opens the case"), *((n, "") for n in last)))
        lines = []
        for one in found:
            visit = f"visit {one.visit}" if one.visit else ""
            name = " · ".join(word for word in (one.case, _SIDES.get(one.side, one.side), visit) if word)
            if single:
                cells = [Cell("n/a" if g is None else number_text(g)) for g in one.grades[0]]
            else:
                cells = [Cell(str(one.items_that_differ)), Cell(f"{one.largest_difference:g}")]
            lines.append((one.case, [Cell(name), *cells]))
        self._cases.set_lines(lines)

    # slots ------------------------------------------------------------------------------------

    def _on_place(self, place_id: str) -> None:
        place = next((one for one in self._map.places if one.id == place_id), None)
        if place is None or self._part is None:
            return
        line = next((g.id for g in (*self._part.items, *self._part.regions) if g.items == place.items), "")
        self._items.blockSignals(True)
        self._items.choose(line)
        self._items.blockSignals(False)
        self._show_cases(place.items, place.label)

    def _on_item(self) -> None:
        part, line = self._part, self._items.current_id()
        if part is None:
            return
        for one in (*part.items, *part.regions, part.pooled):
            if one.id == line:
                same = next((p.id for p in self._map.places if set(one.items) <= set(p.items)), "")
                self._map.choose(same if one is not part.pooled else "")
                self._show_cases(one.items, one.title)
                return

    def _open_case(self) -> None:
        item = self._cases.item(self._cases.currentRow(), 0)
        if isinstance(item, QTableWidgetItem):
            self.case_opened.emit(str(item.data(ID_ROLE)))

    # building ---------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(12, 8, 12, 12)
        column.setSpacing(8)
        line = QHBoxLayout()
        line.addWidget(self._statistic)
        line.addStretch(1)
        column.addLayout(line)
        column.addWidget(self._map, 5)
        column.addWidget(self._behind)
        column.addWidget(self._cases, 2)
        totals = QWidget()
        box = QVBoxLayout(totals)
        box.setContentsMargins(12, 12, 12, 12)
        box.setSpacing(8)
        box.addWidget(self._total)
        self._icc.setFixedHeight(28 * (len(IccForm) + 1) + 8)
        box.addWidget(self._icc)
        box.addWidget(self._plot, 1)
        box.addWidget(self._plot_text)
        items = QWidget()
        of_items = QVBoxLayout(items)
        of_items.setContentsMargins(12, 12, 12, 12)
        of_items.setSpacing(8)
        of_items.addWidget(self._items, 1)
        of_items.addWidget(self._notes)
        tabs = QTabWidget()
        tabs.setObjectName("agreement_tabs")
        tabs.setDocumentMode(True)
        tabs.tabBar().setDrawBase(False)
        tabs.tabBar().setAccessibleName("Items or totals")
        tabs.addTab(items, "Items")
        tabs.addTab(totals, "Totals")
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setChildrenCollapsible(False)
        split.addWidget(left)
        split.addWidget(tabs)
        split.setStretchFactor(0, 1)
        split.setStretchFactor(1, 1)
        split.setSizes([600, 680])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(split)


def places_of(part: InstrumentAgreement, form: Instrument | None, statistic: str) -> tuple[Place, ...]:
    """The fields of the map: regions of a known form, otherwise its items.

    A region of several items takes the number of those items together, where that was computed.
    """
    by_items = {one.items: one for one in (*part.regions, *part.items)}
    if form is None:
        return tuple(
            Place(one.id, one.id, one.title, one.items, one.statistics.get(statistic)) for one in part.items
        )
    places = []
    for region in form.regions:
        items = tuple(item.id for item in form.items_in(region.id))
        if items:
            found = by_items.get(items)
            estimate = found.statistics.get(statistic) if found is not None else None
            places.append(Place(region.id, region.code, region.label, items, estimate))
    return tuple(places)


def _known(part: InstrumentAgreement) -> Instrument | None:
    try:
        return instrument(part.instrument, part.version or None)
    except ResourceError:
        return None  # a form of another program has no diagram here


def _item_cells(one: GradeAgreement, form: Instrument | None) -> list[Cell]:
    name = one.title
    if form is not None and len(one.items) == 1:
        name = f"{one.id}  {one.title}"
    lost = [f"{one.missing} without two grades"] if one.missing else []
    if one.not_assessable_by_some:
        lost.append(f"{one.not_assessable_by_some} not assessable for one reader only")
    return [
        Cell(name),
        Cell(str(one.n), "; ".join(lost)),
        Cell(str(one.differences)),
        estimate_cell(one.statistics["exact"], percent=True),
        estimate_cell(one.statistics["within_one"], percent=True),
        estimate_cell(one.statistics[START_STATISTIC]),
    ]


def _icc_lines(total: TotalAgreement) -> list[tuple[str, list[Cell]]]:
    lines = []
    for form in IccForm:
        found = total.icc[form.value]
        name = Cell(f"ICC({form.value})  {form.describes}", form.describes)
        lines.append((form.value, [name, Cell(str(found.n)), estimate_cell(found)]))
    return lines


def _bland_altman_text(total: TotalAgreement) -> str:
    compared = total.bland_altman
    if compared is None:
        return ""
    parts = [f"Bias {compared.bias.text()}", f"limits {compared.lower.text()} and {compared.upper.text()}"]
    if compared.sem is not None and compared.sdc is not None and compared.sdc_of_mean is not None:
        parts.append(f"SEM {compared.sem:.2f}")
        parts.append(
            f"smallest detectable change {compared.sdc:.2f} of one reader, "
            f"{compared.sdc_of_mean:.2f} of the mean"
        )
    if compared.bias.value is None:
        return f"No bias or limits: {compared.bias.reason}."
    partial = f" {total.partial} cases with a partial total are left out." if total.partial else ""
    return signed(f"{', '.join(parts)}.{partial}")


def _items_of(part: InstrumentAgreement, index: int, form: Instrument | None) -> tuple[str, ...]:
    total = part.totals[index]
    if form is None:
        return (total.id,) if total.kind != "sum" else (total.id, "")
    return next((rule.items for rule in form.derived if rule.id == total.id and rule.kind == "sum"), ())
