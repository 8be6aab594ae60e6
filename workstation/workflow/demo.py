"""The whole job on the built-in phantoms: files, library, masks, two blind reads, reconciliation, exports."""

from __future__ import annotations

import csv
import json
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import asdict, dataclass, field
from itertools import repeat
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TypeVar

from workstation.errors import StoreError
from workstation.phantoms.study import PhantomStudy
from workstation.reading.cards import Seat
from workstation.reading.plan import Resolution, StudyPlan, Unseal
from workstation.scoring.instrument import instrument
from workstation.tasks import Progress, SilentProgress
from workstation.workflow.workspace import Workspace, open_workspace

_T = TypeVar("_T")

READERS = ("R1", "R2")
COORDINATOR = "C1"
SEATS = {**dict.fromkeys(READERS, Seat.READER), COORDINATOR: Seat.COORDINATOR}
PASSPHRASE = "phantoms have no secrets"
"""Of every account of the demo: the study is invented, and anyone may open it."""
INSTRUMENTS = ("recht", "worms-marrow")
KNEES: tuple[tuple[str, str, int, bool], ...] = (
    # case code, side, variant of the phantom, with lesions
    ("K-101", "R", 0, True),
    ("K-102", "L", 1, True),
    ("K-103", "R", 2, True),
)
HIP = "H-201"
REASON = "Both looked at the slice again together"
SEED = 20231


@dataclass(frozen=True)
class DemoReport:
    """Where everything is, and what came out.

    Attributes
    ----------
    dice : dict
        Overlap of each mask with the phantom's truth, by case and file name.
    seconds : dict
        Time of each step.
    """

    library: Path
    study: Path
    exports: tuple[Path, ...]
    masks: Path
    loaded: int
    dice: dict[str, float]
    agreement: dict[str, Any]
    seconds: dict[str, float] = field(default_factory=dict)
    passphrases: dict[str, str] = field(default_factory=lambda: dict.fromkeys(SEATS, PASSPHRASE))

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        values = asdict(self)
        values |= {name: str(values[name]) for name in ("library", "study", "masks")}
        values["exports"] = [str(path) for path in self.exports]
        return values


def run_demo(out: Path, progress: Progress) -> DemoReport:
    """Do the whole job in a folder.

    Parameters
    ----------
    out : Path
        New or empty folder, or one that an earlier demo made (which is refused: nothing is overwritten).

    Raises
    ------
    StoreError
        If the folder holds anything already, or cannot be written.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise StoreError(
            "The demo was not run", f"the folder {out.name} is not empty", "Name a new folder with --out"
        )
    steps = _Steps(progress, 6)
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        cases = steps.run("building the phantoms", lambda: _phantoms(pool, out / "dicom"))
        with open_workspace(out / "library") as workspace:
            loaded = steps.run("importing", lambda: _import(workspace, out, cases))
        dice = steps.run("marking masks", lambda: _segment(pool, out / "library", cases, out))
    with open_workspace(out / "library") as workspace:
        study = out / "study"
        steps.run("reading blind, twice", lambda: _read(workspace, cases, study))
        steps.run("reconciling", lambda: _reconcile(workspace, study))
        exports, agreement = steps.run("exporting", lambda: _export(workspace, study, out / "exports"))
    return DemoReport(
        library=out / "library",
        study=study,
        exports=exports,
        masks=out / "masks",
        loaded=loaded,
        dice=dice,
        agreement=agreement,
        seconds=steps.seconds,
    )


class _Steps:
    """Runs named steps, reports each and keeps its time."""

    def __init__(self, progress: Progress, total: int) -> None:
        self._progress = progress
        self._total = total
        self.seconds: dict[str, float] = {}

    def run(self, name: str, work: Callable[[], _T]) -> _T:
        self._progress.report(len(self.seconds), self._total, name)
        started = time.perf_counter()
        result = work()
        self.seconds[name] = round(time.perf_counter() - started, 2)
        self._progress.report(len(self.seconds), self._total, name)
        return result


def _phantom(code: str) -> PhantomStudy:
    from workstation.phantoms.hip import hip
    from workstation.phantoms.knee import knee

    if code == HIP:
        return hip(variant=0)
    _, side, variant, lesions = next(one for one in KNEES if one[0] == code)
    return knee(side, variant=variant, lesions=lesions)


def _write_phantom(code: str, folder: Path) -> PhantomStudy:
    from workstation.phantoms.dicom_files import write_study

    phantom = _phantom(code)
    write_study(phantom, folder / code, patient_id=f"PHANTOM-{code}", truth=True)
    return phantom


def _phantoms(pool: Executor, folder: Path) -> dict[str, PhantomStudy]:
    """Write the phantom studies as DICOM and give them by the case code they are to have."""
    codes = [HIP, *(code for code, *_ in KNEES)]  # the largest first
    return dict(zip(codes, pool.map(_write_phantom, codes, repeat(folder)), strict=True))


def _import(workspace: Workspace, out: Path, cases: dict[str, PhantomStudy]) -> int:
    from workstation.workflow.import_files import import_paths

    codes = out / "codes.csv"
    with codes.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(("patient_id", "code"))
        writer.writerows((f"PHANTOM-{code}", code) for code in cases)
    report = import_paths(workspace, [out / "dicom"], codes=codes, progress=SilentProgress())
    report.write_csv(out / "import.csv")
    return report.loaded


def _segment(pool: Executor, library: Path, codes: Iterable[str], folder: Path) -> dict[str, float]:
    """Masks of every case from one click per bone, and their overlap with the truth."""
    found: dict[str, float] = {}
    for part in pool.map(_segment_case, repeat(library), codes, repeat(folder)):
        found |= part
    return found


def _segment_case(library: Path, code: str, folder: Path) -> dict[str, float]:
    import numpy as np

    from workstation.masks.overlap import dice
    from workstation.workflow.segment import segment_study

    recipe, label, series = ("reconversion", 2, "2") if code == HIP else ("edema", 1, "4")
    truth = folder / "dicom" / code / "truth"
    with open_workspace(library, create=False) as workspace:
        report = segment_study(
            workspace, code, recipe, truth / "seeds.json", folder / "masks" / code,
            series=[series], progress=SilentProgress(),
        )  # fmt: skip
    found = {}
    with np.load(truth / f"series-{series}.npz") as painted:
        for made in report.masks:
            overlap = dice(made.mask.labels > 0, painted["lesions"] == label)
            if overlap is not None:
                found[f"{code} {series}-{recipe}"] = round(overlap, 3)
    return found


def _plan() -> StudyPlan:
    return StudyPlan(
        id="phantom-knees",
        title="Phantom knees",
        version=1,
        cases=tuple(code for code, *_ in KNEES),
        readers=READERS,
        instruments=tuple((name, instrument(name).version) for name in INSTRUMENTS),
        resolution=Resolution.CONSENSUS,
        unseal=Unseal.STUDY,
        seed=SEED,
    )


def _read(workspace: Workspace, cases: dict[str, PhantomStudy], folder: Path) -> None:
    """Both scripted readers read every case in their own order, and lock."""
    from workstation.workflow.accounts import accounts_of, make_account
    from workstation.workflow.demo_readers import evidence_of, scripted_grade
    from workstation.workflow.open_study import open_study
    from workstation.workflow.read_case import open_study_folder
    from workstation.workflow.set_up_study import set_up_study

    variants = {code: variant for code, _, variant, _ in KNEES}
    people = accounts_of(folder)
    for name, seat in SEATS.items():
        make_account(people, name, seat, PASSPHRASE)
    set_up_study(_plan(), folder, workspace, dict.fromkeys(SEATS, PASSPHRASE))
    with open_study_folder(folder, workspace) as study:
        for code in study.plan.readers:
            study.sign_in(code, PASSPHRASE)
            desk = study.reader(code)
            for entry in desk.worklist():
                images = open_study(workspace, entry.code, SilentProgress())
                read = desk.open_read(entry.code)
                for form in study.instruments:
                    for item in form.items:
                        grade = scripted_grade(code, entry.code, form.id, item, variants[entry.code])
                        evidence = evidence_of(item.id, cases[entry.code], images.series)
                        read.answer(item.id, grade, evidence, instrument=form.id)
                read.lock(PASSPHRASE)
            study.sign_out(code)


def _reconcile(workspace: Workspace, folder: Path) -> None:
    """Settle every differing item at the key's grade, with a reason; both sign."""
    from workstation.workflow.demo_readers import key_grade
    from workstation.workflow.read_case import open_study_folder
    from workstation.workflow.reconcile_case import reconciliations

    variants = {code: variant for code, _, variant, _ in KNEES}
    with open_study_folder(folder, workspace) as study:
        for name in (COORDINATOR, *study.plan.readers):
            study.sign_in(name, PASSPHRASE)
        for case in reconciliations(study):
            for pair in case.unsettled:
                grade = key_grade(pair.instrument, pair.item, variants[case.case])
                case.settle(pair.item, grade, REASON, instrument=pair.instrument)
            for code in study.plan.readers:
                case.sign(code, PASSPHRASE)


def _export(workspace: Workspace, study: Path, out: Path) -> tuple[tuple[Path, ...], dict[str, Any]]:
    from workstation.workflow.agree import agreement_of
    from workstation.workflow.deliver import export_study

    written = export_study(
        workspace,
        study,
        ("csv", "nifti", "seg", "html"),
        out,
        sign_in=lambda opened: opened.sign_in(COORDINATOR, PASSPHRASE),
        progress=SilentProgress(),
    )
    reads = next(path for path in written if path.name.endswith("reads.csv"))
    agreement = agreement_of(reads).to_json()
    (out / "agreement.json").write_text(json.dumps(agreement, indent=1), encoding="utf-8")
    return tuple(written), agreement
