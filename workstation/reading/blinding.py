"""What a reader's screen may know of a case. It receives nothing else, so it can show nothing else."""

from __future__ import annotations

from dataclasses import dataclass

from workstation.errors import ProtocolViolation
from workstation.imaging.study import Case, Joint, Laterality

_SIDES = {Laterality.LEFT: "left", Laterality.RIGHT: "right", Laterality.BILATERAL: "bilateral"}


@dataclass(frozen=True, slots=True)
class BlindedCase:
    """The only case type a reader's screen gets.

    Attributes
    ----------
    code : str
        The case code, or the code of this presentation; not derived from an identity.
    position, total : int
        Place in this reader's own order, from 1.
    facts : str
        What the plan lets a reader know besides: ``"female · 60-69"``; empty for most plans.
    """

    code: str
    joint: Joint | None
    laterality: Laterality | None
    position: int
    total: int
    facts: str = ""

    @property
    def title(self) -> str:
        """``"K-0172 · right knee · female · 60-69"``, the last where the plan reveals it."""
        return f"{self.name} · {self.facts}" if self.facts else self.name

    @property
    def name(self) -> str:
        """``"K-0172 · right knee"``"""
        side = _SIDES.get(self.laterality, "") if self.laterality else ""
        where = " ".join(word for word in (side, self.joint.value if self.joint else "") if word)
        return f"{self.code} · {where}" if where else self.code

    @property
    def place(self) -> str:
        """``"12 of 90"``"""
        return f"{self.position} of {self.total}"


def blinded(
    case: Case | None, code: str, joint: Joint | None, position: int, total: int, facts: str = ""
) -> BlindedCase:
    """Reduce a library case to what a reader may know.

    Parameters
    ----------
    case : Case or None
        None when the study is read without a library: then only the code and `joint` are known.
    code : str
        Under which the reader meets it.
    facts : str
        What the plan reveals of it.

    Raises
    ------
    ProtocolViolation
        If the side of the case is not confirmed: scoring waits for the coordinator.
    """
    if case is None:
        return BlindedCase(code, joint, None, position, total, facts)
    if not case.laterality_confirmed:
        raise ProtocolViolation(
            f"Case {code} cannot be scored yet",
            "its side (left or right) is missing or contradictory in the images",
            "The coordinator confirms the side in the library",
        )
    return BlindedCase(code, case.joint or joint, case.laterality, position, total, facts)
