"""A study of 100 cases on two machines: making a reader's package, taking it in, and the memory of both."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.figures import Figure, figure
from workstation.imaging.study import Laterality
from workstation.reading.cards import Seat
from workstation.reading.plan import StudyPlan
from workstation.reading.seal import LEAST_COST
from workstation.scoring.instrument import instrument
from workstation.store.account_files import FOLDER, AccountFolder
from workstation.store.study_store import StudyStore
from workstation.tasks import SilentProgress
from workstation.workflow.accounts import make_account, plan_signers, with_accounts
from workstation.workflow.import_files import import_paths
from workstation.workflow.workspace import open_workspace

NAMES = ("package_100_cases_s", "accept_100_cases_s", "package_rss_mib")
LIMITS = {"package_100_cases_s": 60.0, "accept_100_cases_s": 90.0, "package_rss_mib": 200.0}
CASES, IMAGES, MATRIX = 100, 60, 256
WORDS = "four plain words"
RUNS = 1

_WORK = """
import json, sys, time
from pathlib import Path
from benchmarks.two_machines import peak_mib
from workstation.store.account_files import AccountFolder, FOLDER
from workstation.tasks import SilentProgress
from workstation.workflow.make_package import make_package
from workstation.workflow.read_case import open_study_with_library
from workstation.workflow.take_in import take_in

what, study, library, file = sys.argv[1], *map(Path, sys.argv[2:5])
words = "four plain words"
started = time.perf_counter()
if what == "make":
    with open_study_with_library(study, library) as opened:
        opened.sign_in("C1", words)
        make_package(opened, opened.library, "R1", "C1", file, progress=SilentProgress())
elif what == "take":
    take_in(file, study, library, lambda name: words, progress=SilentProgress())
taken = time.perf_counter() - started
print(json.dumps({"s": taken, "mib": peak_mib()}))
"""


def run(runs: int | None = None) -> list[Figure]:
    """Make and take in one package in processes of their own; the floor copies the images plainly."""
    with tempfile.TemporaryDirectory(prefix="marrow-bench-") as name:
        place = Path(name)
        _make_study(place)
        images = sorted((place / "library" / "images").rglob("*.dcm"))
        floor = _copied(images, place / "copy")
        idle = _work("nothing", place / "study", place / "library", place / "none")["mib"]
        made, taken, peaks = [], [], []
        for number in range(runs or RUNS):
            file = place / f"{number}.marrow-package"
            one = _work("make", place / "study", place / "library", file)
            two = _work("take", place / f"study-{number}", place / f"library-{number}", file)
            made.append(one["s"])
            taken.append(two["s"])
            peaks.append(max(one["mib"], two["mib"]))
            file.unlink()
    said = f"copying the same {CASES * IMAGES} images"
    return [
        figure(
            "package_100_cases_s", made, "s", floor=floor, floor_name=said,
            limit=LIMITS["package_100_cases_s"],
        ),
        figure(
            "accept_100_cases_s", taken, "s", floor=floor, floor_name=said,
            limit=LIMITS["accept_100_cases_s"],
        ),
        figure(
            "package_rss_mib", peaks, "MiB", floor=idle, floor_name="the same program without a package",
            limit=LIMITS["package_rss_mib"],
        ),
    ]  # fmt: skip


def peak_mib() -> float:
    """The most memory that this process ever had resident."""
    status = Path("/proc/self/status")
    if status.exists():  # the system's other count goes on from the process that started this one
        line = next(one for one in status.read_text().splitlines() if one.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 1024)


def _work(what: str, *places: Path) -> dict[str, float]:
    root = Path(__file__).resolve().parents[1]
    settings = {
        "MARROW_CONFIG": str(places[0].parent / "config"),
        "MARROW_LOG": str(places[0].parent / "log"),
    }
    done = subprocess.run(
        [sys.executable, "-c", _WORK, what, *map(str, places)],
        env=os.environ | settings | {"PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def _make_study(place: Path) -> None:
    _write_images(place / "disc")
    with open_workspace(place / "library") as workspace:
        import_paths(workspace, [place / "disc"], progress=SilentProgress())
        cases = tuple(case.code for case in workspace.library.cases())
        for case in cases:
            workspace.library.confirm_laterality(case, Laterality.RIGHT, "C1")
    assert len(cases) == CASES
    people = AccountFolder(place / "study" / FOLDER)
    for name, seat in (("R1", Seat.READER), ("R2", Seat.READER), ("C1", Seat.COORDINATOR)):
        make_account(people, name, seat, WORDS, cost=LEAST_COST)
    form = instrument("worms-marrow")
    plan = StudyPlan("bench", "Benchmark", 1, cases, ("R1", "R2"), ((form.id, form.version),))
    sealed = with_accounts(plan, people)
    signers = plan_signers(sealed, people, {"C1": WORDS})
    StudyStore.create(place / "study", sealed, library=str(place / "library"), signers=signers).close()


def _write_images(folder: Path) -> None:
    from benchmarks.dicom_folder import mr_dataset

    plane = np.random.default_rng(7).integers(0, 4000, (MATRIX, MATRIX), dtype=np.uint16)
    for patient in range(CASES):
        target = folder / f"patient-{patient:03}"
        target.mkdir(parents=True)
        for number in range(IMAGES):
            dataset = mr_dataset(f"patient {patient}", number // 20, number % 20)
            dataset.PatientID = f"BENCH-{patient}"
            dataset.Rows = dataset.Columns = MATRIX
            # No two pictures alike: a disk that keeps equal blocks once must not look fast.
            dataset.PixelData = np.roll(plane, patient * IMAGES + number).tobytes()
            dataset.save_as(target / f"IM{number:04}", enforce_file_format=True)


def _copied(images: list[Path], target: Path) -> float:
    started = time.perf_counter()
    with target.open("wb") as file:
        for image in images:
            file.write(image.read_bytes())
        file.flush()
        os.fsync(file.fileno())
    taken = time.perf_counter() - started
    target.unlink()
    return taken
