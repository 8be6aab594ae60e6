"""``marrow library``: what is in the library, and what the coordinator decides about it."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from workstation.cli.import_ import add_library
from workstation.cli.main import OK, Subparsers, Surface, print_json
from workstation.errors import UsageError

if TYPE_CHECKING:
    from workstation.store.records import SeriesRow, StudyRow
    from workstation.workflow.workspace import Workspace


def register(commands: Subparsers) -> None:
    """Add the subcommand."""
    parser = commands.add_parser(
        "library",
        help="list studies and series; confirm sides, join torn studies",
        description=(
            "List the cases of the library with their series: plane, weighting, matrix, spacing, slices and "
            "warnings. A coordinator confirms the side of a case, or joins two cases that an anonymiser tore "
            "apart; both are recorded with who and when."
        ),
    )
    parser.epilog = "example: marrow library --library knees --confirm-side K-0001 L --joint knee"
    add_library(parser)
    decision = parser.add_mutually_exclusive_group()
    decision.add_argument("--join", nargs=2, metavar="CODE", help="make one case of two that belong together")
    decision.add_argument(
        "--keep-apart", nargs=2, metavar="CODE", help="two cases are not one: do not offer to join them again"
    )
    decision.add_argument("--part", metavar="CODE", help="undo the joins of a case")
    decision.add_argument(
        "--confirm-side",
        nargs=2,
        metavar=("CODE", "L|R|B"),
        help="set the side of a case, or of several (CODE,CODE,…): L, R or B (both)",
    )
    parser.add_argument(
        "--joint", choices=("knee", "hip"), help="with --confirm-side, where the files do not name the joint"
    )
    parser.add_argument("--by", metavar="NAME", help="who decides (default: the name you are logged in with)")
    parser.add_argument(
        "--crosswalk", type=Path, metavar="FILE", help="crosswalk to bring up to date after a decision"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.set_defaults(handler=run)


def run(arguments: argparse.Namespace, surface: Surface) -> int:  # noqa: ARG001 - the shape of every command
    """Decide what was asked, then list."""
    from workstation.workflow.workspace import open_workspace

    with open_workspace(arguments.library, create=False) as workspace:
        _decide(arguments, workspace)
        if arguments.json:
            print_json(_json(workspace))
        else:
            _print(workspace)
    return OK


def _decide(arguments: argparse.Namespace, workspace: Workspace) -> None:
    from workstation.imaging.study import Joint, Laterality
    from workstation.workflow import curate

    by = arguments.by or curate.who()
    if arguments.join:
        first, second = arguments.join
        curate.join(workspace, first, second, by, arguments.crosswalk)
    elif arguments.keep_apart:
        first, second = arguments.keep_apart
        curate.keep_apart(workspace, first, second, by)
    elif arguments.part:
        curate.part(workspace, arguments.part, by, arguments.crosswalk)
    elif arguments.confirm_side:
        codes, side = arguments.confirm_side
        if side.upper() not in tuple(Laterality):
            raise UsageError(f"The side {side!r} is not known", "", "It is L, R or B (both)")
        joint = Joint(arguments.joint) if arguments.joint else None
        several = tuple(code.strip() for code in codes.split(",") if code.strip())
        curate.confirm_sides(workspace, several, Laterality(side.upper()), by, joint, arguments.crosswalk)
    elif arguments.joint:
        raise UsageError("--joint was given alone", "", "Use it together with --confirm-side")


def _json(workspace: Workspace) -> dict[str, object]:
    from workstation.workflow.import_report import case_json, series_json

    library = workspace.library
    studies = library.studies()
    return {
        "cases": [case_json(case) for case in library.cases()],
        "series": [series_json(study, series) for study in studies for series in study.series],
        "join_candidates": [
            {"first": pair.first, "second": pair.second, "reason": pair.reason}
            for pair in library.join_candidates()
        ],
        "suggested_joints": dict(library.suggested_joints()),
        "warnings": list(library.warnings),
    }


def _print(workspace: Workspace) -> None:
    library = workspace.library
    studies = library.studies()
    if not studies:
        print("The library is empty. Import images with: marrow import PATH")
    print_studies(studies)
    for pair in library.join_candidates():
        print(
            f"* {pair.first} and {pair.second} may be one case: {pair.reason}. "
            f"If they are: marrow library --join {pair.first} {pair.second}"
        )
    for code, joint in library.suggested_joints().items():
        print(
            f"* {code} may show a {joint}: its coil was built for one. "
            f"If it does: marrow library --confirm-side {code} L|R|B --joint {joint}"
        )
    for warning in library.warnings:
        print(f"* {warning}")


def print_studies(studies: Sequence[StudyRow]) -> None:
    """One block per case: a heading, then a line per series with its warnings beneath."""
    code = ""
    for study in studies:
        case = study.case
        if case.code != code:
            code = case.code
            side = case.laterality or "?"
            open_side = "" if case.laterality_confirmed else "  side not confirmed"
            print(f"{code}  {case.joint or 'joint not known'}  {side}{open_side}")
        for series in study.series:
            print(f"  {study.visit:<2} {_line(series)}")
            for warning in series.warnings:
                print(f"       ! {warning}")


def _line(series: SeriesRow) -> str:
    number = "" if series.series_number is None else str(series.series_number)
    contrast = series.weighting or ("" if series.modality == "MR" else series.modality)
    suppressed = " FS" if series.fat_suppressed else ""
    plane = series.plane or "-"
    matrix = f"{series.rows} x {series.columns}"
    spacing = " x ".join(
        "-" if value is None else f"{value:.3g}"
        for value in (series.row_spacing, series.column_spacing, series.slice_spacing)
    )
    name = f"{number}{' ' + series.split if series.split else ''}"
    return (
        f"{name:<14} {plane:<9} {(contrast or '-') + suppressed:<10} {series.slices:>4} slices  "
        f"{matrix:<11} {spacing} mm"
    )
