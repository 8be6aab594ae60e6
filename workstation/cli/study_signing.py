"""``marrow study sign``: one passphrase under several complete reads."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from workstation.cli.main import OK, Subparsers, print_json
from workstation.cli.passphrases import Passphrases
from workstation.cli.study_open import opened_study, study_action
from workstation.errors import UsageError

if TYPE_CHECKING:
    from workstation.workflow.sign_reads import Draft, Word


def register_sign(actions: Subparsers) -> None:
    """Add ``sign``."""
    sign = study_action(actions, "sign", _sign, "list a reader's complete reads, and sign them in one go")
    sign.add_argument("reader", metavar="READER", help="reader code of the plan")
    which = sign.add_mutually_exclusive_group()
    which.add_argument("--all", action="store_true", help="sign every complete read that is listed")
    which.add_argument(
        "--case",
        action="append",
        default=[],
        metavar="CODE",
        help="sign this one; may be given several times",
    )
    sign.add_argument(
        "--blinding-broken",
        action="append",
        default=[],
        metavar="CODE=REASON",
        help="of this case blinding did not hold, and why; of all others it held",
    )


def _sign(arguments: argparse.Namespace) -> int:
    from workstation.reading.audit import head_code, head_of
    from workstation.workflow.sign_reads import complete_drafts, sign_drafts

    passphrases, reader = Passphrases(arguments.passphrase_fd), arguments.reader
    with opened_study(arguments) as study:
        passphrases.sign_in(study, [reader])
        drafts = complete_drafts(study, reader)
        if not arguments.all and not arguments.case:
            return _told(arguments, drafts)
        chosen = _chosen(arguments, drafts)
        if not arguments.json:
            print("\n".join(_line(draft) for draft in chosen))
        signature = reader if study.vault is None else passphrases.of(reader)
        locks = sign_drafts(study, reader, chosen, signature)
        head = head_code(head_of(study.store.audit(), study.store.audit_root))
    if arguments.json:
        rows = [
            {"case": draft.code, "meaning": lock.meaning, "locked_at": lock.locked_at, "digest": lock.digest}
            for draft, lock in zip(chosen, locks, strict=True)
        ]
        print_json({"reader": reader, "locks": rows, "head_code": head})
    else:
        print(f"{reader}: {len(locks)} locked, each with a lock of its own")
        print(f"Write this code down, it proves later that nothing was cut off: {head}")
    return OK


def _told(arguments: argparse.Namespace, drafts: tuple[Draft, ...]) -> int:
    if arguments.json:
        rows = [{"case": one.code, "meaning": one.meaning, "head": one.head} for one in drafts]
        print_json({"reader": arguments.reader, "complete": rows})
        return OK
    if not drafts:
        print(f"{arguments.reader} has no complete read that is not locked.")
        return OK
    print("\n".join(_line(one) for one in drafts))
    print("Nothing was signed. Sign them with --all, or some with --case CODE.")
    return OK


def _chosen(arguments: argparse.Namespace, drafts: tuple[Draft, ...]) -> dict[Draft, Word]:
    from workstation.workflow.sign_reads import HELD, Word

    by_code = {one.code: one for one in drafts}
    broken = dict(one.partition("=")[::2] for one in arguments.blinding_broken)
    wanted = [one.code for one in drafts] if arguments.all else list(dict.fromkeys(arguments.case))
    for code in (*wanted, *broken):
        if code not in by_code or code not in wanted:
            raise UsageError(
                "Nothing was signed",
                f"{code} is not among the complete reads to sign",
                "List them without --all",
            )
    return {by_code[code]: Word(False, broken[code]) if code in broken else HELD for code in wanted}


def _line(draft: Draft) -> str:
    return f"{draft.code:<16} complete   will be signed as: {draft.meaning}"
