"""How the locked reads of a study were made: rows of ``conduct.csv`` and facts that head every export."""

from __future__ import annotations

import json
from typing import Any

from workstation.analysis.reads import ReadRow
from workstation.export.conduct_table import ConductRow
from workstation.reading.blinding_rule import PAIRED_HIDDEN, PAIRED_KNOWN, Blinding, Overlays
from workstation.reading.case_facts import titles_of
from workstation.reading.conduct import Scores
from workstation.reading.journal import ReadKey
from workstation.reading.timing import read_times
from workstation.reading.visibility import Viewer
from workstation.store.study_file import PLAN_CHANGED
from workstation.workflow.calibrate import drift_rows
from workstation.workflow.emergency import UNBLINDED, unblinded_cases
from workstation.workflow.late import late_amendments, noted_late
from workstation.workflow.read_case import Study
from workstation.workflow.reads_csv import reads_rows, seen_reads

_SEEN = {"": "no", Overlays.AFTER_OWN_SCORE: "after own score", Overlays.ALWAYS: "while scoring"}
_VISITS = {
    "hidden": "the order of visits was hidden",
    "known": "the order of visits was known",
    PAIRED_KNOWN: "visits were scored side by side, each in a column, in known order",
    PAIRED_HIDDEN: "visits were scored side by side, each in a column, in an order of chance",
}


def conduct_rows(study: Study, viewer: Viewer | None = None) -> tuple[ConductRow, ...]:
    """A row for each locked read that counts and that `viewer` may see."""
    rows, late = [], _known_late(study)
    for session, lock in seen_reads(study, viewer):
        key, plan = session.key, study.plan_of(session)
        times = read_times(study.entries(lock.key, study.store.reads.entries(lock.key)))
        rows.append(
            ConductRow(
                study=study.plan.id,
                plan_version=plan.version,
                case=key.case,
                repeat=key.presentation - 1,
                reader=key.reader,
                read_version=key.version,
                locked_at=lock.locked_at,
                blinding="held" if lock.blinding_held is not False else "not held",
                remark=lock.remark,
                time_points=plan.blinding.time_points,
                overlays=plan.blinding.overlays.value,
                masks_seen=_SEEN.get(session.replay.masks, session.replay.masks),
                after_unsealing=lock.after_unsealing or lock.key.kept in late,
                seconds=times.case_s,
                revealed=titles_of(plan.blinding.reveal) or "nothing",
            )
        )
    return tuple(rows)


def _known_late(study: Study) -> set[tuple[Any, ...]]:
    """Locked reads that came from another machine once reads could be compared; that machine cannot know."""
    unblinded = unblinded_cases(study.store)
    found = set()
    for one in noted_late(study.store):
        kept = (one["reader"], *one["read"])
        case = study.orders.named(ReadKey(*kept)).case
        if one["opened"] or case in unblinded:
            found.add(kept)
    return found


def stage_rows(study: Study, viewer: Viewer | None = None) -> tuple[tuple[ReadRow, ...], tuple[ReadRow, ...]]:
    """Unaided and aided scores, where masks were shown after the own score in any read; else nothing."""
    if not any(session.replay.unaided is not None for session, _ in seen_reads(study, viewer)):
        return (), ()
    return reads_rows(study, viewer, Scores.UNAIDED), reads_rows(study, viewer, Scores.AIDED)


def visits_fact(blinding: Blinding) -> str:
    """How the plan shows time points, as a phrase; printed on every export."""
    return _VISITS[blinding.time_points]


def conduct_facts(study: Study, rows: tuple[ConductRow, ...]) -> list[tuple[str, str]]:
    """Blinding at lock, masks, plan versions and emergencies, as far as the rows may be seen."""
    facts = []
    if rows:
        broken = [f"{one.case} by {one.reader} ({one.remark})" for one in rows if one.blinding == "not held"]
        held = f"held in {len(rows) - len(broken)} of {len(rows)} locked reads"
        facts.append(("Blinding at lock", f"{held}; not held: {'; '.join(broken)}" if broken else held))
        late = sum(one.after_unsealing for one in rows)
        if late:
            facts.append(("Read after unsealing", f"{late} of {len(rows)} reads, flagged in conduct.csv"))
        left_out = sum(key.reader in study.plan.readers for key in late_amendments(study.store))
        if left_out:
            many = "1 amendment" if left_out == 1 else f"{left_out} amendments"
            facts.append(
                ("Amended after unsealing", f"{many}, left out of agreement and of the reconciled result")
            )
        if any(one.masks_seen == "after own score" for one in rows):
            which = study.plan.conduct.scores.value
            facts.append(("Masks after the own score", f"scores here and agreement are the {which} ones"))
    drifts = drift_rows(study) if rows else None
    if drifts:
        told = (f"{one.reader} weighted kappa {one.kappa:.2f}, mean {one.bias:+.2f} grades" for one in drifts)
        facts.append(("Known cases among the others", f"{'; '.join(told)}; left out of agreement"))
    if len(study.plans) > 1:
        facts.append(("Plan versions", _versions(study, rows)))
    emergencies = _emergencies(study)
    if emergencies:
        facts.append(("Emergency unblinding", "; ".join(emergencies)))
    return facts


def _versions(study: Study, rows: tuple[ConductRow, ...]) -> str:
    told = []
    changed = {
        detail.get("version"): detail
        for one in study.store.audit(PLAN_CHANGED)
        if "reason" in (detail := json.loads(one.detail))
    }
    for version in sorted({plan.version for plan in study.plans.values()}):
        count, why = sum(row.plan_version == version for row in rows), changed.get(version, {})
        when = ", made when reads were opened already" if why.get("after_unsealing") else ""
        reason = f" ({why['reason']}{when})" if why.get("reason") else ""
        told.append(f"version {version}{reason}: {count} reads")
    return "; ".join(told)


def _emergencies(study: Study) -> list[str]:
    told = []
    for one in study.store.audit(UNBLINDED):
        detail = json.loads(one.detail)
        told.append(f"{detail['case']} on {one.at[:10]} by {one.actor}: {detail['reason']}")
    return told
