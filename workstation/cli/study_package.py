"""``marrow study package`` and ``accept``: a study on two machines that share no disk and no network."""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workstation.cli.main import OK, named_path, print_json
from workstation.cli.passphrases import Passphrases
from workstation.errors import StoreError, UsageError

if TYPE_CHECKING:
    from workstation.workflow.read_case import Study

PACKAGE = "make the reading package of one reader, or with --return the sealed return from the own machine"
ACCEPT = "take in a reading package on the reader's machine, or a sealed return where the study is"


def register_package(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``study package``."""
    parser.add_argument("reader", nargs="?", metavar="READER", help="reader code of the plan")
    parser.add_argument(
        "--return", dest="back", action="store_true", help="on a reader's own machine: send locked reads back"
    )
    parser.add_argument(
        "--out", type=named_path, metavar="FILE", help="the file, or a folder for it (default: here)"
    )
    parser.add_argument(
        "--as",
        dest="sender",
        metavar="NAME",
        help="who signs it; otherwise the coordinator, or with both keys the first reader",
    )
    parser.add_argument(
        "--approve-secondary",
        action="store_true",
        help="send secondary captures, burned-in text and overlays too: a person looked at them",
    )


def register_accept(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``study accept``."""
    parser.add_argument(
        "file",
        type=named_path,
        metavar="FILE",
        help="a .marrow-package or .marrow-return; also a reader's .marrow-card or .marrow-urgent",
    )


def run_package(arguments: argparse.Namespace) -> int:
    """Make a package or a return."""
    from workstation.workflow.read_case import open_study_with_library

    accounts = Path(arguments.accounts) if arguments.accounts else None
    with open_study_with_library(arguments.study, arguments.library, accounts) as study:
        return _package(study, arguments)


def _package(study: Study, arguments: argparse.Namespace) -> int:
    passphrases = Passphrases(arguments.passphrase_fd)
    target = arguments.out or Path()
    if arguments.back:
        return _send_back(study, arguments, passphrases, target)
    if not arguments.reader:
        raise UsageError(
            "No package was made", "no reader is named", "marrow study package READER --study DIR"
        )
    from workstation.tasks import TerminalProgress
    from workstation.workflow.make_package import make_package, require_home
    from workstation.workflow.take_in import said_of_package

    require_home(study)
    if study.library is None:
        raise StoreError("The package was not made", "there is no library here", "Name it with --library")
    sealing = study.plan.sealing
    signers = [card.name for card in sealing.signers] if sealing is not None else []
    sender = arguments.sender or (signers[0] if signers else "")
    if study.vault is not None:
        passphrases.sign_in(study, [sender])
    report = make_package(
        study,
        study.library,
        arguments.reader,
        sender,
        target,
        approve_secondary=arguments.approve_secondary,
        progress=TerminalProgress(),
    )
    if arguments.json:
        print_json(
            {
                "study": study.plan.id,
                "file": str(report.path),
                "reader": report.reader,
                "number": report.number,
                "cases": report.cases,
                "images": report.images,
                "bytes": report.size,
                "left_out": dict(Counter(report.left_out)),
                "resumed": report.resumed,
                "names": list(report.others),
            }
        )
    else:
        print(said_of_package(report))
    return OK


def _send_back(study: Study, arguments: argparse.Namespace, passphrases: Passphrases, target: Path) -> int:
    from workstation.tasks import TerminalProgress
    from workstation.workflow.sealed_return import make_return
    from workstation.workflow.take_in import said_of_return

    machine = study.store.machines.machine_of
    if arguments.reader and machine and arguments.reader != machine:
        raise UsageError("No return was made", f"this is the machine of {machine}")
    passphrases.sign_in(study, [machine] if machine else [])
    report = make_return(study, target, TerminalProgress())
    if arguments.json:
        print_json(
            {
                "study": study.plan.id,
                "file": str(report.path),
                "reader": report.reader,
                "for": report.recipient,
                "locked": report.reads,
                "required": report.required,
                "bytes": report.size,
            }
        )
    else:
        print(said_of_return(report))
    return OK


def run_accept(arguments: argparse.Namespace) -> int:
    """Take in a package or a return."""
    from workstation.tasks import TerminalProgress
    from workstation.workflow.take_in import is_account, is_message, said_of_taken, take_in

    if is_account(arguments.file):
        return _take_account(arguments)
    if is_message(arguments.file):
        return _take_message(arguments)
    passphrases = Passphrases(arguments.passphrase_fd)
    taken = take_in(
        arguments.file,
        arguments.study,
        arguments.library,
        passphrases.of,
        accounts=Path(arguments.accounts) if arguments.accounts else None,
        progress=TerminalProgress(),
    )
    if arguments.json:
        print_json(_json(taken))
    else:
        print(said_of_taken(taken))
    return OK


def _take_message(arguments: argparse.Namespace) -> int:
    from workstation.workflow.take_in import said_of_message
    from workstation.workflow.urgent_file import take_urgent

    is_new = take_urgent(arguments.file, arguments.study)
    if arguments.json:
        print_json({"kind": "urgent", "changed": is_new})
    else:
        print(said_of_message(is_new=is_new))
    return OK


def _take_account(arguments: argparse.Namespace) -> int:
    from workstation.workflow.accounts import accounts_of, take_account
    from workstation.workflow.take_in import said_of_account

    people = accounts_of(arguments.study, Path(arguments.accounts) if arguments.accounts else None)
    card, is_new = take_account(arguments.file, people)
    if arguments.json:
        told = {"name": card.name, "seat": card.seat.value, "spoken": card.spoken}
        print_json({"kind": "account", **told, "changed": is_new})
    else:
        print(said_of_account(card, is_new=is_new))
    return OK


def _json(taken: Any) -> dict[str, Any]:
    from workstation.workflow.take_return import TakenReturn

    if isinstance(taken, TakenReturn):
        return {
            "kind": "return",
            "study": taken.study,
            "reader": taken.reader,
            "new": taken.new,
            "locked": taken.locked,
            "required": taken.required,
            "changed": taken.is_new,
            "urgent": taken.urgent,
            "late": taken.late,
        }
    return {
        "kind": "package",
        "study": taken.study,
        "reader": taken.reader,
        "number": taken.number,
        "cases": taken.cases,
        "images": taken.images,
        "left_out": taken.left_out,
        "changed": taken.is_new,
        "from": {"name": taken.sender.name, "spoken": taken.sender.spoken},
    }
