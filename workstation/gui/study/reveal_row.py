"""Whether readers of a new study are told sex and age decade of a case, and which table knows them."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from workstation.errors import WorkstationError
from workstation.reading.case_facts import AGE_DECADE, SEX
from workstation.reading.plan import StudyPlan
from workstation.store.crosswalk import default_path

TEXT = (
    "Marrow reading needs them. Only female, male or other and a decade such as 60-69 enter the study, no "
    "birth date and no age in years. Readers see them beside the code; who has the study's folder can too."
)


class RevealRow(QWidget):
    """Asks for both. ``changed`` when one did."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._box = QCheckBox("Sex and age decade: tell readers beside the case code")
        self._box.setObjectName("reveal_rule")
        self._box.setAccessibleName("Sex and age decade")
        self._box.setToolTip("Otherwise readers know nothing of who was imaged")
        self._table = QLineEdit()
        self._table.setObjectName("subject_table")
        self._table.setAccessibleName("Table of sex and age: case, sex, age (CSV)")
        self._table.setPlaceholderText("Table: case, sex, age (CSV); empty: the library's crosswalk")
        self._table.setToolTip(
            "A table with the columns case, sex, age, or a crosswalk; age at the first visit"
        )
        self._browse = QPushButton("Choose…")
        self._browse.setObjectName("browse_subject_table")
        self._browse.setAccessibleName("Choose the table of sex and age")
        self._browse.setToolTip("Choose the table of sex and age")
        self._note = QLabel(TEXT)
        self._note.setProperty("text_role", "quiet")
        self._note.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        row = QHBoxLayout()
        row.addWidget(self._table, 1)
        row.addWidget(self._browse)
        layout.addWidget(self._box)
        layout.addWidget(self._note)
        layout.addLayout(row)
        self._box.toggled.connect(self._on_changed)
        self._table.textChanged.connect(self._on_changed)
        self._browse.clicked.connect(self._on_browse)
        self._show_parts()

    @property
    def reveal(self) -> tuple[str, ...]:
        """What readers are told of a case."""
        return (SEX, AGE_DECADE) if self._box.isChecked() else ()

    def added_to(self, plan: StudyPlan, library: Path | None) -> tuple[StudyPlan, list[str]]:
        """The plan with sex and decade of its cases, or what is still needed for them, in words."""
        if not self.reveal or not plan.cases:
            return plan, []
        text = self._table.text().strip()
        named = Path(text).expanduser() if text else None
        read = named or (default_path(library) if library is not None else None)
        try:
            return _completed(plan, named, library, _state(read)), []
        except WorkstationError as error:
            return plan, [f"sex and age of every case ({error.why})"]

    def clear(self) -> None:
        """Forget the file: its place may name somebody, and readers use the same window."""
        self._table.clear()

    def _on_changed(self, _value: object) -> None:
        self._show_parts()
        self.changed.emit()

    def _show_parts(self) -> None:
        for widget in (self._note, self._table, self._browse):
            widget.setVisible(self._box.isChecked())

    def _on_browse(self) -> None:
        chosen, _ = QFileDialog.getOpenFileName(self, "Sex and age", "", "Tables (*.csv)")
        if chosen:
            self._table.setText(chosen)


@lru_cache(maxsize=1)
def _completed(
    plan: StudyPlan, table: Path | None, library: Path | None, _state: tuple[int, int]
) -> StudyPlan:
    """Read once as long as plan and file stay the same; the page asks with every key."""
    from workstation.workflow.subject_table import with_facts

    bare = replace(plan, blinding=replace(plan.blinding, facts=()))
    return with_facts(bare, table, library)


def _state(file: Path | None) -> tuple[int, int]:
    try:
        found = file.stat() if file is not None else None
    except OSError:
        found = None
    return (found.st_mtime_ns, found.st_size) if found is not None else (0, 0)
