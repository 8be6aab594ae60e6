"""The only way to tell the person something: one line at the foot of the window, never a modal box."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtGui import QFontMetrics, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QToolButton, QWidget

from workstation.errors import WorkstationError
from workstation.gui import icons
from workstation.gui.theme import STATUS_PX, Appearance

INFO_MS = 8_000
_LINES = 2


class Kind(StrEnum):
    """How much a message matters. Each has an icon and a word besides its colour."""

    INFO = "info"
    ATTENTION = "attention"
    REFUSED = "refused"


_ICON = {Kind.INFO: "info", Kind.ATTENTION: "warning", Kind.REFUSED: "refused"}
_ROLE = {Kind.INFO: "accent", Kind.ATTENTION: "attention", Kind.REFUSED: "refused"}
_WORD = {Kind.INFO: "Done", Kind.ATTENTION: "Attention", Kind.REFUSED: "Refused"}


@dataclass(frozen=True)
class Message:
    """One thing said.

    Attributes
    ----------
    action : str
        Word on a button beside the text, ``""`` for none; `run` is called when it is pressed.
    """

    kind: Kind
    text: str
    action: str = ""
    run: Callable[[], None] | None = None


class Messages(QObject):
    """The channel. Desks speak into it, the bar of the window shows it, tests read `said`."""

    posted = Signal(object)
    cleared = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.said: list[Message] = []

    @property
    def last(self) -> Message | None:
        """The newest message."""
        return self.said[-1] if self.said else None

    def inform(self, text: str, action: str = "", run: Callable[[], None] | None = None) -> None:
        """Something was done; the message leaves by itself."""
        self._post(Message(Kind.INFO, text, action, run))

    def attention(self, text: str, action: str = "", run: Callable[[], None] | None = None) -> None:
        """Something needs a look; the message stays until it is closed."""
        self._post(Message(Kind.ATTENTION, text, action, run))

    def refused(self, text: str, action: str = "", run: Callable[[], None] | None = None) -> None:
        """Something was not done; the message stays until it is closed."""
        self._post(Message(Kind.REFUSED, text, action, run))

    def show(self, error: WorkstationError) -> None:
        """Say what went wrong, why, and what to do."""
        self.refused(error.sentence)

    def clear(self) -> None:
        """Take the present message away."""
        self.cleared.emit()

    def _post(self, message: Message) -> None:
        self.said.append(message)
        del self.said[:-200]
        self.posted.emit(message)


class ElidedLabel(QLabel):
    """Text of at most `lines` lines, elided in the middle; the whole text is in the tooltip."""

    def __init__(self, text: str = "", lines: int = 1, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._whole = ""
        self._lines = lines
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(lines > 1)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.set_whole_text(text)

    @property
    def whole_text(self) -> str:
        """The text before it was elided."""
        return self._whole

    def set_whole_text(self, text: str) -> None:
        """Show a text, cut to the room there is."""
        self._whole = text
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Cut again."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        metrics = QFontMetrics(self.font())
        # Wrapped lines end early at words: leave room for that.
        room = max(0, self.width()) if self._lines == 1 else max(0, int(self.width() * self._lines * 0.92))
        shown = metrics.elidedText(self._whole, Qt.TextElideMode.ElideMiddle, room)
        self.setText(shown)
        self.setToolTip(self._whole if shown != self._whole else "")


class MessageBar(QFrame):
    """The foot of the window: always there and always as high, so nothing moves when it speaks."""

    def __init__(
        self, messages: Messages, appearance: Appearance, standing: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("status")
        self.setAccessibleName("Messages")
        self.setFixedHeight(STATUS_PX)
        self._appearance = appearance
        self._message: Message | None = None
        self._icon = QLabel()
        self._icon.setObjectName("message_icon")
        self._icon.setFixedWidth(icons.ICON_PX)
        self._text = ElidedLabel(lines=_LINES)
        self._text.setObjectName("message_text")
        self._action = QPushButton()
        self._action.setObjectName("message_action")
        self._close = QToolButton()
        self._close.setObjectName("message_close")
        self._close.setAccessibleName("Close this message")
        self._close.setToolTip("Close this message")
        self._close.setProperty("emphasis", "quiet")
        icons.dress(self._close, "close", appearance.theme)
        self._standing = QLabel(standing)
        self._standing.setObjectName("standing")
        self._standing.setProperty("text_role", "secondary")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 0, 12, 0)
        layout.setSpacing(8)
        self._asides: dict[QWidget, QWidget] = {}  # what a desk gave, each in a frame of ours
        for widget in (self._icon, self._text, self._action, self._close, self._standing):
            layout.addWidget(widget, 1 if widget is self._text else 0)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.clear)
        self._action.clicked.connect(self._on_action)
        self._close.clicked.connect(self.clear)
        messages.posted.connect(self.show_message)
        messages.cleared.connect(self.clear)
        appearance.changed.connect(self._on_theme)
        self.clear()

    @property
    def message(self) -> Message | None:
        """What is shown now."""
        return self._message

    def set_standing(self, text: str) -> None:
        """The quiet text at the right end that stays."""
        self._standing.setText(text)

    def show_aside(self, aside: QWidget | None) -> None:
        """Something small of the desk in front, before the standing text; it shows and hides itself."""
        layout = self.layout()
        if aside is not None and aside not in self._asides and isinstance(layout, QHBoxLayout):
            frame = QWidget()
            inside = QHBoxLayout(frame)
            inside.setContentsMargins(0, 0, 0, 0)
            inside.addWidget(aside)
            self._asides[aside] = frame
            layout.insertWidget(layout.count() - 1, frame)
        for one, frame in self._asides.items():
            frame.setVisible(one is aside)

    def show_message(self, message: Message) -> None:
        """Show one message in place of the last."""
        self._message = message
        self._on_theme()
        self._text.set_whole_text(f"{_WORD[message.kind]}. {message.text}")
        self._text.setAccessibleName(self._text.whole_text)
        self._action.setText(message.action)
        self._action.setAccessibleName(message.action)
        self._action.setVisible(bool(message.action))
        self._close.setVisible(True)
        if message.kind is Kind.INFO and not message.action:
            self._timer.start(INFO_MS)
        else:
            self._timer.stop()

    def clear(self) -> None:
        """Say nothing."""
        self._timer.stop()
        self._message = None
        self._icon.clear()
        self._text.set_whole_text("")
        self._action.setVisible(False)
        self._close.setVisible(False)

    def _on_action(self) -> None:
        message = self._message
        self.clear()
        if message is not None and message.run is not None:
            message.run()

    def _on_theme(self) -> None:
        if self._message is not None:
            colour = self._appearance.theme.roles[_ROLE[self._message.kind]]
            ratio = self.devicePixelRatioF()
            self._icon.setPixmap(icons.pixmap(_ICON[self._message.kind], colour, ratio=ratio))
