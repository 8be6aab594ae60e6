"""Median of three readers, and a third reader who decides between two."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from workstation.errors import ProtocolViolation
from workstation.reading.reconcile import Source
from workstation.reading.visibility import Role, Viewer
from workstation.scoring.sheet import AnswerState
from workstation.tasks import SilentProgress
from workstation.workflow.bundles import study_bundle
from workstation.workflow.read_case import Study, create_study, open_study_folder
from workstation.workflow.reconcile_case import reconciliation, reconciliations
from workstation.workflow.verify_study import verify_study

ADJUDICATION = '\n[adjudication]\nadjudicator = "A1"\nsees = "{sees}"\n'


def make(tmp_path: Path, rule: str, readers: str = "R1 R2", more: str = "") -> Study:
    names = json.dumps(readers.split())
    text = f"""\
id = "koa"
title = "Knee"
cases = ["K-1", "K-2"]
readers = {names}
instruments = ["recht"]
[reconciliation]
rule = "{rule}"
{more}"""
    (tmp_path / "plan.toml").write_text(text, encoding="utf-8")
    return create_study(tmp_path / "plan.toml", tmp_path / "study")


def score(study: Study, reader: str, case: str, grades: tuple[int | None, ...]) -> None:
    read = study.reader(reader).open_read(case)
    for item, grade in zip(study.instruments[0].items, grades, strict=True):
        read.answer(item.id, grade)
    read.lock(reader)


def two_reads(study: Study) -> None:
    """K-1 has a split and a difference of two; K-2 a difference of one above grade 0."""
    score(study, "R1", "K-1", (0, 1, 2, 3, 4, 1))
    score(study, "R2", "K-1", (1, 1, 2, 3, 2, None))
    score(study, "R1", "K-2", (1, 1, 1, 1, 1, 1))
    score(study, "R2", "K-2", (2, 1, 1, 1, 1, 1))


def test_the_median_of_three_readers_is_a_grade_and_the_originals_stay(tmp_path: Path) -> None:
    with make(tmp_path, "median", "R1 R2 R3") as study:
        for case in study.plan.cases:
            score(study, "R1", case, (0, 1, 2, 3, 4, None))
            score(study, "R2", case, (1, 1, 2, 3, 2, 2))
            with pytest.raises(ProtocolViolation, match="not available yet"):
                reconciliation(study, case)
            score(study, "R3", case, (4, 1, 2, 3, 3, 3))
        case = reconciliation(study, "K-1")
        assert case.status == "computed"
        assert case.unsettled == ()
        finals = {final.item: final for final in case.finals}
        assert (finals["patella"].grade, finals["patella"].source) == (1, Source.MEDIAN)
        assert finals["MTP"].grade == 3
        assert finals["MFC"].source is Source.AGREED
        assert finals["LTP"].state is AnswerState.NOT_ASSESSABLE
        assert {one.grade for one in case.items[0].answers} == {None, 2, 3}
        with pytest.raises(ProtocolViolation, match="the median of three readers"):
            case.settle("patella", 2, "no")
        bundle = study_bundle(
            study, None, Viewer(Role.COORDINATOR), with_pictures=False, progress=SilentProgress()
        )
        assert len(bundle.reconciled) == 2
        assert bundle.agreement is not None
        assert bundle.agreement.parts[0].readers == ("R1", "R2", "R3")


def test_only_triggered_cases_come_before_the_adjudicator(tmp_path: Path) -> None:
    with make(tmp_path, "adjudication", more=ADJUDICATION.format(sees="both")) as study:
        two_reads(study)
        first, second = reconciliations(study)
        assert first.triggers == (
            "patella: absent against present",
            "MTP: 2 grades apart",
            "LTP: a score against not assessable",
        )
        assert (first.status, second.status) == ("open", "computed")
        assert {final.source for final in second.finals} == {Source.AGREED, Source.MEAN}
        with pytest.raises(ProtocolViolation, match="nothing in K-2 comes before the adjudicator"):
            second.settle("patella", 2, "no")
        with pytest.raises(ProtocolViolation, match="nothing in it comes before the adjudicator"):
            second.sign("A1")
        with pytest.raises(ProtocolViolation, match="not yet settled"):
            first.sign("A1")
        for item, grade in (("patella", 1), ("MTP", 3), ("LTP", None)):
            first.settle(item, grade, "seen on two slices")
        for reader in ("R1", "R2", "anybody"):
            with pytest.raises(ProtocolViolation, match="the adjudicator decides and signs"):
                first.sign(reader)
        assert first.identities is None
        first.sign("A1")
        assert first.is_signed
        assert first.identities is not None
        with pytest.raises(ProtocolViolation, match="is signed by A1"):
            first.settle("MTP", 2, "again")
        finals = {final.item: final for final in first.finals}
        assert (finals["MTP"].source, finals["MTP"].grade) == (Source.ADJUDICATED, 3)
        assert finals["LTP"].state is AnswerState.NOT_ASSESSABLE
        assert {settlement.by for settlement in first.settlements} == {"A1"}
        assert verify_study(study).is_intact


def test_a_split_within_the_tolerance_still_waits_for_the_adjudicator(tmp_path: Path) -> None:
    with make(tmp_path, "adjudication", more="tolerance = 1\n" + ADJUDICATION.format(sees="both")) as study:
        for case in study.plan.cases:
            score(study, "R1", case, (0, 1, 2, 3, 4, 1))
            score(study, "R2", case, (1, 1, 2, 3, 3, 1))
        case = reconciliation(study, "K-1")
        assert [pair.item for pair in case.unsettled] == ["patella"]
        with pytest.raises(ProtocolViolation, match="not yet settled: patella"):
            case.sign("A1")
        finals = {final.item: final for final in case.finals}
        assert finals["patella"].source is Source.OPEN
        assert (finals["MTP"].source, finals["MTP"].points) == (Source.MEAN, 4.5)


def test_an_adjudicator_who_sees_neither_answer_sees_neither(tmp_path: Path) -> None:
    with make(tmp_path, "adjudication", more=ADJUDICATION.format(sees="none")) as study:
        two_reads(study)
        case = reconciliation(study, "K-1")
        assert [pair.item for pair in case.items] == ["patella", "MTP", "LTP"], "in the order of the form"
        for pair in case.items:
            assert {answer.state for answer in pair.answers} == {AnswerState.UNREAD}
            assert {answer.evidence for answer in pair.answers} == {None}
            assert pair.distance is None
        for pair in case.items:
            case.settle(pair.item, 2, "own reading")
        case.sign("A1")
        assert len(case.items) == 6, "afterwards everything is shown"
        assert {answer.state for answer in case.items[-1].answers} == {AnswerState.SCORED}


def test_a_decision_can_be_left_and_taken_up_again(tmp_path: Path) -> None:
    with make(tmp_path, "adjudication", more=ADJUDICATION.format(sees="none")) as study:
        two_reads(study)
        reconciliation(study, "K-1").settle("patella", 0, "artefact")
    with open_study_folder(tmp_path / "study") as study:
        case = reconciliation(study, "K-1")
        assert [pair.item for pair in case.unsettled] == ["MTP", "LTP"]
        assert next(pair for pair in case.items if pair.item == "patella").settlement is not None
