"""Who is still to decide must not see elsewhere what the plan keeps from that person."""

from __future__ import annotations

from workstation.errors import ProtocolViolation
from workstation.workflow.read_case import Study
from workstation.workflow.reconcile_case import reconciliations

__all__ = ["require_decided"]


def require_decided(study: Study, what: str) -> None:
    """Keep results and exports from an adjudicator who is signed in and has a case left to sign.

    They name the readers and, where the plan shows the adjudicator neither answer, hold both. Without
    accounts nobody knows who looks, and nothing is refused.

    Parameters
    ----------
    what : str
        What was asked for, as the beginning of a sentence: ``"Nothing was exported"``.

    Raises
    ------
    ProtocolViolation
        If a case is left.
    """
    adjudication, vault = study.plan.conduct.adjudication, study.vault
    if adjudication is None or vault is None or adjudication.adjudicator not in vault.people:
        return
    if not study.ready_cases():
        return  # nothing is open to anybody
    left = [one.case for one in reconciliations(study) if one.wants_signature]
    if left:
        named = ", ".join(left[:3]) + (f" and {len(left) - 3} more" if len(left) > 3 else "")
        raise ProtocolViolation(
            what,
            f"{adjudication.adjudicator} has still to decide {named}, and this would tell who answered what",
            "Sign these cases first, or sign in as somebody else",
        )
