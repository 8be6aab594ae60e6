"""The filter list at the left: joint, side, state, each with how many cases it shows."""

from __future__ import annotations

from collections import Counter

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from workstation.gui.library.case_rows import JOINT_FILTERS, SIDE_FILTERS, STATE_FILTERS, CaseFilter

WIDTH_PX = 184
_GROUPS = (
    ("joints", "Joint", JOINT_FILTERS),
    ("sides", "Side", SIDE_FILTERS),
    ("states", "State", STATE_FILTERS),
)


class FilterPanel(QFrame):
    """Entries of one group widen, groups narrow. ``changed(CaseFilter)`` without the search text."""

    changed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("filter_panel")
        self.setProperty("part", "panel")
        self.setAccessibleName("Filters")
        self.setFixedWidth(WIDTH_PX)
        self._entries: dict[tuple[str, str], FilterEntry] = {}
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 12, 8, 12)
        layout.setSpacing(2)
        for group, title, filters in _GROUPS:
            heading = QLabel(title)
            heading.setProperty("text_role", "secondary")
            heading.setContentsMargins(8, 8, 0, 2)
            layout.addWidget(heading)
            for key, word in filters:
                entry = FilterEntry(key, word)
                entry.toggled.connect(self._on_toggled)
                self._entries[group, key] = entry
                layout.addWidget(entry)
        layout.addStretch(1)
        self._clear = QPushButton("Show all")
        self._clear.setObjectName("show_all")
        self._clear.setAccessibleName("Show all cases")
        self._clear.setToolTip("Switch every filter off")
        self._clear.setProperty("emphasis", "quiet")
        self._clear.clicked.connect(self.clear)
        self._clear.setEnabled(False)
        layout.addWidget(self._clear)

    @property
    def chosen(self) -> CaseFilter:
        """What is switched on."""
        on: dict[str, set[str]] = {group: set() for group, _, _ in _GROUPS}
        for (group, key), entry in self._entries.items():
            if entry.isChecked():
                on[group].add(key)
        return CaseFilter(frozenset(on["joints"]), frozenset(on["sides"]), frozenset(on["states"]))

    def set_counts(self, counts: Counter[str]) -> None:
        """Say how many cases each entry has."""
        for (_, key), entry in self._entries.items():
            entry.set_count(counts[key])

    def clear(self) -> None:
        """Show all."""
        for entry in self._entries.values():
            entry.setChecked(False)

    def entry(self, group: str, key: str) -> FilterEntry:
        """One entry, e.g. ``("joints", "knee")``."""
        return self._entries[group, key]

    def _on_toggled(self) -> None:
        chosen = self.chosen
        self._clear.setEnabled(chosen != CaseFilter())
        self.changed.emit(chosen)


class FilterEntry(QPushButton):
    """One word with a number at the right end."""

    def __init__(self, key: str, word: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._word = word
        self.setObjectName(f"filter_{key.replace(' ', '_')}")
        self.setProperty("emphasis", "quiet")
        self.setCheckable(True)
        self.setToolTip(f"Show only: {word.lower()}")
        name = QLabel(word)
        self._count = QLabel()
        self._count.setProperty("text_role", "secondary")
        self._count.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 0, 8, 0)
        for label in (name, self._count):
            label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
            layout.addWidget(label)
        self.set_count(0)

    def set_count(self, count: int) -> None:
        """Show the number."""
        self._count.setText(str(count))
        self.setAccessibleName(f"{self._word}, {count} case{'' if count == 1 else 's'}")
