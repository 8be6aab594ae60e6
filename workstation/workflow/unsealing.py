"""Opening the sealed sheets once everything that must be is locked: what each who takes part can do of it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from workstation.errors import ProtocolViolation
from workstation.reading import seal
from workstation.reading.cards import Card, SealMode, Seat
from workstation.reading.journal import ReadKey, utc_now
from workstation.reading.plan import StudyPlan, Unseal
from workstation.reading.sealed_sheet import SealedSheet, open_layer
from workstation.reading.visibility import has_locked_repeats
from workstation.store.study_seals import Opening, Stage
from workstation.store.study_store import StudyStore
from workstation.workflow.late import late_amendments
from workstation.workflow.secret_orders import tell_orders, tell_reads

if TYPE_CHECKING:
    from workstation.workflow.vault import Vault

LAYER_OPENED, SHEETS_OPENED = "outer layer opened", "sheets unsealed"


class Unsealing:
    """The part of a vault that opens sheets, with the keys of those who are signed in there."""

    def __init__(self, vault: Vault, store: StudyStore, plan: StudyPlan) -> None:
        self._vault = vault
        self._store = store
        self._plan = plan

    def open_sheets(self, cases: Collection[str]) -> None:
        """Open the sheets of cases whose required reads are all locked, as far as those here can.

        With a coordinator: the coordinator opens. With both keys: the first reader opens the outer layer,
        the second the inner one. Before anything opens, every lock of these cases is checked against its
        reader's signature.

        Raises
        ------
        ProtocolViolation
            If a lock is not what its reader signed.
        """
        sheets = {key: one for key, one in self._store.seals.sheets().items() if self._concerns(key, cases)}
        opened = self._vault.opened()
        waiting = {key: one for key, one in sheets.items() if key not in opened}
        if not waiting:
            return
        self._vault.require_signed_plan("Nothing was unsealed")
        self._require_commitments(cases, sheets)
        with self._store.batch():
            if self._vault.sealing.mode is SealMode.BOTH_KEYS:
                self._open_layers(waiting)
            else:
                self._open_as_coordinator(waiting)

    def still_needed(self, cases: Collection[str]) -> tuple[str, ...]:
        """Who has to sign in before the sheets of these cases are open; late amendments can wait."""
        settled = self._vault.opened() | late_amendments(self._store)
        sealed = (key for key in self._store.seals.sealed() if self._concerns(key, cases))
        waiting = [key for key in sealed if key not in settled]
        if not waiting:
            return ()
        layers = self._vault.sealing.layers
        if self._vault.sealing.mode is not SealMode.BOTH_KEYS:
            return (layers[0].name,)
        half = self._store.seals.opened(Stage.LAYER)
        return tuple(card.name for card in (layers[1:] if half.issuperset(waiting) else layers))

    def tell_when_locked(self, key: ReadKey) -> None:
        """With both keys and unsealing by case: once all of a case is locked, tell which reads it were.

        The other reader's client could not know else that the case may be opened. While a hidden repeat is
        outstanding nothing is told.
        """
        if self._plan.unseal is not Unseal.CASE or self._vault.sealing.mode is not SealMode.BOTH_KEYS:
            return
        reader, orders = key.reader, self._vault.orders
        own = [orders.named(one.key) for one in self._store.reads.locks() if one.key.reader == reader]
        locked = {(reader, one.case, one.presentation) for one in own}
        if not has_locked_repeats(orders, reader, locked):
            return  # what is told of some cases would say that the others come again
        order = orders.order(reader)
        open_cases = {shown.case for shown in order if (reader, shown.case, shown.number) not in locked}
        done = [shown for shown in order if shown.case not in open_cases]
        tell_reads(self._store, orders, reader, [orders.key(reader, shown) for shown in done])

    def _concerns(self, key: ReadKey, cases: Collection[str]) -> bool:
        """Whether a read is of one of these cases; where all are meant, what is not known yet is too."""
        whole = self._plan.unseal is Unseal.STUDY and set(cases) >= set(self._plan.cases)
        return whole or key.case in cases

    def _require_commitments(self, cases: Collection[str], sheets: dict[ReadKey, SealedSheet]) -> None:
        for lock in self._store.reads.locks():
            if self._concerns(lock.key, cases) and not self._vault.is_committed(lock, sheets.get(lock.key)):
                raise ProtocolViolation(
                    "Nothing was unsealed",
                    f"the lock of {lock.key.case} is not what {lock.key.reader} signed",
                    "Run marrow study verify",
                )

    def _open_as_coordinator(self, waiting: dict[ReadKey, SealedSheet]) -> None:
        coordinator = self._vault.sealing.layers[0].name
        if coordinator in self._vault.people:
            found = {key: self._layer(one, one.key_box, coordinator) for key, one in waiting.items()}
            self._hand_out(found, coordinator)
            self._tell(coordinator, waiting)

    def _open_layers(self, waiting: dict[ReadKey, SealedSheet]) -> None:
        outer, inner = (card.name for card in self._vault.sealing.layers)
        store, people = self._store.seals, self._vault.people
        if outer in people:
            now = utc_now()
            half = {one.key for one in store.openings(inner) if one.stage is Stage.LAYER}
            # What is under the outer layer is sealed to the other reader already.
            store.open(
                Opening(key, inner, Stage.LAYER, self._layer(one, one.key_box, outer), outer, now)
                for key, one in waiting.items()
                if key not in half
            )
            if waiting.keys() - half:
                self._store.record(outer, LAYER_OPENED, {"sheets": len(waiting.keys() - half)})
            self._tell(outer, waiting)
        if inner in people:
            layers = {one.key: one.box for one in store.openings(inner) if one.stage is Stage.LAYER}
            if layers.keys() >= waiting.keys() - late_amendments(self._store):
                # All at once: what is opened later than the rest would count as made after comparison.
                ready = waiting.keys() & layers.keys()
                self._hand_out({key: self._layer(waiting[key], layers[key], inner) for key in ready}, inner)
            self._tell(inner, waiting)

    def _layer(self, sheet: SealedSheet, box: bytes, name: str) -> bytes:
        return open_layer(self._store.study_uid, sheet, box, self._vault.people[name].keys)

    def _hand_out(self, sheet_keys: dict[ReadKey, bytes], opener: str) -> None:
        now = utc_now()
        self._store.seals.open(
            Opening(key, card.name, Stage.KEY, seal.seal_to(card.encryption_key, sheet_key), opener, now)
            for key, sheet_key in sheet_keys.items()
            for card in self._recipients()
        )
        if sheet_keys:
            self._store.record(opener, SHEETS_OPENED, {"sheets": len(sheet_keys)})

    def _recipients(self) -> Iterator[Card]:
        return (card for card in self._vault.sealing.accounts if card.seat is not Seat.ESCROW)

    def _tell(self, by: str, keys: Collection[ReadKey]) -> None:
        tell_reads(self._store, self._vault.orders, by, keys)
        if self._plan.unseal is Unseal.STUDY:
            tell_orders(self._store, self._vault.orders, by)
