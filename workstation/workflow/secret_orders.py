"""Secret orders of a sealed study: drawn when the plan is signed, and told to everybody at the end."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress

from workstation.reading import seal
from workstation.reading.journal import ReadKey, utc_now
from workstation.reading.order import Presentation
from workstation.reading.orders import Orders
from workstation.reading.plan import StudyPlan
from workstation.reading.sealing_rule import Sealing
from workstation.reading.secret_order import (
    EVERYBODY,
    OrderSeed,
    ToldRead,
    commitment_of,
    drawers,
    is_told,
    opened_seed,
    own_seed,
    sealed_seeds,
)
from workstation.store.study_orders import ORDER_DRAWN
from workstation.store.study_store import StudyStore


def draw_orders(
    store: StudyStore, plan: StudyPlan, names: Iterable[str], keys: Mapping[str, seal.Keys] | None = None
) -> None:
    """Draw the orders that some accounts may draw and that were not drawn yet; they must be signers.

    With both keys a reader's order is drawn with the own `keys`, so when that reader first signs in.

    What was drawn once is never drawn again, though somebody should have taken it away: a reader would go on
    in another order, and the reads that are kept would stand for nothing.
    """
    if plan.sealing is None or not plan.has_secret_orders:
        return
    drawn = {one.reader for one in store.orders.seeds()}
    log = [one.detail for one in store.audit(ORDER_DRAWN)]
    now = utc_now()
    new: list[OrderSeed] = []
    for reader in plan.readers:
        if reader in drawn or any(f'"reader":"{reader}"' in detail for detail in log):
            continue
        for card in drawers(plan.sealing, reader):
            own = (keys or {}).get(card.name)
            if card.name not in names or (card.name == reader and own is None):
                continue
            seed = own_seed(own, store.study_uid, reader) if own and card.name == reader else seal.new_key()
            new += sealed_seeds(store.study_uid, plan.sealing, reader, seed, card, now)
    if new:
        store.orders.keep_seeds(new)


def known_orders(store: StudyStore, plan: StudyPlan, people: Mapping[str, seal.Keys]) -> Orders:
    """What those who are signed in may know of the orders; what was meddled with is not known."""
    sealing = plan.sealing
    if sealing is None or not plan.has_secret_orders:
        return Orders(plan)
    seeds = {}
    for one in store.orders.seeds((*people, EVERYBODY)):
        if one.reader in plan.readers:
            with suppress(seal.NotOpened):
                seeds[one.reader] = opened_seed(one, sealing, store.study_uid, people.get(one.recipient))
    return Orders(plan, seeds, _told(store, sealing))


def require_own_order(store: StudyStore, orders: Orders, name: str) -> None:
    """Refuse a reader whose order was drawn, and was changed or taken away since.

    Raises
    ------
    NotOpened
    """
    if not orders.are_secret or name not in orders.plan.readers or orders.knows(name):
        return
    if any(f'"reader":"{name}"' in one.detail for one in store.audit(ORDER_DRAWN)):
        raise seal.not_opened(f"the order of {name}")


def tell_reads(store: StudyStore, orders: Orders, by: str, keys: Collection[ReadKey]) -> None:
    """Tell everybody which cases some reads stand for, as far as `by` may; nothing where it is no secret."""
    sealing = orders.plan.sealing
    if sealing is None or not orders.are_secret:
        return
    now = utc_now()
    store.orders.tell(
        ToldRead(key.reader, key.slot, key.case, key.presentation, by, now)
        for key in sorted({_first_version(key) for key in keys}, key=lambda one: one.slot)
        if key.case != key.slot and by in {card.name for card in drawers(sealing, key.reader)}
    )


def tell_orders(store: StudyStore, orders: Orders, by: str) -> None:
    """Tell everybody the seeds that `by` drew, once every read is open."""
    sealing = orders.plan.sealing
    if sealing is None or not orders.are_secret:
        return
    store.orders.keep_seeds(
        OrderSeed(reader, EVERYBODY, seed, commitment_of(store.study_uid, reader, seed), by, utc_now())
        for reader, seed in sorted(orders.seeds.items())
        if by in {card.name for card in drawers(sealing, reader)}
    )


def _first_version(key: ReadKey) -> ReadKey:
    return ReadKey(key.reader, key.case, key.presentation, 1, "", key.slot)


def _told(store: StudyStore, sealing: Sealing) -> dict[tuple[str, str], Presentation]:
    return {
        (one.reader, one.slot): Presentation(one.case, one.presentation)
        for one in store.orders.told()
        if is_told(one, sealing, store.study_uid)
    }
