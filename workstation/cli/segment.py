"""``marrow segment``: masks and volumes of a study."""

from __future__ import annotations

import argparse
from pathlib import Path

from workstation.cli.import_ import add_library
from workstation.cli.main import OK, Subparsers, Surface, print_json
from workstation.errors import UsageError
from workstation.tasks import SilentProgress, TerminalProgress


def register(commands: Subparsers) -> None:
    """Add the subcommand."""
    parser = commands.add_parser(
        "segment",
        help="masks and volumes of a study, inside bones marked by one click each",
        description="Marks edema (fat-suppressed fluid-sensitive images) or a reconversion pattern (T1) "
        "inside each clicked bone. Writes NIfTI, DICOM SEG and volumes.csv. The recipes are unvalidated.",
    )
    parser.epilog = "example: marrow segment K-0001 --recipe edema --seeds seeds.json --out masks"
    parser.add_argument("study", metavar="STUDY", help="case code or UID of the library, or a folder")
    parser.add_argument("--recipe", required=True, metavar="NAME", help="edema or reconversion")
    parser.add_argument(
        "--seeds",
        type=Path,
        metavar="FILE",
        help='JSON, one or more clicks per bone in LPS mm: {"femur": [[x, y, z]], "tibia": [[x, y, z]]}',
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for the files")
    parser.add_argument(
        "--parameter",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="change one number of the recipe",
    )
    parser.add_argument(
        "--series", action="append", default=[], metavar="NUMBER", help="only this series; may be repeated"
    )
    add_library(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.set_defaults(handler=run)


def run(arguments: argparse.Namespace, surface: Surface) -> int:  # noqa: ARG001 - the shape of every command
    """Make the masks and list the volumes."""
    from workstation.workflow.deliver import workspace_for
    from workstation.workflow.segment import segment_study

    if arguments.seeds is None:
        raise UsageError(
            "No mask was made", "the bones are not marked", "Give one click per bone with --seeds FILE"
        )
    progress = SilentProgress() if arguments.json else TerminalProgress()
    study = Path(arguments.study) if Path(arguments.study).exists() else arguments.study
    if isinstance(study, Path):
        report = segment_study(
            None, study, arguments.recipe, arguments.seeds, arguments.out,
            parameters=_parameters(arguments.parameter), series=arguments.series, progress=progress,
        )  # fmt: skip
    else:
        with workspace_for(study, arguments.library) as workspace:
            report = segment_study(
                workspace, study, arguments.recipe, arguments.seeds, arguments.out,
                parameters=_parameters(arguments.parameter), series=arguments.series, progress=progress,
            )  # fmt: skip
    if arguments.json:
        print_json(report.to_json())
        return OK
    for row in report.to_json()["volumes"]:
        percent = "n/a" if row["percent"] is None else f"{row['percent']:.1f} %"
        place = f"series {row['series']:<8} {row['region']:<14} {row['label']:<32}"
        print(f"{place} {row['volume_ml']:8.2f} ml  {percent}")
    for sentence in report.warnings:
        print(f"  warning: {sentence}")
    for sentence in report.refused:
        print(f"  not marked: {sentence}")
    print(f"{len(report.files)} files written to {arguments.out}. Unvalidated: check every mask by eye.")
    return OK


def _parameters(words: list[str]) -> dict[str, object]:
    found: dict[str, object] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name:
            raise UsageError("The parameters were not understood", f"{word} is not NAME=VALUE")
        found[name.strip()] = value.strip()
    return found
