"""Tables that leave: reconciled wide, volumes."""

from __future__ import annotations

import csv
from pathlib import Path

from workstation.export.csv_tables import VOLUMES_HEADER, VolumeRow, write_reconciled, write_volumes
from workstation.export.exporter import FinalTotal, FinalValue, ReconciledCase


def rows_of(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))


def recht() -> ReconciledCase:
    points = {"patella": 3.5, "trochlea": 3, "MFC": 5, "LFC": 2.5, "MTP": 4.5, "LTP": 2}
    values = [FinalValue("recht", item, "scored", None, one, "mean") for item, one in points.items()]
    return ReconciledCase(
        "K-1", "mean", "signed", tuple(values), (FinalTotal("recht", "sum", "Recht sum", 20.5, 6, 6),)
    )


def test_means_of_two_readers_are_kept_unrounded(tmp_path: Path) -> None:
    write_reconciled(tmp_path / "wide.csv", [recht()])
    (row,) = rows_of(tmp_path / "wide.csv")
    assert (row["case"], row["rule"], row["status"]) == ("K-1", "mean", "signed")
    assert (row["recht.patella"], row["recht.MFC"], row["recht.total.sum"]) == ("3.5", "5", "20.5")


def test_not_assessable_open_and_reasons_are_listed_and_never_zero(tmp_path: Path) -> None:
    values = (
        FinalValue("worms-marrow", "MFc", "scored", 2, 2, "consensus", "cyst excluded, see slice 14"),
        FinalValue("worms-marrow", "LTp", "not_assessable", None, None, "agreed"),
        FinalValue("worms-marrow", "S", "unread", None, None, "open"),
    )
    case = ReconciledCase(
        "K-2", "consensus", "open", values, (FinalTotal("worms-marrow", "sum", "Sum", None, 1, 3),), side="L"
    )
    write_reconciled(tmp_path / "wide.csv", [recht(), case])
    first, second = rows_of(tmp_path / "wide.csv")
    assert second["worms-marrow.MFc"] == "2" and second["worms-marrow.LTp"] == "" == second["worms-marrow.S"]
    assert (second["not_assessable"], second["open"]) == ("LTp", "S")
    assert second["reasons"] == "MFc: cyst excluded, see slice 14"
    assert second["worms-marrow.total.sum"] == "" and first["worms-marrow.MFc"] == ""


def test_volumes_use_every_column_of_the_format(tmp_path: Path) -> None:
    # 1250 voxels of 0.3515625 × 0.3515625 × 3.3 mm (slice spacing, not the 3.0 mm thickness)
    millilitres = 1250 * 0.3515625**2 * 3.3 / 1000
    write_volumes(
        tmp_path / "volumes.csv",
        [
            VolumeRow(
                "4", "femur", "edema", 1250, millilitres, 25.0, "edema", "1.0", {"b": 2.5, "a": "soft"}
            ),
            VolumeRow("4-echo2", "tibia", "edema", 0, 0.0, None, "edema", "1.0"),
        ],
    )
    assert (
        ",".join(VOLUMES_HEADER) == "series,region,label,voxels,volume_ml,percent,recipe,version,parameters"
    )
    one, two = rows_of(tmp_path / "volumes.csv")
    assert one["volume_ml"] == "0.509834" and one["percent"] == "25.0000"
    assert one["parameters"] == "a=soft; b=2.5"
    assert two["percent"] == "" and two["series"] == "4-echo2"
