"""Taking widgets out of a layout."""

from __future__ import annotations

from PySide6.QtWidgets import QLayout


def empty(layout: QLayout) -> None:
    """Remove every entry; widgets are hidden at once and deleted when Qt is idle."""
    while (entry := layout.takeAt(0)) is not None:
        widget = entry.widget()
        if widget is not None:
            widget.hide()
            widget.deleteLater()
