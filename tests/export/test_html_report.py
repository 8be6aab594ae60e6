"""The report: one file, escaped, complete, and never a NaN."""

from __future__ import annotations

import io
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from workstation import INTENDED_USE, __version__
from workstation.analysis.reads import ReadRow
from workstation.export.exporter import Bundle, FinalTotal, FinalValue, Picture, ReconciledCase
from workstation.export.figures import tint
from workstation.export.html_report import FILE_NAME, render, write
from workstation.export.pictures import colour_of, fullest_slice, slice_picture
from workstation.imaging.geometry import StackGeometry
from workstation.imaging.volume import Stack
from workstation.masks.mask import Code, Mask, Segment
from workstation.scoring.instrument import instrument
from workstation.tasks import SilentProgress
from workstation.workflow.agree import agreement_of_rows

HOSTILE = "<script>alert('x')</script>&\"'"
EDEMA = Segment(1, "edema", Code("a", "SCT", "a"), Code("b", "SCT", "b"))


def reads(cases: int = 8) -> list[ReadRow]:
    generator = np.random.default_rng(2)
    form = instrument("worms-marrow")
    return [
        ReadRow(
            f"K-{case}", reader, item.id, float(generator.integers(0, 4)),
            instrument=form.id, instrument_version=form.version, study="S",
        )
        for case in range(cases) for reader in ("R1", "R2") for item in form.items
    ]  # fmt: skip


def bundle(**changes: object) -> Bundle:
    rows = reads()
    value = FinalValue("worms-marrow", "MFc", "scored", 2, 2.0, "consensus", f"cyst {HOSTILE}")
    totals = (
        FinalTotal("worms-marrow", "sum", "WORMS edema sum", 11.5, 15, 15),
        FinalTotal("worms-marrow", "MFTJ", "Medial", None, 4, 5),
    )
    content: dict[str, object] = {
        "title": f"Study {HOSTILE}",
        "study": "S",
        "facts": (("Blinding", f"codes only {HOSTILE}"), ("Reading order", "random")),
        "reads": tuple(rows),
        "reconciled": (ReconciledCase("K-1", "consensus", "signed", (value,), totals, side="R"),),
        "agreement": agreement_of_rows(rows),
        "pictures": (Picture("K-1 edema", HOSTILE, b"\x89PNG"),),
        "audit_head": "ab" * 32,
    }
    return Bundle(**(content | changes))  # type: ignore[arg-type]


class Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words += data


def test_the_report_says_everything_it_must() -> None:
    page = Page(render(bundle()))
    for words in (
        INTENDED_USE, __version__, "ab" * 32, "codes only", "ICC(2,1)", "limits of agreement", "κ quadratic",
        "WORMS bone marrow edema", "Medial femorotibial", "11.5", "– (4 of 5)", "GRRAS", "2000 resamples",
        instrument("worms-marrow").digest, "Peterfy",
    ):  # fmt: skip
        assert words in page.words, words
    assert len([1 for tag, _ in page.tags if tag == "circle"]) >= 8
    assert page.words.count(INTENDED_USE) == 2


def test_it_needs_nothing_from_outside_and_runs_nothing() -> None:
    text = render(bundle())
    page = Page(text)
    assert not [tag for tag, _ in page.tags if tag in ("script", "link", "iframe", "object")]
    for tag, attributes in page.tags:
        for name in ("src", "href"):
            value = attributes.get(name)
            assert value is None or value.startswith("data:image/png;base64,"), (tag, value)
        assert not [name for name in attributes if name.startswith("on")]
    assert "url(" not in text and "@import" not in text


def test_hostile_text_is_escaped_everywhere() -> None:
    text = render(bundle())
    assert "<script" not in text and text.count("&lt;script&gt;") >= 4


def test_accessible() -> None:
    page = Page(render(bundle()))
    assert ("html", {"lang": "en"}) in page.tags
    assert all(attributes.get("alt") for tag, attributes in page.tags if tag == "img")
    assert all(attributes.get("aria-label") for tag, attributes in page.tags if tag == "svg")
    assert all(attributes.get("scope") for tag, attributes in page.tags if tag == "th")


def test_undefined_statistics_are_na_with_their_reason() -> None:
    rows = [ReadRow(r.case, r.reader, r.item, 0.0, instrument=r.instrument, study="S") for r in reads()]
    text = render(bundle(agreement=agreement_of_rows(rows)))
    assert not re.search(r"\bnan\b", text, re.IGNORECASE)
    assert "all grades are the same" in text and ">n/a<" in text


def test_a_bundle_with_nothing_but_a_title() -> None:
    text = render(Bundle(title="K-1"))
    assert "Agreement" not in Page(text).words and "Reconciled" not in Page(text).words
    assert "the reads came from a table" in text


def test_reads_with_a_foreign_instrument_have_no_diagram() -> None:
    rows = [ReadRow(f"K{c}", r, "item", float(c % 3), instrument="foreign") for c in range(6) for r in "XY"]
    text = render(bundle(agreement=agreement_of_rows(rows)))
    assert "foreign is not an instrument of this program" in text


def test_written_whole(tmp_path: Path) -> None:
    (path,) = write(bundle(), tmp_path / "out", SilentProgress())
    assert path.name == FILE_NAME and path.read_text(encoding="utf-8").rstrip().endswith("</html>")
    assert [file.name for file in path.parent.iterdir()] == [FILE_NAME]


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("value", [None, -1.0, 0.0, 0.3, 0.5, 0.7, 0.9, 1.0])
def test_every_tint_carries_dark_text(value: float | None) -> None:
    ratio = (luminance(tint(value)) + 0.05) / (luminance("#1B1D21") + 0.05)
    assert ratio >= 7


def picture_stack(spacing: tuple[float, float] = (1.0, 0.5)) -> Stack:
    origins = np.array([[0.0, 0, 3.0 * i] for i in range(3)])
    geometry = StackGeometry(
        (3, 40, 60), origins, np.array([1.0, 0, 0]), np.array([0, 1.0, 0]), spacing, 3.0, "2.25.1"
    )
    voxels = np.tile(np.arange(60, dtype=np.uint16) * 20, (3, 40, 1))
    return Stack("s", voxels, 1.0, 0.0, geometry)


def test_a_picture_keeps_the_shape_of_the_body_and_outlines_the_mask() -> None:
    stack = picture_stack()
    labels = np.zeros((3, 40, 60), dtype=np.uint8)
    labels[1, 10:30, 20:40] = 1
    assert stack.geometry is not None
    mask = Mask("s", labels, stack.geometry, (EDEMA,))
    index = fullest_slice(mask)
    assert index == 1
    image = Image.open(io.BytesIO(slice_picture(stack, index, labels[index], mask.segments)))
    assert image.size == (420, 560)  # 30 mm × 40 mm
    pixels = np.array(image)
    inside = (pixels == (0xD5, 0x5E, 0x00)).all(axis=2)
    rows, columns = np.nonzero(inside)
    assert (rows.min(), rows.max()) == (140, 419) and (columns.min(), columns.max()) == (140, 279)
    assert not inside[200:360, 160:260].any()


def test_a_picture_without_geometry_has_no_letters() -> None:
    stack = picture_stack()
    flat = Stack("s", stack.voxels, 1.0, 0.0, None)
    image = np.array(Image.open(io.BytesIO(slice_picture(flat, 0))))
    assert image.shape[:2] == (373, 560)
    assert colour_of(Segment(2, "femur", EDEMA.category, EDEMA.type)) == "#009E73"
