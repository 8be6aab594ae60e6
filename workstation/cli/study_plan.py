"""``marrow study plan``: every version of the plan, and a new one after the first read."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from workstation.cli.main import OK, Subparsers, print_json
from workstation.cli.passphrases import Passphrases
from workstation.cli.study_open import add_subjects, opened_study, study_action
from workstation.errors import UsageError

if TYPE_CHECKING:
    from workstation.reading.plan import StudyPlan


def register_plan(actions: Subparsers) -> None:
    """Add ``plan`` with its own subcommands."""
    text = "the plan: list its versions, show one, change it after the first read"
    parser = actions.add_parser("plan", help=text, description=text[0].upper() + text[1:])
    ways = parser.add_subparsers(dest="way", metavar="WAY", required=True)
    study_action(ways, "list", _list, "every plan that was in force, who signed it and why it was changed")
    show = study_action(ways, "show", _show, "the plan in force, or an earlier one, as TOML")
    show.add_argument("--number", type=int, metavar="N", help="as list counts them; otherwise the newest")
    accept = study_action(ways, "accept", _accept, "accept a plan that was changed before the first read")
    accept.add_argument("name", metavar="NAME", help="account that has looked at it")
    accept.add_argument("--code", required=True, metavar="CODE", help="of the plan, as the refusal told it")
    change = study_action(ways, "change", _change, "a new version after the first read; reads keep theirs")
    change.add_argument("plan", type=Path, metavar="PLAN.toml", help="the whole plan, new cases at the end")
    change.add_argument("--reason", required=True, metavar="TEXT", help="why; stands in the study's log")
    add_subjects(change)
    change.add_argument("--yes", action="store_true", help="do not ask whether the change is meant")


def _list(arguments: argparse.Namespace) -> int:
    from workstation.workflow.change_plan import plan_rows

    with opened_study(arguments) as study:
        rows = plan_rows(study)
    if arguments.json:
        print_json(
            {
                "plans": [
                    {
                        "number": one.number,
                        "version": one.version,
                        "digest": one.digest,
                        "made_at": one.made_at,
                        "reason": one.reason,
                        "changed": list(one.what),
                        "signed_by": list(one.signed_by),
                    }
                    for one in rows
                ]
            }
        )
        return OK
    for one in rows:
        signed = f", signed by {' and '.join(one.signed_by)}" if one.signed_by else ""
        print(f"{one.number:>3}  version {one.version}  {one.digest[:12]}  {one.made_at[:19]}Z{signed}")
        if one.what:
            print(f"     changed: {', '.join(one.what)}")
        if one.reason:
            print(f"     reason: {one.reason}")
    return OK


def _show(arguments: argparse.Namespace) -> int:
    with opened_study(arguments) as study:
        kept = {one.number: one for one in study.store.plans()}
        number = study.plan_number if arguments.number is None else arguments.number
    if number not in kept:
        raise UsageError("No plan was shown", f"there is no plan {number}", f"There are 1 to {max(kept)}")
    if arguments.json:
        one = kept[number]
        print_json({"number": number, "digest": one.digest, "made_at": one.made_at, "plan": one.toml})
    else:
        print(kept[number].toml, end="")
    return OK


def _change(arguments: argparse.Namespace) -> int:
    from workstation.reading.plan_change import changes
    from workstation.store.server_join import kept_address
    from workstation.workflow.change_plan import change_plan, load_changed

    with opened_study(arguments) as study:
        plan = load_changed(study, arguments.plan, arguments.subjects)
        what = changes(study.plan, plan)
        if not arguments.yes and not arguments.json and sys.stdin.isatty():
            print(f"Version {plan.version} changes: {', '.join(what)}. Reads that were begun keep theirs.")
            print(_fingerprints(study.plan))
            if input("Put it in force? [y/N] ").strip().lower() not in ("y", "yes"):
                raise UsageError("The plan was not changed", "you said no")
        number = change_plan(study, plan, arguments.reason, Passphrases(arguments.passphrase_fd).of)
    if arguments.json:
        print_json(
            {
                "study": plan.id,
                "number": number,
                "version": plan.version,
                "digest": plan.digest,
                "changed": list(what),
            }
        )
    else:
        print(f"Version {plan.version} is in force ({', '.join(what)}). Reads that were begun keep theirs.")
        if kept_address(arguments.study) is not None:
            print("Tell the server, which opens no more reads until then: marrow study server init")
    return OK


def _accept(arguments: argparse.Namespace) -> int:
    with opened_study(arguments) as study:
        study.sign_in(arguments.name, Passphrases(arguments.passphrase_fd).of(arguments.name), arguments.code)
        digest = study.plan.digest
    if arguments.json:
        print_json({"account": arguments.name, "accepted": digest})
    else:
        print(f"{arguments.name} has accepted the plan {digest[:12]}.")
    return OK


def confirm_new_plan(arguments: argparse.Namespace) -> None:
    """Before the first read: show the fingerprints and ask before another plan takes the place of one.

    Raises
    ------
    UsageError
        If the person says no.
    """
    from workstation.store.study_store import DATABASE
    from workstation.workflow.read_case import open_study_folder

    if arguments.json or not sys.stdin.isatty() or not (arguments.study / DATABASE).is_file():
        return
    with open_study_folder(arguments.study) as study:
        print(f"There is a plan already: {study.plan.title}, version {study.plan.version}.")
        print(_fingerprints(study.plan))
    if input("Replace it? [y/N] ").strip().lower() not in ("y", "yes"):
        raise UsageError("The plan was not changed", "you said no")


def _fingerprints(plan: StudyPlan) -> str:
    if not plan.is_sealed:
        return "Not sealed: nobody signs it."
    lines = "\n".join(f"  {card.name:<12} {card.seat.value:<12} {card.spoken}" for card in plan.cards)
    return f"Compare the fingerprints aloud again:\n{lines}"
