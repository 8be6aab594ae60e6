"""The strip above the images: case, place in the worklist, plan and reader, state of blinding."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from workstation.gui import icons
from workstation.gui.keymap import Keymap, tell
from workstation.gui.messages import ElidedLabel
from workstation.gui.theme import Theme

HEADER_HEIGHT = 36
_JUDGED = "Not readable: a series is missing, or the images cannot be judged"
_AMENDED = "Open a new version with a reason; the locked one stays"


class ReadingHeader(QWidget):
    """Names the case by its code only and walks through the worklist."""

    case_chosen = Signal(str)

    leave_wanted = Signal()
    not_readable_wanted = Signal()
    pause_wanted = Signal()
    urgent_wanted = Signal()
    masks_wanted = Signal()
    amend_wanted = Signal()

    def __init__(self, keymap: Keymap, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("reading_header")
        self.setFixedHeight(HEADER_HEIGHT)
        self._codes: list[str] = []
        self._is_locked = False  # a locked read is looked at: no pause counts, nothing can be called
        self._case, self._facts = _case_and_facts()
        self._previous = self._button("◀", "previous_case", "Previous case", -1)
        self._next = self._button("▶", "next_case", "Next case", 1)
        tell(self._previous, keymap, "case_back", "Previous case")
        tell(self._next, keymap, "case_on", "Next case")
        self._worklist = QComboBox()
        self._worklist.setObjectName("worklist")
        self._worklist.setAccessibleName("Worklist: cases in your order")
        self._worklist.setToolTip("Your cases in your own order")
        # Case and state are always whole, also when the state word grows while the case is read.
        self._worklist.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self._worklist.setMinimumWidth(190)
        self._worklist.activated.connect(lambda index: self.case_chosen.emit(self._codes[index]))
        self._study, self._reader = _study_and_reader()
        self._blinding = QLabel()
        self._blinding.setObjectName("blinding")
        self._not_readable = _icon_button(theme, "refused", "not_readable", "This case cannot be read")
        self._not_readable.setToolTip(_JUDGED)
        self._not_readable.clicked.connect(self.not_readable_wanted)
        self._amend = _push("Amend…", "amend", "Amend this locked read", _AMENDED)
        self._amend.clicked.connect(self.amend_wanted)
        self._urgent = _icon_button(theme, "warning", "urgent", "Urgent finding: tell the safety contact")
        self._masks = _icon_button(theme, "overlay", "show_masks", "Show masks of this case")
        tell(self._urgent, keymap, "urgent", "Tell the plan's safety contact now; the scores stay sealed")
        told = "Show masks: after every item has your own score; both scores are kept"
        tell(self._masks, keymap, "show_masks", told)
        self._urgent.clicked.connect(self.urgent_wanted)
        self._masks.clicked.connect(self.masks_wanted)
        self._leave = _push("Leave", "leave", "Leave this case", "Close the case; everything entered is kept")
        self._leave.clicked.connect(self.leave_wanted)
        self._pause = self._pause_button(keymap, theme)
        self._of_study = (
            self._previous,
            self._worklist,
            self._next,
            self._pause,
            self._reader,
            self._blinding,
            self._not_readable,
        )
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 0, 8, 0)
        layout.setSpacing(8)
        layout.addLayout(_one_above_the_other(self._case, self._facts))
        layout.addStretch(1)
        for widget in (self._previous, self._worklist, self._next):
            layout.addWidget(widget)
        layout.addWidget(self._study, 6)
        layout.addWidget(self._reader)
        layout.addWidget(self._blinding)
        layout.addWidget(self._pause)
        for button in (self._masks, self._urgent, self._not_readable, self._amend, self._leave):
            layout.addWidget(button)
        self._amend.hide()
        self.offer(urgent=False, masks=False)

    def _pause_button(self, keymap: Keymap, theme: Theme) -> QPushButton:
        button = _icon_button(theme, "pause", "pause", "Pause")
        button.setCheckable(True)
        tell(button, keymap, "pause", "Cover the case; the time does not count meanwhile")
        button.clicked.connect(self.pause_wanted)
        return button

    def show_free(self, title: str) -> None:
        """A case read outside a study."""
        self._case.setText(title)
        self.show_facts("")
        self._codes = []  # the keys of the worklist must not lead back into a study
        for widget in (*self._of_study, self._amend):
            widget.hide()
        self.offer(urgent=False, masks=False)
        self._study.set_whole_text("free reading")

    def show_read(
        self,
        title: str,
        worklist: Sequence[tuple[str, str]],
        current: str,
        study: str,
        reader: str = "",
        *,
        sealed: bool,
        locked: bool = False,
    ) -> None:
        """A case of a study: `worklist` holds (code, state word) in this reader's order."""
        self._is_locked = locked
        self._pause.setEnabled(not locked)
        self._case.setText(title)
        self.show_paused(False)
        self._codes = [code for code, _ in worklist]
        with QSignalBlocker(self._worklist):
            self._worklist.clear()
            for row, (code, state) in enumerate(worklist):
                self._worklist.addItem(_entry(row, len(worklist), code, state))
            self._worklist.setCurrentIndex(self._codes.index(current))
        index = self._codes.index(current)
        self._previous.setEnabled(index > 0)
        self._next.setEnabled(index + 1 < len(self._codes))
        for widget in self._of_study:
            widget.show()
        self._not_readable.setVisible(not locked)
        self._amend.setVisible(locked)
        self._study.set_whole_text(study)
        self._reader.setText(reader)
        self._reader.setToolTip(study)  # which may have no room
        self._blinding.setText("● blinded · sealed" if sealed else "● blinded · not sealed")
        self._blinding.setToolTip(
            "You see codes, never names or dates, and nothing of the other reader."
            + (" What you enter is encrypted to you." if sealed else " Entries are not encrypted here.")
        )

    def offer(self, *, urgent: bool, masks: bool) -> None:
        """Offer only what the plan of the open read allows."""
        self._urgent.setVisible(urgent)
        self._masks.setVisible(masks)

    def show_facts(self, facts: str) -> None:
        """What the plan tells of the case beside its code: ``"female · 60-69"``, mostly nothing."""
        self._facts.setText(facts)
        self._facts.setVisible(bool(facts))

    def show_paused(self, paused: bool) -> None:
        """The button stays down during a pause."""
        self._pause.setChecked(paused)
        self._not_readable.setEnabled(not paused and not self._is_locked)

    def show_state(self, state: str) -> None:
        """The read on screen went on: say how far it is now."""
        row = self._worklist.currentIndex()
        if 0 <= row < len(self._codes):
            text = _entry(row, len(self._codes), self._codes[row], state)
            if text != self._worklist.itemText(row):
                self._worklist.setItemText(row, text)

    def step(self, by: int) -> None:
        """Go to a neighbouring case of the worklist."""
        index = self._worklist.currentIndex() + by
        if 0 <= index < len(self._codes):
            self.case_chosen.emit(self._codes[index])

    def _button(self, text: str, name: str, tip: str, by: int) -> QPushButton:
        button = QPushButton(text)
        button.setObjectName(name)
        button.setAccessibleName(tip.split(" (", maxsplit=1)[0])
        button.setToolTip(tip)
        button.setFixedWidth(32)
        button.clicked.connect(lambda: self.step(by))
        return button


def _icon_button(theme: Theme, icon: str, name: str, spoken: str) -> QPushButton:
    button = _push("", name, spoken)  # no word: at 1280 px the study's name needs the room
    button.setFixedWidth(32)
    icons.dress(button, icon, theme)
    return button


def _push(text: str, name: str, spoken: str = "", tip: str = "") -> QPushButton:
    button = QPushButton(text)
    button.setObjectName(name)
    button.setAccessibleName(spoken or text)
    button.setToolTip(tip)
    return button


def _entry(row: int, total: int, code: str, state: str) -> str:
    return f"{row + 1} of {total} · {code} · {state}"


def _case_and_facts() -> tuple[QLabel, QLabel]:
    """The case's code, joint and side, and what the plan tells of it besides."""
    case, facts = QLabel(), QLabel()
    case.setProperty("text_role", "title")
    facts.setObjectName("case_facts")
    facts.setProperty("text_role", "secondary")
    facts.hide()
    return case, facts


def _one_above_the_other(case: QLabel, facts: QLabel) -> QVBoxLayout:
    """In one line there is no room for both at 1280 px."""
    layout = QVBoxLayout()
    layout.setSpacing(0)
    layout.addStretch(1)
    layout.addWidget(case)
    layout.addWidget(facts)
    layout.addStretch(1)
    return layout


def _study_and_reader() -> tuple[ElidedLabel, QLabel]:
    """The study's name, which gives way, and the reader's code, which is always whole."""
    study, reader = ElidedLabel(), QLabel()
    study.setObjectName("study_name")
    study.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    reader.setObjectName("reader_code")
    reader.setAccessibleName("You are")
    for label in (study, reader):
        label.setProperty("text_role", "secondary")
    return study, reader
