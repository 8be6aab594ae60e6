"""Who is signed in to a sealed study, and what they can open: nothing else opens anything."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from workstation.errors import ProtocolViolation, StoreError
from workstation.reading import seal
from workstation.reading.account import WrongPassphrase
from workstation.reading.audit import Link
from workstation.reading.cards import Card
from workstation.reading.journal import Entry, ReadKey
from workstation.reading.orders import Orders
from workstation.reading.plan import StudyPlan
from workstation.reading.sealed_codec import SealedCodec, journal_key
from workstation.reading.sealed_sheet import (
    SealedSheet,
    is_committed,
    open_sheet,
    seal_sheet,
    sheet_size,
)
from workstation.reading.sealing_rule import Sealing
from workstation.reading.session import Lock
from workstation.store.account_files import AccountFolder, wrong_passphrase_of
from workstation.store.study_file import SYSTEM
from workstation.store.study_seals import (
    Opening,
    Stage,
    is_handed_out,
)
from workstation.store.study_store import StudyStore
from workstation.workflow import acceptance
from workstation.workflow.left_reads import SIGNED_OUT, is_cut, left_reads, open_heads
from workstation.workflow.secret_orders import (
    draw_orders,
    known_orders,
    require_own_order,
)
from workstation.workflow.unsealing import Unsealing
from workstation.workflow.wrong_passphrases import WRONG, logged_tries

SIGNED_IN = "signed in"

_LOGGER = logging.getLogger("workstation.study")


@dataclass(frozen=True, eq=False, slots=True)
class Person:
    """Someone who is signed in, with the secret keys in memory."""

    card: Card
    keys: seal.Keys
    remembered: seal.Remembered

    @property
    def name(self) -> str:
        """Name of the account."""
        return self.card.name


class Vault:
    """The sealed side of an open study.

    Attributes
    ----------
    sealing : Sealing
        What the plan says.
    people : dict of str to Person
        Who is signed in, by account name. Two readers who reconcile together are both.
    accounts : AccountFolder
    orders : Orders
        What those who are signed in know of the readers' orders.
    unsealing : Unsealing
    """

    def __init__(self, store: StudyStore, plan: StudyPlan, accounts: AccountFolder) -> None:
        assert plan.sealing is not None
        self._store = store
        self._plan = plan
        self.sealing: Sealing = plan.sealing
        self.accounts = accounts
        self.people: dict[str, Person] = {}
        self.codec = SealedCodec(store.study_uid, self._journal_key)
        self._boxes: dict[ReadKey, Opening] = {}  # sheet keys sealed to someone here
        self._sheet_keys: dict[ReadKey, bytes] = {}
        self._left: dict[tuple[str, str, int, int], tuple[int, str]] = {}
        self.unsealing = Unsealing(self, store, plan)
        self.orders: Orders
        self.know_as({})

    def know_as(self, keys: Mapping[str, seal.Keys]) -> None:
        """Name reads by what the owners of some keys may know of the orders."""
        self.orders = known_orders(self._store, self._plan, keys)
        self._store.know(self.orders)

    def refresh(self) -> None:
        """Look again what was opened and told, here or elsewhere, for those who are signed in."""
        self.know_as({name: one.keys for name, one in self.people.items()})
        self._boxes = {
            one.key: one
            for name in self.people
            for one in self._store.seals.openings(name)
            if one.stage is Stage.KEY
        }
        self._sheet_keys = {key: kept for key, kept in self._sheet_keys.items() if key in self._boxes}

    # signing in --------------------------------------------------------------------------------

    def sign_in(self, name: str, passphrase: str, accept_plan: str = "") -> Person:
        """Open an account. A wrong passphrase is slowed, counted on disk and an event of the study.

        Parameters
        ----------
        accept_plan : str
            Digest of a plan, or the first part of it: that the person has looked at this one, where it is not
            the one that was accepted before.

        Raises
        ------
        WrongPassphrase
            If it is wrong, or the account has to wait after wrong ones.
        ProtocolViolation
            If the account's keys are not those of the plan, or after the first read the plan is neither the
            one that this account has accepted nor a lawful later version of it.
        PlanNotAccepted
            If before the first read the plan is another one than this account has accepted.
        StoreError
            If the account's file is missing or damaged.
        """
        listed = self.sealing.card(name)
        self.accounts.heed(name, logged_tries(self._store, name))
        try:
            account, keys = self.accounts.keys(name, passphrase)
        except WrongPassphrase:
            self.note_wrong(name)
            raise
        if account.card != listed:
            raise ProtocolViolation(
                f"{name} was not signed in",
                "the keys of this account are not those that the plan lists",
                "Ask the coordinator which account belongs to the study; compare the fingerprints",
            )
        person = Person(listed, keys, seal.Remembered(passphrase))
        acceptance.require_accepted(self._store, listed, self._plan, accept_plan)
        self.people[name] = person
        self._store.signers[name] = keys.sign
        try:
            with self._store.batch():
                self._store.record(name, SIGNED_IN, {})
                if listed in self.sealing.signers:
                    self._store.sign_plan(name)
                    draw_orders(self._store, self._plan, [name], {name: keys})
                self._accept_plan(person)
            self.refresh()
            require_own_order(self._store, self.orders, name)
            self._left |= left_reads(self._store.audit(SIGNED_OUT), listed)
        except BaseException:
            self.people.pop(name)
            self._store.signers.pop(name)
            raise
        return person

    def sign_out(self, name: str) -> None:
        """Forget the keys of an account."""
        if self.people.pop(name, None) is not None:
            self._sheet_keys.clear()
            with suppress(StoreError):
                self.refresh()
            with suppress(StoreError):  # a study that can no longer be written is left all the same
                self._store.record(name, SIGNED_OUT, open_heads(self._store, name))
            self._store.signers.pop(name, None)

    def sign_out_all(self) -> None:
        """Forget all keys."""
        for name in tuple(self.people):
            self.sign_out(name)

    def confirm(self, name: str, passphrase: str) -> None:
        """Check the passphrase of someone who is signed in once more, before a signature.

        Raises
        ------
        WrongPassphrase
            If it is wrong; that is counted and slowed like a wrong one at the door.
        """
        self.accounts.heed(name, logged_tries(self._store, name))
        self.accounts.require_no_wait(name)
        if not self.person(name).remembered.matches(passphrase):
            self.note_wrong(name)
            self.accounts.count_wrong(name)
            raise wrong_passphrase_of(name)

    def person(self, name: str) -> Person:
        """Someone who is signed in.

        Raises
        ------
        ProtocolViolation
        """
        if name not in self.people:
            raise ProtocolViolation(
                "This needs a passphrase",
                f"{name} is not signed in to this sealed study",
                f"Sign in as {name}",
            )
        return self.people[name]

    def actor(self, otherwise: str) -> str:
        """Who acts now, for the log: the named one if signed in, else whoever is."""
        if otherwise in self.people or not self.people:
            return otherwise
        return next(iter(self.people))

    # the plan ----------------------------------------------------------------------------------

    def missing_plan_signatures(self) -> tuple[str, ...]:
        """Who has still to sign the plan in force, or whose signature does not fit it."""
        # The digest of what is in force, not the one that is kept beside it and that anyone could write.
        number, digest = self._store.plans()[-1].number, self._plan.digest
        valid = self._store.seals.plan_signers(number, digest, self.sealing)
        if self._plan.for_reader and valid:
            return ()  # the other reader signed the whole plan, where this reader's part was taken from it
        return tuple(card.name for card in self.sealing.signers if card.name not in valid)

    def require_signed_plan(self, what: str = "The case was not opened") -> None:
        """Refuse to read or to unseal while the plan's keys are vouched for by nobody.

        Raises
        ------
        ProtocolViolation
        """
        missing = self.missing_plan_signatures()
        if missing:
            raise ProtocolViolation(
                what,
                f"the plan with everybody's keys is not signed by {' and '.join(missing)}",
                f"It is signed when {' and '.join(missing)} signs in",
            )

    # entries -----------------------------------------------------------------------------------

    def entries(self, key: ReadKey, links: Sequence[Link]) -> tuple[Entry, ...]:
        """What a read says: the own journal, or another's sheet once it was opened for someone here.

        Raises
        ------
        ProtocolViolation
            If nobody who is signed in may open it.
        NotOpened
            If something was changed.
        """
        key = self.orders.named(key)
        if key.reader in self.people:
            return tuple(self.codec.decode(key, one.sequence, one.payload) for one in links)
        sheet_key = self._sheet_key(key)
        sheet = self._store.seals.sheet(key)
        if sheet_key is None or sheet is None:
            raise ProtocolViolation(
                f"The read of {key.case} was not opened", "it is sealed, and not yet opened for you"
            )
        # Whoever can write to the folder could put a sheet and openings of their own making in the place.
        locks = self._store.reads.locks(key.case)
        if not any(lock.key == key and self.is_committed(lock, sheet) for lock in locks):
            raise seal.not_opened("a sheet")
        entries = open_sheet(self._store.study_uid, sheet, sheet_key)
        if len(entries) != len(links):
            raise seal.not_opened("a sheet")
        return entries

    def is_cut(self, key: ReadKey, links: Sequence[Link]) -> bool:
        """Whether a read of someone here no longer holds what was there at the last sign-out."""
        return is_cut(key, links, self._left)

    def can_open(self, key: ReadKey) -> bool:
        """Whether someone who is signed in may see this read."""
        return key.reader in self.people or self._sheet_key(key) is not None

    def seal(self, lock: Lock) -> SealedSheet:
        """Seal and sign a read that is being locked, as its journal stands."""
        links = self._store.reads.entries(lock.key)
        return seal_sheet(
            self._store.study_uid,
            self._plan.digest,
            lock,
            self.entries(lock.key, links),
            self.person(lock.key.reader).keys,
            self.sealing.layers,
            sheet_size([len(one.payload) for one in links]),
        )

    # unsealing ---------------------------------------------------------------------------------

    def opened(self) -> frozenset[ReadKey]:
        """Reads whose sheets were opened for comparison."""
        return self._store.seals.opened(Stage.KEY)

    def open_sheets(self, cases: Collection[str]) -> None:
        """Open the sheets of cases whose required reads are all locked; see `Unsealing.open_sheets`.

        Raises
        ------
        ProtocolViolation
            If a lock is not what its reader signed.
        """
        self.unsealing.open_sheets(cases)
        self.refresh()

    def still_needed(self, cases: Collection[str]) -> tuple[str, ...]:
        """Who has to sign in before the sheets of these cases are open."""
        return self.unsealing.still_needed(cases)

    def reconcile_key(self, case: str) -> bytes:
        """The key of a case's reconciliation: only who has both readers' sheets can make it."""
        keys = []
        for reader in self._plan.readers:
            key = self._sheet_key(ReadKey(reader, case))
            if key is None:
                raise ProtocolViolation(
                    f"The reconciliation of {case} was not opened", "its reads are sealed for you"
                )
            keys.append(key)
        return seal.combined_key(keys, "reconcile", self._store.study_uid, case)

    # private -----------------------------------------------------------------------------------

    def _journal_key(self, key: ReadKey) -> bytes:
        if not key.reader:
            return self.reconcile_key(key.case)
        return journal_key(self.person(key.reader).keys, self._store.study_uid, key)

    def _sheet_key(self, key: ReadKey) -> bytes | None:
        one = self._boxes.get(key)
        if key not in self._sheet_keys and one is not None:
            if not is_handed_out(one, self.sealing, self._store.study_uid):
                raise seal.not_opened(f"the sheet of {key.reader}'s read of {key.case}")
            self._sheet_keys[key] = self.person(one.recipient).keys.open(one.box)
        return self._sheet_keys.get(key)

    def is_committed(self, lock: Lock, sheet: SealedSheet | None) -> bool:
        """Whether a lock and its sheet are what their reader signed."""
        uid, card = self._store.study_uid, self.sealing.find(lock.key.reader)
        return card is not None and sheet is not None and is_committed(uid, lock, sheet, card)

    def _accept_plan(self, person: Person) -> None:
        if not acceptance.has_accepted(self._store, person.card, self._plan):
            self._store.record(person.name, acceptance.ACCEPTED, {"digest": self._plan.digest})

    def note_wrong(self, name: str) -> None:
        """Keep in the log that a wrong passphrase was given."""
        _LOGGER.info("a wrong passphrase was given")
        with suppress(StoreError):  # the refusal must reach the person even if it cannot be logged
            self._store.record(SYSTEM, WRONG, {"account": name})
