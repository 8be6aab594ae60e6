"""Answers that are known beforehand: read from a table, sealed into the plan, opened by who may."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from workstation.errors import DataError, ResourceError
from workstation.imaging.study import Case
from workstation.reading import seal
from workstation.reading.cards import Card, SealMode, Seat
from workstation.reading.known_cases import Calibration, Drift, KnownAnswers
from workstation.reading.plan import StudyPlan, require_same_instrument
from workstation.reading.sealing_rule import Sealing
from workstation.scoring.instrument import Instrument, instruments
from workstation.store.account_files import AccountFolder
from workstation.workflow.answer_table import AnswerTable
from workstation.workflow.case_forms import NOT_MADE, forms_compared, with_columns

Known = Mapping[str, Mapping[str, Mapping[str, int | None]]]
"""Grade by case, instrument and item; None where the item is not assessable."""


def completed_plan(
    plan: StudyPlan,
    folder: Path,
    people: AccountFolder,
    cases: Mapping[str, Case] | None = None,
    what: str = NOT_MADE,
) -> StudyPlan:
    """A plan as a person writes it, with what the program adds: columns, known answers, the contact's keys.

    Parameters
    ----------
    folder : Path
        Where tables of known answers are looked for.
    cases : mapping of code to Case, optional
        Those of the library, for the visits and sides of the plan's cases.
    what : str
        How a refusal of these begins.

    Raises
    ------
    ResourceError
        If a table cannot be used, the visits do not fit, or the safety contact has no fitting account.
    """
    forms = require_same_instrument(plan, instruments())
    plan = with_columns(plan, cases, forms, what)
    conduct = plan.conduct
    calibration, drift, safety = conduct.calibration, conduct.drift, conduct.safety
    if calibration is not None and calibration.answers.file:
        known = read_known(folder / calibration.answers.file, calibration, forms, plan)
        calibration = replace(calibration, answers=_for_all(known, plan.sealing))
    if drift is not None and drift.answers.file:
        known = read_known(folder / drift.answers.file, drift, forms, plan)
        drift = replace(drift, answers=_for_later(known, plan.sealing))
    if safety is not None and safety.card is None:
        safety = replace(safety, card=_contact(safety.contact, people))
    return replace(plan, conduct=replace(conduct, calibration=calibration, drift=drift, safety=safety))


def read_known(path: Path, one: Calibration | Drift, forms: Sequence[Instrument], plan: StudyPlan) -> Known:
    """Known answers from a table with the columns ``case, item, value``, or from locked reads.

    Where time points are paired, ``visit`` is the library's label.

    Other cases in the table are not looked at; a table with several readers, or with an unread item, is
    refused.

    Raises
    ------
    ResourceError
    """
    what = "The known answers were not taken"
    table = AnswerTable(what)
    found: dict[str, dict[str, dict[str, int | None]]] = {}
    reader = ""
    forms_of = {case: forms_compared(plan, forms, case) for case in one.cases}
    try:
        for row in table.rows(path, ("case", "item", "value")):
            if row["case"] not in one.cases:
                continue
            if row["reader"] and reader not in ("", row["reader"]):
                raise table.wrong(
                    row.line, "is of a second reader; known answers are those of one, or a consensus"
                )
            reader = row["reader"] or reader
            form, item = table.item_of(row, forms_of[row["case"]])
            answer = table.answer_of(row, item)
            if answer is not None:
                found.setdefault(row["case"], {}).setdefault(form.id, {})[item.id] = answer.grade
    except DataError as error:
        raise ResourceError(what, f"{path.name}: {error.why}", error.remedy) from error
    for case in one.cases:
        for form in forms_of[case]:
            missing = [
                item.name for item in form.items if item.id not in found.get(case, {}).get(form.id, {})
            ]
            if missing:
                raise ResourceError(
                    what,
                    f"{path.name} has no answer for {missing[0]} of {case}",
                    "Every item of every known case needs one, or NA",
                )
    return found


def open_known(
    one: Calibration | Drift, sealing: Sealing | None, keys: Mapping[str, seal.Keys]
) -> Known | None:
    """The known answers, if someone here may open them; None otherwise.

    Parameters
    ----------
    keys : mapping of account name to Keys
        Of those who are signed in.

    Raises
    ------
    NotOpened
        If they were changed.
    """
    boxes = dict(one.answers.boxes)
    content: bytes | None = None
    try:
        if "" in boxes:
            content = base64.b64decode(boxes[""], validate=True)
        elif isinstance(one, Drift) and sealing is not None and sealing.mode is SealMode.BOTH_KEYS:
            outer, inner = (card.name for card in sealing.layers)
            if outer in keys and inner in keys:
                content = keys[inner].open(keys[outer].open(base64.b64decode(boxes[outer], validate=True)))
        else:
            name = next((name for name in boxes if name in keys), None)
            if name is not None:
                content = keys[name].open(base64.b64decode(boxes[name], validate=True))
        if content is None:
            return None
        data: Known = json.loads(seal.unpadded(content))
    except (ValueError, KeyError, binascii.Error) as error:
        raise seal.not_opened("a list of known answers") from error
    return data


def _for_all(known: Known, sealing: Sealing | None) -> KnownAnswers:
    """A copy for each reader, whose program judges the calibration, and for the coordinator."""
    content = _packed(known)
    if sealing is None or sealing.mode is SealMode.NONE:
        return KnownAnswers((("", base64.b64encode(content).decode()),))
    cards = (*sealing.readers, *(() if sealing.coordinator is None else (sealing.coordinator,)))
    return KnownAnswers(tuple((card.name, _boxed(content, card)) for card in cards))


def _for_later(known: Known, sealing: Sealing | None) -> KnownAnswers:
    """One copy, closed like the sheets: for the coordinator, or under both readers' keys."""
    content = _packed(known)
    if sealing is None or sealing.mode is SealMode.NONE:
        return KnownAnswers((("", base64.b64encode(content).decode()),))
    outer, *inner = sealing.layers
    for card in inner:
        content = seal.seal_to(card.encryption_key, content)
    return KnownAnswers(((outer.name, _boxed(content, outer)),))


def _packed(known: Known) -> bytes:
    return seal.padded(json.dumps(known, sort_keys=True, ensure_ascii=False).encode())


def _boxed(content: bytes, card: Card) -> str:
    return base64.b64encode(seal.seal_to(card.encryption_key, content)).decode()


def _contact(name: str, people: AccountFolder) -> Card:
    what = "The study was not made"
    card = next((one for one in people.cards() if one.name == name), None)
    if card is None:
        raise ResourceError(
            what,
            f"the safety contact {name} has no account",
            f"Make one: marrow study account new {name} --seat safety",
        )
    if card.seat in (Seat.READER, Seat.ESCROW):
        raise ResourceError(
            what,
            f"the safety contact {name} has the account of a {card.seat.value}",
            "Name somebody who does not read",
        )
    return card
