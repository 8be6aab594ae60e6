"""Tables: reads and measurements as long CSV, reconciled results as wide CSV, volumes, agreement."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from workstation.analysis.reads import number_text, write_reads, write_table
from workstation.analysis.report_text import write_agreement
from workstation.export.conduct_table import write_conduct
from workstation.export.exporter import Bundle, Exporter, ReconciledCase
from workstation.export.mask_table import write_mask_agreement
from workstation.export.measurement_table import write_measurements
from workstation.tasks import Progress

VOLUMES_HEADER: tuple[str, ...] = (
    "series", "region", "label", "voxels", "volume_ml", "percent", "recipe", "version", "parameters",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class VolumeRow:
    """Volume of one label in one region of one series.

    Attributes
    ----------
    series : str
        SeriesNumber, with the split key where one series was split.
    volume_ml : float
        Voxels × row spacing × column spacing × slice spacing, ml.
    percent : float or None
        Of the region; None where the region is empty or unknown.
    parameters : dict
        Of the recipe, as used.
    """

    series: str
    region: str
    label: str
    voxels: int
    volume_ml: float
    percent: float | None
    recipe: str
    version: str
    parameters: dict[str, float | str] = field(default_factory=dict)


def write_volumes(path: Path, rows: Iterable[VolumeRow]) -> None:
    """Write ``volumes.csv``.

    Raises
    ------
    StoreError
        If the disk refuses.
    """
    write_table(path, VOLUMES_HEADER, (_volume_cells(row) for row in rows))


def write_reconciled(path: Path, cases: Sequence[ReconciledCase]) -> None:
    """Write reconciled results, one row per case: points per item, totals, how each came about.

    Columns are ``case, side, visit, rule, status``, then per instrument ``<instrument>.<item>`` for every
    item, ``<instrument>.total.<id>`` for every total, and ``not_assessable``, ``open``, ``reasons``
    that list items. An item without a result is empty.

    Raises
    ------
    StoreError
        If the disk refuses.
    """
    items = list(dict.fromkeys((v.instrument, v.item) for case in cases for v in case.values))
    totals = list(dict.fromkeys((t.instrument, t.id) for case in cases for t in case.totals))
    header = [
        "case", "side", "visit", "rule", "status",
        *(f"{instrument}.{item}" for instrument, item in items),
        *(f"{instrument}.total.{total}" for instrument, total in totals),
        "not_assessable", "open", "reasons",
    ]  # fmt: skip
    write_table(path, header, (_reconciled_cells(case, items, totals) for case in cases))


def write(bundle: Bundle, folder: Path, progress: Progress) -> list[Path]:
    """Write the tables that the bundle has something for."""
    made: list[Path] = []
    steps = 6
    if bundle.reads:
        progress.report(0, steps, "reads.csv")
        write_reads(folder / "reads.csv", bundle.reads)
        made.append(folder / "reads.csv")
    if bundle.reconciled:
        progress.report(1, steps, "reconciled.csv")
        write_reconciled(folder / "reconciled.csv", bundle.reconciled)
        made.append(folder / "reconciled.csv")
    if bundle.agreement is not None:
        progress.report(2, steps, "agreement.csv")
        write_agreement(bundle.agreement, folder / "agreement.csv")
        made.append(folder / "agreement.csv")
    if bundle.measurements:
        progress.report(3, steps, "measurements.csv")
        write_measurements(folder / "measurements.csv", bundle.measurements)
        made.append(folder / "measurements.csv")
    if bundle.conduct:
        progress.report(4, steps, "conduct.csv")
        write_conduct(folder / "conduct.csv", bundle.conduct)
        made.append(folder / "conduct.csv")
    for name, rows in (("reads_unaided.csv", bundle.unaided), ("reads_aided.csv", bundle.aided)):
        if rows:
            write_reads(folder / name, rows)
            made.append(folder / name)
    if bundle.mask_pairs:
        progress.report(5, steps, "mask_agreement.csv")
        write_mask_agreement(folder / "mask_agreement.csv", bundle.mask_pairs)
        made.append(folder / "mask_agreement.csv")
    progress.report(steps, steps, "")
    return made


def _volume_cells(row: VolumeRow) -> list[str]:
    parameters = "; ".join(f"{name}={value}" for name, value in sorted(row.parameters.items()))
    return [
        row.series,
        row.region,
        row.label,
        str(row.voxels),
        f"{row.volume_ml:.6f}",
        "" if row.percent is None else f"{row.percent:.4f}",
        row.recipe,
        row.version,
        parameters,
    ]


def _reconciled_cells(
    case: ReconciledCase, items: Sequence[tuple[str, str]], totals: Sequence[tuple[str, str]]
) -> list[str]:
    values = {(value.instrument, value.item): value for value in case.values}
    sums = {(total.instrument, total.id): total.value for total in case.totals}
    of_items = [_number(values[key].points if key in values else None) for key in items]
    unreadable = [v.item for v in case.values if v.state == "not_assessable"]
    undecided = [v.item for v in case.values if v.source == "open"]
    reasons = [f"{v.item}: {v.reason}" for v in case.values if v.reason]
    return [
        case.case, case.side, case.visit, case.rule, case.status,
        *of_items,
        *(_number(sums.get(key)) for key in totals),
        " ".join(unreadable), " ".join(undecided), "; ".join(reasons),
    ]  # fmt: skip


def _number(value: float | None) -> str:
    return "" if value is None else number_text(value)


EXPORTER = Exporter("csv", "Tables as CSV", ".csv", "reads", write)
