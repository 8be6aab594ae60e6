"""The part of a plan that says what a reader may see beside the images and the case code."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from workstation.scoring.toml_source import TomlSource

PAIRED_KNOWN, PAIRED_HIDDEN = "paired-known", "paired-hidden"
TIME_POINTS = ("hidden", "known", PAIRED_KNOWN, PAIRED_HIDDEN)
"""Whether a reader may know which visit of a case came first.

``hidden`` and ``known``: all visits are on the screen, and the form is filled in once for the case. Paired:
the form has a column for each visit.
"""


class Overlays(StrEnum):
    """Whether a blinded reader may see masks and proposed grades."""

    NEVER = "never"
    AFTER_OWN_SCORE = "after-own-score"
    ALWAYS = "always"


@dataclass(frozen=True, slots=True)
class Blinding:
    """What a reader may see beside the images and the case code."""

    overlays: Overlays = Overlays.NEVER
    totals: bool = False
    time_points: str = "hidden"
    region_borders: bool = False
    jump_to_region: bool = False

    @property
    def knows_order(self) -> bool:
        """Whether a reader knows which visit came first."""
        return self.time_points in ("known", PAIRED_KNOWN)

    @property
    def is_paired(self) -> bool:
        """Whether the form has a column for each visit of a case."""
        return self.time_points in (PAIRED_KNOWN, PAIRED_HIDDEN)


def blinding_from(source: TomlSource, value: Any) -> Blinding:
    """What a plan says of blinding.

    Raises
    ------
    ResourceError
        Naming the line of a mistake.
    """
    names = ("overlays", "totals", "time_points", "region_borders", "jump_to_region")
    table = source.table(("blinding",), value, (), names)
    return Blinding(
        overlays=Overlays(
            source.choice(("blinding", "overlays"), table.get("overlays", "never"), list(Overlays))
        ),
        time_points=source.choice(
            ("blinding", "time_points"), table.get("time_points", "hidden"), TIME_POINTS
        ),
        **{
            name: source.boolean(("blinding", name), table.get(name, False))
            for name in ("totals", "region_borders", "jump_to_region")
        },
    )
