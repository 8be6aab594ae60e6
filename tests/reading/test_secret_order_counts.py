"""Where another reader's order is secret, only how many reads are locked says whether everything is."""

from __future__ import annotations

from workstation.reading.cards import SealMode
from workstation.reading.conduct import Conduct, Repeats
from workstation.reading.known_cases import Calibration, Drift
from workstation.reading.order import OF_CALIBRATION, Presentation, case_order
from workstation.reading.orders import Orders
from workstation.reading.plan import StudyPlan, Unseal
from workstation.reading.sealing_rule import Sealing
from workstation.reading.visibility import missing_reads, unsealed_cases

CASES = tuple(f"K-{number}" for number in range(8))
CONDUCT = Conduct(
    repeats=Repeats(0.25), calibration=Calibration(("T-1", "T-2")), drift=Drift(("D-1", "D-2", "D-3"), 0.25)
)
SEEDS = {"R1": bytes(range(32)), "R2": bytes(range(1, 33))}


def plan(unseal: Unseal = Unseal.STUDY, conduct: Conduct = CONDUCT) -> StudyPlan:
    sealing = Sealing(SealMode.BOTH_KEYS, secret_orders=True)
    forms = (("recht", "1.0"),)
    return StudyPlan("s", "S", 1, CASES, ("R1", "R2"), forms, unseal=unseal, sealing=sealing, conduct=conduct)


def locks(
    everything: Orders, known: Orders, reader: str, count: int, tries: int = 0
) -> set[tuple[str, str, int]]:
    """What `known` makes of a reader's locked reads; `tries` attempts at the calibration among them."""
    shown = [*everything.order(reader)[:count]]
    shown += [Presentation(case, n) for n in range(1, tries + 1) for case in ("T-1", "T-2")]
    kept = [everything.key(reader, one) for one in shown]
    bare = [known.named(type(key)(key.reader, key.slot)) for key in kept]
    return {(key.reader, key.case, key.presentation) for key in bare}


def test_the_length_that_everybody_knows_is_that_of_the_order() -> None:
    for conduct in (Conduct(), CONDUCT, Conduct(drift=CONDUCT.drift, batches=(5, 3))):
        orders = Orders(plan(conduct=conduct), SEEDS)
        for reader in orders.plan.readers:
            assert orders.length(reader) == len(orders.order(reader))
            assert len(set(orders.order(reader))) == len(orders.order(reader))


def test_attempts_at_the_calibration_never_stand_for_reads() -> None:
    everything = Orders(plan(), SEEDS)
    mine = Orders(plan(), {"R1": SEEDS["R1"]})
    length = everything.length("R2")
    own = locks(everything, mine, "R1", length, tries=2)
    for count, tries in ((length - 1, 0), (length - 1, 3), (length - 4, 2)):
        theirs = locks(everything, mine, "R2", count, tries)
        assert not {case for _, case, _ in theirs} & {*CASES, "T-1", "T-2"}
        assert missing_reads(mine, own | theirs) == length - count
        assert unsealed_cases(mine, own | theirs) == frozenset()
    whole = own | locks(everything, mine, "R2", length, tries=3)
    assert missing_reads(mine, whole) == 0
    assert unsealed_cases(mine, whole) == set(CASES)


def test_no_code_of_a_case_begins_like_a_slot_of_the_calibration() -> None:
    from workstation.reading.cards import ACCOUNT_NAME

    assert not ACCOUNT_NAME.fullmatch(f"{OF_CALIBRATION}a")


def test_an_order_does_not_follow_from_anything_that_is_kept_readable() -> None:
    one = plan()
    assert case_order(one, "R1", SEEDS["R1"]) == case_order(one, "R1", SEEDS["R1"])
    assert case_order(one, "R1", SEEDS["R1"]) != case_order(one, "R1", SEEDS["R2"])
    by_seed = {case_order(one, "R1", bytes([n]) * 32) for n in range(50)}
    assert len(by_seed) == 50
