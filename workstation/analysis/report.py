"""What an agreement analysis found, as frozen data for screen, JSON and report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from workstation.analysis.bland_altman import BlandAltman
from workstation.analysis.estimate import Estimate

Table = tuple[tuple[int, ...], ...]

STATISTICS: tuple[tuple[str, str], ...] = (
    ("exact", "Exact agreement"),
    ("within_one", "Within one grade"),
    ("kappa", "Cohen kappa"),
    ("kappa_linear", "Weighted kappa, linear"),
    ("kappa_quadratic", "Weighted kappa, quadratic"),
    ("ac1", "Gwet AC1"),
    ("ac2_linear", "Gwet AC2, linear"),
    ("ac2_quadratic", "Gwet AC2, quadratic"),
    ("pabak", "PABAK"),
    ("alpha_nominal", "Krippendorff alpha, nominal"),
    ("alpha_ordinal", "Krippendorff alpha, ordinal"),
    ("alpha_interval", "Krippendorff alpha, interval"),
)
"""Keys of `GradeAgreement.statistics` and their names, in table order."""


@dataclass(frozen=True, slots=True)
class GradeAgreement:
    """Agreement on ordinal grades: of one item, or of several items pooled.

    Attributes
    ----------
    id, title : str
        Item id, region, or ``"all"``.
    items : tuple of str
        The items behind the numbers.
    statistics : dict of str to Estimate
        By the keys of `STATISTICS`.
    differences : int
        Pairs of grades that differ (two readers: units and items that differ).
    not_assessable_by_some : int
        Units that one reader graded and another could not assess; they are in no statistic.
    missing : int
        Units without two grades.
    table : tuple of tuple of int, or None
        Contingency table of the first two readers (rows reader 1), for two readers only.
    """

    id: str
    title: str
    region: str
    items: tuple[str, ...]
    categories: tuple[float, ...]
    n: int
    statistics: dict[str, Estimate]
    differences: int
    not_assessable_by_some: int
    missing: int
    table: Table | None

    def to_json(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "id": self.id,
            "title": self.title,
            "region": self.region,
            "items": list(self.items),
            "categories": list(self.categories),
            "n": self.n,
            "differences": self.differences,
            "not_assessable_by_some": self.not_assessable_by_some,
            "missing": self.missing,
            "table": self.table,
            "statistics": {key: value.to_json() for key, value in self.statistics.items()},
        }


@dataclass(frozen=True, slots=True)
class TotalAgreement:
    """Agreement on a total: ICC by every name, and for two readers Bland–Altman.

    `pairs` holds (unit, totals by reader in the report's order) for the plot; only whole totals.
    """

    id: str
    title: str
    kind: str
    n: int
    partial: int
    icc: dict[str, Estimate]
    means: tuple[float | None, ...]
    bland_altman: BlandAltman | None
    pairs: tuple[tuple[tuple[str, str, str], tuple[float, ...]], ...]

    def to_json(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "id": self.id,
            "title": self.title,
            "kind": self.kind,
            "n": self.n,
            "partial": self.partial,
            "means": list(self.means),
            "icc": {name: value.to_json() for name, value in self.icc.items()},
            "bland_altman": self.bland_altman.to_json() if self.bland_altman else None,
            "pairs": [{"case": c, "side": s, "visit": v, "totals": t} for (c, s, v), t in self.pairs],
        }


@dataclass(frozen=True, slots=True)
class InstrumentAgreement:
    """Agreement of all readers with one instrument, or of one reader's repeated readings."""

    instrument: str
    version: str
    title: str
    comparison: str
    readers: tuple[str, ...]
    units: int
    cases: int
    items: tuple[GradeAgreement, ...]
    regions: tuple[GradeAgreement, ...]
    pooled: GradeAgreement
    totals: tuple[TotalAgreement, ...]
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "instrument": self.instrument,
            "version": self.version,
            "title": self.title,
            "comparison": self.comparison,
            "readers": list(self.readers),
            "units": self.units,
            "cases": self.cases,
            "items": [item.to_json() for item in self.items],
            "regions": [region.to_json() for region in self.regions],
            "pooled": self.pooled.to_json(),
            "totals": [total.to_json() for total in self.totals],
            "notes": list(self.notes),
        }


@dataclass(frozen=True, slots=True)
class AgreementReport:
    """Everything that the results desk, the report and ``marrow agreement`` show."""

    parts: tuple[InstrumentAgreement, ...]

    def part(self, instrument: str) -> InstrumentAgreement | None:
        """The agreement between readers with one instrument, or None."""
        return next((part for part in self.parts if part.instrument == instrument), None)

    def to_json(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {"instruments": [part.to_json() for part in self.parts]}
