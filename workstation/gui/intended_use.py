"""What the program is for, said once at the first start, until it is understood."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton

from workstation import INTENDED_USE
from workstation.gui import icons
from workstation.gui.theme import CONTROL_PX, Theme


class IntendedUseNotice(QFrame):
    """A strip over the desks; `on_seen` is called when it is closed."""

    def __init__(self, theme: Theme, on_seen: Callable[[], None]) -> None:
        super().__init__()
        self.setObjectName("notice")
        icon = QLabel()
        icon.setPixmap(icons.pixmap("info", theme.roles["accent"]))
        text = QLabel(
            f"{INTENDED_USE} Measurements and masks support a reader in a study or a course; "
            "they do not replace a diagnostic workstation."
        )
        text.setWordWrap(True)
        seen = QPushButton("Understood")
        seen.setObjectName("intended_use_seen")
        seen.setAccessibleName("Understood: research and teaching only")
        seen.setToolTip("Close this note; it stays in Help, About")
        seen.setFixedHeight(CONTROL_PX)
        seen.clicked.connect(on_seen)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 4, 12, 4)
        layout.setSpacing(8)
        layout.addWidget(icon)
        layout.addWidget(text, 1)
        layout.addWidget(seen, 0, Qt.AlignmentFlag.AlignVCenter)
