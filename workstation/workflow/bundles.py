"""What may leave of a study or a case: gathered here once, limited to what the asking person may see."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from workstation.analysis.reads import ReadRow
from workstation.analysis.report import AgreementReport
from workstation.errors import DataError
from workstation.export.exporter import Bundle, CaseMask, FinalTotal, FinalValue, Picture, ReconciledCase
from workstation.export.mask_table import MaskPair
from workstation.imaging.study import Case, Series
from workstation.reading.blinding_rule import Overlays
from workstation.reading.cards import SealMode
from workstation.reading.case_facts import titles_of
from workstation.reading.conduct import Sees
from workstation.reading.plan import Resolution, StudyPlan
from workstation.reading.reconcile import Final
from workstation.reading.visibility import Role, Viewer
from workstation.scoring.instrument import Derived
from workstation.store.mask_files import DRAWN, kept_masks
from workstation.tasks import Progress
from workstation.workflow.agree import agreement_of_rows
from workstation.workflow.case_forms import only_visit
from workstation.workflow.conduct_rows import conduct_facts, conduct_rows, stage_rows, visits_fact
from workstation.workflow.read_case import Study
from workstation.workflow.reader_masks import drawn_elsewhere, mask_pairs, masks_of_reads
from workstation.workflow.reads_csv import measurements, reads_rows
from workstation.workflow.reconcile_case import ReconcileCase, reconciliations
from workstation.workflow.visit_words import visits_in_library
from workstation.workflow.workspace import Workspace

MOST_PICTURES = 24
_SEALED = {
    SealMode.COORDINATOR: "Reads were sealed by encryption and opened by the coordinator",
    SealMode.BOTH_KEYS: "Reads were sealed by encryption and opened by both readers together",
    SealMode.NONE: "Reads are kept apart by the program, not sealed by encryption",
}


def study_bundle(
    study: Study,
    workspace: Workspace | None,
    viewer: Viewer,
    *,
    with_pictures: bool,
    with_drawn: bool = True,
    progress: Progress,
) -> Bundle:
    """Everything of a study that `viewer` may take away now.

    `with_drawn` also gathers what readers drew, and how far that agrees.

    Before the reads may be compared the coordinator gets no score and a reader only the own ones; what is
    left out is said in `Bundle.limits`.

    Raises
    ------
    DataError
        If a kept mask or an image of it is damaged.
    """
    plan = study.plan
    rows = reads_rows(study, viewer)
    compared = study.unsealed_cases()
    masks: tuple[CaseMask, ...] = ()
    tells_visits = viewer.role is not Role.READER or bool(compared) or plan.blinding.knows_order
    if viewer.role is not Role.READER or compared or plan.blinding.overlays is Overlays.ALWAYS:
        shown = plan.cases if viewer.role is not Role.READER else (compared or plan.cases)
        masks = tuple(
            one
            for code in shown
            for one in case_masks(workspace, code, names_visits=tells_visits)
            if one.name != DRAWN
        )  # what somebody drew outside the study is no part of it
    pairs: tuple[MaskPair, ...] = ()
    if with_drawn:
        masks += masks_of_reads(study, workspace, viewer)
        pairs = mask_pairs(study, workspace, viewer)
    elsewhere = ", ".join(f"{case} by {who}" for case, who in drawn_elsewhere(study, workspace, viewer))
    lost = [("Drawn on images that are not here, left out", elsewhere)] if elsewhere else []
    pictures = tuple(mask_pictures(masks, progress)) if with_pictures else ()
    entries, conduct = study.store.audit(), conduct_rows(study, viewer)
    unaided, aided = stage_rows(study, viewer)
    return Bundle(
        title=plan.title,
        study=plan.id,
        facts=(*_facts(study, viewer, len(compared)), *conduct_facts(study, conduct), *lost),
        conduct=conduct,
        unaided=unaided,
        aided=aided,
        reads=rows,
        measurements=measurements(study, viewer),
        reconciled=_reconciled_cases(study) if compared and len(plan.readers) > 1 else (),
        agreement=_agreement(rows),
        masks=masks,
        mask_pairs=pairs,
        pictures=pictures,
        audit_head=entries[-1].digest if entries else study.store.audit_root,
        limits=_limits(study, viewer, len(compared)),
    )


def case_bundle(workspace: Workspace, code: str, *, with_pictures: bool, progress: Progress) -> Bundle:
    """The masks and pictures of one case of the library."""
    masks = case_masks(workspace, code)
    pictures = tuple(mask_pictures(masks, progress)) if with_pictures else ()
    return Bundle(title=code, masks=masks, pictures=pictures)


def case_masks(workspace: Workspace | None, code: str, *, names_visits: bool = True) -> tuple[CaseMask, ...]:
    """The newest masks of a case whose series the library still has, on the grid of those.

    `names_visits` tells whether the visit of a series may be said.

    Raises
    ------
    DataError
        If a mask is damaged or no longer fits its series.
    """
    if workspace is None or workspace.library.find(code) is None:
        return ()
    series = {one.key: one for one in workspace.library.series(code)}
    visits = visits_in_library(workspace.library, code) if names_visits else {}
    found = []
    for name, mask in kept_masks(workspace.library.folder, code):
        if mask.series_key not in series:
            continue
        if len(series[mask.series_key].instances) != mask.geometry.shape[0]:
            raise DataError(
                f"A mask of {code} was not exported", "its series has gained or lost slices", "Make it again"
            )
        if name == DRAWN and not mask.labels.any():
            continue  # drawn and taken back
        visit = visits.get(mask.series_key, "")
        found.append(CaseMask(code, name, series[mask.series_key], mask, visit=visit))
    order = list(series)  # by visit and series number, as the library lists them
    return tuple(sorted(found, key=lambda one: (one.name, order.index(one.series.key))))


def mask_pictures(masks: Iterable[CaseMask], progress: Progress) -> Iterator[Picture]:
    """The slice of each mask that shows most of it; bone regions only where nothing else is kept.

    Raises
    ------
    DataError
        If an image cannot be read.
    """
    from workstation.export.pictures import fullest_slice, slice_picture
    from workstation.imaging.load import load_stack
    from workstation.tasks import SilentProgress

    chosen = [one for one in masks if one.name != "regions"] or list(masks)
    for done, one in enumerate(chosen[:MOST_PICTURES]):
        progress.report(done, min(len(chosen), MOST_PICTURES), "Drawing pictures")
        index = fullest_slice(one.mask)
        single = replace(one.series, instances=(one.series.instances[index],))
        stack = load_stack(single, SilentProgress())
        marked = int((one.mask.labels > 0).sum())
        volume = marked * one.mask.geometry.voxel_volume_mm3 / 1000
        yield Picture(
            title=" ".join(
                word
                for word in (one.case, f"visit {one.visit}" if one.visit else "", one.name, one.reader)
                if word
            ),
            caption=f"{_series_name(one.series)}, slice {index + 1} of {len(one.series.instances)}; "
            f"{volume:.2f} ml by {one.mask.recipe} {one.mask.recipe_version}",
            png=slice_picture(stack, 0, one.mask.labels[index], one.mask.segments),
        )


def _series_name(series: Series) -> str:
    return series.label if series.series_number is None else f"series {series.series_number}, {series.label}"


def _agreement(rows: tuple[ReadRow, ...]) -> AgreementReport | None:
    return agreement_of_rows(rows) if len({row.reader for row in rows}) > 1 else None


def _reconciled_cases(study: Study) -> tuple[ReconciledCase, ...]:
    cases = study.library_cases() or {}
    return tuple(
        one
        for settled in reconciliations(study, actor="export")
        for one in _reconciled(settled, study.plan, cases.get(settled.case))
    )


def _reconciled(settled: ReconcileCase, plan: StudyPlan, case: Case | None) -> Iterator[ReconciledCase]:
    """The results of a case: one for each column of its forms, which all have the same."""
    side = case.laterality.value if case and case.laterality else ""
    visit = only_visit(plan, settled.case, case)
    finals, totals = settled.finals, settled.totals
    for column in settled.forms[0].columns or (None,):
        yield ReconciledCase(
            case=settled.case,
            rule=settled.rule.value,
            status=settled.status,
            values=tuple(
                _final_value(one, item.row)
                for one in finals
                if (item := settled.instrument(one.instrument).item(one.item)).column == column
            ),
            totals=tuple(
                FinalTotal(form.id, rule.base or rule.id, _title(rule), total.value, total.answered, total.of)
                for form in settled.forms
                for rule in form.derived
                if rule.column == column and (total := totals[form.id][rule.id])
            ),
            side=(column.side if column else "") or side,
            visit=(column.label if column else "") or visit,
        )


def _title(rule: Derived) -> str:
    return rule.title if rule.column is None else rule.title.removesuffix(f", {rule.column.title}")


def _final_value(one: Final, item: str) -> FinalValue:
    grade = None if one.grade is None else float(one.grade)
    return FinalValue(one.instrument, item, one.state.value, grade, one.points, one.source.value, one.reason)


def _limits(study: Study, viewer: Viewer, compared: int) -> str:
    if compared == len(study.plan.cases):
        return ""
    if viewer.role is Role.READER:
        return "This holds the own reads of one reader only."
    if compared:
        missing = len(study.plan.cases) - compared
        counted = "1 case" if missing == 1 else f"{missing} cases"
        return f"The reads of {counted} are not locked by all readers yet."
    return f"No score is shown: {study.not_locked_yet}."


def _not_readable(study: Study) -> list[tuple[str, str]]:
    open_cases = set(study.unsealed_cases())
    told = [
        f"{case} by {reader} ({session.content.not_readable})"
        for (reader, case, _), session in sorted(study.counted_reads().items())
        if case in open_cases and session.content.not_readable
    ]
    return [("Not readable", "; ".join(told))] if told else []


def _rule(plan: StudyPlan) -> str:
    adjudication = plan.conduct.adjudication
    if adjudication is not None:
        seen = "both answers without names" if adjudication.sees is Sees.BOTH else "neither answer"
        return f"adjudication by {adjudication.adjudicator}, who saw {seen}; others take the mean"
    return {
        Resolution.MEAN: "mean of both readers, never rounded",
        Resolution.MEDIAN: "median of three readers",
    }.get(plan.resolution, f"consensus with a reason for differences of more than {plan.tolerance}")


def _shown_of_cases(plan: StudyPlan) -> str:
    """What readers knew of a case beside its images."""
    revealed = titles_of(plan.blinding.reveal)
    return f"case codes with {revealed}, nothing else of a case" if revealed else "case codes only"


def _seed(plan: StudyPlan) -> str:
    return "from sealed seeds" if plan.has_secret_orders else f"seed {plan.seed}"


def _facts(study: Study, viewer: Viewer, compared: int) -> tuple[tuple[str, str], ...]:
    plan = study.plan
    named = [("Study", f"{plan.title} ({plan.id}, plan version {plan.version})")]
    named.append(("Cases", str(len(plan.cases))))
    forms = (f"{one.title} ({one.id} {one.version})" for one in study.instruments)
    named.append(("Instruments", "; ".join(forms)))
    overlays = {
        Overlays.NEVER: "readers never saw masks or proposed grades",
        Overlays.AFTER_OWN_SCORE: "readers saw masks only after their own score",
        Overlays.ALWAYS: "readers saw masks while scoring",
    }[plan.blinding.overlays]
    totals = "totals were shown while scoring" if plan.blinding.totals else "totals were hidden while scoring"
    named.append(
        (
            "Blinding",
            f"Readers saw {_shown_of_cases(plan)}; {overlays}; {totals}; {visits_fact(plan.blinding)}.",
        )
    )
    named.append(("Sealing", f"{_SEALED[plan.sealing.mode if plan.sealing else SealMode.NONE]}."))
    if viewer.role is Role.READER and not compared:
        return tuple(named)  # nothing about the other reader, not even that there is one
    named.append(("Readers", " and ".join(plan.readers)))
    # Whoever has the seed has every order: it is told once nothing is left to read.
    seed = f", {_seed(plan)}" if compared == len(plan.cases) else ""
    named.append(("Reading order", f"random, different for each reader{seed}"))
    named.append(("Reconciliation", _rule(plan)))
    if plan.conduct.hides_repeats:
        repeats = plan.conduct.repeats
        named.append(
            (
                "Repeated readings",
                f"{repeats.count(len(plan.cases))} cases of each reader a second time, hidden among others, "
                f"at least {repeats.washout_days} days after the first",
            )
        )
    named += _not_readable(study)
    named.append(("Cases with all reads locked", f"{compared} of {len(plan.cases)}"))
    return tuple(named)
