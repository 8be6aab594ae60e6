"""A new version of a study's plan after the first read: with a reason, signed like the first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from workstation.errors import ProtocolViolation
from workstation.reading.plan import StudyPlan, load_plan, parse_plan
from workstation.reading.plan_change import OF_COMPARISON, WHAT, changes, next_version, with_kept_facts
from workstation.scoring.instrument import instruments
from workstation.store.account_files import FOLDER, AccountFolder
from workstation.workflow.known_answers import completed_plan
from workstation.workflow.read_case import Study
from workstation.workflow.subject_table import with_facts

__all__ = ["PlanRow", "change_plan", "load_changed", "plan_rows"]


@dataclass(frozen=True, slots=True)
class PlanRow:
    """One plan of a study.

    Attributes
    ----------
    number : int
        Counts every plan that was in force, from 1.
    version : int
        As the plan says it; from the first read on it goes up with every change.
    what : tuple of str
        What it changed, without any case code; empty for the first.
    signed_by : tuple of str
        In a sealed study, whose signature under it holds.
    """

    number: int
    version: int
    digest: str
    made_at: str
    reason: str
    what: tuple[str, ...]
    signed_by: tuple[str, ...]


def load_changed(study: Study, plan_file: Path, subjects: Path | None = None) -> StudyPlan:
    """A plan file as the next version of the study's plan.

    Parameters
    ----------
    subjects : Path, optional
        Table of sex and age, where the plan reveals them; without it, what was known of a case stays.

    Raises
    ------
    ResourceError
        If the file has a mistake.
    ProtocolViolation
        If it changes what may no longer change, or nothing.
    """
    cases = study.library_cases()
    joints = None if cases is None else {code: case.joint for code, case in cases.items()}
    place = study.library.folder if study.library is not None else None
    asked = with_kept_facts(study.plan, load_plan(plan_file, instruments(), joints))
    plan = next_version(study.plan, with_facts(asked, subjects, place, WHAT))
    return completed_plan(plan, plan_file.parent, accounts_of(study), cases, WHAT)


def change_plan(study: Study, plan: StudyPlan, reason: str, passphrase_of: Callable[[str], str]) -> int:
    """Put a new version in force. Reads that were begun keep the version they were begun under.

    The study must be opened again afterwards.

    Parameters
    ----------
    plan : StudyPlan
        As `load_changed` gave it.
    passphrase_of : callable
        In a sealed study asked for each who signs: the coordinator, or with both keys both readers.

    Returns
    -------
    int
        The number of the plan.

    Raises
    ------
    ProtocolViolation
        If nothing was read yet, no reason is given, or reads were compared already: then only what counts for
        reads that are still to be made may change, which are flagged.
    WrongPassphrase
    """
    _require_time(study, reason)
    is_late = study.has_unsealed_any()
    if is_late:
        _require_open_reads(study, plan)
    sealing = study.plan.sealing
    if study.vault is None or sealing is None:
        return study.store.change_plan(plan, reason.strip(), ["coordinator"], after_unsealing=is_late)
    names = [card.name for card in sealing.signers]
    for name in names:
        if name not in study.vault.people:
            study.vault.sign_in(name, passphrase_of(name))
        else:
            study.vault.confirm(name, passphrase_of(name))
    study.vault.require_signed_plan(WHAT)
    return study.store.change_plan(plan, reason.strip(), names, after_unsealing=is_late)


def accounts_of(study: Study) -> AccountFolder:
    """Where the accounts of an open study are."""
    return study.vault.accounts if study.vault is not None else AccountFolder(study.store.folder / FOLDER)


def _require_time(study: Study, reason: str) -> None:
    if not study.store.has_begun:
        raise ProtocolViolation(
            WHAT,
            "nothing was read yet, so it needs no new version",
            "Give the study the plan: marrow study new",
        )
    if not reason.strip():
        raise ProtocolViolation(WHAT, "no reason is given", "Say why in a few words")


def _require_open_reads(study: Study, plan: StudyPlan) -> None:
    """Once reads were compared a version is for reads that are still to be made, never for the result."""
    if not study.outstanding:
        raise ProtocolViolation(
            WHAT,
            "every read is locked and was opened for comparison: no read is left that another version could "
            "count for, and whoever adds a case or a rule now knows the results",
            "Make a new study",
        )
    if plan.conduct.repeats.share and plan.cases != study.plan.cases:
        raise ProtocolViolation(
            WHAT,
            "reads were opened for comparison, and what stays closed would tell hidden repeats of new cases",
            "Make a new study with the new cases",
        )
    for what in changes(study.plan, plan):
        if what in OF_COMPARISON:
            raise ProtocolViolation(
                WHAT,
                f"reads were opened for comparison, so {what} stays as it is: "
                "a rule made after its result proves nothing",
                "Change only what counts for the reads still to be made",
            )


def plan_rows(study: Study) -> tuple[PlanRow, ...]:
    """Every plan that was in force, the first one first."""
    import json

    reasons = {}
    for entry in study.store.audit("plan changed"):
        detail = json.loads(entry.detail)
        reasons[detail.get("number")] = str(detail.get("reason", ""))
    rows: list[PlanRow] = []
    before: StudyPlan | None = None
    for kept in study.store.plans():
        plan = parse_plan(kept.toml, instruments())
        signed: Sequence[str] = ()
        if plan.sealing is not None:
            signed = sorted(study.store.seals.plan_signers(kept.number, plan.digest, plan.sealing))
        what = changes(before, plan) if before is not None else ()
        reason = reasons.get(kept.number, "")
        rows.append(
            PlanRow(kept.number, plan.version, plan.digest, kept.made_at, reason, what, tuple(signed))
        )
        before = plan
    return tuple(rows)
