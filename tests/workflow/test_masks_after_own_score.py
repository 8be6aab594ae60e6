"""Masks and proposals as the plan says: never, after the own score, always; the unaided score is kept."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from workstation.errors import ProtocolViolation
from workstation.reading.conduct import Scores
from workstation.workflow.conduct_rows import conduct_facts, conduct_rows, stage_rows
from workstation.workflow.read_case import OpenRead, Study, create_study
from workstation.workflow.reads_csv import reads_rows
from workstation.workflow.reconcile_case import reconciliation

PLAN = """\
id = "koa"
title = "Knee"
cases = ["K-1"]
readers = ["R1", "R2"]
instruments = ["recht"]
scores = "{scores}"
[blinding]
overlays = "{overlays}"
"""

Make = Callable[[str, str], Study]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    def made(overlays: str, scores: str = "unaided") -> Study:
        (tmp_path / "plan.toml").write_text(PLAN.format(overlays=overlays, scores=scores), encoding="utf-8")
        return create_study(tmp_path / "plan.toml", tmp_path / "study")

    return made


def scored(study: Study, reader: str, grade: int) -> OpenRead:
    read = study.reader(reader).open_read("K-1")
    for item in read.sheet().instrument.items:
        read.answer(item.id, grade)
    return read


@pytest.mark.parametrize("scores", ["unaided", "aided"])
def test_both_scores_are_kept_and_the_plan_names_those_compared(make: Make, scores: str) -> None:
    with make("after-own-score", scores) as study:
        read = scored(study, "R1", 1)
        assert read.waits_for_masks
        read.show_masks()
        read.answer("MFC", 3)
        read.undo()
        read.undo()  # reaches behind the moment at which the masks came: what was kept then stays
        read.answer("LTP", 1)
        read.answer("MFC", 4)
        read.lock("R1")
        scored(study, "R2", 1).lock("R2")
        unaided, aided = stage_rows(study)
        mine = [{row.item: row.value for row in rows if row.reader == "R1"} for rows in (unaided, aided)]
        assert (mine[0]["MFC"], mine[1]["MFC"]) == (1, 4)
        assert {row.value for row in unaided if row.reader == "R1"} == {1}
        assert reads_rows(study) == (unaided if scores == "unaided" else aided)
        assert len(reconciliation(study, "K-1").differing) == (0 if scores == "unaided" else 1)
        rows = conduct_rows(study)
        assert {row.reader: row.masks_seen for row in rows} == {"R1": "after own score", "R2": "no"}
        assert scores in dict(conduct_facts(study, rows))["Masks after the own score"]


def test_no_mask_before_the_own_score(make: Make) -> None:
    with make("after-own-score") as study:
        read = study.reader("R1").open_read("K-1")
        with pytest.raises(ProtocolViolation, match="own score comes first"):
            read.show_masks()
        assert not read.masks_shown


def test_never_means_never_and_always_keeps_no_second_score(make: Make) -> None:
    with make("never") as study:
        with pytest.raises(ProtocolViolation, match="never see masks"):
            scored(study, "R1", 1).show_masks()
        assert stage_rows(study) == ((), ())


def test_always_is_recorded_with_the_read(make: Make) -> None:
    with make("always") as study:
        read = study.reader("R1").open_read("K-1")
        read.show_masks()
        scored(study, "R1", 2).lock("R1")
        scored(study, "R2", 2).lock("R2")
        assert {row.masks_seen for row in conduct_rows(study)} == {"while scoring", "no"}
        assert reads_rows(study, scores=Scores.UNAIDED) == reads_rows(study, scores=Scores.AIDED)
