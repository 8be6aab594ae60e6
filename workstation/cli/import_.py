"""``marrow import PATH...``: bring images into the library."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from workstation.cli.main import OK, REFUSED, Subparsers, Surface, print_json

if TYPE_CHECKING:
    from workstation.workflow.import_report import ImportReport


def register(commands: Subparsers) -> None:
    """Add the subcommand."""
    parser = commands.add_parser(
        "import",
        help="import folders, files, ZIP archives or discs into the library",
        description=(
            "Write de-identified copies into the library. Every file is accounted for: loaded, skipped "
            "(not wanted, or there already) or refused (damaged), with the reason. Originals are only read. "
            "Identities are kept outside the library, in the crosswalk file. Importing the same files again "
            "adds nothing; an interrupted import is continued by repeating it."
        ),
    )
    parser.epilog = (
        "example: marrow import DISC more.zip --library knees --codes codes.csv --report report.csv"
    )
    parser.add_argument("paths", type=Path, nargs="+", metavar="PATH", help="folder, file or ZIP archive")
    add_library(parser)
    parser.add_argument(
        "--codes", type=Path, metavar="CSV", help="case codes to use: patient_id, code [, joint, side]"
    )
    parser.add_argument(
        "--crosswalk",
        type=Path,
        metavar="FILE",
        help="where identities are kept (default: DIR.crosswalk.csv beside the library)",
    )
    parser.add_argument("--report", type=Path, metavar="CSV", help="write what became of every file")
    parser.add_argument(
        "--approve-secondary",
        action="store_true",
        help="let in secondary captures and burned-in text: a person has looked, no name is shown in them",
    )
    parser.add_argument(
        "--workers", type=int, metavar="N", help="processes (default: one per core, at most four)"
    )
    parser.add_argument("--json", action="store_true", help="print the report as one JSON document")
    parser.set_defaults(handler=run)


def add_library(parser: argparse.ArgumentParser) -> None:
    """Add ``--library``; the same option before the subcommand counts too."""
    parser.add_argument(
        "--library",
        type=Path,
        metavar="DIR",
        default=argparse.SUPPRESS,
        help="the library (default: your own)",
    )


def run(arguments: argparse.Namespace, surface: Surface) -> int:  # noqa: ARG001 - the shape of every command
    """Import and print the report."""
    from workstation.tasks import TerminalProgress
    from workstation.workflow.import_files import import_paths
    from workstation.workflow.workspace import open_workspace

    with open_workspace(arguments.library) as workspace:
        report = import_paths(
            workspace,
            arguments.paths,
            codes=arguments.codes,
            crosswalk=arguments.crosswalk,
            workers=arguments.workers,
            approve_secondary=arguments.approve_secondary,
            progress=TerminalProgress(),
        )
    if arguments.report is not None:
        report.write_csv(arguments.report)
    if arguments.json:
        print_json(report.to_json())
    else:
        _print(report)
    if not report.found_images:
        print("No image was found in these files; nothing was added to the library.", file=sys.stderr)
        return REFUSED
    return OK


def _print(report: ImportReport) -> None:
    from workstation.cli.library import print_studies

    print(f"{report.loaded} loaded, {report.skipped} skipped, {report.refused} refused")
    for status, reason, count in report.reasons:
        print(f"  {count:>6}  {status}: {reason}")
    if report.studies:
        print()
        print_studies(report.studies)
    for note in report.notes:
        print(f"* {note}")
    print(f"Identities: {report.crosswalk}")
