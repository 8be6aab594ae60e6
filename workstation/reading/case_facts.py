"""Sex and age decade of the cases of a study, where its plan lets readers know them.

They stand in the plan, with nothing finer beside them: no birth date, no age in years, no date of a visit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workstation.scoring.toml_source import TomlSource

SEX, AGE_DECADE = "sex", "age_decade"
TITLES = {SEX: "sex", AGE_DECADE: "age decade"}
"""What a plan may reveal, and how it is called in sentences."""

_SHORT = {SEX: "sex", AGE_DECADE: "age"}

SEXES = ("female", "male", "other")
DECADES = (*(f"{first}-{first + 9}" for first in range(0, 90, 10)), "90+")
OLDEST = 120
"""Years. Nobody in a study is older; a higher age is a mistake of typing."""


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """Sex and age decade of a case at its baseline visit; empty where not revealed or not known."""

    case: str
    sex: str = ""
    age_decade: str = ""

    def told(self, reveal: Sequence[str]) -> str:
        """``"female · 60-69"``, ``"female · age not known"``, ``"sex, age not known"``."""
        known = [value for name in reveal if (value := getattr(self, name))]
        unknown = ", ".join(_SHORT[name] for name in self.unknown(reveal))
        return " · ".join([*known, f"{unknown} not known"] if unknown else known)

    def unknown(self, reveal: Sequence[str]) -> tuple[str, ...]:
        """What is to be revealed and is not known."""
        return tuple(name for name in reveal if not getattr(self, name))


def decade_of(years: int) -> str:
    """``"60-69"`` for 63; from 90 on ``"90+"``.

    Raises
    ------
    ValueError
        If nobody has that age.
    """
    if not 0 <= years <= OLDEST:
        raise ValueError(f"{years} is no age")
    return DECADES[min(years // 10, len(DECADES) - 1)]


def reveal_from(source: TomlSource, value: Any) -> tuple[str, ...]:
    """Which facts a plan reveals, in the order in which they are shown.

    Raises
    ------
    ResourceError
        Naming the line of a mistake.
    """
    where = ("blinding", "reveal")
    words = source.texts(where, value)
    for i, word in enumerate(words):
        if word not in TITLES:
            known = " and ".join(f'"{one}"' for one in TITLES)
            raise source.mistake((*where, i), f'"{word}" cannot be revealed to readers, only {known}')
        if word in words[:i]:
            raise source.mistake((*where, i), f'"{word}" is named twice')
    return tuple(name for name in TITLES if name in words)


def facts_from(source: TomlSource, value: Any, reveal: Sequence[str]) -> tuple[CaseFacts, ...]:
    """What a plan says of its cases: nothing that it does not reveal.

    Raises
    ------
    ResourceError
        Naming the line of a mistake.
    """
    found: list[CaseFacts] = []
    allowed = {SEX: SEXES, AGE_DECADE: DECADES}
    for i, raw in enumerate(source.tables(("blinding", "facts"), value)):
        where = ("blinding", "facts", i)
        table = source.table(where, raw, ("case",), reveal)
        case = source.text((*where, "case"), table["case"])
        if case in [one.case for one in found]:
            raise source.mistake((*where, "case"), f'case "{case}" is named twice')
        said = {
            name: source.choice((*where, name), table[name], allowed[name])
            for name in reveal
            if name in table
        }
        found.append(CaseFacts(case, **said))
    return tuple(found)


def facts_data(facts: Iterable[CaseFacts]) -> list[dict[str, str]]:
    """The same as plain values."""
    return [
        {"case": one.case, **{name: getattr(one, name) for name in TITLES if getattr(one, name)}}
        for one in facts
    ]


def titles_of(reveal: Sequence[str]) -> str:
    """``"sex and age decade"``; empty where nothing is revealed."""
    return " and ".join(TITLES[name] for name in reveal)


def unknown_text(unknown: Mapping[str, Sequence[str]], most_named: int = 1000) -> str:
    """``"not known, and shown so: age decade of K-2"``; empty where all is known."""
    told = []
    for name, title in TITLES.items():
        if cases := [case for case, names in unknown.items() if name in names]:
            told.append(
                f"{title} of {', '.join(cases[:most_named])}{' …' if len(cases) > most_named else ''}"
            )
    return f"not known, and shown so: {'; '.join(told)}" if told else ""
