"""``marrow study account`` and ``marrow study unseal``: who takes part in a sealed study, and opening it."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workstation.cli.main import OK, Subparsers, named_path, print_json
from workstation.cli.passphrases import Passphrases, add_passphrases

if TYPE_CHECKING:
    from workstation.reading.cards import Card
    from workstation.store.account_files import AccountFolder
    from workstation.workflow.read_case import Study


def register_account(actions: Subparsers) -> None:
    """Add ``account`` with its own subcommands."""
    text = "accounts of a sealed study: new, list, card, passphrase, restore"
    parser = actions.add_parser("account", help=text, description=text[0].upper() + text[1:])
    ways = parser.add_subparsers(dest="way", metavar="WAY", required=True)
    new = _way(ways, "new", _new, "make an account with a passphrase that nobody can recover")
    new.add_argument("name", metavar="NAME", help="a code, not a person's name; readers: as in the plan")
    new.add_argument(
        "--seat",
        default="reader",
        choices=("reader", "coordinator", "adjudicator", "escrow", "safety"),
        help="what the account is for (default: reader)",
    )
    new.add_argument(
        "--escrow", type=named_path, metavar="FILE", help="account file of an escrow key that is kept offline"
    )
    _way(ways, "list", _list, "accounts with the fingerprints to compare aloud")
    change = _way(ways, "passphrase", _passphrase, "change a passphrase; the first line or prompt is the old")
    change.add_argument("name", metavar="NAME", help="name of the account")
    card = _way(ways, "card", _card, "write an account's public keys to a file, for who makes the study")
    card.add_argument("name", metavar="NAME", help="name of the account")
    card.add_argument(
        "--out", type=named_path, metavar="FILE", help="the file, or a folder for it (default: here)"
    )
    restore = _way(
        ways, "restore", _restore, "give an account a new passphrase with the escrow key its study names"
    )
    restore.add_argument("name", metavar="NAME", help="account whose passphrase was forgotten")
    restore.add_argument(
        "--escrow", type=named_path, required=True, metavar="FILE", help="the escrow's account file"
    )


def _way(ways: Subparsers, name: str, handler: Any, text: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = ways.add_parser(name, help=text, description=text[0].upper() + text[1:])
    parser.add_argument("--study", type=named_path, required=True, metavar="DIR", help="the study folder")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    add_passphrases(parser)
    parser.set_defaults(action_handler=handler)
    return parser


def run_unseal(study: Study, arguments: argparse.Namespace, passphrases: Passphrases) -> int:
    """Open the sheets of every case that is ready."""
    from workstation.workflow.unseal_study import unseal_ready

    names = list(arguments.signed_in_as)
    if study.vault is not None and not names:
        names = list(study.vault.still_needed(study.ready_cases()))
    if study.ready_cases():
        passphrases.sign_in(study, names)
    cases, needed = unseal_ready(study, names[-1] if names else "coordinator")
    if arguments.json:
        print_json({"study": study.plan.id, "unsealed": list(cases), "needed": list(needed)})
    elif needed:
        print(f"Opened as far as {' and '.join(names)} can; now {' and '.join(needed)} must sign in.")
    else:
        print(f"{len(cases)} of {len(study.plan.cases)} cases are open for comparison.")
    return OK


def seal_text(study: Study) -> list[str]:
    """How a study is sealed, in lines."""
    sealing = study.plan.sealing
    if sealing is None or study.vault is None:
        return ["Not sealed: what readers enter lies readable in the study folder."]
    lines = [f"Sealed, {_mode_words(study)}. Compare the fingerprints aloud:"]
    lines += [f"  {_card_text(card)}" for card in study.plan.cards]
    missing = study.vault.missing_plan_signatures()
    if missing:
        lines.append(f"The plan waits for the signature of {' and '.join(missing)}; it is given at sign-in.")
    return lines


def seal_json(study: Study) -> dict[str, Any]:
    """How a study is sealed, for a JSON document."""
    sealing = study.plan.sealing
    if sealing is None or study.vault is None:
        return {"sealed": False}
    return {
        "sealed": True,
        "sealing": sealing.mode.value,
        "escrow": sealing.escrow,
        "accounts": [_card_json(card) for card in study.plan.cards],
        "plan_unsigned_by": list(study.vault.missing_plan_signatures()),
    }


def _mode_words(study: Study) -> str:
    sealing = study.plan.sealing
    assert sealing is not None
    if sealing.coordinator is None:
        return "opened by both readers together"
    return f"opened by the coordinator {sealing.coordinator.name}"


def _new(arguments: argparse.Namespace) -> int:
    from workstation.reading.account import NO_WAY_BACK
    from workstation.reading.cards import Seat
    from workstation.workflow.accounts import make_account

    folder, passphrases = _folder(arguments), Passphrases(arguments.passphrase_fd)
    escrow = _escrow(arguments.escrow) if arguments.escrow else None
    if not arguments.json:
        print(NO_WAY_BACK)
    name = arguments.name
    card = make_account(folder, name, Seat(arguments.seat), passphrases.new(name), escrow).card
    if arguments.json:
        print_json({**_card_json(card), "note": NO_WAY_BACK})
    else:
        print(_card_text(card))
    return OK


def _list(arguments: argparse.Namespace) -> int:
    cards = _folder(arguments).cards()
    if arguments.json:
        print_json({"accounts": [_card_json(card) for card in cards]})
    else:
        print("\n".join(_card_text(card) for card in cards) or "There are no accounts.")
    return OK


def _passphrase(arguments: argparse.Namespace) -> int:
    from workstation.workflow.accounts import change_passphrase

    passphrases, name = Passphrases(arguments.passphrase_fd), arguments.name
    old, new = passphrases.of(name), passphrases.new(name)
    change_passphrase(arguments.study, _folder(arguments), name, old, new)
    return _done(arguments, f"The passphrase of {name} was changed.")


def _card(arguments: argparse.Namespace) -> int:
    from workstation.workflow.accounts import give_card

    folder = _folder(arguments)
    path = give_card(folder, arguments.name, arguments.out or Path())
    card = folder.load(arguments.name).card
    if arguments.json:
        print_json({**_card_json(card), "file": str(path)})
    else:
        print(f"{path.name}: {_card_text(card)}")
    return OK


def _restore(arguments: argparse.Namespace) -> int:
    from workstation.workflow.accounts import restore_account

    passphrases, name, file = Passphrases(arguments.passphrase_fd), arguments.name, arguments.escrow
    folder = _folder(arguments)
    restore_account(
        arguments.study, folder, name, file, passphrases.of(file.stem), lambda: passphrases.new(name)
    )
    return _done(arguments, f"{name} has a new passphrase. The study's log says how it got it.")


def _done(arguments: argparse.Namespace, text: str) -> int:
    if arguments.json:
        print_json({"account": arguments.name, "done": text})
    else:
        print(text)
    return OK


def _folder(arguments: argparse.Namespace) -> AccountFolder:
    from workstation.workflow.accounts import accounts_of

    return accounts_of(arguments.study, Path(arguments.accounts) if arguments.accounts else None)


def _escrow(file: Path) -> Card:
    from workstation.workflow.accounts import escrow_account

    return escrow_account(file).card


def _card_text(card: Card) -> str:
    return f"{card.name:<12} {card.seat.value:<12} {card.spoken}"


def _card_json(card: Card) -> dict[str, str]:
    return {
        "name": card.name,
        "seat": card.seat.value,
        "fingerprint": card.fingerprint,
        "spoken": card.spoken,
    }
