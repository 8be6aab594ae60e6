"""The journal: only ever added to, played back to the same answers, undone as far as one likes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workstation.errors import ResourceError, StoreError
from workstation.masks.editing.change import Change, packed
from workstation.masks.editing.strokes import Stroke, stroke_data
from workstation.reading.journal import (
    Content,
    Entry,
    Kind,
    PlainCodec,
    ReadKey,
    answer_entry,
    evidence_from,
    evidence_to,
)
from workstation.reading.replaying import Replay, replay
from workstation.scoring.instrument import instrument
from workstation.scoring.sheet import Answer, AnswerState, Evidence

RECHT, WORMS = instrument("recht"), instrument("worms-marrow")
FORMS = (RECHT, WORMS)
KEY = ReadKey("R1", "K-1")

evidences = st.none() | st.builds(
    Evidence,
    series_key=st.text(max_size=5),
    sop_instance_uid=st.text(max_size=5),
    frame=st.integers(0, 9),
    slice_index=st.integers(0, 99),
    assumed=st.booleans(),
    view=st.none() | st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
)


@st.composite
def actions(draw: st.DrawFn) -> Entry:
    form = draw(st.sampled_from(FORMS))
    item = draw(st.sampled_from(form.items))
    kind = draw(st.sampled_from(["answer", "flag", "evidence", "mark", "mask", "view"]))
    if kind == "mask":
        return Entry(Kind.MASK, draw(st.sampled_from(STROKES)))
    if kind == "answer":
        state = draw(st.sampled_from(AnswerState))
        grade = draw(st.sampled_from(item.levels)).grade if state is AnswerState.SCORED else None
        return answer_entry(form.id, Answer(item.id, state, grade, evidence=draw(evidences)))
    payload: dict[str, Any] = {"instrument": form.id, "item": item.id}
    if kind == "flag":
        return Entry(Kind.FLAG, {**payload, "flagged": draw(st.booleans())})
    if kind == "evidence":
        return Entry(Kind.EVIDENCE, {**payload, "evidence": evidence_to(draw(evidences))})
    if kind == "mark":
        mark = draw(st.none() | st.dictionaries(st.text(max_size=3), st.floats(0, 9), max_size=2))
        return Entry(Kind.MARK, {"id": draw(st.sampled_from("abc")), "mark": mark})
    return Entry(Kind.VIEW, draw(st.dictionaries(st.text(max_size=3), st.integers(), max_size=2)))


def _stroke(number: int) -> dict[str, Any]:
    voxels = np.array([number, number + 1, number + 5])
    change = Change((1, 4, 4), voxels, np.zeros(3, np.uint8), np.full(3, number + 1, np.uint8))
    return stroke_data(Stroke(f"s{number}", "1.2", "brush", packed(change)))[0]


STROKES = [_stroke(number) for number in range(4)]
UNDO, REDO = Entry(Kind.UNDO, {}), Entry(Kind.REDO, {})
journals = st.lists(actions() | st.just(UNDO) | st.just(REDO), max_size=40)


def said(state: Replay) -> tuple[Any, ...]:
    sheets = tuple(sheet.answers for sheet in state.content.sheets.values())
    strokes = tuple(one.id for one in state.content.drawn.all())
    return sheets, dict(state.content.marks), strokes


@settings(max_examples=60)
@given(journals)
def test_what_is_kept_plays_back_to_what_was_seen(entries: list[Entry]) -> None:
    codec = PlainCodec()
    seen = Replay(Content.empty(FORMS))
    for entry in entries:
        seen = seen.after(entry)
    kept = [codec.decode(KEY, 1, codec.encode(KEY, 1, entry)) for entry in entries]
    again = replay(kept, FORMS)
    assert said(again) == said(seen)
    assert again.view == seen.view
    assert again.entries == len(entries)


@settings(max_examples=60)
@given(journals, actions())
def test_undo_takes_back_one_action_and_redo_brings_it_again(entries: list[Entry], action: Entry) -> None:
    before = replay(entries, FORMS)
    after = before.after(action)
    if action.kind is Kind.VIEW:
        assert said(after) == said(before), "looking around is no answer and is not undone"
        return
    assert said(after.after(UNDO)) == said(before)
    assert said(after.after(UNDO).after(REDO)) == said(after)


@settings(max_examples=60)
@given(journals)
def test_enough_undos_lead_back_to_nothing(entries: list[Entry]) -> None:
    state = replay(entries, FORMS)
    end = said(state)
    steps = len(state.past)
    for _ in range(steps):
        state = state.after(UNDO)
    assert state.content.is_untouched
    assert not state.content.marks
    assert said(state.after(UNDO)) == said(state), "nothing left to undo changes nothing"
    for _ in range(steps):
        state = state.after(REDO)
    assert said(state) == end


def test_an_undo_of_an_undo_goes_one_step_further_back() -> None:
    entries = [answer_entry("worms-marrow", Answer.scored("S", grade)) for grade in (1, 2, 3)]
    state = replay([*entries, UNDO, UNDO], FORMS)
    assert state.content.sheet("worms-marrow").answer("S").grade == 1


def test_a_new_answer_after_undo_leaves_nothing_to_redo() -> None:
    one, two, three = (answer_entry("recht", Answer.scored("MFC", grade)) for grade in (1, 2, 3))
    state = replay([one, two, UNDO, three, REDO], FORMS)
    assert state.content.sheet("recht").answer("MFC").grade == 3


def test_undo_names_the_items_that_changed() -> None:
    state = replay([answer_entry("recht", Answer.scored("MFC", 1))], FORMS)
    assert state.content.changed_items(state.after(UNDO).content) == (("recht", "MFC"),)


def test_a_tied_slice_outlives_one_that_was_merely_on_screen() -> None:
    tied = Evidence("series", "1.2", 0, 7, assumed=False)
    shown = Evidence("series", "1.3", 0, 9, assumed=True)
    entries = [
        Entry(Kind.EVIDENCE, {"instrument": "recht", "item": "MFC", "evidence": evidence_to(tied)}),
        answer_entry("recht", Answer.scored("MFC", 2, shown)),
    ]
    assert replay(entries, FORMS).content.sheet("recht").answer("MFC").evidence == tied
    again = answer_entry("recht", Answer.scored("MFC", 3, Evidence("series", "1.4", 0, 1, assumed=False)))
    kept = replay([*entries, again], FORMS).content.sheet("recht").answer("MFC").evidence
    assert kept is not None
    assert kept.slice_index == 1


def test_a_flag_stays_when_the_answer_changes() -> None:
    flag = Entry(Kind.FLAG, {"instrument": "recht", "item": "MFC", "flagged": True})
    state = replay([flag, answer_entry("recht", Answer.scored("MFC", 2))], FORMS)
    assert state.content.sheet("recht").flagged_items == ("MFC",)


@given(evidences)
def test_evidence_survives_being_kept(evidence: Evidence | None) -> None:
    assert evidence_from(evidence_to(evidence)) == evidence


@pytest.mark.parametrize(
    "payload",
    [b"", b"{}", b"[]", b"null", b"\xff", b'{"format":2,"kind":"undo","at":"","payload":{}}',
     b'{"format":1,"kind":"forget","at":"","payload":{}}',
     b'{"format":1,"kind":"undo","at":"","payload":[]}'],
)  # fmt: skip
def test_bytes_that_are_no_entry_are_refused(payload: bytes) -> None:
    with pytest.raises(StoreError, match="K-1"):
        PlainCodec().decode(KEY, 1, payload)


@pytest.mark.parametrize(
    "entry",
    [
        answer_entry("moaks", Answer.scored("MFC", 1)),
        answer_entry("recht", Answer.scored("MFC", 9)),
        answer_entry("recht", Answer.scored("Z", 1)),
        Entry(Kind.ANSWER, {}),
        Entry(Kind.ANSWER, {"instrument": "recht", "item": "MFC", "state": "guessed", "grade": 1}),
        Entry(Kind.ANSWER, {"instrument": "recht", "item": "MFC", "state": "scored", "grade": None}),
        Entry(Kind.SETTLE, {"instrument": "recht", "item": "MFC"}),
        Entry(Kind.EVIDENCE, {"instrument": "recht", "item": "MFC", "evidence": {"series": "x"}}),
    ],
)
def test_an_entry_that_fits_no_form_is_named_by_its_number(entry: Entry) -> None:
    good = answer_entry("recht", Answer.scored("MFC", 1))
    with pytest.raises(StoreError, match="entry 2 "):
        replay([good, entry], FORMS)


def test_an_answer_that_does_not_fit_changes_nothing() -> None:
    state = replay([answer_entry("recht", Answer.scored("MFC", 1))], FORMS)
    with pytest.raises(ResourceError):
        state.after(answer_entry("recht", Answer.scored("MFC", 9)))
    assert state.content.sheet("recht").answer("MFC").grade == 1


def test_the_parts_of_a_large_stroke_are_undone_together() -> None:
    voxels = np.arange(0, 3200, 2)
    change = Change((1, 40, 80), voxels, np.zeros(1600, np.uint8), np.ones(1600, np.uint8))
    parts = stroke_data(Stroke("s", "1.2", "grow", packed(change)))
    assert len(parts) == 2
    state = replay([Entry(Kind.MASK, part) for part in parts], FORMS)
    assert state.content.drawn.count == 1
    drawn = state.content.drawn.labels_of("1.2")
    assert drawn is not None
    assert np.count_nonzero(drawn) == 1600
    assert state.after(UNDO).content.drawn.labels_of("1.2") is None
    assert state.after(UNDO).after(REDO).content.drawn.labels_of("1.2") is not None


def test_a_damaged_stroke_is_named_by_its_number() -> None:
    with pytest.raises(StoreError, match="entry 1 "):
        replay([Entry(Kind.MASK, {**STROKES[0], "shape": [1, 1, 1]})], FORMS)
