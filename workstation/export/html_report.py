"""The study report: one HTML file that needs nothing else, for reading, printing and archiving."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from workstation import INTENDED_USE, __version__
from workstation.analysis.estimate import Estimate
from workstation.analysis.reads import number_text
from workstation.analysis.report import InstrumentAgreement
from workstation.analysis.report_text import counted_units, reasons_of
from workstation.errors import ResourceError
from workstation.export import figures
from workstation.export.exporter import Bundle, Exporter, ReconciledCase, replacing
from workstation.resources import resource_path
from workstation.scoring.instrument import Instrument, instrument
from workstation.tasks import Progress

FILE_NAME = "report.html"


def render(bundle: Bundle) -> str:
    """The report as HTML. Every text of the bundle is escaped."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    folder = resource_path("report")
    environment = Environment(
        loader=FileSystemLoader(folder), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters["estimate"] = Estimate.text
    environment.filters["number"] = lambda value: "n/a" if value is None else f"{value:.2f}"
    environment.filters["tint"] = figures.tint
    columns = list(dict.fromkeys((t.instrument, t.id, t.title) for c in bundle.reconciled for t in c.totals))
    parts = [_part(part) for part in bundle.agreement.parts] if bundle.agreement else []
    return environment.get_template("report.html").render(
        bundle=bundle,
        made_on=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        version=__version__,
        intended_use=INTENDED_USE,
        parts=parts,
        totals=[title for _, _, title in columns],
        reconciled=[{"case": c, "totals": list(_totals(c, columns))} for c in bundle.reconciled],
        settled=[
            {
                "case": " ".join(part for part in (case.case, case.side, case.visit) if part),
                "item": value.item,
                "grade": "–" if value.grade is None else number_text(value.grade),
                "reason": value.reason,
            }
            for case in bundle.reconciled
            for value in case.values
            if value.reason
        ],
        pictures=[
            {
                "title": one.title,
                "caption": one.caption,
                "source": "data:image/png;base64," + base64.b64encode(one.png).decode("ascii"),
            }
            for one in bundle.pictures
        ],
        grras=list(_grras(bundle, parts)),
    )


def write(bundle: Bundle, folder: Path, progress: Progress) -> list[Path]:
    """Write ``report.html``.

    Raises
    ------
    StoreError
        If the disk refuses.
    """
    progress.report(0, 1, FILE_NAME)
    path = folder / FILE_NAME
    text = render(bundle)
    with replacing(path) as beside:
        beside.write_text(text, encoding="utf-8")
    progress.report(1, 1, "")
    return [path]


def _part(found: InstrumentAgreement) -> dict[str, Any]:
    known = _known(found)
    plots = (
        {"title": total.title, "svg": figures.bland_altman_plot(total, found.readers)}
        for total in found.totals
        if len(found.readers) == 2
    )
    return {
        "found": found,
        "counted": counted_units(found.cases, found.units),
        "rows": (*found.items, *found.regions, found.pooled),
        "reasons": reasons_of(found),
        "plots": [plot for plot in plots if plot["svg"]],
        "diagram": figures.diagram(known, _by_region(found, known)) if known else "",
        "citation": known.citation if known else "",
        "unvalidated": known is not None and not known.is_validated,
        "digest": known.digest if known else "",
    }


def _known(found: InstrumentAgreement) -> Instrument | None:
    try:
        return instrument(found.instrument, found.version or None)
    except ResourceError:
        return None  # reads with another program's instrument are reported without a diagram


def _by_region(found: InstrumentAgreement, known: Instrument) -> dict[str, Estimate]:
    """Agreement of each region that has one item; of several items, that of the region pooled."""
    pooled = {one.items: one.statistics["kappa_quadratic"] for one in (*found.items, *found.regions)}
    result = {}
    for region in known.regions:
        items = tuple(item.id for item in known.items_in(region.id))
        if items in pooled:
            result[region.id] = pooled[items]
    return result


def _totals(case: ReconciledCase, columns: list[tuple[str, str, str]]) -> Iterator[str]:
    values = {(total.instrument, total.id): total for total in case.totals}
    for name, total_id, _ in columns:
        total = values.get((name, total_id))
        if total is None:
            yield ""
        elif total.value is None:
            yield f"– ({total.answered} of {total.of})"
        else:
            yield number_text(total.value)


def _grras(bundle: Bundle, parts: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    """What this program knows of the fifteen items of GRRAS (Kottner 2011)."""
    facts = dict(bundle.facts)
    for part in parts:
        found: InstrumentAgreement = part["found"]
        named = f"{found.title} ({found.instrument} {found.version})".replace(" )", ")")
        yield "2 Instrument", named + (f"; {part['citation']}" if part["citation"] else "")
        yield "4 Raters", ", ".join(found.readers)
        yield "6 Sample size", counted_units(found.cases, found.units)
        yield "10 Statistical analysis", " ".join(found.notes)
        yield (
            "11 Numbers compared",
            f"{found.pooled.n} pairs of grades, {found.pooled.missing} without a pair",
        )
    for label in ("Reading order", "Blinding", "Reconciliation", "Readers", "Cases"):
        if label in facts:
            yield (
                {"Reading order": "8 Rating process: order", "Blinding": "8 Rating process: blinding"}.get(
                    label, f"8 Rating process: {label.lower()}"
                ),
                facts[label],
            )
    yield (
        "9 Independence",
        (
            "The program kept each reader's answers from the other until both had locked. "
            + facts.get("Sealing", "")
            if bundle.study
            else "Not known to this program: the reads came from a table."
        ),
    )
    yield (
        "13 Estimates with uncertainty",
        "95 % intervals stand beside every coefficient, or the reason for none.",
    )
    yield (
        "Not known here",
        "1 title, 3 subjects, 5 what is known, 7 sampling, 12 rater training, 14 relevance, 15 details",
    )


EXPORTER = Exporter("html", "Report as HTML", ".html", "reads or masks", write)
