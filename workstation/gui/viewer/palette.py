"""Colours of the viewer, apart from the theme so that a tile can be drawn without one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from workstation.imaging.frame import (
    BACKWARD,
    CROSSED,
    DASHED,
    DOTTED,
    FORWARD,
    LEVEL,
    UPRIGHT,
    LabelStyle,
)
from workstation.masks.editing.labels import LABELS
from workstation.masks.mask import Mask, Segment
from workstation.masks.overlap import BOTH, OTHERWISE, X_ONLY, Y_ONLY

_MASKS = {
    "edema": "#D55E00",
    "reconversion": "#56B4E9",
    "cyst": "#F0E442",
    "bone": "#009E73",
    "reader_x": "#E69F00",
    "reader_y": "#0072B2",
    "both": "#CC79A7",
}

PATTERNS = {"edema": FORWARD, "reconversion": BACKWARD, "cyst": UPRIGHT, "bone": LEVEL, "necrosis": CROSSED}
"""Hatch of each kind of label, on demand: labels differ without their colours. Others have level lines."""

ANATOMICAL_STRUCTURE = "91723000"
"""SCT category of a bone region, which is drawn as an outline only."""


@dataclass(frozen=True)
class ViewerPalette:
    """Colours ``#RRGGBB``; the defaults are the dark theme.

    Pictures and what lies over them stay on black in every theme; `masks` names the colour of each kind
    of label (Okabe–Ito, apart for colour-blind eyes).
    """

    background: str = "#000000"
    text: str = "#E6E8EB"
    secondary: str = "#A8AFB9"
    line: str = "#343941"
    accent: str = "#4DA3FF"
    attention: str = "#F2B53B"
    masks: Mapping[str, str] = field(default_factory=lambda: MappingProxyType(_MASKS))


def mask_styles(mask: Mask, palette: ViewerPalette) -> dict[int, LabelStyle]:
    """How each segment of a mask is drawn: by its name, bones as outlines."""
    return {segment.label: _segment_style(segment, palette) for segment in mask.segments}


def drawn_styles(palette: ViewerPalette) -> dict[int, LabelStyle]:
    """How each label that a reader may draw is shown."""
    return {segment.label: _segment_style(segment, palette) for segment in LABELS}


def reader_styles(palette: ViewerPalette) -> dict[int, LabelStyle]:
    """Two readers' masks, told apart by hatch and line as well as colour.

    X only ⟋ and dashed, Y only ⟍ and dotted, both alike filled, both but as another thing crossed.
    """
    return {
        X_ONLY: LabelStyle(rgb(palette.masks["reader_x"]), FORWARD, line=DASHED),
        Y_ONLY: LabelStyle(rgb(palette.masks["reader_y"]), BACKWARD, line=DOTTED),
        BOTH: LabelStyle(rgb(palette.masks["both"])),
        OTHERWISE: LabelStyle(rgb(palette.masks["both"]), CROSSED),
    }


def rgb(colour: str) -> int:
    """0xRRGGBB of ``#RRGGBB``."""
    return int(colour.lstrip("#"), 16)


def _segment_style(segment: Segment, palette: ViewerPalette) -> LabelStyle:
    words = segment.name.lower()
    if "necrosis" in words:  # never beside two readers' masks, whose colour it has
        return LabelStyle(rgb(palette.masks["both"]), pattern=PATTERNS["necrosis"])
    for name, colour in palette.masks.items():
        if name in words and name != "bone":
            return LabelStyle(rgb(colour), pattern=PATTERNS.get(name, LEVEL))
    if segment.category.value == ANATOMICAL_STRUCTURE or "bone" in words:
        return LabelStyle(rgb(palette.masks["bone"]), outline_only=True)
    return LabelStyle(rgb(palette.masks["edema"]), pattern=LEVEL)
