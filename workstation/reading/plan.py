"""The plan of a reading study: cases, readers, instruments, blinding rules, order, resolution.

A plan is a TOML file that a person writes; it is frozen at the first answer, and its digest stands in the
study's audit chain.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Any

from workstation.errors import ProtocolViolation, ResourceError
from workstation.imaging.study import Joint
from workstation.reading.blinding_rule import Blinding, blinding_data, blinding_from
from workstation.reading.cards import Card, SealMode
from workstation.reading.case_columns import CaseColumns, columns_data, columns_from
from workstation.reading.conduct import Conduct, conduct_content, conduct_data, conduct_from, require_known
from workstation.reading.sealing_rule import Sealing, sealing_data, sealing_from
from workstation.scoring.instrument import Instrument
from workstation.scoring.toml_source import TomlSource, Where, parse_source, read_source

MAX_READERS = 2
"""Readers whose reads are compared; the rule ``median`` has three. An adjudicator is named apart."""

_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class Resolution(StrEnum):
    """How two differing reads become one result."""

    MEAN = "mean"
    CONSENSUS = "consensus"
    MEDIAN = "median"
    ADJUDICATION = "adjudication"

    @property
    def is_computed(self) -> bool:
        """True where nobody has to decide anything."""
        return self in (Resolution.MEAN, Resolution.MEDIAN)


class Unseal(StrEnum):
    """When reads may be compared: after every read of the study, or after both reads of a case."""

    STUDY = "study"
    CASE = "case"


@dataclass(frozen=True)
class StudyPlan:
    """A reading study.

    Attributes
    ----------
    instruments : tuple of (id, version)
    resolution : Resolution
        ``mean`` of the two reads (never rounded, never a grade), ``consensus`` with a reason, ``median`` of
        three reads, or ``adjudication`` of what differs by a third reader.
    tolerance : int
        Difference in grades that need not be settled.
    seed : int
        Every order and shuffle of the study follows from it; where orders are secret only which reader is X.
    columns : tuple of CaseColumns
        Of the cases whose form has, or may have, several columns; the program writes them from the library.
    for_reader : str
        Not empty in a plan as one reader sees it on a machine of the own; see `reader_plan`.
    """

    id: str
    title: str
    version: int
    cases: tuple[str, ...]
    readers: tuple[str, ...]
    instruments: tuple[tuple[str, str], ...]
    resolution: Resolution = Resolution.CONSENSUS
    tolerance: int = 0
    unseal: Unseal = Unseal.STUDY
    seed: int = 1
    blinding: Blinding = field(default_factory=Blinding)
    sealing: Sealing | None = None
    conduct: Conduct = field(default_factory=Conduct)
    columns: tuple[CaseColumns, ...] = ()
    for_reader: str = ""

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of the content."""
        content = {**asdict(self), "blinding": blinding_data(self.blinding)}
        if self.sealing is None:
            del content["sealing"]  # a plan from before sealing keeps its digest
        elif not self.sealing.secret_orders:
            del content["sealing"]["secret_orders"]  # and one from before orders were secret
        content["conduct"] = conduct_content(self.conduct)
        if not content["conduct"]:
            del content["conduct"]  # a plan from before it keeps its digest
        if not self.columns:
            del content["columns"]  # nor has one from before forms had columns any
        if not self.for_reader:
            del content["for_reader"]
        canonical = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()

    @property
    def is_sealed(self) -> bool:
        """Whether what readers enter is encrypted."""
        return self.sealing is not None and self.sealing.mode is not SealMode.NONE

    @property
    def has_secret_orders(self) -> bool:
        """Whether each reader's order follows from an own sealed seed and not from the plan's."""
        return self.is_sealed and self.sealing is not None and self.sealing.secret_orders

    @property
    def cards(self) -> tuple[Card, ...]:
        """Everybody whose fingerprint is to be compared: who takes part, and the safety contact."""
        accounts = self.sealing.accounts if self.sealing is not None else ()
        safety = self.conduct.safety
        if safety is None or safety.card is None or safety.card in accounts:
            return accounts
        return (*accounts, safety.card)

    def columns_of(self, case: str) -> CaseColumns:
        """The columns that the form of a case has; without visits and sides it has one."""
        return self._columns_by_case.get(case) or CaseColumns(case)

    @cached_property
    def _columns_by_case(self) -> Mapping[str, CaseColumns]:
        return {one.case: one for one in self.columns}

    def require_reader(self, reader: str) -> None:
        """Refuse a reader whom the plan does not name.

        Raises
        ------
        ProtocolViolation
        """
        if reader not in self.readers:
            raise ProtocolViolation(
                "This study was not opened for reading",
                f'its plan names no reader "{reader}"',
                f"Its readers are {' and '.join(self.readers)}",
            )

    def require_case(self, case: str) -> None:
        """Refuse a case that the plan does not name.

        Raises
        ------
        ProtocolViolation
        """
        if case not in self.cases:
            raise ProtocolViolation(
                "This case was not opened", f'the plan names no case "{case}"', "Check the case code"
            )

    def to_toml(self) -> str:
        """The plan as the text of a TOML file that `load_plan` reads back to an equal plan."""
        import tomli_w

        sealed = {} if self.sealing is None else {"sealing": sealing_data(self.sealing)}
        return tomli_w.dumps(
            {
                "id": self.id,
                "title": self.title,
                "version": self.version,
                "readers": list(self.readers),
                "cases": list(self.cases),
                "seed": self.seed,
                "reconciliation": {
                    "rule": self.resolution.value,
                    "tolerance": self.tolerance,
                    "unseal": self.unseal.value,
                },
                "blinding": blinding_data(self.blinding),
                "instruments": [{"id": one, "version": version} for one, version in self.instruments],
                **sealed,
                **conduct_data(self.conduct),
                **({"columns": columns_data(self.columns)} if self.columns else {}),
                **({"for_reader": self.for_reader} if self.for_reader else {}),
            }
        )


def load_plan(
    path: Path,
    instruments: Sequence[Instrument],
    cases: Mapping[str, Joint | None] | None = None,
) -> StudyPlan:
    """Read a plan and check it.

    Parameters
    ----------
    instruments : sequence of Instrument
        Those that the plan may name.
    cases : mapping of case code to joint, optional
        Those of the library; None leaves the case codes unchecked (no library at hand).

    Raises
    ------
    ResourceError
        For the first mistake: the file, the line, and what is wrong.
    """
    return _plan_from(read_source(path, "plan"), instruments, cases)


def parse_plan(
    text: str,
    instruments: Sequence[Instrument],
    cases: Mapping[str, Joint | None] | None = None,
    name: str = "plan.toml",
) -> StudyPlan:
    """Read a plan from text; see `load_plan`."""
    return _plan_from(parse_source(text, "plan", name), instruments, cases)


def _plan_from(
    source: TomlSource, instruments: Sequence[Instrument], cases: Mapping[str, Joint | None] | None
) -> StudyPlan:
    top = source.table(
        (),
        source.data,
        ("id", "title", "cases", "readers", "instruments"),
        (
            "version",
            "seed",
            "reconciliation",
            "blinding",
            "repeats",
            "required_series",
            "adjudication",
            "sealing",
            "calibration",
            "drift",
            "safety",
            "batches",
            "scores",
            "columns",
            "for_reader",
        ),
    )
    named = _instruments(source, top["instruments"], instruments)
    rules = source.table(
        ("reconciliation",), top.get("reconciliation", {}), (), ("rule", "tolerance", "unseal")
    )
    version = source.integer(("version",), top.get("version", 1))
    tolerance = source.integer(("reconciliation", "tolerance"), rules.get("tolerance", 0))
    if version < 1 or tolerance < 0:
        where: Where = ("version",) if version < 1 else ("reconciliation", "tolerance")
        raise source.mistake(where, f'"{where[-1]}" must not be {min(version, tolerance)}')
    rule = Resolution(
        source.choice(("reconciliation", "rule"), rules.get("rule", "consensus"), list(Resolution))
    )
    alone = _code(source, ("for_reader",), top["for_reader"]) if "for_reader" in top else ""
    readers = _readers(source, top["readers"], rule, alone)
    joints = {one.joint for one in named}
    known = _cases(source, top["cases"], cases, joints)
    conduct = conduct_from(source, top, rule.value if not alone else "", readers)
    require_known(source, conduct, known, cases, joints)
    return StudyPlan(
        id=_code(source, ("id",), top["id"]),
        title=source.text(("title",), top["title"]),
        version=version,
        cases=known,
        readers=readers,
        instruments=tuple((one.id, one.version) for one in named),
        resolution=rule,
        tolerance=tolerance,
        unseal=Unseal(
            source.choice(("reconciliation", "unseal"), rules.get("unseal", "study"), list(Unseal))
        ),
        seed=source.integer(("seed",), top.get("seed", 1)),
        blinding=blinding_from(source, top.get("blinding", {})),
        sealing=sealing_from(source, top["sealing"]) if "sealing" in top else None,
        conduct=conduct,
        columns=columns_from(source, top["columns"], (*known, *conduct.known)) if "columns" in top else (),
        for_reader=alone,
    )


def _code(source: TomlSource, where: Where, value: Any) -> str:
    text = source.text(where, value)
    if not _CODE.fullmatch(text):
        raise source.mistake(
            where, f'"{text}" cannot be a code: letters, digits, dot, dash and underscore only'
        )
    return text


def _codes(source: TomlSource, key: str, word: str, value: Any) -> tuple[str, ...]:
    codes: list[str] = []
    for i, raw in enumerate(source.tables((key,), value)):
        code = _code(source, (key, i), raw)
        same = next((old for old in codes if old.casefold() == code.casefold()), None)
        if same is not None:
            twice = "is named twice" if same == code else f'and "{same}" are too easily confused'
            raise source.mistake((key, i), f'{word} "{code}" {twice}')
        codes.append(code)
    return tuple(codes)


def _readers(source: TomlSource, value: Any, rule: Resolution, alone: str) -> tuple[str, ...]:
    readers = _codes(source, "readers", "reader", value)
    if alone:
        if readers != (alone,):
            raise source.mistake(("for_reader",), "a plan for one reader names that reader alone")
        return readers
    if rule is Resolution.MEDIAN:
        if len(readers) != 3:
            raise source.mistake(("readers",), f"a median needs 3 readers, and {len(readers)} are named")
    elif len(readers) > MAX_READERS:
        raise source.mistake(
            ("readers",), f"{len(readers)} readers are named; a study compares at most {MAX_READERS}"
        )
    elif rule is Resolution.ADJUDICATION and len(readers) != 2:
        raise source.mistake(("readers",), "an adjudicator decides between 2 readers; name both")
    return readers


def _cases(
    source: TomlSource, value: Any, known: Mapping[str, Joint | None] | None, joints: set[str]
) -> tuple[str, ...]:
    codes = _codes(source, "cases", "case", value)
    if known is None:
        return codes
    for i, code in enumerate(codes):
        if code not in known:
            raise source.mistake(
                ("cases", i),
                f'case "{code}" is not in the library',
                "Import its images, or correct the code; marrow library lists the cases",
            )
        joint = known[code]
        if joint is not None and joint.value not in joints:
            raise source.mistake(
                ("cases", i),
                f'case "{code}" is a {joint.value}, and no instrument of the plan is for that joint',
            )
    return codes


def _instruments(source: TomlSource, value: Any, known: Sequence[Instrument]) -> tuple[Instrument, ...]:
    found: list[Instrument] = []
    for i, raw in enumerate(source.tables(("instruments",), value)):
        where: Where = ("instruments", i)
        version: str | None = None
        if isinstance(raw, str):
            name = source.text(where, raw)
        else:
            table = source.table(where, raw, ("id",), ("version",))
            name = source.text((*where, "id"), table["id"])
            if "version" in table:
                version = source.text((*where, "version"), table["version"])
        same = [one for one in known if one.id == name]
        if not same:
            names = ", ".join(sorted({one.id for one in known}))
            raise source.mistake((*where, "id"), f'instrument "{name}" is not known', f"Known are {names}")
        chosen = next((one for one in same if one.version == version), None) if version else same[-1]
        if chosen is None:
            versions = ", ".join(one.version for one in same)
            raise source.mistake(
                (*where, "version"),
                f'instrument "{name}" has no version {version}',
                f"Known versions are {versions}",
            )
        if any(one.id == chosen.id for one in found):
            raise source.mistake((*where, "id"), f'instrument "{name}" is named twice')
        found.append(chosen)
    if len({one.joint for one in found}) > 1:
        raise source.mistake(("instruments",), "the instruments are for different joints")
    return tuple(found)


def require_same_instrument(plan: StudyPlan, instruments: Sequence[Instrument]) -> tuple[Instrument, ...]:
    """The plan's instruments, in its order.

    Raises
    ------
    ResourceError
        If this installation lacks one of them.
    """
    by_key = {(one.id, one.version): one for one in instruments}
    for one, version in plan.instruments:
        if (one, version) not in by_key:
            raise ResourceError(
                "This study was not opened",
                f"its instrument {one} {version} is not installed",
                "Install the version of the program that has it",
            )
    return tuple(by_key[key] for key in plan.instruments)
