"""A study made on the set-up page: the same checks as for a plan that was written by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from workstation.errors import StoreError
from workstation.reading.account import require_passphrase
from workstation.reading.cards import Seat
from workstation.reading.plan import StudyPlan, parse_plan
from workstation.scoring.instrument import instruments
from workstation.store.account_files import FOLDER
from workstation.store.study_store import StudyStore
from workstation.workflow.accounts import (
    accounts_of,
    escrow_account,
    make_account,
    plan_signers,
    with_accounts,
)
from workstation.workflow.known_answers import completed_plan
from workstation.workflow.secret_orders import draw_orders
from workstation.workflow.subject_table import with_facts
from workstation.workflow.workspace import Workspace


def set_up_study(
    plan: StudyPlan,
    folder: Path,
    workspace: Workspace,
    passphrases: Mapping[str, str] | None = None,
    seats: Mapping[str, Seat] | None = None,
    answers: Path | None = None,
    escrow: Path | None = None,
) -> None:
    """Make a study folder from a plan and the library that has its images.

    The folder may hold the accounts of those who take part; then the study is sealed.

    Parameters
    ----------
    passphrases : mapping, optional
        By account name, of those who sign the plan now; the others sign when they first sign in.
    seats : mapping, optional
        Accounts to make with these passphrases; those that the folder has already stay.
    answers : Path, optional
        Folder of the tables of known answers that the plan names.

    escrow : Path, optional
        Account file of an escrow key: the accounts are made with it, and the plan names it.

    Raises
    ------
    ResourceError
        If the plan has a mistake.
    StoreError
        If the folder holds other things, or cannot be written.
    """
    if folder.is_dir() and any(one.name != FOLDER for one in folder.iterdir()):
        raise StoreError(
            "The study was not made", "its folder is not empty", "Choose a new or an empty folder"
        )
    cases = {case.code: case for case in workspace.library.cases()}
    joints = {code: case.joint for code, case in cases.items()}
    checked = parse_plan(plan.to_toml(), instruments(), joints)
    people, said = accounts_of(folder), passphrases or {}
    for name in seats or {}:
        require_passphrase(said.get(name, ""), name)
    safe = None if escrow is None else escrow_account(escrow).card
    if safe is not None and checked.sealing is not None:
        checked = replace(checked, sealing=replace(checked.sealing, escrow=safe.fingerprint))
    for name, seat in (seats or {}).items():
        if name not in people.names():
            make_account(people, name, seat, said[name], safe)
    checked = with_facts(checked, library=workspace.library.folder)
    sealed = completed_plan(with_accounts(checked, people), answers or folder, people, cases)
    signers = plan_signers(sealed, people, said)
    library = str(workspace.library.folder.absolute())
    store = StudyStore.create(folder, sealed, library=library, signers=signers)
    try:
        draw_orders(store, sealed, signers)
    finally:
        store.close()
