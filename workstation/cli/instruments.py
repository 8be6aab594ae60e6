"""``marrow instruments [ID]``: the scoring forms with the definition of every level."""

from __future__ import annotations

import argparse
import textwrap
from typing import TYPE_CHECKING, Any

from workstation.cli.main import OK, Subparsers, Surface, print_json

if TYPE_CHECKING:
    from workstation.scoring.instrument import Instrument

WIDTH = 96


def register(commands: Subparsers) -> None:
    """Add the subcommand."""
    parser = commands.add_parser(
        "instruments",
        help="list the scoring forms; show items, levels and their definitions",
        description="Without ID: all forms. With ID: every item, level, definition and total of one.",
    )
    parser.epilog = "example: marrow instruments worms-marrow"
    parser.add_argument("id", nargs="?", metavar="ID", help="a form, e.g. recht or worms-marrow")
    parser.add_argument("--version", metavar="VERSION", help="a version of it; the newest unless named")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.set_defaults(handler=run)


def run(arguments: argparse.Namespace, surface: Surface) -> int:  # noqa: ARG001 - the shape of every command
    """List the forms or show one."""
    from workstation.scoring.instrument import instrument, instruments

    if arguments.id is None:
        known = instruments()
        if arguments.json:
            print_json([_summary(one) for one in known])
        else:
            for one in known:
                mark = "" if one.is_validated else "  (unvalidated project scale)"
                counted = f"{len(one.items):>3} items"
                print(f"{one.id:<16} {one.version:<6} {one.joint:<5} {counted}  {one.title}{mark}")
        return OK
    one = instrument(arguments.id, arguments.version)
    if arguments.json:
        print_json(_whole(one))
    else:
        print(_text(one))
    return OK


def _summary(one: Instrument) -> dict[str, Any]:
    return {
        "id": one.id,
        "version": one.version,
        "title": one.title,
        "joint": one.joint,
        "status": one.status,
        "items": len(one.items),
        "citation": one.citation,
        "digest": one.digest,
    }


def _whole(one: Instrument) -> dict[str, Any]:
    return {
        **_summary(one),
        "notes": list(one.notes),
        "items": [
            {
                "id": item.id,
                "title": item.title,
                "region": item.region,
                "feature": item.feature,
                "kind": item.kind,
                "levels": [
                    {
                        "grade": level.grade,
                        "key": level.key,
                        "label": level.label,
                        "points": level.points,
                        "definition": level.definition,
                        "tag": level.tag,
                    }
                    for level in item.levels
                ],
            }
            for item in one.items
        ],
        "totals": [
            {
                "id": total.id,
                "title": total.title,
                "kind": total.kind,
                "items": list(total.items),
                "minimum": total.minimum,
                "maximum": total.maximum,
            }
            for total in one.derived
        ],
    }


def _text(one: Instrument) -> str:
    lines = [f"{one.title} ({one.id} {one.version}, {one.joint})", *_wrapped(one.citation, "  ")]
    if not one.is_validated:
        lines.append("  Unvalidated: a scale of this project, not from the literature.")
    before = None
    for item in one.items:
        if item.levels != before:
            lines += ["", "Levels (key: grade, points)"]
            for level in item.levels:
                unit = "point" if level.points == 1 else "points"
                head = f"  {level.key}: {level.label}, {level.points:g} {unit}"
                decided = " [decision of this project]" if level.tag == "P" else ""
                lines += [head, *_wrapped(level.definition + decided, "     ")]
            lines += ["", "Items"]
            before = item.levels
        lines.append(f"  {item.id:<10} {item.title}")
    lines += ["", "Totals (derived, never typed)"]
    lines += [
        f"  {total.id:<10} {total.title}: {total.kind} of {len(total.items)}, "
        f"{total.minimum:g} to {total.maximum:g}"
        for total in one.derived
    ]
    if one.notes:
        lines += ["", "Notes"]
        for note in one.notes:
            lines += textwrap.wrap(note, WIDTH, initial_indent="  - ", subsequent_indent="    ")
    return "\n".join(lines)


def _wrapped(text: str, indent: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=indent, subsequent_indent=indent)
