"""``marrow study urgent`` and ``unblind``: what cannot wait until everything is locked."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workstation.cli.main import OK, Subparsers, named_path, print_json
from workstation.cli.passphrases import Passphrases, add_as
from workstation.cli.study_open import opened_study, study_action

if TYPE_CHECKING:
    from workstation.reading.safety import UrgentFinding


def register_safety(actions: Subparsers) -> None:
    """Add ``urgent`` with its own subcommands, and ``unblind``."""
    text = "urgent incidental findings, sealed to the plan's safety contact: send, list, read"
    parser = actions.add_parser("urgent", help=text, description=text[0].upper() + text[1:])
    ways = parser.add_subparsers(dest="way", metavar="WAY", required=True)
    send = study_action(ways, "send", _send, "tell the safety contact at once; the scores stay sealed")
    send.add_argument("reader", metavar="READER", help="reader code of the plan")
    send.add_argument("--case", required=True, metavar="CODE", help="as the reader's worklist names it")
    send.add_argument("--text", required=True, metavar="TEXT", help="what was found, and where")
    save = study_action(
        ways, "save", _save, "save a message that was sent, sealed, as a file for the contact"
    )
    save.add_argument("reader", metavar="READER", help="who sent it")
    save.add_argument("number", type=int, metavar="N", help="as send told it")
    saved = "the sealed message as a file for the contact, or a folder for it"
    send.add_argument("--out", type=named_path, metavar="FILE", help=f"also save {saved}")
    save.add_argument(
        "--out", type=named_path, default=Path(), metavar="FILE", help=f"{saved} (default: here)"
    )
    opened = study_action(
        ways, "open", _open, "read a message from its file; --study need hold the contact's account only"
    )
    opened.add_argument("file", type=named_path, metavar="FILE", help="a .marrow-urgent")
    listed = study_action(ways, "list", _list, "what was sent to the safety contact, and when")
    read = study_action(ways, "read", _read, "read one message, as the safety contact only")
    read.add_argument("number", type=int, metavar="N", help="as list tells it")
    for one in (listed, read, opened):
        one.add_argument("--as", dest="contact", required=True, metavar="CONTACT", help="the safety contact")
    unblind = study_action(
        actions, "unblind", _unblind, "emergency: open the locked reads of one case now, with a reason"
    )
    unblind.add_argument("--case", required=True, metavar="CODE", help="case code of the library")
    unblind.add_argument(
        "--reason",
        required=True,
        metavar="TEXT",
        help="stands in the log and every export; name no finding",
    )
    add_as(unblind)


def _send(arguments: argparse.Namespace) -> int:
    from workstation.workflow.urgent import contact_card, send_urgent
    from workstation.workflow.urgent_file import save_urgent

    with opened_study(arguments) as study:
        contact = contact_card(study).name
        Passphrases(arguments.passphrase_fd).sign_in(study, [arguments.reader])
        read = study.reader(arguments.reader).any_read(arguments.case)
        number = send_urgent(study, read, arguments.text)
        where = "It lies in the study's folder until the contact looks"
        if study.store.machines.machine_of:
            where = (
                "It lies on this machine until it is sent back; --out also saves it as a file for the contact"
            )
        if not arguments.json:
            print(
                f"Sent to {contact} as number {number}; only {contact} can read it. The scores stay sealed."
            )
        file = None
        if arguments.out is not None:
            file = save_urgent(study, arguments.reader, number, arguments.out)
            where = f"{file.name} is for {contact}"
    if arguments.json:
        told = {} if file is None else {"file": str(file)}
        print_json({"number": number, "to": contact, "case": arguments.case, **told})
    else:
        print(f"{where}: tell the contact by telephone as well.")
    return OK


def _save(arguments: argparse.Namespace) -> int:
    from workstation.workflow.urgent_file import save_urgent

    with opened_study(arguments) as study:
        Passphrases(arguments.passphrase_fd).sign_in(study, [arguments.reader])
        file = save_urgent(study, arguments.reader, arguments.number, arguments.out)
    if arguments.json:
        print_json({"number": arguments.number, "file": str(file)})
    else:
        print(f"{file.name} is sealed to the safety contact: take or send it there, and telephone.")
    return OK


def _open(arguments: argparse.Namespace) -> int:
    from workstation.workflow.accounts import accounts_of
    from workstation.workflow.urgent_file import open_urgent

    people = accounts_of(arguments.study, Path(arguments.accounts) if arguments.accounts else None)
    words = Passphrases(arguments.passphrase_fd).of(arguments.contact)
    opened = open_urgent(arguments.file, people, arguments.contact, words)
    spoken = "" if opened.sender is None else opened.sender.spoken
    if arguments.json:
        print_json({"study": opened.title, "fingerprint": spoken, **_finding_data(opened.finding)})
        return OK
    print(f"Study: {opened.title}")
    _print_finding(opened.finding)
    if spoken:
        print(f"Signed by {opened.finding.reader}; compare the fingerprint aloud: {spoken}.")
    else:
        print("The study is not sealed, so nobody signed it: ask the reader.")
    return OK


def _list(arguments: argparse.Namespace) -> int:
    from workstation.workflow.urgent import Contact

    with opened_study(arguments) as study:
        contact = Contact(
            study, arguments.contact, Passphrases(arguments.passphrase_fd).of(arguments.contact)
        )
        sent = contact.sent()
    if arguments.json:
        rows = [
            {"number": one.number, "at": one.at, "reader": one.reader, "read": one.is_seen} for one in sent
        ]
        print_json({"contact": arguments.contact, "urgent": rows})
        return OK
    for one in sent:
        print(f"{one.number:>5}  {one.at[:16]}Z  from {one.reader:<10} {'read' if one.is_seen else 'NEW'}")
    if not sent:
        print("No urgent finding was sent.")
    return OK


def _read(arguments: argparse.Namespace) -> int:
    from workstation.workflow.urgent import Contact

    with opened_study(arguments) as study:
        contact = Contact(
            study, arguments.contact, Passphrases(arguments.passphrase_fd).of(arguments.contact)
        )
        finding = contact.read(arguments.number)
    if arguments.json:
        print_json(_finding_data(finding))
        return OK
    _print_finding(finding)
    return OK


def _finding_data(finding: UrgentFinding) -> dict[str, Any]:
    return {name: getattr(finding, name) for name in type(finding).__slots__}


def _print_finding(finding: UrgentFinding) -> None:
    met = f" (met as {finding.shown_as})" if finding.shown_as != finding.case else ""
    print(f"Case {finding.case}{met}, by {finding.reader}, {finding.at[:16]}Z")
    if finding.slice_number:
        print(f"Slice {finding.slice_number} of series {finding.series}, image {finding.instance}")
    print(finding.text)


def _unblind(arguments: argparse.Namespace) -> int:
    from workstation.workflow.emergency import unblind

    with opened_study(arguments) as study:
        Passphrases(arguments.passphrase_fd).sign_in(study, arguments.signed_in_as)
        names = arguments.signed_in_as
        opened = unblind(study, arguments.case, arguments.reason, names[0] if names else "coordinator")
        told: list[dict[str, Any]] = [
            {
                "reader": one.reader,
                "reading": one.presentation,
                "locked_at": one.locked_at,
                "answers": {
                    form: {
                        sheet.instrument.item(answer.item_id).name: answer.grade for answer in sheet.answers
                    }
                    for form, sheet in one.content.sheets.items()
                },
            }
            for one in opened
        ]
    if arguments.json:
        print_json({"case": arguments.case, "reason": arguments.reason.strip(), "reads": told})
        return OK
    for one in told:
        print(f"{arguments.case} by {one['reader']}, locked {one['locked_at'][:16]}Z")
        for form, answers in one["answers"].items():
            values = ", ".join(
                f"{item} {'NA' if grade is None else grade}" for item, grade in answers.items()
            )
            print(f"  {form}: {values}")
    print("This stands in the study's log and in every export; reads of the case locked later are flagged.")
    return OK
