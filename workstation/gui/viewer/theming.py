"""The viewer's colours from the theme of the window."""

from __future__ import annotations

from workstation.gui.theme import Theme
from workstation.gui.viewer.palette import ViewerPalette


def viewer_palette(theme: Theme) -> ViewerPalette:
    """Colours of viewports for a theme; pictures stay on black in both."""
    start = ViewerPalette()
    return ViewerPalette(
        background=theme.image["background"],
        text=theme.image["text"],
        line=theme.image.get("line", start.line),
        masks={**start.masks, **theme.masks},
    )
