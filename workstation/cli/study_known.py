"""``marrow study calibration`` and ``drift``: readers against answers that are known."""

from __future__ import annotations

import argparse

from workstation.cli.main import OK, Subparsers, print_json
from workstation.cli.passphrases import Passphrases, add_as
from workstation.cli.study_open import opened_study, study_action
from workstation.errors import ProtocolViolation


def register_known(actions: Subparsers) -> None:
    """Add ``calibration`` and ``drift``."""
    calibration = study_action(
        actions, "calibration", _calibration, "how far a reader is with the calibration before reading"
    )
    calibration.add_argument("reader", metavar="READER", help="reader code of the plan")
    drift = study_action(
        actions, "drift", _drift, "readers against the known cases among the others, once the study is open"
    )
    add_as(drift)


def _calibration(arguments: argparse.Namespace) -> int:
    with opened_study(arguments) as study:
        Passphrases(arguments.passphrase_fd).sign_in(study, [arguments.reader])
        state = study.reader(arguments.reader).calibration
    if state is None:
        raise ProtocolViolation("There is no calibration", "the plan asks for none")
    tells = state.rule.feedback.value != "none"
    if arguments.json:
        print_json(
            {
                "reader": arguments.reader,
                "passed": state.is_passed,
                "attempts": [
                    {
                        "attempt": one.attempt,
                        "passed": one.is_passed,
                        "value": round(one.value, 6) if tells else None,
                    }
                    for one in state.outcomes
                ],
                "attempts_allowed": state.rule.attempts,
                "measure": state.rule.measure.value,
                "threshold": state.rule.threshold,
                "validated": False,
                "differing": [
                    {"case": one.case, "item": one.name, "own": one.own, "known": one.known}
                    for one in state.differing
                ],
            }
        )
        return OK
    print(state.sentence)
    for one in state.differing:
        own = "not assessable" if one.own is None else one.own
        print(f"  {one.case:<16} {one.name:<10} you {own}, known {one.known}")
    return OK


def _drift(arguments: argparse.Namespace) -> int:
    from workstation.workflow.calibrate import drift_rows

    with opened_study(arguments) as study:
        Passphrases(arguments.passphrase_fd).sign_in(study, arguments.signed_in_as)
        if study.plan.conduct.drift is None:
            raise ProtocolViolation("There are no drift cases", "the plan asks for none")
        rows = drift_rows(study)
    if rows is None:
        raise ProtocolViolation(
            "The drift cases were not compared",
            "the study is not open yet, or who may open their known answers is not signed in",
            "Unseal it, then sign in with --as: the coordinator, or both readers",
        )
    if arguments.json:
        print_json({"drift": [{name: getattr(one, name) for name in type(one).__slots__} for one in rows]})
        return OK
    for one in rows:
        print(
            f"{one.reader:<10} {one.cases} known cases, {one.items} items: exact {one.exact:.2f}, within one "
            f"{one.within_one:.2f}, weighted kappa {one.kappa:.2f}, mean difference {one.bias:+.2f} grades"
        )
    return OK
