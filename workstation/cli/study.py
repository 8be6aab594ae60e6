"""``marrow study``: a blinded dual read from its plan to its reconciliation, without a window."""

from __future__ import annotations

import argparse
from pathlib import Path

from workstation.cli.main import OK, REFUSED, Subparsers, Surface, named_path, print_json
from workstation.cli.passphrases import Passphrases, add_as, sign_in_coordinator
from workstation.cli.study_accounts import register_account, run_unseal, seal_json, seal_text
from workstation.cli.study_conduct import (
    NOT_READABLE,
    register_not_readable,
    run_not_readable,
    run_order,
    run_times,
    status_lines,
)
from workstation.cli.study_known import register_known
from workstation.cli.study_open import accounts_folder, add_subjects, opened_study, study_action
from workstation.cli.study_package import (
    ACCEPT,
    PACKAGE,
    register_accept,
    register_package,
    run_accept,
    run_package,
)
from workstation.cli.study_plan import confirm_new_plan, register_plan
from workstation.cli.study_safety import register_safety
from workstation.cli.study_server import register_server
from workstation.cli.study_signing import register_sign
from workstation.cli.study_text import case_json, case_text, plan_json, revealed_text, visits_text

EXAMPLE = """\
example:
  marrow study new plan.toml --study koa
  marrow study read R1 --answers r1.csv --lock --study koa
  marrow study read R2 --answers r2.csv --lock --study koa
  marrow study reconcile --study koa
  marrow study verify --study koa
  marrow export koa --format csv --format html --out results

plan.toml:
  id = "koa"
  title = "Knee osteoarthritis"
  cases = ["K-0001", "K-0002"]          # marrow library lists them
  readers = ["R1", "R2"]
  instruments = ["recht", "worms-marrow"]
  [reconciliation]
  rule = "mean"                         # or "consensus"
"""


def register(commands: Subparsers) -> None:
    """Add the subcommand with its own subcommands."""
    parser = commands.add_parser(
        "study",
        help="a blinded dual read: account, new, plan, status, read, sign, not-readable, amend, order, "
        "calibration, drift, package, accept, server, sync, urgent, unblind, unseal, reconcile, times, "
        "verify",
        description="A blinded dual read from its plan to its reconciliation.",
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(handler=run)
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)

    new = study_action(actions, "new", _new, "make a study folder from a plan (TOML)")
    new.add_argument("plan", type=Path, metavar="PLAN.toml", help="cases, readers, instruments, rules")
    add_subjects(new)
    new.add_argument("--yes", action="store_true", help="do not ask before a plan that is there is replaced")

    status = study_action(actions, "status", _status, "which reads are locked")
    status.add_argument("--reader", metavar="READER", help="only this reader's own cases, in the own order")
    add_as(status)

    read = study_action(actions, "read", _read, "record a reader's answers from a table")
    read.add_argument("reader", metavar="READER", help="reader code of the plan")
    read.add_argument(
        "--answers",
        type=Path,
        required=True,
        metavar="CSV",
        help="columns case, item, value[, visit, side, instrument, state]",
    )
    read.add_argument("--lock", action="store_true", help="sign every case of the table as this reader")
    read.add_argument(
        "--blinding-broken",
        metavar="REASON",
        default="",
        help="blinding did not hold, and why (kept with the lock)",
    )

    amend = study_action(actions, "amend", _amend, "open a locked read again as a new version, with a reason")
    amend.add_argument("reader", metavar="READER", help="reader code of the plan")
    amend.add_argument("--case", required=True, metavar="CODE", help="the case whose read is corrected")
    amend.add_argument("--reason", required=True, metavar="TEXT", help="why; kept with the new version")
    register_not_readable(study_action(actions, "not-readable", _not_readable, NOT_READABLE))

    register_package(study_action(actions, "package", run_package, PACKAGE))
    register_accept(study_action(actions, "accept", run_accept, ACCEPT))

    unseal = study_action(
        actions, "unseal", _unseal, "open the sealed reads once every one of them is locked"
    )
    add_as(unseal)

    order = study_action(actions, "order", _order, "each reader's order and codes, for the coordinator only")
    add_as(order)

    times = study_action(actions, "times", _times, "how long cases and items took, without pauses")
    times.add_argument("--reader", metavar="READER", help="only this reader's own, at any time")
    times.add_argument("--out", type=named_path, metavar="CSV", help="write a table with every item")
    add_as(times)

    reconcile = study_action(
        actions, "reconcile", _reconcile, "differing items; means, or consensus from a table"
    )
    reconcile.add_argument(
        "--answers", type=Path, metavar="CSV", help="columns case, item, value, reason[, visit, side]"
    )
    reconcile.add_argument(
        "--sign", action="append", default=[], metavar="READER", help="sign the settled cases as this reader"
    )
    add_as(reconcile)

    verify = study_action(actions, "verify", _verify, "recompute every chain; exit 1 if anything was changed")
    verify.add_argument(
        "--head", default="", metavar="CODE", help="a head code that was written down earlier"
    )
    register_sign(actions)
    register_known(actions)
    register_safety(actions)
    register_plan(actions)
    register_account(actions)
    register_server(actions)


def run(arguments: argparse.Namespace, surface: Surface) -> int:  # noqa: ARG001 - the shape of every command
    """Run one action of a study."""
    return int(arguments.action_handler(arguments))


def _new(arguments: argparse.Namespace) -> int:
    from workstation.workflow.read_case import create_study
    from workstation.workflow.study_status import unconfirmed_sides

    ask, people = Passphrases(arguments.passphrase_fd).of, accounts_folder(arguments)
    if not arguments.yes:
        confirm_new_plan(arguments)
    wanted = arguments.plan, arguments.study, arguments.library
    with create_study(*wanted, people, ask, arguments.subjects) as study:
        plan, checked = study.plan, bool(study.store.library)
        if arguments.json:
            print_json({**plan_json(study), "cases_checked": checked, **seal_json(study)})
            return OK
        readers = ", ".join(plan.readers)
        print(
            f"{plan.title}: {_counted(len(plan.cases), 'case')}, readers {readers}, plan {plan.digest[:12]}"
        )
        print(f"Instruments: {', '.join(f'{one.id} {one.version}' for one in study.instruments)}")
        for line in (*visits_text(study), *revealed_text(study)):
            print(line)
        if unconfirmed := unconfirmed_sides(study):
            print(f"Nobody can score these before their side is confirmed: {', '.join(unconfirmed)}")
        if not checked:
            print("No library was found here, so the case codes were taken as written.")
        print("\n".join(seal_text(study)))
    return OK


def _status(arguments: argparse.Namespace) -> int:
    from workstation.reading.audit import head_code, head_of
    from workstation.reading.visibility import Role, Viewer
    from workstation.workflow.calibrate import noted_outcomes

    with opened_study(arguments) as study:
        if arguments.reader:
            Passphrases(arguments.passphrase_fd).sign_in(study, [arguments.reader])
            desk = study.reader(arguments.reader)
            worklist, waiting = desk.worklist(), desk.still_to_come()
            if arguments.json:
                rows = [
                    {
                        "case": one.code,
                        "position": one.position,
                        "state": one.state.value,
                        "version": one.version,
                    }
                    for one in worklist
                ]
                later = 0 if waiting is None else waiting.cases
                due = None if waiting is None or waiting.due is None else waiting.due.isoformat()
                print_json(
                    {
                        "study": study.plan.id,
                        "reader": desk.reader,
                        "reads": rows,
                        "calibrates": desk.calibration is not None and not desk.calibration.is_passed,
                        "later": later,
                        "next_due": due,
                    }
                )
                return OK
            print(desk.title)
            if desk.calibration is not None:
                print(desk.calibration.sentence)
            for one in worklist:
                print(f"{one.position:>4} of {one.total}  {one.code:<16} {one.state.value}")
                if one.blocked:
                    print(f"      {one.blocked}")
            if waiting is not None:
                print(waiting.sentence)
            return OK
        sign_in_coordinator(study, arguments.signed_in_as, Passphrases(arguments.passphrase_fd))
        rows_of_all = study.status(Viewer(Role.COORDINATOR))
        open_cases = list(study.unsealed_cases())
        if arguments.json:
            print_json(
                {
                    **plan_json(study),
                    **seal_json(study),
                    "calibration": noted_outcomes(study) if study.knows_progress else None,
                    "reads": [
                        {
                            "case": one.case,
                            "presentation": one.presentation,
                            "reader": one.reader,
                            "locked": one.locked,
                        }
                        for one in rows_of_all
                    ],
                    "locked": sum(one.locked for one in rows_of_all) if study.knows_progress else None,
                    "required": sum(study.orders.length(reader) for reader in study.plan.readers),
                    "reconcile": open_cases,
                    "head": head_of(study.store.audit(), study.store.audit_root),
                }
            )
            return OK
        print("\n".join(status_lines(study, rows_of_all)))
        for reader, how in (noted_outcomes(study) if study.knows_progress else {}).items():
            print(f"Calibration of {reader}: {how}")
        print(f"Open for reconciliation: {len(open_cases)} of {len(study.plan.cases)} cases")
        print(f"Head of the study log: {head_code(head_of(study.store.audit(), study.store.audit_root))}")
        print("\n".join([*revealed_text(study), *seal_text(study)]))
    return OK


def _read(arguments: argparse.Namespace) -> int:
    from workstation.reading.audit import head_code, head_of
    from workstation.workflow.reads_csv import record_answers

    passphrases = Passphrases(arguments.passphrase_fd)
    with opened_study(arguments) as study:
        passphrases.sign_in(study, [arguments.reader])
        done = record_answers(
            study,
            arguments.reader,
            arguments.answers,
            lock=arguments.lock,
            blinding_held=not arguments.blinding_broken,
            remark=arguments.blinding_broken,
            signature=passphrases.of(arguments.reader) if study.vault is not None else "",
        )
        head = head_code(head_of(study.store.audit(), study.store.audit_root))
        if arguments.json:
            print_json(
                {
                    "study": study.plan.id,
                    "reader": done.reader,
                    "answers": done.answers,
                    "cases": list(done.cases),
                    "locks": [
                        {"case": one.key.case, "locked_at": one.locked_at, "digest": one.digest}
                        for one in done.locks
                    ],
                    "head_code": head,
                }
            )
            return OK
        counts = f"{_counted(done.answers, 'answer')} in {_counted(len(done.cases), 'case')} recorded"
        print(f"{done.reader}: {counts}, {len(done.locks)} locked")
        if done.locks:
            print(f"Write this code down, it proves later that nothing was cut off: {head}")
    return OK


def _amend(arguments: argparse.Namespace) -> int:
    passphrases = Passphrases(arguments.passphrase_fd)
    with opened_study(arguments) as study:
        passphrases.sign_in(study, [arguments.reader])
        compared = study.is_unsealed(arguments.case)
        read = study.reader(arguments.reader).amend(arguments.case, arguments.reason)
        version = read.session.key.version
        if arguments.json:
            print_json(
                {
                    "study": study.plan.id,
                    "reader": arguments.reader,
                    "case": arguments.case,
                    "version": version,
                    "reason": arguments.reason.strip(),
                    "after_comparison": compared,
                }
            )
            return OK
        print(
            f"{arguments.reader}: {arguments.case} is open again as version {version}; the first read stays."
        )
        if compared:
            print("The reads could already be compared: this version is marked and left out of agreement.")
        else:
            print("It counts once it is locked again; until then the case is not locked.")
        print(f"Change and lock it with: marrow study read {arguments.reader} --answers CSV --lock")
    return OK


def _unseal(arguments: argparse.Namespace) -> int:
    with opened_study(arguments) as study:
        return run_unseal(study, arguments, Passphrases(arguments.passphrase_fd))


def _order(arguments: argparse.Namespace) -> int:
    with opened_study(arguments) as study:
        sign_in_coordinator(study, arguments.signed_in_as, Passphrases(arguments.passphrase_fd))
        return run_order(study, arguments)


def _times(arguments: argparse.Namespace) -> int:
    with opened_study(arguments) as study:
        own = [arguments.reader] if arguments.reader else []
        Passphrases(arguments.passphrase_fd).sign_in(study, [*arguments.signed_in_as, *own])
        return run_times(study, arguments)


def _not_readable(arguments: argparse.Namespace) -> int:
    passphrases = Passphrases(arguments.passphrase_fd)
    with opened_study(arguments) as study:
        passphrases.sign_in(study, [arguments.reader])
        return run_not_readable(study, arguments, passphrases.of)


def _reconcile(arguments: argparse.Namespace) -> int:
    from workstation.workflow.reads_csv import record_consensus
    from workstation.workflow.reconcile_case import reconciliations

    passphrases = Passphrases(arguments.passphrase_fd)
    with opened_study(arguments) as study:
        passphrases.sign_in(study, [*arguments.signed_in_as, *arguments.sign])
        cases = reconciliations(study)  # refused before anything of a table is looked at
        with study.store.batch():
            to_sign = cases
            if arguments.answers is not None:
                to_sign = record_consensus(study, arguments.answers)
            for case in to_sign:
                for signer in arguments.sign:
                    if case.wants_signature and signer not in case.signed_by:
                        case.sign(signer, passphrases.of(signer) if study.vault is not None else "")
        cases = reconciliations(study)
        if arguments.json:
            print_json({**plan_json(study), "cases": [case_json(case) for case in cases]})
        else:
            for case in cases:
                print(case_text(case))
    return OK


def _verify(arguments: argparse.Namespace) -> int:
    from workstation.workflow.verify_study import verify_study

    with opened_study(arguments) as study:
        report = verify_study(study, arguments.head)
    if arguments.json:
        print_json(
            {
                "intact": report.is_intact,
                "findings": list(report.findings),
                "notes": list(report.notes),
                "audit_entries": report.audit_entries,
                "reads": report.reads,
                "journal_entries": report.journal_entries,
                "head": report.head,
                "head_code": report.head_code,
            }
        )
    else:
        for finding in report.findings:
            print(finding)
        for note in report.notes:
            print(note)
        print(
            f"{'Intact' if report.is_intact else 'NOT intact'}: {report.audit_entries} log entries, "
            f"{report.journal_entries} entries in {report.reads} reads. Head {report.head_code}"
        )
    return OK if report.is_intact else REFUSED


def _counted(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
