"""Which real series hang where, as they are and as if their tags had said the joint."""

from __future__ import annotations

from pathlib import Path

import pytest

from workstation.imaging import hanging
from workstation.imaging.study import Joint, Series
from workstation.tasks import SilentProgress
from workstation.workflow.open_study import open_folder

pytestmark = pytest.mark.real

AS_THEY_ARE = {
    "knee-ge-3t-dess-cubequant": ("generic", ["sag PD FS", "sag GRE"]),
    "knee-ge-3t-mese-t2": ("generic", [f"sag PD echo{n}" for n in range(1, 7)]),
    "hip-t1-axial-sts050": ("generic", ["ax T1"]),
    "hip-t1-axial-sts031": ("generic", ["ax T1"]),
    "knee-t1-axial-sts017": ("generic", ["ax T1"]),
    "pelvis-ge-adc": ("generic", ["ax map"]),
    "conformance/ge-3plane-localizer": ("generic", ["ax", "cor", "sag", ""]),
    "conformance/knee-single-slice": ("generic", ["sag PD"]),
    "conformance/uih-t1-sag": ("generic", ["sag T1"]),
    "conformance/siemens-jpeg-lossless": ("generic", ["ax T2"]),
    "conformance/philips-classic-rescale": ("generic", ["sag GRE"]),
    "conformance/ge-deident-signed": ("generic", ["sag GRE"]),
}


def opened(real_data: Path, *names: str) -> tuple[Series, ...]:
    return tuple(s for name in names for s in open_folder(real_data / name, SilentProgress()).series)


def hung(layout: hanging.Layout, series: tuple[Series, ...]) -> list[str]:
    labels = {one.key: one.label for one in series}
    return [labels[tile.series_key] if tile.series_key else "" for tile in layout.tiles]


@pytest.mark.parametrize("name", AS_THEY_ARE)
def test_real_series_hang_as_expected(real_data: Path, name: str) -> None:
    series = opened(real_data, name)
    layout = hanging.rank(series)
    assert (layout.id, hung(layout, series)) == AS_THEY_ARE[name]


def test_a_real_knee_hangs_each_series_in_its_place(real_data: Path) -> None:
    series = opened(
        real_data, "knee-ge-3t-dess-cubequant", "knee-t1-axial-sts017", "conformance/wg04-mr3-knee"
    )
    layout = hanging.rank(series, joint=Joint.KNEE)
    assert layout.id == "knee-oa-bml"
    found = dict(zip([tile.role for tile in layout.tiles], hung(layout, series), strict=True))
    assert found["sagittal PD fat-suppressed"] == "sag PD FS"
    assert found["coronal T1"] == "cor T1"
    assert found["coronal T2 fat-suppressed"] == ""
    stage = hanging.hang("knee-oa-bml/3", series, joint=Joint.KNEE)
    assert hung(stage, series)[0] == "sag GRE"


def test_real_hips_never_hang_as_a_knee(real_data: Path) -> None:
    series = opened(real_data, "hip-t1-axial-sts050", "hip-t1-axial-sts031")
    ids = [layout.id for layout in hanging.ranked(series, joint=Joint.HIP)]
    assert "knee-oa-bml" not in ids
