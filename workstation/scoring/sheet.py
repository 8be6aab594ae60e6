"""What one reader says about one case with one instrument.

Not yet read and not assessable are different answers, and neither is grade 0. Totals are computed from
the answers and never kept. A sheet is frozen; every change gives a new one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from typing import Any

from workstation.errors import ResourceError
from workstation.scoring.instrument import Derived, Instrument


class AnswerState(StrEnum):
    """Whether an item was read. The values are those of the reads CSV."""

    UNREAD = "unread"
    SCORED = "scored"
    NOT_ASSESSABLE = "not_assessable"


@dataclass(frozen=True, slots=True)
class Evidence:
    """The slice behind an answer.

    Attributes
    ----------
    frame, slice_index : int
        Frame within the file and position in the shown stack, both from 0.
    assumed : bool
        True for the slice that was on screen at the answer; False when the reader tied it (K).
    view : mapping or None
        Viewing state of the grid at that moment, to restore it.
    """

    series_key: str
    sop_instance_uid: str
    frame: int
    slice_index: int
    assumed: bool = True
    view: Mapping[str, Any] | None = field(default=None, hash=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to one item. `grade` is set exactly when `state` is scored."""

    item_id: str
    state: AnswerState = AnswerState.UNREAD
    grade: int | None = None
    flagged: bool = False
    evidence: Evidence | None = None

    def __post_init__(self) -> None:
        if (self.state is AnswerState.SCORED) != (self.grade is not None):
            raise ResourceError(
                "This answer was not kept", f"{self.item_id} is {self.state} with grade {self.grade}"
            )

    @property
    def is_answered(self) -> bool:
        """True once the reader has scored the item or called it not assessable."""
        return self.state is not AnswerState.UNREAD

    @classmethod
    def scored(cls, item_id: str, grade: int, evidence: Evidence | None = None) -> Answer:
        """A grade."""
        return cls(item_id, AnswerState.SCORED, grade, evidence=evidence)

    @classmethod
    def not_assessable(cls, item_id: str, evidence: Evidence | None = None) -> Answer:
        """Outside the images, or destroyed by artefact or implant."""
        return cls(item_id, AnswerState.NOT_ASSESSABLE, evidence=evidence)


@dataclass(frozen=True, slots=True)
class Total:
    """A derived value.

    Attributes
    ----------
    value : float or None
        None when no item of it has a grade.
    partial : bool
        True when an item is unread or not assessable.
    answered, of : int
        Items with a grade, and items that belong to the total.
    """

    value: float | None
    partial: bool
    answered: int
    of: int

    @property
    def text(self) -> str:
        """``"11"``, ``"11 (14 of 15)"``, ``"–"``."""
        if self.value is None:
            return "–"
        number = number_text(self.value)
        return f"{number} ({self.answered} of {self.of})" if self.partial else number


@dataclass(frozen=True)
class ScoreSheet:
    """Answers of one instrument, one per item in the instrument's order."""

    instrument: Instrument
    answers: tuple[Answer, ...]

    @classmethod
    def empty(cls, instrument: Instrument) -> ScoreSheet:
        """A sheet on which nothing was read yet."""
        return cls(instrument, tuple(Answer(item.id) for item in instrument.items))

    def __post_init__(self) -> None:
        expected = tuple(item.id for item in self.instrument.items)
        if tuple(answer.item_id for answer in self.answers) != expected:
            raise ResourceError(
                "This sheet was not opened", f"its items are not those of {self.instrument.id}"
            )

    @cached_property
    def _by_id(self) -> dict[str, Answer]:
        return {answer.item_id: answer for answer in self.answers}

    def answer(self, item_id: str) -> Answer:
        """The answer to one item.

        Raises
        ------
        ResourceError
            If the instrument has no such item.
        """
        self.instrument.item(item_id)
        return self._by_id[item_id]

    def with_answer(self, answer: Answer) -> ScoreSheet:
        """A new sheet with one answer replaced.

        Raises
        ------
        ResourceError
            If the item or the grade does not exist in the instrument.
        """
        item = self.instrument.item(answer.item_id)
        if answer.grade is not None:
            item.level(answer.grade)
        return replace(
            self, answers=tuple(answer if old.item_id == answer.item_id else old for old in self.answers)
        )

    @property
    def is_complete(self) -> bool:
        """True when no item is unread."""
        return all(answer.is_answered for answer in self.answers)

    @property
    def answered(self) -> int:
        """How many items are no longer unread."""
        return sum(answer.is_answered for answer in self.answers)

    @property
    def unread_items(self) -> tuple[str, ...]:
        """Items still to be read, in order."""
        return tuple(answer.item_id for answer in self.answers if not answer.is_answered)

    @property
    def unread_names(self) -> str:
        """The same as a sentence lists them."""
        return ", ".join(self.instrument.item(item).name for item in self.unread_items)

    @property
    def flagged_items(self) -> tuple[str, ...]:
        """Items the reader wants to come back to, in order."""
        return tuple(answer.item_id for answer in self.answers if answer.flagged)

    def next_unanswered(self, after: str | None = None) -> str | None:
        """The next unread item behind `after`, going round once; None when all are answered."""
        ids = [answer.item_id for answer in self.answers]
        start = ids.index(after) + 1 if after in self._by_id and after is not None else 0
        for item_id in ids[start:] + ids[:start]:
            if not self._by_id[item_id].is_answered:
                return item_id
        return None

    def points(self, item_id: str) -> float | None:
        """What the item adds to a sum; None without a grade."""
        grade = self.answer(item_id).grade
        return None if grade is None else self.instrument.item(item_id).level(grade).points

    def totals(self) -> dict[str, Total]:
        """Every derived value by its id, flagged partial where an item has no grade."""
        return {derived.id: self._total(derived) for derived in self.instrument.derived}

    def _total(self, derived: Derived) -> Total:
        graded = [item_id for item_id in derived.items if self._by_id[item_id].grade is not None]
        points = [self.points(item_id) or 0.0 for item_id in graded]
        value: float | None = None
        if points:
            if derived.kind == "sum":
                value = sum(points)
            elif derived.kind == "max":
                value = max(points)
            else:
                value = float(sum((self._by_id[item_id].grade or 0) > 0 for item_id in graded))
        return Total(value, len(graded) < len(derived.items), len(graded), len(derived.items))


def number_text(value: float) -> str:
    """A number without a needless fraction, never rounded: ``"11"``, ``"3.5"``."""
    return str(int(value)) if value == int(value) else repr(float(value))
