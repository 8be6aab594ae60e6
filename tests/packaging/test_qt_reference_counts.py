"""PySide6 6.12.0 lost a reference to None on every call and aborted; the release in use must not."""

from __future__ import annotations

import sys
from typing import Any

import pytest

CALLS = 1000


def test_calls_into_qt_keep_the_references_of_none(qtbot: Any) -> None:
    if sys.version_info >= (3, 12):
        pytest.skip("None is immortal in this Python")
    from PySide6.QtWidgets import QWidget

    widget = QWidget()
    qtbot.addWidget(widget)
    before = sys.getrefcount(None)
    for _ in range(CALLS):
        widget.update()
    assert sys.getrefcount(None) > before - CALLS // 10


def test_signals_keep_the_references_of_true(qtbot: Any) -> None:
    if sys.version_info >= (3, 12):
        pytest.skip("True is immortal in this Python")
    from PySide6.QtWidgets import QPushButton

    button = QPushButton()
    qtbot.addWidget(button)
    button.setCheckable(True)
    seen: list[bool] = []
    button.toggled.connect(seen.append)
    before = sys.getrefcount(True)
    for _ in range(CALLS):
        button.toggle()
    seen.clear()
    assert sys.getrefcount(True) > before - CALLS // 10
