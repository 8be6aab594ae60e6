"""The tools of the viewer, one file for each kind.

To add one: write a file here with a `PointerTool` and name the class in `BUILT_IN`. A tool that a desk
brings along is given to `ViewerGrid.add_tool`.
"""

from __future__ import annotations

from workstation.gui.viewer.tools.base import PointerTool
from workstation.gui.viewer.tools.basic import PanTool, WindowTool, ZoomTool
from workstation.gui.viewer.tools.crosshair import CrosshairTool
from workstation.gui.viewer.tools.tie import TieTool

BUILT_IN: tuple[type[PointerTool], ...] = (WindowTool, PanTool, ZoomTool, TieTool, CrosshairTool)
"""In the order of their buttons."""
