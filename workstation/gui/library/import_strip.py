"""The foot of the library: how many cases, and the import that runs, with Cancel. Always as high."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QPushButton, QWidget

from workstation.gui import icons
from workstation.gui.messages import ElidedLabel
from workstation.gui.theme import Appearance

_HEIGHT_PX, _BAR_PX = 40, 220


class ImportStrip(QFrame):
    """``cancelled()`` when the person stops the import."""

    cancelled = Signal()

    def __init__(self, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("import_strip")
        self.setFixedHeight(_HEIGHT_PX)
        self._idle = ""
        self._running = False
        self._text = ElidedLabel()
        self._text.setObjectName("import_text")
        self._text.setProperty("text_role", "quiet")
        self._bar = QProgressBar()
        self._bar.setObjectName("import_progress")
        self._bar.setAccessibleName("Progress of the import")
        self._bar.setTextVisible(False)
        self._bar.setFixedWidth(_BAR_PX)
        self._cancel = QPushButton("Cancel")
        self._cancel.setObjectName("cancel_import")
        self._cancel.setAccessibleName("Cancel the import")
        self._cancel.setToolTip("Stop here. What was already imported stays; the rest can be imported later")
        icons.dress(self._cancel, "stop", appearance.theme)
        self._cancel.clicked.connect(self._on_cancel)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 0, 12, 0)
        layout.setSpacing(12)
        layout.addWidget(self._text, 1)
        layout.addWidget(self._bar)
        layout.addWidget(self._cancel)
        self.finish()

    @property
    def text(self) -> str:
        """What is said now."""
        return self._text.whole_text

    @property
    def is_running(self) -> bool:
        """True while an import is shown."""
        return self._running

    def set_idle_text(self, text: str) -> None:
        """What is said while nothing runs."""
        self._idle = text
        if not self._running:
            self._text.set_whole_text(text)

    def begin(self, text: str) -> None:
        """An import starts; its size is not known yet."""
        self._running = True
        self._text.set_whole_text(text)
        self._bar.setRange(0, 0)
        self._bar.show()
        self._cancel.setEnabled(True)
        self._cancel.show()

    def show_progress(self, done: int, total: int, text: str) -> None:
        """So many of so many files."""
        if total > 0:
            self._bar.setRange(0, total)
            self._bar.setValue(min(done, total))
            self._text.set_whole_text(f"Importing {done:,} of {total:,}{f' · {text}' if text else ''}")
        else:
            self._text.set_whole_text(text or "Looking for files…")

    def finish(self) -> None:
        """Back to the quiet text."""
        self._running = False
        self._bar.hide()
        self._cancel.hide()
        self._text.set_whole_text(self._idle)

    def _on_cancel(self) -> None:
        self._cancel.setEnabled(False)
        self._text.set_whole_text("Stopping…")
        self.cancelled.emit()
