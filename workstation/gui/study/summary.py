"""The set-up page in words: what will happen, and what a reader will and will not see."""

from __future__ import annotations

from collections.abc import Sequence

from workstation.reading.blinding_rule import Overlays
from workstation.reading.cards import SealMode
from workstation.reading.case_facts import titles_of, unknown_text
from workstation.reading.plan import Resolution, StudyPlan, Unseal
from workstation.scoring.instrument import Instrument
from workstation.workflow.case_forms import single_visits

RULES = {
    Resolution.MEAN: "Mean of the two readers",
    Resolution.CONSENSUS: "Consensus with a reason",
    Resolution.MEDIAN: "Median of three readers",
    Resolution.ADJUDICATION: "A third reader decides (2 + 1)",
}
_SHARED_DISK = (
    "On a shared disk the number of a reader's entries and their times stay visible; two machines hide them."
)
_SEALED = {
    SealMode.COORDINATOR: f"<p>Reads are <b>sealed</b>; the coordinator opens them. {_SHARED_DISK}</p>",
    SealMode.BOTH_KEYS: f"<p>Reads are <b>sealed</b>; both readers open them together. {_SHARED_DISK}</p>",
    SealMode.NONE: "<p>⚠ Reads are locked and hash-chained but <b>not sealed</b>: who can open "
    "the study folder on this disk can read its entries.</p>",
}
_MASKS = {
    Overlays.NEVER: "; masks",
    Overlays.AFTER_OWN_SCORE: "; masks before the own score",
    Overlays.ALWAYS: "",
}
UNSEAL = {
    Unseal.STUDY: "after every read of the study is locked",
    Unseal.CASE: "case by case, after all have locked it",
}


MOST_NAMED = 6


def summary(plan: StudyPlan, forms: Sequence[Instrument], missing: Sequence[str]) -> str:
    """Rich text about a plan as it stands; `missing` names what it still needs."""
    titles = ", ".join(one.title for one in forms) or "no form yet"
    columns = sum(plan.columns_of(case).count for case in plan.cases)
    answers = columns * sum(len(one.items) for one in forms)
    code = "an own code for each case" if plan.conduct.hides_repeats else "the case code"
    still = f"<p>Still needed: {', '.join(missing)}.</p>" if missing else ""
    return (
        f"<h3>What will happen</h3>"
        f"<p>{' and '.join(plan.readers) or 'Nobody'} read {_counted(len(plan.cases), 'case')} each, "
        f"in different random orders: {_counted(answers, 'answer')} per reader ({titles}).</p>"
        f"<p>{RULES[plan.resolution]}. Reads may be compared {UNSEAL[plan.unseal]}.</p>"
        f"{_visits(plan)}{_conduct(plan)}"
        f"<h3>A reader sees</h3><p>{code}, joint and side{_revealed(plan)}; the images; the own answers.</p>"
        f"<h3>A reader does not see</h3>"
        f"<p>names, numbers, dates, groups or file names{_MASKS[plan.blinding.overlays]}"
        f"{'' if plan.blinding.totals else '; running totals'}"
        f"{'' if plan.blinding.knows_order else '; which visit came first'}; "
        f"anything of the other reader: no answer, no count, no time.</p>"
        f"{_SEALED[plan.sealing.mode if plan.sealing else SealMode.NONE]}{still}"
    )


def _revealed(plan: StudyPlan) -> str:
    """Sex and age decade, where readers are told them, and of how many cases that is not known."""
    if not (titles := titles_of(plan.blinding.reveal)):
        return ""
    unknown = unknown_text(plan.blinding.unknown, MOST_NAMED)
    return f"; <b>{titles}</b>" + (f" ({unknown})" if unknown else "")


def _visits(plan: StudyPlan) -> str:
    """What a reader meets of a case with several visits, and which cases have one."""
    if not plan.blinding.is_paired:
        return ""
    names = (
        "Baseline and Follow-up" if plan.blinding.knows_order else "Time point 1 and 2, in an order of chance"
    )
    several = sum(len(plan.columns_of(case).visits) > 1 for case in plan.cases)
    single = [case for case in single_visits(plan) if case in plan.cases]
    told = f"<b>Visits side by side</b>: {_counted(several, 'case')} with a column for each visit ({names})."
    if single:
        named = ", ".join(single[:MOST_NAMED]) + (" …" if len(single) > MOST_NAMED else "")
        told += f" {_counted(len(single), 'case')} with one visit and one column: {named}."
    return f"<p>{told}</p>"


def _conduct(plan: StudyPlan) -> str:
    conduct, told = plan.conduct, []
    if conduct.hides_repeats and plan.cases:
        number = conduct.repeats.count(len(plan.cases))
        told.append(
            f"Each reader meets {_counted(number, 'case')} again, hidden among the others, "
            f"{_counted(conduct.repeats.washout_days, 'day')} or more after the first reading."
        )
    if conduct.required_series:
        kinds = ", ".join(one.text for one in conduct.required_series)
        told.append(f"A case without {kinds} can only be called not readable.")
    if conduct.adjudication is not None:
        told.append(
            f"{conduct.adjudication.adjudicator} decides where readers are far apart or one saw nothing; "
            "other differences take the mean."
        )
    if conduct.calibration is not None:
        known, measure = conduct.calibration, conduct.calibration.measure.words
        told.append(
            f"Before that each reader passes a calibration of {_counted(len(known.cases), 'case')}: "
            f"{measure} of at least {known.threshold:g} (an unvalidated mark), "
            f"{_counted(known.attempts, 'attempt')}."
        )
    if conduct.drift is not None and plan.cases:
        number = conduct.drift.count(len(plan.cases))
        told.append(
            f"{_counted(number, 'known case')} among them, like any other, "
            f"{'tells' if number == 1 else 'tell'} whether a scale drifts."
        )
    if conduct.safety is not None:
        told.append(f"{conduct.safety.contact} is told urgent findings at once.")
    return f"<p>{' '.join(told)}</p>" if told else ""


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def identifier(title: str) -> str:
    """A code of letters, digits and dashes from the study's name."""
    kept = "".join(c if c.isascii() and c.isalnum() else "-" for c in title.lower())
    return "-".join(part for part in kept.split("-") if part)[:48] or "study"
