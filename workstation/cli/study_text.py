"""A study in JSON and in lines, for the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workstation.reading.reconcile import Final, ItemPair
    from workstation.scoring.sheet import Answer, Total
    from workstation.workflow.read_case import Study
    from workstation.workflow.reconcile_case import ReconcileCase


def plan_json(study: Study) -> dict[str, Any]:
    """What the plan says, for a JSON document."""
    plan = study.plan
    return {
        "study": plan.id,
        "title": plan.title,
        "plan_version": plan.version,
        "plan_digest": plan.digest,
        "cases_in_plan": len(plan.cases),
        "readers": list(plan.readers),
        "instruments": [{"id": one, "version": version} for one, version in plan.instruments],
        "rule": plan.resolution.value,
        "tolerance": plan.tolerance,
        "unseal": plan.unseal.value,
        "time_points": plan.blinding.time_points,
        "reveal": list(plan.blinding.reveal),
        "not_known": {case: list(names) for case, names in plan.blinding.unknown.items()},
        "columns": [
            {"case": one.case, "visits": list(one.visits), "sides": list(one.sides)} for one in plan.columns
        ],
    }


def visits_text(study: Study) -> list[str]:
    """How many columns the forms have, where time points are paired or both sides are read."""
    from workstation.workflow.case_forms import single_visits

    plan, lines = study.plan, []
    several = [one for one in plan.columns if len(one.visits) > 1]
    if plan.blinding.is_paired:
        order = "in known order" if plan.blinding.knows_order else "in an order of chance for each reader"
        cases = "1 case" if len(several) == 1 else f"{len(several)} cases"
        lines.append(f"Time points: {cases} with a column for each visit, {order}")
    if single := single_visits(plan):
        lines.append(f"With one visit, and so with one column: {', '.join(single)}")
    if both := [one.case for one in plan.columns if one.sides]:
        lines.append(f"With a column for each side: {', '.join(both)}")
    return lines


def revealed_text(study: Study) -> list[str]:
    """What readers are told of each case, and of which it is not known; nothing for most plans."""
    from workstation.reading.case_facts import titles_of, unknown_text

    blinding = study.plan.blinding
    if not blinding.reveal:
        return []
    told = [f"Readers are told {titles_of(blinding.reveal)} of each case", unknown_text(blinding.unknown)]
    return [line[0].upper() + line[1:] for line in told if line]


def case_json(case: ReconcileCase) -> dict[str, Any]:
    """A reconciliation, for a JSON document. X and Y stay X and Y."""
    return {
        "case": case.case,
        "status": case.status,
        "triggers": [] if case.hides_answers else list(case.triggers),
        "signed_by": list(case.signed_by),
        "differing": [_pair_json(case, pair) for pair in case.differing],
        "items": [] if case.hides_answers else [_final_json(case, final) for final in case.finals],
        "totals": {
            instrument: {
                name: {
                    "value": total.value,
                    "partial": total.partial,
                    "answered": total.answered,
                    "of": total.of,
                }
                for name, total in totals.items()
            }
            for instrument, totals in _totals(case).items()
        },
    }


def _pair_json(case: ReconcileCase, pair: ItemPair) -> dict[str, Any]:
    settled = pair.settlement
    return {
        "instrument": pair.instrument,
        **_place(case, pair),
        "x": _shown(pair.x),
        "y": _shown(pair.y),
        **({} if pair.z is None else {"z": _shown(pair.z)}),
        "distance": pair.distance,
        "settled": None
        if settled is None
        else {
            "value": _grade(settled.grade),
            "reason": settled.reason,
            "at": settled.at,
        },
    }


def _final_json(case: ReconcileCase, final: Final) -> dict[str, Any]:
    return {
        "instrument": final.instrument,
        **_place(case, final),
        "state": final.state.value,
        "grade": final.grade,
        "points": final.points,
        "source": final.source.value,
        "reason": final.reason,
    }


def _place(case: ReconcileCase, one: ItemPair | Final) -> dict[str, Any]:
    """The item, and where the form has several columns its visit and side."""
    item = case.instrument(one.instrument).item(one.item)
    if item.column is None:
        return {"item": item.id}
    return {"item": item.row, "visit": item.column.label, "side": item.column.side}


def _shown(answer: Answer) -> int | str:
    return _grade(answer.grade) if answer.is_answered else "hidden"


def _grade(grade: int | None) -> int | str:
    return "NA" if grade is None else grade


def case_text(case: ReconcileCase) -> str:
    """A reconciliation in lines: what differs, what became of it, the totals."""
    count = len(case.differing)
    lines = [f"{case.case}: {count} {'item differs' if count == 1 else 'items differ'}, {case.status}"]
    if case.triggers and not case.hides_answers:
        lines.append(f"  before the adjudicator: {'; '.join(case.triggers)}")
    finals = {(final.instrument, final.item): final for final in case.finals}
    wide = max((len(case.name_of(pair)) for pair in case.differing), default=0)
    for pair in case.differing:
        told = _final_text(finals[pair.instrument, pair.item])
        sides = "  ".join(f"{name} {_shown(one)}" for name, one in zip("XYZ", pair.answers, strict=False))
        lines.append(f"  {pair.instrument:<14} {case.name_of(pair):<{wide}} {sides}{told}")
    for instrument, totals in _totals(case).items():
        for column in case.instrument(instrument).columns or (None,):
            rules = [rule for rule in case.instrument(instrument).derived if rule.column == column]
            sums = ", ".join(f"{rule.base or rule.id} {totals[rule.id].text}" for rule in rules)
            lines.append(f"  {instrument}{f', {column.title}' if column else ''}: {sums}")
    return "\n".join(lines)


def _totals(case: ReconcileCase) -> dict[str, dict[str, Total]]:
    """None while an adjudicator may not know the answers: a total of items that agree would tell them."""
    return {} if case.hides_answers else case.totals


def _final_text(final: Final) -> str:
    """``"  -> 2: seen by both"``, ``"  -> 1.5 points (mean)"``; nothing while it is open."""
    from workstation.reading.reconcile import Source
    from workstation.scoring.sheet import number_text

    if final.source is Source.OPEN:
        return ""
    if final.source is Source.MEAN and final.points is not None:
        return f"  -> {number_text(final.points)} {'point' if final.points == 1 else 'points'} (mean)"
    reason = f": {final.reason}" if final.reason else ""
    how = " (median)" if final.source is Source.MEDIAN else ""
    return f"  -> {_grade(final.grade)}{how}{reason}"
