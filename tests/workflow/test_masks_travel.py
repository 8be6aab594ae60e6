"""What a reader draws on the own machine: sealed on its way, the same voxels where reads are compared."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pydicom
import pytest

from tests.workflow.two_machines import (
    GRADES,
    ITEMS,
    QUIET,
    Machine,
    make_home,
    package,
    send_back,
    take,
    word,
)
from workstation.errors import WorkstationError
from workstation.imaging.load import stack_geometry
from workstation.masks.editing.change import change_in, packed
from workstation.masks.editing.strokes import Stroke
from workstation.workflow.deliver import export_study
from workstation.workflow.import_files import import_paths
from workstation.workflow.reader_masks import drawn_elsewhere, mask_pairs, two_of
from workstation.workflow.reconcile_case import reconciliation
from workstation.workflow.unseal_study import unseal_ready
from workstation.workflow.verify_study import verify_study
from workstation.workflow.workspace import Workspace, open_workspace

LAYERS = {"coordinator": ["C1"], "both-keys": ["R1", "R2"]}


def noise(reader: str, shape: tuple[int, ...]) -> np.ndarray:
    """Marks that nothing makes smaller: they take several entries."""
    return np.random.default_rng(len(reader) + ord(reader[-1])).random(shape) < 0.4


@contextmanager
def other_library(home: Machine) -> Iterator[Workspace]:
    """The same images under the same codes, imported for itself: its UIDs are other ones."""
    with open_workspace(home.place / "other") as workspace:
        codes = home.place / "codes.csv"
        import_paths(workspace, [home.place / "disc"], codes=codes, workers=0, progress=QUIET)
        yield workspace


def draw_and_lock(machine: Machine, reader: str) -> None:
    """Every case read, and a mask drawn in K-1 in two strokes, the second taken back and drawn again."""
    with machine.opened(reader) as study:
        desk = study.reader(reader)
        for code in ("K-1", "K-2"):
            read = desk.open_read(code)
            if code == "K-1":
                assert study.library is not None
                (series,) = study.library.series("K-1")
                geometry = stack_geometry(series)
                assert geometry is not None
                marks = noise(reader, geometry.shape)
                empty = np.zeros(geometry.shape, np.uint8)
                stroke = Stroke("s", series.key, "brush", packed(change_in(empty, marks, (0, 0, 0), 1)))
                read.keep_stroke(stroke)
                read.undo()
                read.keep_stroke(stroke)
            for item, grade in zip(ITEMS, GRADES[reader], strict=True):
                read.answer(item, int(grade))
            read.lock(word(reader))


@pytest.mark.parametrize("mode", list(LAYERS))
def test_a_mask_drawn_on_the_own_machine_is_compared_and_exported(mode: str, tmp_path: Path) -> None:
    home = make_home(tmp_path / "home", mode, slices=4, matrix=(96, 80))
    machine = Machine(tmp_path / "R1")
    take(machine, package(home, "R1", tmp_path, LAYERS[mode][0]).path)
    draw_and_lock(machine, "R1")
    file = send_back(machine, "R1", tmp_path).path
    take(home, file)
    draw_and_lock(home, "R2")
    marks = {reader: noise(reader, (4, 96, 80)) for reader in ("R1", "R2")}
    raw = np.packbits(marks["R1"]).tobytes()
    kept = b"".join(path.read_bytes() for path in (file, *home.study.glob("study.sqlite*")))
    assert raw[:24] not in kept and zlib.compress(raw)[2:26] not in kept
    with home.opened(*LAYERS[mode]) as study, open_workspace(home.library) as workspace:
        with pytest.raises(WorkstationError):
            export_study(workspace, home.study, ("seg",), tmp_path / "early", progress=QUIET)
        unseal_ready(study, LAYERS[mode][0])
        (series,) = workspace.library.series("K-1")
        case = reconciliation(study, "K-1")
        reads = [study.counted_reads()[reader, "K-1", 1] for reader in ("R1", "R2")]
        (two,) = two_of(*reads, [series])
        for mask, reader in zip((two.x, two.y), ("R1", "R2"), strict=True):
            assert np.array_equal(mask.labels > 0, marks[reader])
        assert case.case == "K-1" and two.differing_slices == (0, 1, 2, 3)
        (pair,) = mask_pairs(study, workspace)
        both = np.count_nonzero(marks["R1"] & marks["R2"])
        dice = 2 * both / sum(np.count_nonzero(one) for one in marks.values())
        assert pair.agreement.dice == pytest.approx(dice)
        assert verify_study(study).findings == ()

    with home.opened(*LAYERS[mode]) as study, other_library(home) as workspace:
        assert drawn_elsewhere(study, workspace) == (("K-1", "R1"), ("K-1", "R2"))
        assert mask_pairs(study, workspace) == ()

    def sign_in(study: object) -> None:
        for name in LAYERS[mode]:
            study.sign_in(name, word(name))  # type: ignore[attr-defined] - it is a study

    with open_workspace(home.library) as workspace:
        export_study(workspace, home.study, ("seg",), tmp_path / "out", sign_in=sign_in, progress=QUIET)
    for reader, wanted in marks.items():
        (path,) = (tmp_path / "out").rglob(f"*drawn-{reader}.dcm")
        assert np.count_nonzero(pydicom.dcmread(path).pixel_array) == np.count_nonzero(wanted)
