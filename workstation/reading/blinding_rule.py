"""The part of a plan that says what a reader may see beside the images and the case code."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from workstation.reading.case_facts import CaseFacts, facts_data, facts_from, reveal_from
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
    """What a reader may see beside the images and the case code.

    Attributes
    ----------
    reveal : tuple of str
        ``"sex"`` and ``"age_decade"``, where readers are told them.
    facts : tuple of CaseFacts
        Those of the cases; the program writes them from the coordinator's table.
    """

    overlays: Overlays = Overlays.NEVER
    totals: bool = False
    time_points: str = "hidden"
    region_borders: bool = False
    jump_to_region: bool = False
    reveal: tuple[str, ...] = ()
    facts: tuple[CaseFacts, ...] = ()

    def told_of(self, case: str) -> str:
        """What a reader is told of a case: ``"female · 60-69"``; empty where nothing is revealed."""
        known = next((one for one in self.facts if one.case == case), CaseFacts(case))
        return known.told(self.reveal)

    @property
    def unknown(self) -> dict[str, tuple[str, ...]]:
        """Cases with a fact that is revealed and not known, and which."""
        found = {one.case: one.unknown(self.reveal) for one in self.facts}
        return {case: names for case, names in found.items() if names}

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
    names = ("overlays", "totals", "time_points", "region_borders", "jump_to_region", "reveal", "facts")
    table = source.table(("blinding",), value, (), names)
    reveal = reveal_from(source, table.get("reveal", []))
    return Blinding(
        overlays=Overlays(
            source.choice(("blinding", "overlays"), table.get("overlays", "never"), list(Overlays))
        ),
        time_points=source.choice(
            ("blinding", "time_points"), table.get("time_points", "hidden"), TIME_POINTS
        ),
        reveal=reveal,
        facts=facts_from(source, table["facts"], reveal) if "facts" in table else (),
        **{
            name: source.boolean(("blinding", name), table.get(name, False))
            for name in ("totals", "region_borders", "jump_to_region")
        },
    )


def blinding_data(blinding: Blinding) -> dict[str, Any]:
    """The same as plain values. Where nothing is revealed nothing is said of it, as in earlier plans."""
    content = {**asdict(blinding), "overlays": blinding.overlays.value}
    del content["reveal"], content["facts"]
    if blinding.reveal:
        content["reveal"] = list(blinding.reveal)
    if blinding.facts:
        content["facts"] = facts_data(blinding.facts)
    return content
