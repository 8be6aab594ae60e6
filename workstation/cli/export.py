"""``marrow export STUDY``: scores, masks and the report as files."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from workstation.cli.import_ import add_library
from workstation.cli.main import OK, Subparsers, Surface, named_path, print_json
from workstation.cli.passphrases import Passphrases, add_as, add_passphrases
from workstation.tasks import SilentProgress, TerminalProgress

if TYPE_CHECKING:
    from workstation.workflow.read_case import Study


def register(commands: Subparsers) -> None:
    """Add the subcommand."""
    parser = commands.add_parser(
        "export",
        help="scores, masks and the report as files",
        description=(
            "Writes a reading study (its folder) or a case of the library (its code) as files. csv: reads "
            "long, reconciled results wide, agreement; html: the report with pictures; nifti and seg: masks, "
            "also those that readers drew. "
            "Files of an earlier export are replaced, other files never. No identity leaves."
        ),
    )
    parser.epilog = "example: marrow export koa --format csv --format html --out results"
    parser.add_argument("study", metavar="STUDY", help="folder of a reading study, or a case code or UID")
    parser.add_argument(
        "--format",
        dest="formats",
        action="append",
        required=True,
        metavar="FORMAT",
        help="csv, html, nifti or seg; may be given several times",
    )
    parser.add_argument("--out", type=named_path, required=True, metavar="DIR", help="folder for the files")
    parser.add_argument("--reader", default="", metavar="CODE", help="only what this reader may see")
    add_library(parser)
    add_as(parser)
    add_passphrases(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.set_defaults(handler=run)


def _who_opens(study: Study) -> list[str]:
    """Who is asked for when nobody was named: the last of those who open the sheets."""
    return [study.vault.sealing.layers[-1].name] if study.vault is not None else []


def run(arguments: argparse.Namespace, surface: Surface) -> int:  # noqa: ARG001 - the shape of every command
    """Write the files and list them."""
    from workstation.workflow.deliver import export_study, workspace_for

    passphrases, names = (
        Passphrases(arguments.passphrase_fd, arguments.accounts),
        list(arguments.signed_in_as),
    )
    if arguments.reader and not names:
        names = [arguments.reader]
    formats = [part for given in arguments.formats for part in given.split(",") if part]
    progress = SilentProgress() if arguments.json else TerminalProgress()
    with workspace_for(arguments.study, arguments.library) as workspace:
        written = export_study(
            workspace,
            arguments.study,
            formats,
            arguments.out,
            reader=arguments.reader,
            sign_in=lambda study: passphrases.sign_in(study, names or _who_opens(study)),
            progress=progress,
        )
    if arguments.json:
        print_json({"files": [str(path) for path in written]})
    else:
        print(f"{len(written)} files written to {arguments.out}")
        for path in written:
            print(f"  {path.relative_to(arguments.out)}")
    return OK
