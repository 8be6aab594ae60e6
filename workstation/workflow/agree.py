"""Agreement of a table of reads: brings the instruments' scales to the statistics."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path

from workstation.analysis.reads import ReadRow, check_values, load_reads
from workstation.analysis.report import AgreementReport, InstrumentAgreement
from workstation.analysis.report_text import agreement_text, write_agreement
from workstation.analysis.scale import Form, Group, ItemScale, TotalRule
from workstation.analysis.summary import agreement
from workstation.errors import DataError
from workstation.scoring.instrument import Instrument, instrument, instruments

__all__ = ["agreement_of", "agreement_of_rows", "agreement_text", "form_of", "write_agreement"]


def agreement_of(reads: Path, instrument_id: str | None = None) -> AgreementReport:
    """Agreement of all readers in a long reads CSV, per instrument.

    Parameters
    ----------
    reads : Path
        Needs the columns ``case, reader, item, value``.
    instrument_id : str or None
        Compare only this instrument, whose scale and totals then apply. If None, each instrument that
        the table names; a table that names none is compared on the grades that occur, without totals.

    Raises
    ------
    DataError
        One sentence naming the line, or that no two readers can be compared.
    ResourceError
        If `instrument_id` is not known.
    """
    return agreement_of_rows(load_reads(reads), instrument_id)


def agreement_of_rows(rows: Sequence[ReadRow], instrument_id: str | None = None) -> AgreementReport:
    """`agreement_of` for rows in memory."""
    if instrument_id is not None:
        instrument(instrument_id)  # an unknown name is said before anything else
        named = [row for row in rows if row.instrument in ("", instrument_id)]
        if not named:
            others = ", ".join(sorted({row.instrument for row in rows}))
            raise DataError(
                "Agreement was not computed",
                f"this table has no reads with {instrument_id}",
                f"It has {others}",
            )
        rows = named
    parts = []
    ordered = sorted(rows, key=lambda row: (row.instrument, row.instrument_version))  # stable within
    for (name, version), group in groupby(ordered, key=lambda row: (row.instrument, row.instrument_version)):
        own = list(group)
        form = _form(instrument_id or name, version, own)
        if all(scale.categories for scale in form.items):
            check_values(own, {scale.id: scale.categories for scale in form.items}, form.title)
        parts.append(agreement(own, form))
        parts += _within_readers(own, form)
    if all(len(part.readers) < 2 for part in parts):
        raise DataError(
            "Agreement was not computed",
            "the table holds the reads of one reader only",
            "Put the reads of both readers into one table",
        )
    return AgreementReport(tuple(parts))


def form_of(source: Instrument) -> Form:
    """The scales and totals of an instrument, as the statistics need them."""
    items = tuple(
        ItemScale(
            id=item.id,
            title=item.title,
            region=source.region_of(item.id).label,
            categories=tuple(float(level.grade) for level in item.levels),
            points=tuple(float(level.points) for level in item.levels),
        )
        for item in source.items
    )
    regions = (
        Group(region.id, region.label, tuple(i.id for i in source.items_in(region.id)))
        for region in source.regions
    )
    parts = (Group(rule.id, rule.title, rule.items) for rule in source.derived if rule.kind == "sum")
    groups = {group.items: group for group in (*regions, *parts) if 1 < len(group.items) < len(source.items)}
    totals = tuple(TotalRule(rule.id, rule.title, rule.kind, rule.items) for rule in source.derived)
    return Form(source.id, source.version, source.title, items, totals, tuple(groups.values()))


def _form(name: str, version: str, rows: Sequence[ReadRow]) -> Form:
    known = [one for one in instruments() if one.id == name]
    same = [one for one in known if version in ("", one.version)]
    if same:
        return form_of(same[-1])
    items = tuple(ItemScale(item) for item in dict.fromkeys(row.item for row in rows))
    if name:
        note = f"{name} {version}".strip() + " is not an instrument of this program"
    else:
        note = "No instrument is named"
    totals = [TotalRule(item.id, item.id, "sum", (item.id,)) for item in items]
    if len(items) > 1:
        totals.append(TotalRule("sum", "Sum of all values", "sum", tuple(item.id for item in items)))
    return Form(
        name,
        version,
        name or "Reads without an instrument",
        items,
        tuple(totals),
        notes=(f"{note}: grades are compared by the values that occur, totals are plain sums of values.",),
    )


def _within_readers(rows: Sequence[ReadRow], form: Form) -> Iterator[InstrumentAgreement]:
    """Agreement of each reader's repeated readings with the first ones."""
    for reader in sorted({row.reader for row in rows if row.repeat > 0}):
        units = {row.unit for row in rows if row.reader == reader and row.repeat > 0}
        own = [
            replace(row, reader=f"{reader}, reading {row.repeat + 1}", repeat=0)
            for row in rows
            if row.reader == reader and row.unit in units
        ]
        yield agreement(own, form, comparison=f"repeated readings of {reader}")
