"""Subcommands, exit codes and the one place where errors become a line."""

from __future__ import annotations

import argparse
import importlib
import json
import logging
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from workstation import INTENDED_USE, __version__, log
from workstation.errors import Cancelled, UsageError, WorkstationError

OK, REFUSED, USAGE, BUG, CANCELLED = 0, 1, 2, 70, 130

COMMANDS: tuple[str, ...] = (
    "import_",
    "library",
    "render",
    "segment",
    "instruments",
    "study",
    "agreement",
    "export",
    "demo",
)
"""Modules of this room that each register one subcommand, in the order of the help text."""


class Surface(Protocol):
    """What a command may ask of the screen. The command line itself knows no Qt."""

    def can_open_window(self) -> bool:
        """Whether there is a display to open a window on."""

    def open_window(self, library: Path | None, study: str | None) -> int:
        """Show the workstation and return its exit code."""

    def render(
        self, study: str, library: Path | None, protocol: str | None, out: Path, size: tuple[int, int]
    ) -> dict[str, Any]:
        """Save the hung screen of a study as PNG; say what hangs where."""

    def screenshots(
        self, study_folder: Path, library: Path, out: Path, passphrases: Mapping[str, str]
    ) -> list[Path]:
        """Save a picture of each desk."""


Handler = Callable[[argparse.Namespace, Surface], int]
Subparsers = Any  # argparse keeps its type private


def parser() -> argparse.ArgumentParser:
    """The whole command line, made from the modules named in `COMMANDS`."""
    root = argparse.ArgumentParser(prog="marrow", description=f"Marrow Reading Workstation. {INTENDED_USE}")
    root.add_argument("--version", action="version", version=f"marrow {__version__}")
    root.add_argument("--library", type=Path, metavar="DIR", help="the library to open")
    root.epilog = "example: marrow import DISC --library knees; marrow --library knees; marrow COMMAND --help"
    root.usage = "marrow [--library DIR] [STUDY]  |  marrow COMMAND ..."
    commands = root.add_subparsers(dest="command", metavar="COMMAND", prog="marrow")
    for name in COMMANDS:
        importlib.import_module(f"workstation.cli.{name}").register(commands)
    return root


def run(argv: Sequence[str], surface: Surface) -> int:
    """Run one command line.

    Returns
    -------
    int
        0 done, 1 refused with one line, 2 usage, 70 a bug (traceback in the log), 130 cancelled.
    """
    log.setup()
    try:
        arguments = _parsed(list(argv))
    except SystemExit as stop:  # argparse ends the process; a caller wants the code
        return int(stop.code or 0)
    try:
        if arguments.command is None:
            return surface.open_window(arguments.library, arguments.study)
        handler: Handler = arguments.handler
        return handler(arguments, surface)
    except UsageError as error:
        print(error.sentence, file=sys.stderr)
        return USAGE
    except WorkstationError as error:
        print(error.sentence, file=sys.stderr)
        return REFUSED
    except (Cancelled, KeyboardInterrupt):
        print("Stopped. What was already kept stays kept.", file=sys.stderr)
        return CANCELLED
    except BrokenPipeError:
        return OK
    except Exception:
        logging.getLogger("workstation.cli").exception("unexpected error")
        print(
            f"The program made a mistake; the details are in {log.log_folder() / 'marrow.log'}.",
            file=sys.stderr,
        )
        return BUG


def _parsed(argv: list[str]) -> argparse.Namespace:
    """The words as a namespace; ``marrow [--library DIR] [STUDY]`` opens the window.

    A case code may be any word, so what is no command is taken as a study.
    """
    commands = {name.strip("_") for name in COMMANDS}
    window = argparse.ArgumentParser(prog="marrow", add_help=False)
    window.add_argument("--library", type=Path)
    window.add_argument("study", nargs="?")
    known, rest = window.parse_known_args(argv)
    if not rest and known.study not in commands:
        return argparse.Namespace(command=None, library=known.library, study=known.study)
    return parser().parse_args(argv)


def named_path(text: str) -> Path:
    """A path that was really named: an empty word, as an unset variable gives, is not the working folder.

    Raises
    ------
    argparse.ArgumentTypeError
    """
    if not text.strip():
        raise argparse.ArgumentTypeError("the name is empty")
    return Path(text)


def print_json(value: object) -> None:
    """Write one JSON document to standard output."""
    json.dump(value, sys.stdout, indent=1, ensure_ascii=False, default=str)
    sys.stdout.write("\n")
