"""The whole job by command line: import, masks, two blind reads, reconciliation, agreement, exports."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from workstation import cli
from workstation.scoring.instrument import instrument

PLAN = """
id = "journey"
title = "Journey"
readers = ["R1", "R2"]
cases = ["K-R", "K-L"]
instruments = ["recht", "worms-marrow"]
seed = 7

[reconciliation]
rule = "{rule}"
"""


class NoScreen:
    """A surface for commands that need none."""


@pytest.fixture
def marrow(capsys: pytest.CaptureFixture[str]) -> Any:
    """Runs one command line and gives its exit code, its JSON (or text), and what it said on stderr."""

    def run(*words: object) -> tuple[int, Any, str]:
        code = cli.run([str(word) for word in words], NoScreen())  # type: ignore[arg-type]
        out, err = capsys.readouterr()
        return code, json.loads(out) if "--json" in words and out else out, err

    return run


def write_answers(path: Path, grades: dict[tuple[str, str], int]) -> Path:
    """A table of answers: 0 everywhere but where `grades` says otherwise, by (case, item)."""
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(("case", "instrument", "item", "value"))
        for case in ("K-R", "K-L"):
            for form in ("recht", "worms-marrow"):
                for item in instrument(form).items:
                    writer.writerow((case, form, item.id, grades.get((case, item.id), 0)))
    return path


def test_two_readers_score_blind_reconcile_and_export(
    marrow: Any, phantom_knees: Path, tmp_path: Path
) -> None:
    library, study = tmp_path / "library", tmp_path / "study"
    codes = tmp_path / "codes.csv"
    codes.write_text("patient_id,code\nPHANTOM-RIGHT,K-R\nPHANTOM-LEFT,K-L\n", encoding="utf-8")
    code, report, _ = marrow(
        "import", phantom_knees, "--library", library, "--codes", codes, "--json", "--workers", "1"
    )
    assert code == 0
    dicom_files = len(list(phantom_knees.rglob("*.dcm")))
    assert report["loaded"] == dicom_files
    assert report["loaded"] + report["skipped"] + report["refused"] == len(report["files"])

    code, listed, _ = marrow("library", "--library", library, "--json")
    assert code == 0
    assert "K-R" in json.dumps(listed)

    seeds = phantom_knees / "right" / "truth" / "seeds.json"
    code, _, _ = marrow(
        *("segment", "K-R", "--recipe", "edema", "--seeds", seeds, "--library", library),
        *("--out", tmp_path / "masks", "--json"),
    )
    assert code == 0
    names = {path.name for path in (tmp_path / "masks").iterdir()}
    assert {"4-edema.nii.gz", "4-regions.nii.gz", "volumes.csv"} <= names

    plan = tmp_path / "plan.toml"
    plan.write_text(PLAN.format(rule="consensus"), encoding="utf-8")
    assert marrow("study", "new", plan, "--study", study, "--library", library)[0] == 0
    first = write_answers(tmp_path / "r1.csv", {("K-R", "MFc"): 2, ("K-R", "MFC"): 3, ("K-L", "LP"): 1})
    second = write_answers(tmp_path / "r2.csv", {("K-R", "MFc"): 3, ("K-R", "MFC"): 3})

    assert marrow("study", "read", "R1", "--answers", first, "--lock", "--study", study)[0] == 0
    code, _, said = marrow("study", "reconcile", "--study", study)
    assert code == 1, "nothing may be compared before the second reader has locked"
    assert "not available" in said
    own = marrow("study", "status", "--reader", "R2", "--study", study, "--json")[1]
    assert "locked" not in {row["state"] for row in own["reads"]}, "R2 sees nothing of R1's progress"
    assert marrow("study", "read", "R2", "--answers", second, "--lock", "--study", study)[0] == 0
    code, _, said = marrow("study", "read", "R1", "--answers", first, "--lock", "--study", study)
    assert code == 1
    assert "locked" in said

    code, found, _ = marrow("study", "reconcile", "--study", study, "--json")
    assert code == 0
    assert "MFc" in json.dumps(found)
    settled = tmp_path / "consensus.csv"
    settled.write_text(
        "case,item,value,reason\nK-R,MFc,3,larger on the next slice\nK-L,LP,0,a vessel\n", encoding="utf-8"
    )
    code, _, said = marrow(
        *("study", "reconcile", "--answers", settled, "--sign", "R1", "--sign", "R2", "--study", study)
    )
    assert code == 0, said
    assert marrow("study", "verify", "--study", study)[0] == 0

    out = tmp_path / "out"
    for wanted in ("csv", "html"):
        assert marrow("export", study, "--format", wanted, "--out", out, "--library", library)[0] == 0
    reads = next(out.glob("*reads.csv"))
    rows = list(csv.DictReader(reads.read_text(encoding="utf-8").splitlines()))
    assert len(rows) == 2 * 2 * 21
    mfc = {row["reader"]: row["value"] for row in rows if (row["case"], row["item"]) == ("K-R", "MFc")}
    assert mfc == {"R1": "2", "R2": "3"}, "the originals stay as they were read"
    code, agreement, _ = marrow("agreement", reads, "--instrument", "worms-marrow", "--json")
    assert code == 0
    assert "kappa" in json.dumps(agreement).lower()
    assert "not for primary diagnosis" in next(out.glob("*.html")).read_text(encoding="utf-8").lower()


def test_the_rule_of_the_mean_is_never_rounded(marrow: Any, tmp_path: Path) -> None:
    study = tmp_path / "study"
    plan = tmp_path / "plan.toml"
    plan.write_text(PLAN.format(rule="mean"), encoding="utf-8")
    assert marrow("study", "new", plan, "--study", study)[0] == 0
    for reader, grade in (("R1", 3), ("R2", 2)):
        answers = write_answers(tmp_path / f"{reader}.csv", {("K-R", "MFc"): grade})
        assert marrow("study", "read", reader, "--answers", answers, "--lock", "--study", study)[0] == 0
    assert marrow("export", study, "--format", "csv", "--out", tmp_path / "out")[0] == 0
    wide = next((tmp_path / "out").glob("*reconciled*.csv")).read_text(encoding="utf-8")
    assert "2.5" in wide
