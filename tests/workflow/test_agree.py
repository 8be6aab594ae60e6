"""From a table on disk to the agreement report, with the shipped instruments."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from workstation.errors import DataError, ResourceError
from workstation.scoring.instrument import instrument
from workstation.workflow.agree import agreement_of, agreement_text, form_of, write_agreement

ORDER = ["MP", "LP", "MFa", "LFa", "MFc", "LFc", "MFp", "LFp", "MTa", "MTc", "MTp", "LTa", "LTc", "LTp", "S"]


def worms(tmp_path: Path, lines: list[str] | None = None, header: str = "case,reader,item,value") -> Path:
    one = ["1", "0", "1", "0", "3", "0", "1", "0", "1", "2", "1", "0", "0", "0", "1"]
    two = ["1", "0", "0", "0", "2", "0", "1", "0", "1", "3", "1", "0", "1", "0", "1"]
    rows = [
        f"K-01,{r},{i},{v}"
        for r, page in (("R1", one), ("R2", two))
        for i, v in zip(ORDER, page, strict=True)
    ]
    path = tmp_path / "reads.csv"
    path.write_text("\n".join([header, *(lines if lines is not None else rows)]) + "\n")
    return path


def test_worked_page_with_and_without_the_instrument(tmp_path: Path) -> None:
    path = worms(tmp_path)
    named = agreement_of(path, "worms-marrow").parts[0]
    assert named.pooled.statistics["ac2_quadratic"].value == pytest.approx(0.927624, abs=5e-7)
    assert {total.id: total.pairs[0][1] for total in named.totals}["MFTJ"] == (8, 8)
    bare = agreement_of(path).parts[0]
    assert bare.pooled.statistics["kappa_quadratic"].value == pytest.approx(0.817073, abs=5e-7)
    assert bare.pooled.statistics["ac2_quadratic"].value is None
    assert "name the instrument" in bare.pooled.statistics["ac2_quadratic"].reason


def test_recht_totals_are_points(tmp_path: Path) -> None:
    items = [item.id for item in instrument("recht").items]
    grades = {"R1": (3, 2, 4, 1, 3, 1), "R2": (2, 2, 4, 2, 4, 1)}
    lines = [f"K,{r},{i},{g}" for r, row in grades.items() for i, g in zip(items, row, strict=True)]
    part = agreement_of(worms(tmp_path, lines), "recht").parts[0]
    whole = max(part.totals, key=lambda total: len(form_total_items(total.id)))
    assert whole.pairs[0][1] == (20, 21)


def form_total_items(total_id: str) -> tuple[str, ...]:
    return next(rule.items for rule in form_of(instrument("recht")).totals if rule.id == total_id)


def test_each_instrument_of_a_table_has_its_part_and_repeats_are_compared(tmp_path: Path) -> None:
    header = "case,reader,instrument,repeat,item,value"
    lines = [
        f"K{case},{reader},{name},{repeat},{item},{(case + repeat) % 3}"
        for case in range(6)
        for reader in ("R1", "R2")
        for name, item in (("worms-marrow", "MP"), ("recht", instrument("recht").items[0].id))
        for repeat in ((0, 1) if reader == "R1" else (0,))
    ]
    report = agreement_of(worms(tmp_path, lines, header))
    assert [(part.instrument, part.comparison) for part in report.parts] == [
        ("recht", "between readers"),
        ("recht", "repeated readings of R1"),
        ("worms-marrow", "between readers"),
        ("worms-marrow", "repeated readings of R1"),
    ]
    between, within = report.parts[2:]
    assert between.items[0].statistics["exact"].value == 1
    assert within.items[0].statistics["exact"].value == 0
    assert within.readers == ("R1, reading 1", "R1, reading 2")


@pytest.mark.parametrize(
    ("lines", "header", "named", "words"),
    [
        (["K,R1,MP,4"], "case,reader,item,value", "worms-marrow", "line 2 gives MP the value 4"),
        (["K,R1,MP,1.5"], "case,reader,item,value", "worms-marrow", "the value 1.5"),
        (["K,R1,XX,1"], "case,reader,item,value", "worms-marrow", "line 2 names the item 'XX'"),
        (["K,R1,MP,1"], "case,reader,item,value", "worms-marrow", "one reader only"),
        (
            ["K,R1,MP,1,recht"],
            "case,reader,item,value,instrument",
            "worms-marrow",
            "no reads with worms-marrow",
        ),
        (["K,R1,MP,9,worms-marrow"], "case,reader,item,value,instrument", None, "the value 9"),
    ],
)
def test_bad_values_are_refused_with_the_line(
    tmp_path: Path, lines: list[str], header: str, named: str | None, words: str
) -> None:
    with pytest.raises(DataError) as refused:
        agreement_of(worms(tmp_path, lines, header), named)
    assert words in refused.value.sentence


def test_unknown_instrument_lists_the_known(tmp_path: Path) -> None:
    with pytest.raises(ResourceError, match="worms-marrow"):
        agreement_of(worms(tmp_path), "wormz")


def test_text_and_table_show_what_is_not_defined(tmp_path: Path) -> None:
    lines = [f"K{c},{r},MP,0" for c in range(6) for r in ("R1", "R2")]
    report = agreement_of(worms(tmp_path, lines), "worms-marrow")
    text = agreement_text(report)
    assert "n/a: all grades are the same, so chance agreement is complete." in text
    assert "nan" not in text.lower()
    write_agreement(report, tmp_path / "out.csv")
    rows = list(csv.DictReader((tmp_path / "out.csv").read_text().splitlines()))
    kappa = next(row for row in rows if row["id"] == "MP" and row["statistic"] == "kappa_quadratic")
    assert (kappa["value"], kappa["n"]) == ("", "6") and "same" in kappa["reason"]
    exact = next(row for row in rows if row["id"] == "MP" and row["statistic"] == "exact")
    assert exact["value"] == "1.0"
