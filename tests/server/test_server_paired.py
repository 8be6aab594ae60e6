"""Paired time points on a server: each machine draws its reader's own order, and the visits come back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.server.test_server_exchange import QUIET, joined, require_intact, word
from workstation.workflow.read_case import open_study_folder
from workstation.workflow.reads_csv import reads_rows
from workstation.workflow.replicate import synchronise

DECADES = {"K-1": "60-69", "K-2": "10-19"}
FACTS = ", ".join(f'{{ case = "{case}", age_decade = "{one}" }}' for case, one in DECADES.items())
COLUMNS = f'[blinding]\nreveal = ["age_decade"]\nfacts = [{FACTS}]\ntime_points = "paired-hidden"\n'
COLUMNS += '[[columns]]\ncase = "K-1"\nvisits = ["A", "B"]\n'


def test_visits_come_out_right_from_three_machines(
    tmp_path: Path, postgres: Any, publish: Callable[..., Path]
) -> None:
    columns = COLUMNS + '[[columns]]\ncase = "K-2"\nvisits = ["A"]\n'
    first = publish(tmp_path, "paired", more=columns)
    for reader, last in (("R1", 3), ("R2", 2)):
        folder = joined(postgres, first, tmp_path / reader, f"paired.{reader}")
        with open_study_folder(folder) as study:
            study.sign_in(reader, word(reader))
            for entry in study.reader(reader).worklist():
                read = study.reader(reader).open_read(entry.code)
                assert read.case.facts == DECADES[entry.code], "what the plan reveals comes with it"
                for item in read.sheet().instrument.items:
                    visit = item.column.visit if item.column is not None else "A"
                    read.answer(item.id, 1 if visit == "A" else last)
                read.lock(word(reader))
        synchronise(folder, postgres.login(f"paired.{reader}"), QUIET)
    synchronise(first, postgres.login("paired.C1"), QUIET)
    with open_study_folder(first) as study:
        study.sign_in("C1", word("C1"))
        study.unseal_cases(("K-1", "K-2"), "C1")
        values = {(row.case, row.reader, row.visit, row.value) for row in reads_rows(study)}
    both = {("K-1", reader, "A", 1.0) for reader in ("R1", "R2")}
    both |= {("K-2", reader, "A", 1.0) for reader in ("R1", "R2")}
    assert values == both | {("K-1", "R1", "B", 3.0), ("K-1", "R2", "B", 2.0)}
    require_intact(first)
