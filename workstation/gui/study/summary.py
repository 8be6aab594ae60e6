"""The set-up page in words: what will happen, and what a reader will and will not see."""

from __future__ import annotations

from collections.abc import Sequence

from workstation.reading.plan import Resolution, StudyPlan, Unseal
from workstation.scoring.instrument import Instrument

RULES = {
    Resolution.MEAN: "Mean of the two readers",
    Resolution.CONSENSUS: "Consensus with a reason",
}
UNSEAL = {
    Unseal.STUDY: "after every read of the study is locked",
    Unseal.CASE: "case by case, after both have locked it",
}


def summary(plan: StudyPlan, forms: Sequence[Instrument], missing: Sequence[str]) -> str:
    """Rich text about a plan as it stands; `missing` names what it still needs."""
    titles = ", ".join(one.title for one in forms) or "no form yet"
    answers = len(plan.cases) * sum(len(one.items) for one in forms)
    still = f"<p>Still needed: {', '.join(missing)}.</p>" if missing else ""
    return (
        f"<h3>What will happen</h3>"
        f"<p>{' and '.join(plan.readers) or 'Nobody'} read {_counted(len(plan.cases), 'case')} each, "
        f"in different random orders: {_counted(answers, 'answer')} per reader ({titles}).</p>"
        f"<p>{RULES[plan.resolution]}. Reads may be compared {UNSEAL[plan.unseal]}.</p>"
        f"<h3>A reader sees</h3><p>the case code, joint and side; the images; the own answers.</p>"
        f"<h3>A reader does not see</h3>"
        f"<p>names, numbers, dates, groups or file names; masks; running totals; anything of the other "
        f"reader: no answer, no count, no time.</p>"
        f"<p>⚠ In this version a read is locked and hash-chained but <b>not sealed</b>: who can open "
        f"the study folder on this disk can read its entries.</p>{still}"
    )


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
