"""Nobody there: a signal when neither key nor mouse was used for a while."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QTimer, Signal
from PySide6.QtWidgets import QApplication

_SIGNS_OF_LIFE = frozenset(
    {
        QEvent.Type.KeyPress,
        QEvent.Type.MouseButtonPress,
        QEvent.Type.MouseMove,
        QEvent.Type.Wheel,
        QEvent.Type.TabletMove,
        QEvent.Type.TouchUpdate,
    }
)


class IdleWatch(QObject):
    """Emits ``idle`` once after `minutes` without input; 0 minutes never."""

    idle = Signal()

    def __init__(self, minutes: float, parent: QObject) -> None:
        super().__init__(parent)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(int(minutes * 60_000))
        self._timer.timeout.connect(self._on_idle)

    def start(self) -> None:
        """Begin to watch."""
        application = QApplication.instance()
        if self._timer.interval() and application is not None:
            application.installEventFilter(self)
            self._timer.start()

    def stop(self) -> None:
        """Watch no longer."""
        self._timer.stop()
        application = QApplication.instance()
        if application is not None:
            application.removeEventFilter(self)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        """Every sign of life starts the wait anew."""
        if event.type() in _SIGNS_OF_LIFE:
            self._timer.start()
        return False

    def _on_idle(self) -> None:
        self.stop()
        self.idle.emit()
