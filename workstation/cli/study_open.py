"""What every action of ``marrow study`` shares: its options, and the open study."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workstation.cli.main import Subparsers, named_path
from workstation.cli.passphrases import add_passphrases

if TYPE_CHECKING:
    from workstation.workflow.read_case import Study


def study_action(actions: Subparsers, name: str, handler: Any, text: str) -> argparse.ArgumentParser:
    """Add one action with the options that all of them have."""
    parser: argparse.ArgumentParser = actions.add_parser(
        name, help=text, description=text[0].upper() + text[1:]
    )
    parser.add_argument("--study", type=named_path, required=True, metavar="DIR", help="the study folder")
    parser.add_argument(
        "--library",
        type=named_path,
        metavar="DIR",
        default=argparse.SUPPRESS,  # else it would undo --library before the command
        help="the library with the images; otherwise the one the study was made with",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    add_passphrases(parser)
    parser.set_defaults(action_handler=handler)
    return parser


def add_subjects(parser: argparse.ArgumentParser) -> None:
    """Add ``--subjects``, for a plan that reveals sex or age decade."""
    parser.add_argument(
        "--subjects",
        type=Path,
        metavar="CSV",
        help="columns case, sex, age, or a crosswalk, where the plan reveals sex or age decade "
        "(default: the crosswalk beside the library); only sex and decade enter the study",
    )


@contextmanager
def opened_study(arguments: argparse.Namespace) -> Iterator[Study]:
    """The study that the options name, closed at the end."""
    from workstation.workflow.read_case import open_study_with_library

    with open_study_with_library(arguments.study, arguments.library, accounts_folder(arguments)) as study:
        yield study


def accounts_folder(arguments: argparse.Namespace) -> Path | None:
    """Another folder of accounts than the study's own, if one was named."""
    return Path(arguments.accounts) if arguments.accounts else None
