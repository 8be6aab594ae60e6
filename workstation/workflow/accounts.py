"""Accounts of a study: made before it, listed by its plan, their passphrases changed at any time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from workstation.errors import ProtocolViolation, ResourceError, StoreError
from workstation.reading import seal
from workstation.reading.account import (
    Account,
    WrongPassphrase,
    account_from_json,
    damaged,
    new_account,
)
from workstation.reading.audit import Sign
from workstation.reading.card_file import CardFile, card_from_json
from workstation.reading.cards import Card, SealMode, Seat
from workstation.reading.plan import StudyPlan
from workstation.reading.sealing_rule import Sealing
from workstation.store.account_files import FOLDER, AccountFolder, small_text
from workstation.store.study_file import SYSTEM
from workstation.store.study_store import DATABASE, StudyStore
from workstation.workflow.wrong_passphrases import WRONG, logged_tries

CARD_SUFFIX = ".marrow-card"
PASSPHRASE_CHANGED = "passphrase changed"
ESCROW_USED = "escrow key used"


def accounts_of(study: Path, accounts: Path | None = None) -> AccountFolder:
    """The accounts of a study: in its own folder unless another is named."""
    return AccountFolder(accounts or study / FOLDER)


def make_account(
    folder: AccountFolder,
    name: str,
    seat: Seat,
    passphrase: str,
    escrow: Card | None = None,
    cost: seal.Cost = seal.COST,
) -> Account:
    """Make an account and keep it.

    Raises
    ------
    UsageError
        If the name cannot be a code or the passphrase is soon guessed.
    StoreError
        If there is one of this name, or the disk refuses.
    """
    account = new_account(name, seat, passphrase, escrow, cost)
    folder.add(account)
    return account


def away_accounts(study: Path) -> tuple[str, ...]:
    """Names of a study's accounts that lie on their owners' machines; here are their cards."""
    return accounts_of(study).away()


def give_card(folder: AccountFolder, name: str, target: Path) -> Path:
    """Write the public card of an account, for whoever makes the study; no secret is in it.

    Parameters
    ----------
    target : Path
        The file, or a folder to put it into.

    Raises
    ------
    StoreError
        If there is no such account, or the disk refuses.
    """
    account = folder.load(name)
    path = target / f"{name}{CARD_SUFFIX}" if target.is_dir() else target
    escrow = account.escrow.fingerprint if account.escrow else ""
    try:
        path.write_text(CardFile(account.card, escrow).to_json(), encoding="utf-8", newline="\n")
    except OSError as error:
        raise StoreError(
            "The card was not written", error.strerror or "the disk refused", "Choose another place"
        ) from error
    return path


def take_account(path: Path, folder: AccountFolder) -> tuple[Card, bool]:
    """Take in the card of an account, or the whole account of somebody who wants to sign in here.

    Returns
    -------
    Card, bool
        Whose it is, and whether it was not here before.

    Raises
    ------
    DataError
        If the file is neither.
    StoreError
        If there are other keys under this name already.
    """
    text = small_text(path, "The file was not taken in")
    if path.suffix != ".json":
        card = card_from_json(text)
        return card.card, folder.add_card(card)
    account = account_from_json(text, path.stem)
    if account.card.name in folder.names() and folder.load(account.card.name).card == account.card:
        return account.card, False
    folder.add(account)
    return account.card, True


def change_passphrase(study: Path, folder: AccountFolder, name: str, old: str, new: str) -> Account:
    """Put an account's keys under another passphrase; in a study that is made, an event of its log.

    The keys stay: what was sealed to the account still opens. A copy of the old file still opens with the
    old passphrase, so a passphrase that became known is changed on every copy.

    Raises
    ------
    WrongPassphrase
        If the old one is wrong.
    UsageError
        If the new one is soon guessed.
    """
    is_made = (study / DATABASE).is_file()
    if is_made:
        _heed_log(study, folder, name)
    try:
        account, keys = folder.keys(name, old)
    except WrongPassphrase:
        if is_made:
            _record(study, SYSTEM, WRONG, {"account": name}, {})
        raise
    changed = account.with_passphrase(keys, new)
    folder.replace(changed)
    if is_made:
        _record(study, name, PASSPHRASE_CHANGED, {}, {name: keys.sign})
    return changed


def escrow_account(file: Path) -> Account:
    """The account in an escrow's file, which is kept offline.

    Raises
    ------
    StoreError
        If it cannot be read, or is not the account of an escrow.
    """
    account = AccountFolder(file.parent).load(file.stem)
    if account.card.seat is not Seat.ESCROW:
        raise StoreError(
            "The escrow was not used",
            f"{file.name} is the account of a {account.card.seat}",
            "Make one: marrow study account new NAME --seat escrow",
        )
    return account


def restore_account(
    study: Path,
    folder: AccountFolder,
    name: str,
    escrow_file: Path,
    escrow_passphrase: str,
    new_passphrase: Callable[[], str],
) -> Account:
    """Give an account a new passphrase with the escrow key that was named when it was made.

    The study's log says so before the account is changed: an escrow never works unseen.

    Raises
    ------
    WrongPassphrase
        If that of the escrow is wrong.
    ProtocolViolation
        If the account was made without this escrow, or the log cannot be written.
    """
    escrow = escrow_account(escrow_file)
    account = folder.load(name)
    if account.escrow is None or account.escrow.fingerprint != escrow.card.fingerprint:
        raise ProtocolViolation(
            f"The account {name} was not restored", "it was not made with this escrow key"
        )
    _, keys = AccountFolder(escrow_file.parent).keys(escrow.card.name, escrow_passphrase)
    recovered = seal.keys_from_escrow(keys, account.escrow.box)
    if (recovered.encryption_key, recovered.signing_key) != (
        account.card.encryption_key,
        account.card.signing_key,
    ):
        raise damaged(name)
    changed = account.with_passphrase(recovered, new_passphrase())
    if (study / DATABASE).is_file():
        _record(study, name, ESCROW_USED, {"escrow": escrow.card.fingerprint}, {name: recovered.sign})
    folder.replace(changed)
    return changed


def with_accounts(plan: StudyPlan, folder: AccountFolder) -> StudyPlan:
    """The plan with the cards of all who take part, sealed unless it says otherwise.

    Without accounts, and when the plan does not ask for sealing, it stays as it is: not sealed.

    Raises
    ------
    ResourceError
        If an account is missing, has another seat, or the coordinator reads.
    """
    asked = plan.sealing
    if asked is not None and (asked.mode is SealMode.NONE or asked.accounts):
        return plan
    apart = (Seat.ESCROW, Seat.SAFETY)  # neither reads nor opens a sheet
    cards = {card.name: card for card in folder.cards() if card.seat not in apart}
    if not cards and asked is None:
        return plan
    coordinators = [card for card in cards.values() if card.seat is Seat.COORDINATOR]
    mode = asked.mode if asked else SealMode.COORDINATOR if coordinators else SealMode.BOTH_KEYS
    chosen = [_reader_card(cards, reader) for reader in plan.readers]
    chosen += [card for card in cards.values() if card.seat is Seat.ADJUDICATOR]
    adjudication = plan.conduct.adjudication
    if adjudication is not None and not any(
        card.name == adjudication.adjudicator and card.seat is Seat.ADJUDICATOR for card in chosen
    ):
        name = adjudication.adjudicator
        raise _unmade(
            f"the adjudicator {name} has no account with that seat",
            f"Make one: marrow study account new {name} --seat adjudicator",
        )
    if mode is SealMode.COORDINATOR:
        if len(coordinators) != 1:
            raise _unmade(
                f"a coordinator needs one account with that seat, and there are {len(coordinators)}",
                "Make one: marrow study account new NAME --seat coordinator",
            )
        chosen += coordinators
    elif len(plan.readers) != 2:
        raise _unmade("sealing with both keys needs two readers", 'Set mode = "coordinator"')
    escrow = asked.escrow if asked else ""
    for card in chosen:
        if folder.escrow_of(card.name) != escrow:
            wanted = "with the plan's escrow key" if escrow else "without an escrow key"
            raise _unmade(f"the account {card.name} was not made {wanted}", "Make the account again")
    return replace(plan, sealing=Sealing(mode, tuple(chosen), escrow, secret_orders=True))


def plan_signers(plan: StudyPlan, folder: AccountFolder, passphrases: Mapping[str, str]) -> dict[str, Sign]:
    """How those sign who must sign the plan, as far as their passphrases are given.

    Raises
    ------
    WrongPassphrase
    """
    if plan.sealing is None:
        return {}
    return {
        card.name: folder.keys(card.name, passphrases[card.name])[1].sign
        for card in plan.sealing.signers
        if card.name in passphrases
    }


def _reader_card(cards: Mapping[str, Card], reader: str) -> Card:
    card = cards.get(reader)
    if card is None:
        raise _unmade(
            f"reader {reader} has no account",
            f'Make one: marrow study account new {reader}, or set mode = "none" under [sealing]',
        )
    if card.seat is not Seat.READER:
        raise _unmade(f"{reader} reads, but its account is that of a {card.seat}", "Use another code")
    return card


def _unmade(why: str, remedy: str) -> ResourceError:
    return ResourceError("The study was not made", why, remedy)


def _heed_log(study: Path, folder: AccountFolder, name: str) -> None:
    store = StudyStore.open(study)
    try:
        folder.heed(name, logged_tries(store, name))
    finally:
        store.close()


def _record(study: Path, actor: str, event: str, detail: dict[str, str], signers: Mapping[str, Sign]) -> None:
    store = StudyStore.open(study)
    try:
        store.signers.update(signers)
        store.record(actor, event, detail)
    except StoreError as error:
        raise ProtocolViolation(
            "The log of the study could not be written", error.why, error.remedy
        ) from error
    finally:
        store.close()
