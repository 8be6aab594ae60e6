"""Take in a file that travelled: a package on the reader's machine, or a return where the study is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from workstation import settings
from workstation.errors import ProtocolViolation
from workstation.reading.cards import Card
from workstation.reading.package import PACKAGE
from workstation.reading.urgent_file import SUFFIX as URGENT_SUFFIX
from workstation.store.package_file import PackageFile
from workstation.store.sizes import megabytes
from workstation.store.study_store import DATABASE
from workstation.tasks import Progress
from workstation.workflow.accounts import CARD_SUFFIX, accounts_of
from workstation.workflow.make_package import PackageReport
from workstation.workflow.read_case import open_study_folder
from workstation.workflow.sealed_return import ReturnReport
from workstation.workflow.take_package import TakenPackage, take_package
from workstation.workflow.take_return import TakenReturn, take_return


def whose_passphrase(path: Path) -> tuple[str, str]:
    """What kind of file it is (``"package"`` or ``"return"``), and whose passphrase opens it.

    Raises
    ------
    DataError
        If it is neither.
    """
    with PackageFile.open(path) as file:
        return file.header.kind, file.header.recipient


@dataclass(frozen=True, slots=True)
class TravelFacts:
    """What a person must know of a study folder before something is made of it.

    Attributes
    ----------
    machine_of : str
        The reader on whose own machine the folder lies; empty where the study itself is.
    signers : tuple of str
        Who may sign a package; empty where the study is not sealed.
    """

    title: str
    machine_of: str
    readers: tuple[str, ...]
    signers: tuple[str, ...]


def travel_facts(folder: Path) -> TravelFacts:
    """Look into a study folder.

    Raises
    ------
    StoreError
        If there is no study in it, or it cannot be opened.
    """
    with open_study_folder(folder) as study:
        sealing = study.plan.sealing
        signers = tuple(card.name for card in sealing.signers) if study.vault and sealing else ()
        return TravelFacts(study.plan.title, study.store.machines.machine_of, study.plan.readers, signers)


def take_in(
    path: Path,
    folder: Path,
    library: Path | None,
    passphrase_of: Callable[[str], str],
    *,
    accounts: Path | None = None,
    progress: Progress,
) -> TakenPackage | TakenReturn:
    """Take in a package or a return; see `take_package` and `take_return`.

    Parameters
    ----------
    folder : Path
        The study folder: for a package the copy that is made or brought up to date.
    library : Path, optional
        Where the images of a package go; the person's own library when none is named.
    """
    with PackageFile.open(path) as file:
        if file.header.kind == PACKAGE:
            people = accounts_of(folder, accounts)
            place = library or settings.default_library()
            return take_package(file, folder, place, people, passphrase_of, progress)
        if not (folder / DATABASE).is_file():
            raise ProtocolViolation(
                "The return was not taken in",
                f"there is no study in the folder {folder.name}",
                "Name the study's folder with --study",
            )
        with open_study_folder(folder, accounts=accounts) as study:
            return take_return(file, study, passphrase_of, progress)


def is_account(path: Path) -> bool:
    """Whether a file is, by its name, a card or an account and no package."""
    return path.suffix in (CARD_SUFFIX, ".json")


def is_message(path: Path) -> bool:
    """Whether a file is, by its name, an urgent finding."""
    return path.suffix == URGENT_SUFFIX


def said_of_message(*, is_new: bool) -> str:
    """What became of taking an urgent finding in, for a person."""
    if not is_new:
        return "Nothing new: this urgent finding is in the study already."
    return "An urgent finding came in, sealed. Tell the safety contact now, who alone can read it."


def said_of_account(card: Card, *, is_new: bool) -> str:
    """What became of taking a card or an account in, for a person."""
    if not is_new:
        return f"Nothing new: {card.name} is known here already, {card.spoken}."
    return f"{card.name} ({card.seat.value}) came in; compare the fingerprint aloud: {card.spoken}."


def said_of_package(report: PackageReport) -> str:
    """What became of making a package, for a person."""
    text = (
        f"{report.path.name}: {_counted(report.cases, 'case')}, {_counted(report.images, 'image')}, "
        f"{megabytes(report.size)}, package {report.number} for {report.reader}."
    )
    if report.left_out:
        kinds = ", ".join(f"{count} with {kind}" for kind, count in sorted(report.left_out.items()))
        text += f" Left out until they are approved: {kinds}."
    if report.others:
        text += (
            f" It holds the public keys and the code of {' and '.join(report.others)}, "
            "without which nothing could be sealed to both readers."
        )
    return text


def said_of_return(report: ReturnReport) -> str:
    """What became of making a return, for a person."""
    return (
        f"{report.path.name}: {report.reads} of {report.required} reads are locked and in it, "
        f"{megabytes(report.size)}, for {report.recipient}."
    )


def said_of_taken(taken: TakenPackage | TakenReturn) -> str:
    """What became of taking a file in, for a person."""
    if isinstance(taken, TakenReturn):
        if not taken.is_new:
            return f"Nothing new: this return of {taken.reader} was taken in before."
        text = (
            f"{_counted(taken.new, 'read')} of {taken.reader} came in; "
            f"{taken.locked} of {taken.required} are locked now."
        )
        if taken.late:
            was = (
                "1 of them is an amendment that"
                if taken.late == 1
                else f"{taken.late} of them are amendments that"
            )
            text += f" {was} came after the reads were opened: marked, and left out of agreement."
        if taken.urgent:
            text += f" For the safety contact, now: {_counted(taken.urgent, 'urgent finding')}."
        return text
    if not taken.is_new:
        return f"Nothing new: package {taken.number} of {taken.study} was taken in before."
    text = (
        f"{taken.study} is ready for {taken.reader}: {_counted(taken.cases, 'case')}, "
        f"{_counted(taken.images, 'new image')}. Made by {taken.sender.name}; "
        f"compare the fingerprint aloud: {taken.sender.spoken}."
    )
    if taken.left_out:
        text += f" {_counted(taken.left_out, 'image')} stayed behind, not approved."
    return text


def _counted(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
