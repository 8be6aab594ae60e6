"""Reconciliation opens when every read is locked, and settles without touching the originals."""

from __future__ import annotations

from pathlib import Path

import pytest

from workstation.errors import ProtocolViolation, ResourceError
from workstation.reading.reconcile import Source
from workstation.scoring.instrument import instrument
from workstation.scoring.sheet import Evidence
from workstation.workflow.read_case import Study, create_study, open_study_folder
from workstation.workflow.reads_csv import reads_rows
from workstation.workflow.reconcile_case import reconciliation, reconciliations

WORMS = [item.id for item in instrument("worms-marrow").items]
R1 = (1, 0, 1, 0, 3, 0, 1, 0, 1, 2, 1, 0, 0, 0, 1)
R2 = (1, 0, 0, 0, 2, 0, 1, 0, 1, 3, 1, 0, 1, 0, 1)


def make(tmp_path: Path, rule: str = "consensus", unseal: str = "study", tolerance: int = 0) -> Study:
    text = f"""\
id = "koa"
title = "Knee"
cases = ["K-7", "K-8"]
readers = ["R1", "R2"]
instruments = ["worms-marrow"]

[reconciliation]
rule = "{rule}"
unseal = "{unseal}"
tolerance = {tolerance}
"""
    (tmp_path / "plan.toml").write_text(text, encoding="utf-8")
    return create_study(tmp_path / "plan.toml", tmp_path / "study")


def score(study: Study, reader: str, case: str, grades: tuple[int | None, ...], lock: bool = True) -> None:
    read = study.reader(reader).open_read(case)
    for number, (item, grade) in enumerate(zip(WORMS, grades, strict=True)):
        read.answer(item, grade, Evidence("series", f"1.{number}", 0, number))
    read.keep_view_state({"of": reader})
    if lock:
        read.lock(reader)


def score_all(study: Study) -> None:
    for case in study.plan.cases:
        score(study, "R1", case, R1)
        score(study, "R2", case, R2)


def test_it_opens_only_when_every_read_of_the_study_is_locked(tmp_path: Path) -> None:
    with make(tmp_path) as study:
        steps = [("R1", "K-7"), ("R2", "K-7"), ("R1", "K-8")]
        for reader, case in steps:
            with pytest.raises(ProtocolViolation, match="not available yet"):
                reconciliation(study, "K-7")
            with pytest.raises(ProtocolViolation, match="not available yet"):
                reconciliations(study)
            assert reads_rows(study) == ()
            score(study, reader, case, R1)
        score(study, "R2", "K-8", R2, lock=False)
        with pytest.raises(ProtocolViolation, match="every reader has locked all cases"):
            reconciliation(study, "K-7")
        study.reader("R2").open_read("K-8").lock("R2")
        assert len(reconciliations(study)) == 2


def test_per_case_unsealing_only_if_the_plan_says_so(tmp_path: Path) -> None:
    with make(tmp_path, unseal="case") as study:
        score(study, "R1", "K-7", R1)
        with pytest.raises(ProtocolViolation, match="both readers have locked this case"):
            reconciliation(study, "K-7")
        score(study, "R2", "K-7", R2)
        assert [one.case for one in reconciliations(study)] == ["K-7"]
        with pytest.raises(ProtocolViolation):
            reconciliation(study, "K-8")
        score(study, "R1", "K-8", R1)
        later = study.store.reads.locks()[-1]
        assert later.after_unsealing, "a read made when others could be compared is marked"
        assert not study.store.reads.locks()[0].after_unsealing


def test_opening_for_comparison_is_an_audit_entry_once(tmp_path: Path) -> None:
    with make(tmp_path) as study:
        score_all(study)
        for _ in range(3):
            reconciliations(study)
        events = [entry.event for entry in study.store.audit()]
        assert events.count("reads opened for comparison") == 1


def test_worst_difference_first_with_both_slices_and_views(tmp_path: Path) -> None:
    with make(tmp_path) as study:
        score(study, "R1", "K-7", (None, *R1[1:]))
        score(study, "R2", "K-7", (1, 3, *R2[2:]))
        score(study, "R1", "K-8", R1)
        score(study, "R2", "K-8", R2)
        case = reconciliation(study, "K-7")
        assert [pair.item for pair in case.differing] == ["MP", "LP", "MFa", "MFc", "MTc", "LTc"]
        worst = case.differing[1]
        assert worst.x.evidence is not None
        assert worst.y.evidence is not None
        assert worst.x.evidence.slice_index == worst.y.evidence.slice_index == 1
        assert sorted(str(view["of"]) for view in case.views if view) == ["R1", "R2"]


def test_who_is_x_is_not_told_before_all_signed(tmp_path: Path) -> None:
    with make(tmp_path) as study:
        score_all(study)
        case = reconciliation(study, "K-7")
        assert case.identities is None
        for pair in case.differing:
            case.settle(pair.item, 1, "looked together")
        case.sign("R1")
        assert case.identities is None
        case.sign("R2")
        first, second = case.identities or ("", "")
        assert {first, second} == {"R1", "R2"}
        assert case.x.key.reader == first


def test_the_mean_is_stored_unrounded_beside_both_originals(tmp_path: Path) -> None:
    with make(tmp_path, rule="mean") as study:
        score_all(study)
        case = reconciliation(study, "K-7")
        assert case.status == "computed"
        assert case.unsettled == ()
        finals = {final.item: final for final in case.finals}
        assert finals["MFc"].points == 2.5
        assert finals["MFc"].grade is None
        assert finals["MFc"].source is Source.MEAN
        assert case.totals["worms-marrow"]["total"].value == 11.0
        assert {case.x.key.version, case.y.key.version} == {1}
        with pytest.raises(ProtocolViolation, match="rule is the mean"):
            case.settle("MFc", 3, "no")


def test_a_consensus_can_be_left_and_resumed_changed_and_signed(tmp_path: Path) -> None:
    with make(tmp_path) as study:
        score_all(study)
        case = reconciliation(study, "K-7")
        case.settle("MFc", 3, "edema to the notch")
        with pytest.raises(ProtocolViolation, match="not yet settled: MFa, MTc, LTc"):
            case.sign("R1")
    with open_study_folder(tmp_path / "study") as study:
        case = reconciliation(study, "K-7")
        assert [pair.item for pair in case.unsettled] == ["MFa", "MTc", "LTc"]
        for item, grade in (("MFa", 0), ("MTc", 2), ("LTc", None)):
            case.settle(item, grade, "cyst")
        case.settle("MTc", 3, "on second thought")
        assert case.status == "settled"
        case.sign("R1")
        case.settle("MTc", 2, "third thought")
        assert case.signed_by == (), "a signature is for what was signed"
        for reader in ("R1", "R2"):
            case.sign(reader)
        assert (case.status, case.signed_by) == ("signed", ("R1", "R2"))
        with pytest.raises(ProtocolViolation, match="signed"):
            case.settle("MTc", 1, "too late")
        with pytest.raises(ProtocolViolation, match="signed"):
            case.sign("R1")
        finals = {final.item: final for final in case.finals}
        assert (finals["MTc"].grade, finals["MTc"].reason) == (2, "third thought")
        assert finals["LTc"].points is None
        assert case.totals["worms-marrow"]["total"].text == "–"
        assert len(case.settlements) == 6, "every settlement is kept"
        originals = study.counted_reads("K-7")
        assert originals["R1", "K-7", 1].content.sheet("worms-marrow").answer("MTc").grade == 2
        assert originals["R2", "K-7", 1].content.sheet("worms-marrow").answer("MTc").grade == 3


@pytest.mark.parametrize(
    ("item", "value", "reason", "error", "words"),
    [
        ("MP", 1, "why", ProtocolViolation, "both readers agree"),
        ("MFc", 4, "why", ResourceError, "no grade 4"),
        ("MFc", 2, "", ProtocolViolation, "no reason"),
        ("Z", 2, "why", ResourceError, "no instrument"),
    ],
)
def test_a_settlement_that_makes_no_sense_is_refused(
    tmp_path: Path, item: str, value: int, reason: str, error: type[Exception], words: str
) -> None:
    with make(tmp_path) as study:
        score_all(study)
        case = reconciliation(study, "K-7")
        with pytest.raises(error, match=words):
            case.settle(item, value, reason)
        assert case.settlements == ()


def test_only_readers_of_the_study_sign(tmp_path: Path) -> None:
    with make(tmp_path, rule="mean") as study:
        score_all(study)
        with pytest.raises(ProtocolViolation, match="no reader"):
            reconciliation(study, "K-7").sign("R3")


def test_a_tolerance_leaves_small_differences_alone(tmp_path: Path) -> None:
    with make(tmp_path, tolerance=1) as study:
        score_all(study)
        case = reconciliation(study, "K-7")
        assert case.differing == ()
        assert case.status == "settled"
        assert case.totals["worms-marrow"]["total"].value == 11.0


def test_an_amendment_after_comparison_does_not_change_the_result(tmp_path: Path) -> None:
    with make(tmp_path, rule="mean") as study:
        score_all(study)
        reconciliation(study, "K-7")
        amended = study.reader("R1").amend("K-7", "changed my mind")
        amended.answer("MFc", 2)
        amended.lock("R1")
        finals = {final.item: final.points for final in reconciliation(study, "K-7").finals}
        assert finals["MFc"] == 2.5
        rows = [row for row in reads_rows(study) if (row.case, row.reader, row.item) == ("K-7", "R1", "MFc")]
        assert [(row.value, row.read_version) for row in rows] == [(3.0, 1)]


def test_a_study_of_one_reader_has_nothing_to_reconcile(tmp_path: Path) -> None:
    (tmp_path / "plan.toml").write_text(
        'id="a"\ntitle="A"\ncases=["K-7"]\nreaders=["R1"]\ninstruments=["worms-marrow"]', encoding="utf-8"
    )
    with create_study(tmp_path / "plan.toml", tmp_path / "study") as study:
        score(study, "R1", "K-7", R1)
        with pytest.raises(ProtocolViolation, match="one reader only"):
            reconciliation(study, "K-7")
        assert len(reads_rows(study)) == 15
