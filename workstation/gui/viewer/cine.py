"""Cine: the slices of the active viewport one after another, round and round."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer

START_RATE = 10.0
SLOWEST, FASTEST = 1.0, 30.0


class Cine(QObject):
    """Calls `step` at a rate in slices a second, 1 to 30, while it plays."""

    def __init__(self, step: Callable[[], object], parent: QObject) -> None:
        super().__init__(parent)
        self._timer = QTimer(self)
        self._timer.timeout.connect(step)
        self.set_rate(START_RATE)

    @property
    def is_playing(self) -> bool:
        """True while it runs."""
        return self._timer.isActive()

    @property
    def rate(self) -> float:
        """Slices a second."""
        return 1000 / self._timer.interval()

    def set_rate(self, slices_per_second: float) -> None:
        """How fast it runs."""
        self._timer.setInterval(round(1000 / min(max(slices_per_second, SLOWEST), FASTEST)))

    def play(self, playing: bool) -> None:
        """Start or stop."""
        if playing:
            self._timer.start()
        else:
            self._timer.stop()
