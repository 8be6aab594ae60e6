"""What is known here of the readers' orders: all, or where they are secret only what someone was told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from workstation.reading.journal import ReadKey
from workstation.reading.order import (
    OF_CALIBRATION,
    Presentation,
    calibration_order,
    case_order,
    order_is_secret,
    reading_codes,
    reads_of_each,
    slot_of,
    visit_order,
)
from workstation.reading.plan import StudyPlan


@dataclass(frozen=True, eq=False)
class Orders:
    """The orders of a study, and the names under which reads are kept.

    Where orders are secret a read is kept under a *slot*, a name that says nothing. Which case it stands for
    is known to its reader, to the coordinator, and once it was told to everybody.

    Attributes
    ----------
    seeds : mapping of reader to bytes
        Secret seeds that are known here.
    told : mapping of (reader, slot) to Presentation
        What was told to everybody.
    """

    plan: StudyPlan
    seeds: Mapping[str, bytes] = field(default_factory=dict)
    told: Mapping[tuple[str, str], Presentation] = field(default_factory=dict)
    _kept: dict[tuple[str, str], object] = field(default_factory=dict, repr=False)

    @property
    def are_secret(self) -> bool:
        """Whether reads are kept under slots."""
        return self.plan.has_secret_orders

    def knows(self, reader: str) -> bool:
        """Whether a reader's order is known here."""
        return not self.are_secret or reader in self.seeds

    def length(self, reader: str) -> int:
        """How many reads the plan asks of a reader: that is no secret."""
        self.plan.require_reader(reader)
        return reads_of_each(self.plan)

    def order(self, reader: str) -> tuple[Presentation, ...]:
        """A reader's order.

        Raises
        ------
        ProtocolViolation
            If it is not known here.
        """
        found = self._kept.get(("order", reader))
        if not isinstance(found, tuple):
            found = case_order(self.plan, reader, self.seeds.get(reader))
            self._kept["order", reader] = found
        return found

    def codes(self, reader: str) -> Mapping[Presentation, str]:
        """The codes under which a reader meets the presentations.

        Raises
        ------
        ProtocolViolation
            If the order is not known here.
        """
        found = self._kept.get(("codes", reader))
        if not isinstance(found, Mapping):
            found = reading_codes(self.plan, reader, self.seeds.get(reader))
            self._kept["codes", reader] = found
        return found

    def visits(self, reader: str, shown: Presentation, *, knows_order: bool) -> tuple[str, ...]:
        """The visits of a case as a reader meets them; see `visit_order`.

        Raises
        ------
        ProtocolViolation
            If they come in an order of chance that is not known here.
        """
        return visit_order(self.plan, reader, shown, knows_order=knows_order, seed=self.seeds.get(reader))

    def slots(self, reader: str) -> Mapping[Presentation, str]:
        """The slot of each presentation of a reader, as far as it is known here."""
        found = self._kept.get(("slots", reader))
        if not isinstance(found, Mapping):
            found = {shown: slot for (name, slot), shown in self.told.items() if name == reader}
            if reader in self.seeds:
                seed = self.seeds[reader]
                found |= {shown: slot_of(seed, reader, shown) for shown in self.order(reader)}
                found |= {
                    shown: slot_of(seed, reader, shown, calibrates=True) for shown in self._calibrating()
                }
            self._kept["slots", reader] = found
        return found

    def key(self, reader: str, shown: Presentation, version: int = 1, shown_as: str = "") -> ReadKey:
        """The key of a reader's read.

        Raises
        ------
        ProtocolViolation
            If the reader's order is not known here.
        """
        slot = self.slots(reader).get(shown, "") if self.are_secret else ""
        if self.are_secret and not slot:
            raise order_is_secret(reader)
        return ReadKey(reader, shown.case, shown.number, version, shown_as, slot)

    def named(self, key: ReadKey) -> ReadKey:
        """A read as it is kept, with the case it stands for where that is known here."""
        if not self.are_secret or not key.reader:
            return key
        if key.slot and key.case != key.slot:
            return key
        shown = self._by_slot(key.reader).get(key.case)
        if shown is not None:
            return replace(key, case=shown.case, presentation=shown.number, slot=key.case)
        slot = self.slots(key.reader).get(Presentation(key.case, key.presentation), key.case)
        return replace(key, slot=slot)

    def calibration(self, reader: str, attempt: int) -> tuple[Presentation, ...]:
        """The cases of the calibration in the order of one attempt of a reader; that is no secret."""
        rule = self.plan.conduct.calibration
        cases = () if rule is None else rule.cases
        return calibration_order(self.plan, reader, attempt, cases)

    def slots_for(self, case: str) -> tuple[str, ...]:
        """Every name under which reads of a case may be kept, as far as that is known here."""
        if not self.are_secret:
            return (case,)
        found = (self.slots(reader).items() for reader in self.plan.readers)
        return (case, *(slot for slots in found for shown, slot in slots if shown.case == case))

    def calibrates(self, case: str) -> bool:
        """Whether a case, or the slot of one that is not known here, belongs to the calibration."""
        rule = self.plan.conduct.calibration
        return case.startswith(OF_CALIBRATION) or (rule is not None and case in rule.cases)

    def _calibrating(self) -> tuple[Presentation, ...]:
        """Every attempt at a case of the calibration."""
        rule = self.plan.conduct.calibration
        if rule is None:
            return ()
        return tuple(Presentation(case, n) for case in rule.cases for n in range(1, rule.attempts + 1))

    def _by_slot(self, reader: str) -> Mapping[str, Presentation]:
        found = self._kept.get(("by slot", reader))
        if not isinstance(found, Mapping):
            found = {slot: shown for shown, slot in self.slots(reader).items()}
            self._kept["by slot", reader] = found
        return found


def orders_of(given: StudyPlan | Orders) -> Orders:
    """Orders as given, or what the plan alone says of them."""
    return given if isinstance(given, Orders) else Orders(given)
