"""``marrow render``: the hung screen of a study as a picture."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from workstation.cli.main import OK, Subparsers, Surface, named_path, print_json
from workstation.errors import UsageError

SMALLEST, LARGEST = 64, 8192


def register(commands: Subparsers) -> None:
    """Add the subcommand."""
    parser = commands.add_parser(
        "render",
        help="save the hung screen of a study as PNG",
        description=(
            "Hang a study as the reading desk would, and save its viewports as a picture. STUDY is a case "
            "code or UID of the library, or a folder of DICOM files, which is then read as it is."
        ),
    )
    parser.epilog = "example: marrow render K-0001 --out k-0001.png"
    parser.add_argument("study", metavar="STUDY", help="case code, UID or folder")
    parser.add_argument("--protocol", metavar="ID", help="hanging protocol (default: the one that fits best)")
    parser.add_argument(
        "--out", type=named_path, required=True, metavar="FILE.png", help="the picture to write"
    )
    parser.add_argument(
        "--size", default="1280x800", metavar="WxH", help="width and height in pixels (default: 1280x800)"
    )
    parser.add_argument(
        "--library", type=Path, default=argparse.SUPPRESS, metavar="DIR", help="the library with the study"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.set_defaults(handler=run)


def run(arguments: argparse.Namespace, surface: Surface) -> int:
    """Save the picture and say what hangs where."""
    size = _size(arguments.size)
    told = surface.render(arguments.study, arguments.library, arguments.protocol, arguments.out, size)
    if arguments.json:
        print_json(told)
        return OK
    print(f"{told['out']}: {told['title']} ({told['protocol']}), {told['rows']} × {told['columns']}")
    for tile in told["tiles"]:
        what = f"{tile['series']}, slice {tile['slice']}/{tile['slices']}" if tile["series"] else "empty"
        notes = "; ".join(filter(None, [tile["problem"] or tile["missing"], *tile["warnings"]]))
        print(f"  {tile['row']},{tile['column']}  {what}{': ' + notes if notes else ''}")
    return OK


def _size(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d{1,5})[x×](\d{1,5})", text.strip().lower())
    size = (int(match[1]), int(match[2])) if match else (0, 0)
    if not all(SMALLEST <= length <= LARGEST for length in size):
        raise UsageError(
            "The picture was not made",
            f"the size {text} is not WIDTHxHEIGHT from {SMALLEST} to {LARGEST} pixels",
            "Write for example --size 1280x800",
        )
    return size
