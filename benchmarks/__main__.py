"""Find the benchmark modules, run the figures asked for and print them as a table or JSON."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import pkgutil
import platform
import sys
import traceback
from collections.abc import Sequence
from types import ModuleType

import benchmarks
from benchmarks.figures import Figure


def discover() -> tuple[dict[str, ModuleType], list[str]]:
    """Benchmark modules of this folder (those with ``NAMES`` and ``run``), and names that failed to load."""
    found: dict[str, ModuleType] = {}
    broken: list[str] = []
    for entry in pkgutil.iter_modules(benchmarks.__path__):
        if entry.name.startswith("__"):
            continue
        try:
            module = importlib.import_module(f"benchmarks.{entry.name}")
        except Exception:  # noqa: BLE001 - one benchmark that breaks must not hide the others
            traceback.print_exc()
            broken.append(entry.name)
            continue
        if hasattr(module, "NAMES") and hasattr(module, "run"):
            found[entry.name] = module
    return found, broken


def chosen(modules: dict[str, ModuleType], names: Sequence[str]) -> dict[str, ModuleType]:
    """The modules that measure the named figures; all of them when none is named.

    Raises
    ------
    SystemExit
        Code 2 with the known names, when one is unknown.
    """
    known = {name: key for key, module in modules.items() for name in (key, *module.NAMES)}
    unknown = [name for name in names if name not in known]
    if unknown:
        print(
            f"There is no figure {', '.join(unknown)}; there are {', '.join(sorted(known))}.", file=sys.stderr
        )
        raise SystemExit(2)
    wanted = {known[name] for name in names} if names else set(modules)
    return {key: module for key, module in modules.items() if key in wanted}


def table(figures: Sequence[Figure]) -> str:
    """The figures as aligned text."""
    head = ["figure", "median", "p95", "unit", "floor", "ratio", "runs", "limit", "", "floor is"]
    rows = [head]
    for each in figures:
        verdict = {True: "ok", False: "OVER", None: ""}[each.get("within_limit")]
        numbers = [each.get(key) for key in ("median", "p95", "unit", "floor", "ratio", "runs", "limit")]
        shown = ["" if value is None else str(value) for value in numbers]
        rows.append([each["name"], *shown, verdict, each.get("floor_name", "")])
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if 1 <= column <= 7 and column != 3 else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


def machine() -> dict[str, object]:
    """What the figures were measured on, without the machine's name."""
    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
    }


def main(argv: Sequence[str] | None = None) -> int:
    """Run the benchmarks; 0 all measured, 1 one could not be, 2 usage."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="a figure or a module; all when none")
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")
    parser.add_argument("--runs", type=int, metavar="N", help="runs per figure (else each one's own choice)")
    arguments = parser.parse_args(argv)
    if arguments.runs is not None and arguments.runs < 1:
        parser.error("--runs must be at least 1")
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

    figures: list[Figure] = []
    modules, failed = discover()
    for key, module in chosen(modules, arguments.names).items():
        print(f"{key} ...", file=sys.stderr, flush=True)
        try:
            measured = module.run(arguments.runs)
        except Exception:  # noqa: BLE001 - one benchmark that breaks must not hide the others
            traceback.print_exc()
            failed.append(key)
            continue
        asked = set(arguments.names) - {key}
        figures += [each for each in measured if not asked or each["name"] in asked or key in arguments.names]
    if arguments.json:
        document = {"machine": machine(), "figures": figures, "failed": failed}
        json.dump(document, sys.stdout, indent=1)
        sys.stdout.write("\n")
    else:
        print(table(figures))
    if failed:
        print(f"Not measured: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
