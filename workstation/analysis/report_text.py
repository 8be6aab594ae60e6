"""An agreement report as plain tables for a terminal, and as one tidy CSV table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from workstation.analysis.estimate import Estimate
from workstation.analysis.reads import write_table
from workstation.analysis.report import (
    STATISTICS,
    AgreementReport,
    GradeAgreement,
    InstrumentAgreement,
    TotalAgreement,
)

OUT_HEADER = (
    "instrument", "instrument_version", "comparison", "level", "id", "title", "statistic",
    "n", "value", "low", "high", "reason",
)  # fmt: skip


def agreement_text(report: AgreementReport) -> str:
    """The report as plain tables for a terminal."""
    return "\n\n".join(_part_text(part) for part in report.parts)


def counted_units(cases: int, units: int) -> str:
    """``"1 case, 2 joints or visits"``"""
    of_cases = "1 case" if cases == 1 else f"{cases} cases"
    return f"{of_cases}, 1 joint or visit" if units == 1 else f"{of_cases}, {units} joints or visits"


def write_agreement(report: AgreementReport, path: Path) -> None:
    """Write every statistic as one row of a CSV table.

    Raises
    ------
    StoreError
        If the disk refuses.
    """
    write_table(path, OUT_HEADER, (row for part in report.parts for row in _rows(part)))


def _part_text(part: InstrumentAgreement) -> str:
    name = f"{part.title} ({part.instrument} {part.version})" if part.version else part.title
    counted = counted_units(part.cases, part.units)
    lines = [f"{name}, {part.comparison}: {', '.join(part.readers)}; {counted}"]
    head = ("item", "n", "exact", "within 1", "kappa linear", "kappa quadratic", "AC2 quadratic")
    rows: list[tuple[str, ...]] = [
        head,
        *(_grade_cells(one) for one in (*part.items, *part.regions, part.pooled)),
    ]
    lines += ["", *_aligned(rows)]
    if part.totals:
        head_of_totals = ("total", "n", "ICC(2,1)", "ICC(2,k)", "ICC(3,1)", "bias", "limits", "SDC")
        of_totals = [head_of_totals, *(_total_cells(total) for total in part.totals)]
        lines += ["", *_aligned(of_totals)]
    lines += ["", *reasons_of(part), *part.notes]
    return "\n".join(lines)


def _grade_cells(one: GradeAgreement) -> tuple[str, ...]:
    keys = ("exact", "within_one", "kappa_linear", "kappa_quadratic", "ac2_quadratic")
    shown = (one.statistics[key] for key in keys)
    plain = (
        Estimate(s.value).text() if key in ("exact", "within_one") and s.value is not None else s.text()
        for key, s in zip(keys, shown, strict=True)
    )
    return (one.title if one.id == "all" else one.id, str(one.n), *plain)


def _total_cells(total: TotalAgreement) -> tuple[str, ...]:
    correlations = (total.icc[form].text() for form in ("2,1", "2,k", "3,1"))
    compared = total.bland_altman
    if compared is None or compared.sdc is None:
        return (total.title, str(total.n), *correlations, "n/a", "n/a", "n/a")
    limits = " to ".join(Estimate(limit.value).text() for limit in (compared.lower, compared.upper))
    return (total.title, str(total.n), *correlations, compared.bias.text(), limits, f"{compared.sdc:.2f}")


def reasons_of(part: InstrumentAgreement) -> list[str]:
    """Why something is n/a or has no interval, each reason once, as sentences."""
    grades = [s for one in (*part.items, *part.regions, part.pooled) for s in one.statistics.values()]
    totals = [s for total in part.totals for s in total.icc.values()]
    said = (f"{'' if s.is_defined else 'n/a: '}{s.reason}." for s in (*grades, *totals) if s.reason)
    return list(dict.fromkeys(line[0].upper() + line[1:] if line[:3] != "n/a" else line for line in said))


def _aligned(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _rows(part: InstrumentAgreement) -> Iterator[list[str]]:
    def row(level: str, identity: str, title: str, statistic: str, one: Estimate) -> list[str]:
        numbers = ["" if value is None else repr(value) for value in (one.value, one.low, one.high)]
        named = [part.instrument, part.version, part.comparison, level, identity, title, statistic]
        return [*named, str(one.n), *numbers, one.reason]

    for level, group in (("item", part.items), ("region", part.regions), ("pooled", (part.pooled,))):
        for grades in group:
            for key, _ in STATISTICS:
                yield row(level, grades.id, grades.title, key, grades.statistics[key])
    for total in part.totals:
        for form, estimate in total.icc.items():
            yield row("total", total.id, total.title, f"icc({form})", estimate)
        compared = total.bland_altman
        if compared is None:
            continue
        for name in ("bias", "lower", "upper"):
            yield row("total", total.id, total.title, name, getattr(compared, name))
        for name in ("sd", "sem", "sdc", "sdc_of_mean"):
            value = getattr(compared, name)
            yield row(
                "total", total.id, total.title, name,
                Estimate(value, n=compared.n, reason="" if value is not None else compared.bias.reason),
            )  # fmt: skip
