"""A small study on two machines, for the tests of packages and returns."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from workstation.imaging.study import Laterality
from workstation.reading.cards import Seat
from workstation.reading.seal import LEAST_COST
from workstation.scoring.instrument import instrument
from workstation.store.account_files import FOLDER, AccountFolder
from workstation.store.study_store import DATABASE
from workstation.tasks import SilentProgress
from workstation.workflow.accounts import make_account
from workstation.workflow.import_files import import_paths
from workstation.workflow.make_package import PackageReport, make_package
from workstation.workflow.read_case import Study, create_study, open_study_with_library
from workstation.workflow.sealed_return import ReturnReport, make_return
from workstation.workflow.take_in import take_in
from workstation.workflow.take_package import TakenPackage
from workstation.workflow.take_return import TakenReturn
from workstation.workflow.workspace import open_workspace

PLAN = """\
id = "koa"
title = "Knee"
cases = ["K-1", "K-2"]
readers = ["R1", "R2"]
instruments = ["recht"]
seed = 7340033
"""
ITEMS = tuple(item.id for item in instrument("recht").items)
GRADES = {"R1": "324131", "R2": "224241", "SENTINELB": "111111"}
QUIET = SilentProgress()
PATIENTS = ("SENTINELONE", "SENTINELTWO", "SENTINELTHREE", "SENTINELFOUR", "SENTINELFIVE")
MR = "1.2.840.10008.5.1.4.1.1.4"


def word(name: str) -> str:
    return f"four plain words {name}"


@dataclass(frozen=True)
class Machine:
    """The folders of one computer."""

    place: Path

    @property
    def study(self) -> Path:
        return self.place / "study"

    @property
    def library(self) -> Path:
        return self.place / "library"

    @contextmanager
    def opened(self, *people: str) -> Iterator[Study]:
        """The study with people signed in."""
        with open_study_with_library(self.study, self.library) as study:
            for name in people:
                study.sign_in(name, word(name))
            yield study

    def rows(self) -> dict[str, list[tuple[object, ...]]]:
        """Everything that study and library hold, to tell whether anything was changed."""
        found = {}
        for file in (self.study / DATABASE, self.library / "library.sqlite"):
            if file.is_file():
                with closing(sqlite3.connect(file)) as database:
                    names = [
                        n for (n,) in database.execute("SELECT name FROM sqlite_master WHERE type='table'")
                    ]
                    found |= {
                        f"{file.name} {n}": database.execute(f"SELECT * FROM {n}").fetchall() for n in names
                    }
        return found


def package(home: Machine, reader: str, target: Path, sender: str = "C1", **options: object) -> PackageReport:
    with home.opened(sender) as study:
        assert study.library is not None
        return make_package(
            study,
            study.library,
            reader,
            sender,
            target,
            progress=QUIET,
            **options,  # type: ignore[arg-type] - the names are those of the callers
        )


def take(machine: Machine, file: Path) -> TakenPackage | TakenReturn:
    return take_in(file, machine.study, machine.library, word, progress=QUIET)


def send_back(machine: Machine, reader: str, target: Path) -> ReturnReport:
    with machine.opened(reader) as study:
        return make_return(study, target, QUIET)


def read(machine: Machine, reader: str, *cases: str, lock: bool = True) -> None:
    """Score cases (all when none is named) with the reader's grades."""
    with machine.opened(reader) as study:
        desk = study.reader(reader)
        for code in cases or [entry.code for entry in desk.worklist()]:
            opened = desk.open_read(code)
            for item, grade in zip(ITEMS, GRADES[reader], strict=True):
                opened.answer(item, int(grade))
            if lock:
                opened.lock(word(reader))


def make_home(
    place: Path,
    mode: str = "coordinator",
    plan: str = PLAN,
    slices: int = 2,
    matrix: tuple[int, int] = (24, 20),
    second: str = "R2",
    cases: Sequence[str] = ("K-1", "K-2"),
    safety: str = "",
) -> Machine:
    """Where the study is made: library, accounts, plan."""
    home = Machine(place)
    patients = PATIENTS[: len(cases)]
    write_images(place / "disc", slices, matrix, patients)
    codes = [f"{patient},{code}" for patient, code in zip(patients, cases, strict=True)]
    (place / "codes.csv").write_text("\n".join(["patient_id,code", *codes]), encoding="utf-8")
    with open_workspace(home.library) as workspace:
        import_paths(workspace, [place / "disc"], codes=place / "codes.csv", workers=0, progress=QUIET)
        for number, code in enumerate(cases):
            side = Laterality.LEFT if number % 2 else Laterality.RIGHT
            workspace.library.confirm_laterality(code, side, "C1")
    people = AccountFolder(home.study / FOLDER)
    for name, seat in (("R1", Seat.READER), (second, Seat.READER), ("C1", Seat.COORDINATOR)):
        if name != "C1" or mode == "coordinator":
            make_account(people, name, seat, word(name), cost=LEAST_COST)
    if safety:
        make_account(people, safety, Seat.SAFETY, word(safety), cost=LEAST_COST)
    plan = plan.replace('"R2"', f'"{second}"')
    (place / "plan.toml").write_text(f'{plan}[sealing]\nmode = "{mode}"\n', encoding="utf-8")
    create_study(place / "plan.toml", home.study, home.library, passphrase_of=word).close()
    return home


def write_images(
    folder: Path,
    slices: int = 2,
    matrix: tuple[int, int] = (24, 20),
    patients: Sequence[str] = PATIENTS[:2],
) -> None:
    """A knee of each patient, right and left in turn, no two pictures alike."""
    chance = np.random.default_rng(3)
    from pydicom.dataset import Dataset, FileMetaDataset

    for place, patient in enumerate(patients):
        side = "RL"[place % 2]
        for number in range(slices):
            one = Dataset()
            one.file_meta = FileMetaDataset()
            one.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.1"
            one.SOPClassUID = one.file_meta.MediaStorageSOPClassUID = MR
            stem = f"1.2.826.0.1.99.{place + 1}"
            one.SOPInstanceUID = one.file_meta.MediaStorageSOPInstanceUID = f"{stem}.5.{number + 1}"
            one.StudyInstanceUID, one.SeriesInstanceUID = stem, f"{stem}.5"
            one.FrameOfReferenceUID, one.Modality = f"{stem}.9", "MR"
            one.PatientID, one.PatientName = patient, "SENTINEL^NAME"
            one.PatientBirthDate, one.StudyDate = "19700102", "20200304"
            one.SeriesDescription, one.SeriesNumber, one.InstanceNumber = "Sag PD FS", 5, number + 1
            one.BodyPartExamined, one.Laterality = "KNEE", side
            one.ScanningSequence, one.RepetitionTime, one.EchoTime = "SE", 2800, 42
            one.ImagePositionPatient = [3.0 * number - 20, -50, 50]
            one.ImageOrientationPatient = [0, 1, 0, 0, 0, -1]
            one.PixelSpacing, one.SliceThickness = [0.5, 0.4], 3
            one.Rows, one.Columns = matrix
            one.SamplesPerPixel = 1
            one.PhotometricInterpretation, one.PixelRepresentation = "MONOCHROME2", 0
            one.BitsAllocated, one.BitsStored, one.HighBit = 16, 12, 11
            one.PixelData = chance.integers(0, 4000, matrix).astype("<u2").tobytes()
            folder.mkdir(parents=True, exist_ok=True)
            one.preamble = bytes(128)
            one.save_as(folder / f"{place}-{number}", enforce_file_format=False)
