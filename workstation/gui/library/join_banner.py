"""Offers to join what an anonymiser tore apart; a person confirms in two steps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QWidget

from workstation.gui import icons
from workstation.gui.theme import Appearance, Theme


class Candidate(Protocol):
    """Two cases that may be one (`store.records.JoinCandidate`)."""

    @property
    def first(self) -> str: ...
    @property
    def second(self) -> str: ...
    @property
    def reason(self) -> str: ...


class JoinBanner(QFrame):
    """One candidate at a time. ``joined(first, second)`` and ``kept_apart(first, second)``."""

    joined = Signal(str, str)
    kept_apart = Signal(str, str)

    def __init__(self, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("join_banner")
        self.setProperty("part", "banner")
        self.setAccessibleName("Cases that may belong together")
        self._candidates: tuple[Candidate, ...] = ()
        self._asking = False
        self._icon = QLabel()
        self._text = QLabel()
        self._text.setObjectName("join_text")
        self._text.setWordWrap(True)
        self._yes = self._button("join", self._on_yes)
        self._no = self._button("not_the_same", self._on_no)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 6, 12, 6)
        layout.setSpacing(8)
        layout.addWidget(self._icon)
        layout.addWidget(self._text, 1)
        layout.addWidget(self._yes)
        layout.addWidget(self._no)
        appearance.changed.connect(self._on_theme)
        self._on_theme(appearance.theme)
        self.hide()

    @property
    def candidate(self) -> Candidate | None:
        """The pair being asked about."""
        return self._candidates[0] if self._candidates else None

    def set_candidates(self, candidates: Sequence[Candidate]) -> None:
        """Offer these, one after another."""
        self._candidates = tuple(candidates)
        self._asking = False
        self._show()

    def _show(self) -> None:
        pair = self.candidate
        self.setVisible(pair is not None)
        if pair is None:
            return
        if self._asking:
            self._text.setText(
                f"Join {pair.second} to {pair.first}? Its images move to {pair.first}; "
                "who joined them is kept, and they can be parted again."
            )
            self._say("Join them", f"Join {pair.second} to {pair.first}", "Back", "Do not join now")
            return
        more = f" ({len(self._candidates)} such pairs)" if len(self._candidates) > 1 else ""
        self._text.setText(
            f"{pair.first} and {pair.second} may be one examination: {pair.reason.rstrip('.')}.{more}"
        )
        self._say(
            "Join…",
            "Look at what would be joined",
            "Not the same",
            "Leave these two cases apart; kept, and not asked again",
        )

    def _say(self, yes: str, yes_tip: str, no: str, no_tip: str) -> None:
        for button, text, tip in ((self._yes, yes, yes_tip), (self._no, no, no_tip)):
            button.setText(text)
            button.setToolTip(tip)
            button.setAccessibleName(tip)

    def _on_yes(self) -> None:
        pair = self.candidate
        if pair is None:
            return
        if self._asking:
            self.joined.emit(pair.first, pair.second)
        else:
            self._asking = True
            self._show()

    def _on_no(self) -> None:
        pair = self.candidate
        if pair is None:
            return
        if self._asking:
            self._asking = False
            self._show()
            return
        self.kept_apart.emit(pair.first, pair.second)
        self.set_candidates(self._candidates[1:])

    def _button(self, name: str, run: object) -> QPushButton:
        made = QPushButton()
        made.setObjectName(name)
        made.clicked.connect(run)
        return made

    def _on_theme(self, theme: Theme) -> None:
        self._icon.setPixmap(icons.pixmap("link", theme.roles["attention"], ratio=self.devicePixelRatioF()))
