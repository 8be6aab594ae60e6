"""One click per bone: which bones there are, which are marked, and the click in hand."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from workstation.gui.layouts import empty
from workstation.gui.viewer.gestures import Tool
from workstation.gui.viewer.grid import ViewerGrid
from workstation.imaging.study import Joint

BONES: dict[Joint | None, tuple[str, ...]] = {
    Joint.KNEE: ("femur", "tibia", "patella"),
    Joint.HIP: ("right femur", "left femur"),
    None: ("bone",),
}


class BoneClicks(QWidget):
    """A row per bone. ``changed`` tells that the clicks are others now."""

    changed = Signal()

    def __init__(self, grid: ViewerGrid, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("bone_clicks")
        self._grid = grid
        self._clicks: dict[str, list[tuple[NDArray[np.float64], str]]] = {}
        self._armed = ""
        self._rows: dict[str, tuple[QPushButton, QLabel]] = {}
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(4)
        grid.clicked_point.connect(self._on_point)
        grid.look_changed.connect(self._on_tool)

    @property
    def seeds(self) -> dict[str, list[list[float]]]:
        """Clicks per bone, LPS mm; bones without a click are left out."""
        return {
            bone: [[float(v) for v in point] for point, _ in clicks]
            for bone, clicks in self._clicks.items()
            if clicks
        }

    def set_joint(self, joint: Joint | None) -> None:
        """Offer the bones of a joint, without clicks."""
        empty(self._layout)
        self._rows.clear()
        self._armed = ""
        self._clicks = {bone: [] for bone in BONES[joint]}
        for bone in self._clicks:
            self._layout.addWidget(self._row(bone))
        self._show()

    def arm(self, bone: str) -> None:
        """The next click in an image marks this bone."""
        self._armed = bone
        self._grid.set_tool(Tool.POINT)
        self._show()

    def clear(self, bone: str) -> None:
        """Take back the clicks of a bone."""
        self._clicks[bone] = []
        self._show()
        self.changed.emit()

    def _row(self, bone: str) -> QWidget:
        row = QWidget()
        mark = QPushButton(f"Mark {bone}")
        mark.setObjectName(f"mark_{bone.replace(' ', '_')}")
        mark.setAccessibleName(f"Mark {bone}")
        mark.setToolTip(f"Then click once in the marrow of the {bone}")
        mark.setCheckable(True)
        mark.clicked.connect(lambda: self.arm(bone))
        count = QLabel()
        count.setProperty("text_role", "quiet")
        clear = QPushButton("Clear")
        clear.setObjectName(f"clear_{bone.replace(' ', '_')}")
        clear.setAccessibleName(f"Clear the clicks on {bone}")
        clear.setToolTip(f"Take back the clicks on the {bone}")
        clear.clicked.connect(lambda: self.clear(bone))
        layout = QHBoxLayout(row)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(mark, 2)
        layout.addWidget(count, 1)
        layout.addWidget(clear)
        self._rows[bone] = (mark, count)
        return row

    def _on_point(self, point: NDArray[np.float64], series_key: str) -> None:
        if not self._armed or not self.isVisible():
            return
        frame = next((one.frame_of_reference_uid for one in self._grid.series if one.key == series_key), "")
        self._clicks[self._armed].append((point, frame))
        following = next((bone for bone, clicks in self._clicks.items() if not clicks), "")
        self._armed = following
        self._grid.set_tool(Tool.POINT if following else Tool.WINDOW)
        self._show()
        self.changed.emit()

    def _on_tool(self) -> None:
        if self._armed and self._grid.tool != Tool.POINT:
            self._armed = ""
            self._show()

    def _show(self) -> None:
        for bone, (mark, count) in self._rows.items():
            number = len(self._clicks[bone])
            mark.setChecked(bone == self._armed)
            words = "click in its marrow" if bone == self._armed else "not marked"
            count.setText(f"{number} click{'s' if number > 1 else ''}" if number else words)
        self._grid.set_markers(
            [(point, frame, bone) for bone, clicks in self._clicks.items() for point, frame in clicks]
        )
