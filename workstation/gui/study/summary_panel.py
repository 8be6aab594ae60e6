"""Beside the steps of the set-up: what they amount to, and studies that are under way already."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QLabel, QScrollArea, QVBoxLayout, QWidget

from workstation.gui.desk import DeskContext
from workstation.gui.study.travel_panel import TravelPanel
from workstation.gui.study.version_form import VersionPanel


class SummaryPanel(QFrame):
    """``read_wanted(folder)`` when a study that was taken in is to be read; ``office_wanted(folder)``."""

    read_wanted = Signal(object)
    office_wanted = Signal(object)

    def __init__(self, context: DeskContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("part", "panel")
        self._summary = QLabel()
        self._summary.setObjectName("study_summary")
        self._summary.setTextFormat(Qt.TextFormat.RichText)
        self._summary.setWordWrap(True)
        self._summary.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.travel = TravelPanel(context, self)
        self.travel.read_wanted.connect(self.read_wanted)
        inside = QWidget()
        layout = QVBoxLayout(inside)
        layout.setContentsMargins(24, 16, 24, 24)
        layout.setSpacing(12)
        layout.addWidget(self._summary)
        layout.addStretch(1)
        version = VersionPanel(context, self)
        version.office_wanted.connect(self.office_wanted)
        layout.addWidget(version)
        layout.addWidget(self.travel)
        scroll = QScrollArea()
        scroll.setWidget(inside)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setAccessibleName("What the steps amount to")
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scroll)

    def show_summary(self, text: str) -> None:
        """Say what the steps amount to, as rich text."""
        self._summary.setText(text)
