"""Difference against mean of two readers' totals, with bias and limits of agreement."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QLabel, QStackedLayout, QWidget

from workstation.analysis.report import TotalAgreement
from workstation.gui.analysis.number_table import signed
from workstation.gui.theme import Appearance, Theme

if TYPE_CHECKING:
    from collections.abc import Sequence

_LEAST_PX, _MOST_PX = 8, 22


class BlandAltmanPlot(QWidget):
    """``case_chosen(case)`` when a point is clicked. Cases that coincide make a larger point."""

    case_chosen = Signal(str)

    def __init__(self, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("bland_altman_plot")
        self._appearance = appearance
        self._total: TotalAgreement | None = None
        self._readers: Sequence[str] = ()
        self._plot: Any = None  # made when first seen: it costs as much as the rest of the desk
        self._nothing = QLabel()
        self._nothing.setObjectName("bland_altman_none")
        self._nothing.setProperty("text_role", "quiet")
        self._nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._nothing.setWordWrap(True)
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self._nothing)
        appearance.changed.connect(self._on_theme)

    def show_total(self, total: TotalAgreement | None, readers: Sequence[str]) -> None:
        """Draw a total, or say why there is nothing to draw."""
        self._total, self._readers = total, readers
        compared = total.bland_altman if total is not None else None
        if total is None or compared is None or not total.pairs:
            two = compared is not None or total is None
            why = "No case has both totals." if two else "It needs exactly two readers."
            self._nothing.setText(f"No Bland–Altman plot. {why}")
            self._stack.setCurrentWidget(self._nothing)
            return
        if self._plot is None:
            if not self.isVisible():
                return
            self._make_canvas()
        self._stack.setCurrentWidget(self._plot)
        self._draw(total)

    def showEvent(self, event: QShowEvent) -> None:
        """Draw what was asked for before the plot could be seen."""
        super().showEvent(event)
        if self._plot is None:
            self.show_total(self._total, self._readers)

    def _make_canvas(self) -> None:
        # Imported with the plot: the desk has imported it in a job before, off the GUI thread.
        import pyqtgraph

        self._plot = pyqtgraph.PlotWidget()
        self._plot.setObjectName("bland_altman_canvas")
        self._plot.setAccessibleName("Bland-Altman plot")
        self._plot.setMenuEnabled(False)
        self._plot.hideButtons()
        self._stack.addWidget(self._plot)
        self._dress(self._appearance.theme)

    def _draw(self, total: TotalAgreement) -> None:
        import pyqtgraph as pg

        theme = self._appearance.theme
        self._plot.clear()
        first, second = self._readers
        self._plot.setLabel("bottom", f"mean of {first} and {second}")
        self._plot.setLabel("left", f"{first} − {second}")
        spots = Counter(((a + b) / 2, a - b) for _, (a, b) in total.pairs)
        cases: dict[tuple[float, float], list[str]] = {}
        for (case, _side, _visit), (a, b) in total.pairs:
            cases.setdefault(((a + b) / 2, a - b), []).append(case)
        scatter = pg.ScatterPlotItem(
            x=[x for x, _ in spots],
            y=[y for _, y in spots],
            size=[min(_MOST_PX, _LEAST_PX + 3 * (n - 1)) for n in spots.values()],
            data=[cases[spot] for spot in spots],
            brush=pg.mkBrush(theme.colour("accent")),
            pen=pg.mkPen(theme.colour("panel")),
            hoverable=True,
            tip=_tip,
        )
        scatter.sigClicked.connect(self._on_clicked)
        self._plot.addItem(scatter)
        compared = total.bland_altman
        assert compared is not None  # asked by the caller
        for estimate, name, dashed in (
            (compared.upper, "+1.96 SD", True),
            (compared.bias, "bias", False),
            (compared.lower, "−1.96 SD", True),
        ):
            if estimate.value is None:
                continue
            style = Qt.PenStyle.DashLine if dashed else Qt.PenStyle.SolidLine
            self._plot.addItem(
                pg.InfiniteLine(
                    pos=estimate.value,
                    angle=0,
                    pen=pg.mkPen(theme.colour("secondary"), width=1.5, style=style),
                    label=signed(f"{name} {estimate.value:.2f}"),
                    labelOpts={"position": 0.98, "color": theme.colour("text"), "anchors": [(1, 1), (1, 1)]},
                )
            )
        ends = [e.value for e in (compared.lower, compared.upper) if e.value is not None]
        values = [*(y for _, y in spots), *ends, 0.0]
        room = 0.12 * ((max(values) - min(values)) or 1)
        self._plot.setYRange(min(values) - room, max(values) + room, padding=0)
        self._plot.getPlotItem().enableAutoRange(axis="x")

    def _on_clicked(self, _scatter: Any, points: Any, _event: Any = None) -> None:
        if len(points):
            self.case_chosen.emit(points[0].data()[0])

    def _on_theme(self, theme: Theme) -> None:
        if self._plot is not None:
            self._dress(theme)
        if self._total is not None:
            self.show_total(self._total, self._readers)

    def _dress(self, theme: Theme) -> None:
        self._plot.setBackground(theme.colour("panel"))
        for side in ("bottom", "left"):
            axis = self._plot.getAxis(side)
            axis.setPen(theme.colour("line"))
            axis.setTextPen(theme.colour("secondary"))


def _tip(x: float, y: float, data: list[str]) -> str:
    shown = ", ".join(data[:6]) + (f" and {len(data) - 6} more" if len(data) > 6 else "")
    return f"{shown}: mean {x:g}, difference {y:+g}"
