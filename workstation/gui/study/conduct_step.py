"""Conduct of a new study: masks and visits, known cases before and among the others, whom to tell."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from workstation.gui.study.reveal_row import RevealRow
from workstation.gui.theme import CONTROL_PX
from workstation.reading.blinding_rule import PAIRED_HIDDEN, PAIRED_KNOWN, Blinding, Overlays
from workstation.reading.conduct import Conduct, Scores
from workstation.reading.known_cases import Calibration, Drift, Feedback, KnownAnswers, Measure
from workstation.reading.safety import Safety

OVERLAYS = {
    Overlays.NEVER: "Masks: never shown to a reader",
    Overlays.AFTER_OWN_SCORE: "Masks: after the own score",
    Overlays.ALWAYS: "Masks: shown from the beginning",
}
VISITS = {
    "hidden": "Visits: one form, order hidden",
    "known": "Visits: one form, order known",
    PAIRED_KNOWN: "Visits: a column each, order known",
    PAIRED_HIDDEN: "Visits: a column each, order hidden",
}
_TOGETHER = "All visits of a case are on the screen"
_SIDE_BY_SIDE = "All visits of a case are read in one sitting, side by side, each with a column of answers:"
VISITS_TEXT = {
    "hidden": f"{_TOGETHER} and the form is filled in once; nothing tells which visit came first.",
    "known": f"{_TOGETHER}, named in order of time, and the form is filled in once.",
    PAIRED_KNOWN: f"{_SIDE_BY_SIDE} Baseline, Follow-up. Knowing the order makes change easier to see, and "
    "to expect.",
    PAIRED_HIDDEN: f"{_SIDE_BY_SIDE} Time point 1, 2, in an order of chance for each reader. Exports name "
    "the visits again.",
}
SCORES = {
    Scores.UNAIDED: "Both scores are kept; compare those before masks came",
    Scores.AIDED: "Both scores are kept; compare those after masks came",
}
FEEDBACK = {
    Feedback.RESULT: "tell the result",
    Feedback.NONE: "tell passed or not",
    Feedback.ITEMS: "tell the items at the end",
}
CALIBRATION_TEXT = (
    "Each reader first reads these cases until the agreement with their known answers is good enough; none "
    "of it counts in the study. The mark is validated by nobody: choose your own."
)
DRIFT_TEXT = (
    "Cases with known answers stand among the others under a code like theirs. At the end they tell whether "
    "a reader's scale has drifted; they never count."
)
SAFETY_TEXT = (
    "A reader can tell this account of an urgent finding at once, encrypted, while the scores stay sealed. "
    "It belongs to somebody who does not read; C1, the coordinator, may be it."
)


class ConductStep(QWidget):
    """Asks for them. ``changed`` when one did."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._overlays = _choice("overlay_rule", "Masks in a blinded read", OVERLAYS)
        self._visits = _choice("visit_rule", "Order of visits", VISITS)
        self._scores = _choice("compared_scores", "Which scores are compared", SCORES)
        self._totals = QCheckBox("Show sums while scoring: they may pull the grades after them")
        self._totals.setObjectName("totals_rule")
        self._totals.setAccessibleName("Show sums while scoring")
        self._totals.setToolTip("Otherwise sums are shown once the read is locked")
        self.reveal = RevealRow(self)
        self._calibration = _line("calibration_cases", "Calibration cases, e.g. C-0001, C-0002")
        self._measure = _choice("calibration_measure", "Measure", {one: one.words for one in Measure})
        self._measure.setCurrentIndex(self._measure.findData(Measure.QUADRATIC_KAPPA.value))
        self._mark = QDoubleSpinBox()
        self._mark.setObjectName("pass_mark")
        self._mark.setAccessibleName("Pass mark, not validated")
        self._mark.setToolTip("Least agreement with the known answers; validated by nobody")
        self._mark.setRange(0.01, 1.0)
        self._mark.setSingleStep(0.05)
        self._mark.setValue(0.6)
        self._mark.setPrefix("at least ")
        self._mark.lineEdit().setTextMargins(6, 0, 6, 0)
        self._mark.setFixedHeight(CONTROL_PX)
        self._attempts = _number("calibration_attempts", "Attempts", 1, 20, 3, " attempts")
        self._feedback = _choice("calibration_feedback", "What a reader is told", FEEDBACK)
        self._drift = _line("drift_cases", "Known cases among the others, e.g. D-0001, D-0002")
        self._share = _number("drift_share", "Share of known cases, in percent", 1, 50, 10, " % of the cases")
        self._answers = _line("known_answers", "Table of the known answers: case, item, value (CSV)")
        self._browse = QPushButton("Choose…")
        self._browse.setObjectName("browse_known_answers")
        self._browse.setAccessibleName("Choose the table of the known answers")
        self._browse.setToolTip("A consensus, a teacher's answers, or one reader's reads.csv")
        self._browse.clicked.connect(self._on_browse)
        self._contact = _line("safety_contact", "Account of the safety contact, e.g. S1; empty: none")
        self._lay_out()
        self._connect()
        self._show_parts()

    @property
    def blinding(self) -> Blinding:
        """What readers may see."""
        return Blinding(
            overlays=Overlays(self._overlays.currentData()),
            totals=self._totals.isChecked(),
            time_points=str(self._visits.currentData()),
            reveal=self.reveal.reveal,
        )

    @property
    def contact(self) -> str:
        """Name of the safety contact's account; may be empty."""
        return self._contact.text().strip()

    @property
    def answers_folder(self) -> Path | None:
        """Where the table of the known answers is."""
        text = self._answers.text().strip()
        return Path(text).expanduser().parent if text else None

    def added_to(self, conduct: Conduct) -> Conduct:
        """A conduct with what is asked for here."""
        answers = KnownAnswers(file=Path(self._answers.text().strip()).name)
        known, drift = _codes(self._calibration), _codes(self._drift)
        calibration = Calibration(
            known,
            Measure(self._measure.currentData()),
            round(self._mark.value(), 2),
            self._attempts.value(),
            Feedback(self._feedback.currentData()),
            answers,
        )
        return replace(
            conduct,
            calibration=calibration if known else None,
            drift=Drift(drift, self._share.value() / 100, answers) if drift else None,
            safety=Safety(self.contact) if self.contact else None,
            scores=Scores(self._scores.currentData()) if self._asks_scores else Scores.UNAIDED,
        )

    @property
    def missing(self) -> list[str]:
        """What is still needed, in words."""
        has_known = _codes(self._calibration) or _codes(self._drift)
        if has_known and not self._answers.text().strip():
            return ["the table of the known answers"]
        return []

    @property
    def _asks_scores(self) -> bool:
        return self.blinding.overlays is Overlays.AFTER_OWN_SCORE

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)

        def row(*widgets: QWidget) -> None:
            line = QHBoxLayout()
            for widget in widgets:
                line.addWidget(widget, 1)
            layout.addLayout(line)

        row(self._overlays, self._visits)
        self._visits_note = _note("")
        self._visits_note.setObjectName("visit_rule_text")
        layout.addWidget(self._visits_note)
        layout.addWidget(self._scores)
        layout.addWidget(self._totals)
        layout.addWidget(self.reveal)
        self._calibration_note, self._drift_note = _note(CALIBRATION_TEXT), _note(DRIFT_TEXT)
        layout.addWidget(self._calibration_note)
        layout.addWidget(self._calibration)
        row(self._measure, self._mark)
        row(self._attempts, self._feedback)
        layout.addWidget(self._drift_note)
        row(self._drift, self._share)
        file = QHBoxLayout()
        file.addWidget(self._answers, 1)
        file.addWidget(self._browse)
        layout.addLayout(file)
        layout.addWidget(_note(SAFETY_TEXT))
        layout.addWidget(self._contact)

    def _connect(self) -> None:
        def told(_value: object) -> None:
            self._show_parts()
            self.changed.emit()

        for box in (self._overlays, self._visits, self._scores, self._measure, self._feedback):
            box.currentIndexChanged.connect(told)
        self._totals.toggled.connect(told)
        self.reveal.changed.connect(self.changed)
        for line in (self._calibration, self._drift, self._answers, self._contact):
            line.textChanged.connect(told)
        self._mark.valueChanged.connect(told)
        for spin in (self._attempts, self._share):
            spin.valueChanged.connect(told)

    def _show_parts(self) -> None:
        calibrates, drifts = bool(_codes(self._calibration)), bool(_codes(self._drift))
        self._visits_note.setText(VISITS_TEXT[self.blinding.time_points])
        self._scores.setVisible(self._asks_scores)
        for widget in (self._measure, self._mark, self._attempts, self._feedback):
            widget.setVisible(calibrates)
        self._share.setVisible(drifts)
        self._answers.setVisible(calibrates or drifts)
        self._browse.setVisible(calibrates or drifts)

    def _on_browse(self) -> None:
        chosen, _ = QFileDialog.getOpenFileName(self, "Known answers", "", "Tables (*.csv)")
        if chosen:
            self._answers.setText(chosen)


def _codes(line: QLineEdit) -> tuple[str, ...]:
    return tuple(part.strip() for part in line.text().split(",") if part.strip())


def _choice(name: str, title: str, texts: object) -> QComboBox:
    box = QComboBox()
    box.setObjectName(name)
    box.setAccessibleName(title)
    box.setToolTip(title)
    assert isinstance(texts, dict)
    for value, text in texts.items():
        box.addItem(text, str(value))
    return box


def _line(name: str, title: str) -> QLineEdit:
    line = QLineEdit()
    line.setObjectName(name)
    line.setAccessibleName(title)
    line.setPlaceholderText(title)
    line.setToolTip(title)
    return line


def _number(name: str, title: str, least: int, most: int, value: int, suffix: str) -> QSpinBox:
    spin = QSpinBox()
    spin.setObjectName(name)
    spin.setAccessibleName(title)
    spin.setToolTip(title)
    spin.setButtonSymbols(QAbstractSpinBox.ButtonSymbols.NoButtons)
    spin.setRange(least, most)
    spin.setValue(value)
    spin.setSuffix(suffix)
    spin.lineEdit().setTextMargins(6, 0, 6, 0)
    spin.setFixedHeight(CONTROL_PX)
    return spin


def _note(text: str) -> QLabel:
    note = QLabel(text)
    note.setProperty("text_role", "quiet")
    note.setWordWrap(True)
    return note
