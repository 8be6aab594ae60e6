"""``marrow agreement READS.csv``: how well the readers agree."""

from __future__ import annotations

import argparse

from workstation.cli.main import OK, Subparsers, Surface, named_path, print_json


def register(commands: Subparsers) -> None:
    """Add the subcommand."""
    parser = commands.add_parser(
        "agreement",
        help="agreement of readers from a long reads CSV",
        description=(
            "Agreement per item, region and total with 95 %% intervals: exact and within-one agreement, "
            "kappa (linear, quadratic), Gwet AC1/AC2, Krippendorff alpha, ICC, Bland-Altman. The table needs "
            "the columns case, reader, item, value. What is not defined is shown as n/a with the reason."
        ),
    )
    parser.epilog = "example: marrow agreement reads.csv --instrument worms-marrow --out agreement.csv"
    parser.add_argument("reads", type=named_path, metavar="READS.csv", help="long table of reads")
    parser.add_argument("--instrument", metavar="ID", help="the instrument (marrow instruments lists them)")
    parser.add_argument(
        "--out", type=named_path, metavar="FILE.csv", help="also write every statistic as CSV"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.set_defaults(handler=run)


def run(arguments: argparse.Namespace, surface: Surface) -> int:  # noqa: ARG001 - the shape of every command
    """Print the agreement report."""
    from workstation.workflow.agree import agreement_of, agreement_text, write_agreement

    report = agreement_of(arguments.reads, arguments.instrument)
    if arguments.out is not None:
        write_agreement(report, arguments.out)
    if arguments.json:
        print_json(report.to_json())
    else:
        print(agreement_text(report))
    return OK
