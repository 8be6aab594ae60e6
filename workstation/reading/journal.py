"""What a reader enters, one entry at a time, kept for ever: undo appends, nothing is taken away.

The store sees each entry as opaque bytes from a codec, so that a codec which encrypts to the reader can
take the place of the plain one without the store changing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Protocol

from workstation.errors import StoreError
from workstation.masks.editing.strokes import NONE, Strokes, stroke_from
from workstation.scoring.instrument import Instrument
from workstation.scoring.sheet import Answer, AnswerState, Evidence, ScoreSheet

FORMAT = 1


class Kind(StrEnum):
    """What an entry says."""

    ANSWER = "answer"
    FLAG = "flag"
    EVIDENCE = "evidence"
    MARK = "mark"
    MASK = "mask"  # a stroke of the brush, or another edit of a drawn mask
    UNDO = "undo"
    REDO = "redo"
    VIEW = "view"
    PAUSE = "pause"  # the reader covered the case, or goes on
    NOT_READABLE = "not readable"  # the whole case, with a reason
    SETTLE = "settle"  # of a reconciliation only
    OPENED = "opened"  # the read was opened: with which program and screen
    SERIES = "series"  # a series was seen for the first time
    AMENDED = "amended"  # why a locked read was opened again
    AIDS = "masks shown"  # masks and proposed grades came on screen, by which rule
    SIGNED = "signed"  # the reader's word on blinding, just before the lock of a sealed read


NOTES = frozenset({Kind.OPENED, Kind.SERIES, Kind.AMENDED, Kind.SIGNED})
"""Entries that say what happened and change no answer."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing the reader did.

    Attributes
    ----------
    at : str
        UTC, ISO 8601.
    left : int or None
        How many items were unread after it, so that a worklist need not play whole journals. None in
        journals of earlier versions.
    plan : int or None
        With the first entry of a read: which plan of the study was in force. The read keeps it.
    """

    kind: Kind
    payload: Mapping[str, Any] = field(hash=False)
    at: str = ""
    left: int | None = None
    plan: int | None = None


@dataclass(frozen=True, slots=True)
class ReadKey:
    """Whose read of what. `version` above 1 is an amendment.

    Attributes
    ----------
    shown_as : str
        The code under which the reader meets it, where that is not the case's own.
    slot : str
        The name under which it is kept where orders are secret; it is then the `case` too as long as it is
        not known which case it stands for. Chains, encryption and signatures are bound to what is `kept`.
    """

    reader: str
    case: str
    presentation: int = 1
    version: int = 1
    shown_as: str = field(default="", compare=False)
    slot: str = field(default="", compare=False)

    @property
    def kept(self) -> tuple[str, str, int, int]:
        """Reader, case or slot, presentation and version as they are kept."""
        if self.slot:
            return self.reader, self.slot, 1, self.version
        return self.reader, self.case, self.presentation, self.version

    @property
    def name(self) -> str:
        """What a sentence to the reader may call it."""
        return self.shown_as or self.case


class Codec(Protocol):
    """Turns entries into the bytes that are kept, and back."""

    is_sealed: bool

    def encode(self, key: ReadKey, sequence: int, entry: Entry) -> bytes:
        """Bytes of the entry of a read that has this number, from 1."""

    def decode(self, key: ReadKey, sequence: int, payload: bytes) -> Entry:
        """The entry.

        Raises
        ------
        StoreError
            If the bytes are no entry.
        """


class PlainCodec:
    """Readable JSON. Not sealed: the screen says so."""

    is_sealed = False

    def encode(self, key: ReadKey, sequence: int, entry: Entry) -> bytes:  # noqa: ARG002 - sealing needs both
        """Canonical JSON, UTF-8."""
        return json.dumps(
            entry_data(entry), sort_keys=True, ensure_ascii=False, separators=(",", ":")
        ).encode()

    def decode(self, key: ReadKey, sequence: int, payload: bytes) -> Entry:  # noqa: ARG002
        """Parse what `encode` made."""
        try:
            return entry_from(json.loads(payload))
        except (ValueError, KeyError, TypeError) as error:
            raise StoreError(
                f"The read of {key.name} was not opened",
                "an entry of its journal is damaged or from a newer version",
                "Run marrow study verify",
            ) from error


def entry_data(entry: Entry) -> dict[str, Any]:
    """An entry as plain data."""
    data = {"format": FORMAT, "kind": entry.kind.value, "at": entry.at, "payload": dict(entry.payload)}
    numbers = {"left": entry.left, "plan": entry.plan}
    return {**data, **{name: number for name, number in numbers.items() if number is not None}}


def entry_from(data: Mapping[str, Any]) -> Entry:
    """The entry that `entry_data` told; raises ValueError, KeyError or TypeError if it is none."""
    if data["format"] != FORMAT or not isinstance(data["payload"], dict):
        raise ValueError("format")
    left, plan = (None if data.get(name) is None else int(data[name]) for name in ("left", "plan"))
    return Entry(Kind(data["kind"]), data["payload"], str(data["at"]), left, plan)


def utc_now() -> str:
    """This moment in UTC, to the microsecond."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


@dataclass(frozen=True)
class Content:
    """What a read says at one moment: a sheet per instrument, the reader's marks by their id, and masks.

    Attributes
    ----------
    drawn : Strokes
        What the reader drew, stroke by stroke.
    not_readable : str
        Why the reader could not read the case; then no item of it is assessable. Empty when it was read.
    """

    sheets: Mapping[str, ScoreSheet]
    marks: Mapping[str, Mapping[str, Any]]
    not_readable: str = ""
    drawn: Strokes = NONE

    @classmethod
    def empty(cls, instruments: Iterable[Instrument]) -> Content:
        """Nothing read yet."""
        sheets = {one.id: ScoreSheet.empty(one) for one in instruments}
        return cls(MappingProxyType(sheets), MappingProxyType({}))

    def sheet(self, instrument_id: str) -> ScoreSheet:
        """The sheet of one instrument of the plan.

        Raises
        ------
        StoreError
            If the plan has no such instrument.
        """
        if instrument_id not in self.sheets:
            raise StoreError("This answer was not kept", f"the plan has no instrument {instrument_id}")
        return self.sheets[instrument_id]

    @property
    def is_complete(self) -> bool:
        """True when no item of any sheet is unread."""
        return all(sheet.is_complete for sheet in self.sheets.values())

    @property
    def left(self) -> int:
        """How many items of all sheets are unread."""
        return sum(len(sheet.unread_items) for sheet in self.sheets.values())

    @property
    def is_untouched(self) -> bool:
        """True when nothing was answered."""
        return not any(sheet.answered for sheet in self.sheets.values())

    def changed_items(self, other: Content) -> tuple[tuple[str, str], ...]:
        """(instrument, item) of every answer that differs between two moments, e.g. across an undo."""
        return tuple(
            (name, mine.item_id)
            for name, sheet in self.sheets.items()
            for mine, theirs in zip(sheet.answers, other.sheets[name].answers, strict=True)
            if mine != theirs
        )

    def with_sheet(self, sheet: ScoreSheet) -> Content:
        """The content with one sheet replaced."""
        return replace(self, sheets=MappingProxyType({**self.sheets, sheet.instrument.id: sheet}))


def goes_on(content: Content, entry: Entry) -> bool:
    """Whether an entry is a further part of a stroke too large for one: undo takes all of it back."""
    last, payload = content.drawn.last, entry.payload
    is_part = entry.kind is Kind.MASK and int(payload["part"]) > 0
    return is_part and last is not None and last.id == payload["stroke"]


def applied(content: Content, entry: Entry) -> Content:
    """What a read says after one answer, flag, evidence, mark or stroke, or once called not readable."""
    payload = entry.payload
    if entry.kind is Kind.NOT_READABLE:
        sheets = {name: _nothing_assessable(sheet) for name, sheet in content.sheets.items()}
        return replace(content, sheets=MappingProxyType(sheets), not_readable=str(payload["reason"]))
    if entry.kind is Kind.MARK:
        marks = {**content.marks}
        if payload["mark"] is None:
            marks.pop(payload["id"], None)
        else:
            marks[str(payload["id"])] = dict(payload["mark"])
        return replace(content, marks=MappingProxyType(marks))
    if entry.kind is Kind.MASK:
        stroke, drawn = stroke_from(payload), content.drawn
        made = drawn.joining(stroke) if goes_on(content, entry) else drawn.adding(stroke)
        return replace(content, drawn=made)
    sheet = content.sheet(payload["instrument"])
    old = sheet.answer(payload["item"])
    if entry.kind is Kind.FLAG:
        return content.with_sheet(sheet.with_answer(replace(old, flagged=bool(payload["flagged"]))))
    evidence = evidence_from(payload.get("evidence"))
    if entry.kind is Kind.EVIDENCE:
        return content.with_sheet(sheet.with_answer(replace(old, evidence=evidence)))
    tied = old.evidence is not None and not old.evidence.assumed
    if tied and (evidence is None or evidence.assumed):
        evidence = old.evidence  # a slice that the reader tied outlives one that was merely on screen
    answer = Answer(old.item_id, AnswerState(payload["state"]), payload["grade"], old.flagged, evidence)
    answered = content.with_sheet(sheet.with_answer(answer))
    # One grade, or an item taken back, and it was readable after all.
    return answered if answer.state is AnswerState.NOT_ASSESSABLE else replace(answered, not_readable="")


def _nothing_assessable(sheet: ScoreSheet) -> ScoreSheet:
    for answer in sheet.answers:
        sheet = sheet.with_answer(Answer(answer.item_id, AnswerState.NOT_ASSESSABLE, None, answer.flagged))
    return sheet


def answer_entry(instrument_id: str, answer: Answer) -> Entry:
    """The entry that keeps an answer."""
    return Entry(
        Kind.ANSWER,
        {
            "instrument": instrument_id,
            "item": answer.item_id,
            "state": answer.state.value,
            "grade": answer.grade,
            "evidence": evidence_to(answer.evidence),
        },
        utc_now(),
    )


def evidence_to(evidence: Evidence | None) -> dict[str, Any] | None:
    """Evidence as plain data."""
    if evidence is None:
        return None
    return {
        "series": evidence.series_key,
        "instance": evidence.sop_instance_uid,
        "frame": evidence.frame,
        "slice": evidence.slice_index,
        "assumed": evidence.assumed,
        "view": None if evidence.view is None else dict(evidence.view),
    }


def evidence_from(data: Mapping[str, Any] | None) -> Evidence | None:
    """Evidence from what `evidence_to` made."""
    if data is None:
        return None
    return Evidence(
        str(data["series"]),
        str(data["instance"]),
        int(data["frame"]),
        int(data["slice"]),
        bool(data["assumed"]),
        data.get("view"),
    )
