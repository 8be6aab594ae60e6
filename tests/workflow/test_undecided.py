"""An adjudicator learns nothing from results and exports before the last decision is signed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from workstation.errors import ProtocolViolation
from workstation.reading.cards import Seat
from workstation.reading.seal import LEAST_COST
from workstation.store.account_files import FOLDER, AccountFolder
from workstation.tasks import SilentProgress
from workstation.workflow.accounts import make_account
from workstation.workflow.deliver import export_study
from workstation.workflow.open_results import open_results
from workstation.workflow.read_case import Study, create_study, open_study_folder
from workstation.workflow.reconcile_case import reconciliations
from workstation.workflow.unseal_study import unseal_ready

PLAN = """\
id = "koa"
title = "Knee"
cases = ["K-1", "K-2"]
readers = ["R1", "R2"]
instruments = ["recht"]
[reconciliation]
rule = "adjudication"
[adjudication]
adjudicator = "A1"
sees = "none"
[sealing]
mode = "coordinator"
"""
SEATS = {"R1": Seat.READER, "R2": Seat.READER, "A1": Seat.ADJUDICATOR, "C1": Seat.COORDINATOR}


def word(name: str) -> str:
    return f"four plain words {name}"


def signs_in(name: str) -> Callable[[Study], None]:
    def sign_in(study: Study) -> None:
        assert study.vault is not None
        study.vault.sign_in(name, word(name))
        unseal_ready(study, name)

    return sign_in


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """K-1 comes before the adjudicator, K-2 does not."""
    place = tmp_path / "study"
    for name, seat in SEATS.items():
        make_account(AccountFolder(place / FOLDER), name, seat, word(name), cost=LEAST_COST)
    (tmp_path / "plan.toml").write_text(PLAN, encoding="utf-8")
    create_study(tmp_path / "plan.toml", place, passphrase_of=word).close()
    for reader, grade in (("R1", 1), ("R2", 3)):
        with open_study_folder(place) as study:
            assert study.vault is not None
            study.vault.sign_in(reader, word(reader))
            for case in study.plan.cases:
                read = study.reader(reader).open_read(case)
                for item in read.sheet().instrument.items:
                    read.answer(item.id, grade if case == "K-1" else 2)
                read.lock(word(reader))
    with open_study_folder(place) as study:
        signs_in("C1")(study)
    return place


def test_before_the_last_signature_and_after_it(folder: Path, tmp_path: Path) -> None:
    quiet = SilentProgress()

    def export(name: str) -> list[Path]:
        return export_study(None, folder, ["csv"], tmp_path / name, sign_in=signs_in(name), progress=quiet)

    with pytest.raises(ProtocolViolation, match="A1 has still to decide K-1, and this would tell"):
        export("A1")
    assert not (tmp_path / "A1").exists()
    with pytest.raises(ProtocolViolation, match="The results were not shown: A1 has still to decide K-1"):
        open_results(folder, None, quiet, signs_in("A1"))
    assert export("C1")
    with open_study_folder(folder) as study:
        signs_in("A1")(study)
        (case,) = [one for one in reconciliations(study) if one.wants_signature]
        for pair in case.unsettled:
            case.settle(pair.item, 2, "own look")
        case.sign("A1", word("A1"))
    assert export("A1")
    assert open_results(folder, None, quiet, signs_in("A1")).bundle.agreement
