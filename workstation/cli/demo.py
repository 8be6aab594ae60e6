"""``marrow demo``: the whole job on the built-in phantoms."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from workstation.cli.main import OK, Subparsers, Surface, print_json
from workstation.tasks import SilentProgress, TerminalProgress


def register(commands: Subparsers) -> None:
    """Add the subcommand."""
    parser = commands.add_parser(
        "demo",
        help="the whole job on built-in phantoms: import, masks, two blind reads, reconciliation, exports",
        description="Builds phantom knees and hips as DICOM, imports them, marks edema and reconversion, "
        "lets two scripted readers read blind, reconciles and exports; then opens the window on the result.",
    )
    parser.epilog = "example: marrow demo --headless --out demo"
    parser.add_argument("--headless", action="store_true", help="do not open the window at the end")
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="new folder for everything (default: temporary)"
    )
    parser.add_argument("--no-pictures", action="store_true", help="leave out the screenshots of the desks")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    parser.set_defaults(handler=run)


def run(arguments: argparse.Namespace, surface: Surface) -> int:
    """Run the demo; the window opens when there is a display."""
    from workstation.workflow.demo import run_demo

    out = arguments.out or Path(tempfile.mkdtemp(prefix="marrow-demo-")) / "demo"
    report = run_demo(out, SilentProgress() if arguments.json else TerminalProgress())
    pictures = []
    if not arguments.no_pictures:
        pictures = surface.screenshots(report.study, report.library, out / "pictures", report.passphrases)
    if arguments.json:
        print_json({**report.to_json(), "pictures": [str(path) for path in pictures]})
    else:
        print(f"Library:    {report.library}  ({report.loaded} images)")
        print(f"Study:      {report.study}")
        for name, passphrase in report.passphrases.items():
            print(f"  passphrase of {name}: {passphrase}")
        print(f"Masks:      {report.masks}")
        for name, value in report.dice.items():
            print(f"  Dice with the known truth, {name}: {value:.2f}")
        print(f"Exports:    {out / 'exports'}  ({len(report.exports)} files)")
        if pictures:
            print(f"Pictures:   {out / 'pictures'}  ({len(pictures)} screens)")
    if arguments.headless or not surface.can_open_window():
        return OK
    return surface.open_window(report.library, None)
