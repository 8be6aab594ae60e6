"""Contrast, fat suppression, joint and side: from physics and tags, words only as hints, never guessed."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workstation.imaging.roles import joint_of, joint_suggested, laterality_of, weighting_of
from workstation.imaging.study import (
    Instance,
    Joint,
    Laterality,
    Physics,
    PixelFormat,
    Triplet,
    Weighting,
)
from workstation.imaging.vocabulary import _PLAIN, _SAME, kept, words

T1, T2, PD, STIR, GRE = (
    Weighting.T1,
    Weighting.T2,
    Weighting.PD,
    Weighting.STIR,
    Weighting.GRADIENT_ECHO,
)


def spin_echo(tr: float | None, te: float | None, **more: Any) -> Physics:
    """A spin echo acquisition."""
    return Physics(repetition_time=tr, echo_time=te, scanning_sequence=("SE",), **more)


# --- the published protocol and the rules in their order ---------------------------------------------------


@pytest.mark.parametrize(
    ("tr", "te", "description", "weighting", "suppressed"),
    [
        (5500, 120, "sag T2 FSE", T2, False),
        (2800, 42, "sag PD FS", PD, True),
        (1800, 68, "cor T2 FS FSE", T2, True),
        (800, 28, "cor T1 FSE", T1, False),
        (2600, 42, "ax PD FS", PD, True),
    ],
)
def test_the_knee_protocol_of_the_study(
    tr: float, te: float, description: str, weighting: Weighting, suppressed: bool
) -> None:
    assert weighting_of(spin_echo(tr, te), description) == (weighting, suppressed)


@pytest.mark.parametrize(
    ("physics", "description", "weighting"),
    [
        # 1 Dixon product, before everything else
        (Physics(4000, 60, image_type=("DERIVED", "PRIMARY", "DIXON", "WATER")), "", Weighting.WATER),
        (Physics(4000, 60, image_type=("DERIVED", "PRIMARY", "W", "W")), "", Weighting.WATER),
        (Physics(600, 10, image_type=("ORIGINAL", "PRIMARY", "M", "IN_PHASE")), "", Weighting.IN_PHASE),
        (Physics(600, 10, image_type=("ORIGINAL", "PRIMARY", "OP")), "", Weighting.OPPOSED_PHASE),
        (Physics(600, 10, image_type=("DERIVED", "PRIMARY", "FF")), "", Weighting.FAT_FRACTION),
        (Physics(600, 10, image_type=("DERIVED", "PRIMARY", "F")), "", Weighting.FAT),
        (spin_echo(4000, 60), "WATER: Cor T2 FLEX", Weighting.WATER),
        # 2 inversion recovery by its TI
        (Physics(4000, 40, 170, scanning_sequence=("SE", "IR")), "", STIR),
        (Physics(4000, 40, 80, scanning_sequence=("IR",)), "", STIR),
        (Physics(4000, 40, 300, scanning_sequence=("IR",)), "", STIR),
        (Physics(2000, 10, 900, scanning_sequence=("IR",)), "", T1),
        (Physics(9000, 110, 2500, scanning_sequence=("IR",)), "FLAIR", None),
        (Physics(4000, 40, 350, scanning_sequence=("IR",)), "", None),
        (Physics(4000, 40, None, scanning_sequence=("IR",)), "STIR", STIR),
        (Physics(4000, 40, None, scanning_sequence=("IR",)), "", None),
        # 3 gradient echo
        (Physics(500, 15, scanning_sequence=("GR",)), "T2*", GRE),
        (Physics(25, 7.5, flip_angle=30, mr_acquisition_type="3D", scanning_sequence=("RM",)), "DESS", GRE),
        (Physics(25, 7.5, flip_angle=25, mr_acquisition_type="3D"), "", GRE),
        (Physics(1000, 35, flip_angle=25, mr_acquisition_type="3D"), "", T1),
        # 4 to 6 repetition and echo time, at their edges
        (spin_echo(1000, 35), "", T1),
        (spin_echo(1001, 35), "", PD),
        (spin_echo(1001, 59.9), "", PD),
        (spin_echo(1001, 60), "", T2),
        # 7 unknown: ask
        (spin_echo(1000, 36), "T1", None),
        (spin_echo(600, 80), "T2", None),
        # missing physics: the words are the hint
        (Physics(), "IBSI_1_STS_050_MR_T1_image", T1),
        (Physics(), "MR_T2", T2),
        (Physics(), "cor STIR", STIR),
        (Physics(), "T1 and T2", None),
        (Physics(), "localizer", None),
        (Physics(), "3D DESS", GRE),
        # maps are no anatomical pictures
        (spin_echo(2500, 65, image_type=("DERIVED", "SECONDARY", "ADC")), "", Weighting.MAP),
        (spin_echo(2500, 65), "Apparent Diffusion Coefficient (mm2/s)", Weighting.MAP),
        (spin_echo(1500, 30, image_type=("DERIVED", "PRIMARY")), "T2 Map", Weighting.MAP),
        (spin_echo(1500, 70, image_type=("ORIGINAL", "PRIMARY")), "T2 mapping", T2),
        (spin_echo(5000, 80, b_value=800.0), "DWI", None),
        (spin_echo(5000, 80, b_value=0.0), "DWI", T2),
    ],
)
def test_rules_in_their_order(physics: Physics, description: str, weighting: Weighting | None) -> None:
    assert weighting_of(physics, description)[0] is weighting


def test_cubequant_is_fat_suppressed_and_fluid_sensitive() -> None:
    physics = Physics(1302, 1, scanning_sequence=("RM",), scan_options=("SAT_GEMS", "EDR_GEMS", "FS"))
    assert weighting_of(physics, "cubequant T1rho") == (PD, True)


@pytest.mark.parametrize(
    ("physics", "description", "suppressed"),
    [
        (spin_echo(3000, 40, scan_options=("FS",)), "", True),
        (spin_echo(3000, 40, scan_options=("FAST_GEMS", "FS", "PFP")), "", True),
        (spin_echo(3000, 40, scan_options=("FAST_GEMS", "PFP")), "", False),
        (spin_echo(3000, 40, spectrally_selected_suppression="FAT"), "", True),
        (spin_echo(3000, 40, spectrally_selected_suppression="NONE"), "", False),
        (spin_echo(3000, 40), "pd fse", False),
        (spin_echo(3000, 40), "pd_fs", True),
        (spin_echo(3000, 40), "pd no fs", False),
        (spin_echo(3000, 40), "pd nonFS", False),
        (spin_echo(3000, 40), "pd w/o fatsat", False),
        (spin_echo(3000, 40), "pd Fat Sat", True),
        (Physics(4000, 40, 170, scanning_sequence=("IR", "SE")), "", True),
        (Physics(4000, 60, image_type=("DERIVED", "PRIMARY", "DIXON", "WATER")), "", True),
        (Physics(4000, 60, image_type=("DERIVED", "PRIMARY", "DIXON", "FAT")), "", False),
    ],
)
def test_fat_suppression(physics: Physics, description: str, suppressed: bool) -> None:
    assert weighting_of(physics, description)[1] is suppressed


# --- dialects ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("description", "weighting", "suppressed"),
    [
        ("pd_tse_fs_sag_320", PD, True),  # Siemens
        ("t2_tse_dixon_cor_W", Weighting.WATER, True),
        ("t2_tse_dixon_cor_F", Weighting.FAT, False),
        ("t1_tse_dixon_tra_in", Weighting.IN_PHASE, False),
        ("t1_tse_dixon_tra_opp", Weighting.OPPOSED_PHASE, False),
        ("t2_tirm_cor_p2", STIR, True),
        ("t1_tse_cor", T1, False),
        ("pd_spc_iso_we", PD, True),
        ("Sag PD FS FSE", PD, True),  # GE
        ("WATER: Sag T2 IDEAL", Weighting.WATER, True),
        ("InPhase: Cor LAVA-Flex", Weighting.IN_PHASE, False),
        ("OutPhase: Cor LAVA-Flex", Weighting.OPPOSED_PHASE, False),
        ("Ax T2 frFSE FatSat", T2, True),
        ("SAG CUBE PD FS", PD, True),
        ("PDW_SPAIR_SAG", PD, True),  # Philips
        ("T2W_SPIR_COR", T2, True),
        ("mDIXON TSE T2 W", Weighting.WATER, True),
        ("T1W_TSE", T1, False),
        ("STIR_longTE COR", STIR, True),
        ("fs-pd-cor", PD, True),  # UIH
        ("t2_fse_fs_tra", T2, True),
        ("PD FatSup TRS", PD, True),  # Canon
        ("T2 FSat SAG", T2, True),
        ("Ax PDFS", PD, True),  # written together
        ("SagT2fs", T2, True),
        ("SAG_IW_TSE_LEFT", PD, False),  # OAI
        ("膝关节矢状位 PD 压脂", PD, True),  # Chinese
        ("Knie links PD FS cor", PD, True),
    ],
)
def test_dialects_without_physics(description: str, weighting: Weighting, suppressed: bool) -> None:
    assert weighting_of(Physics(), description) == (weighting, suppressed)


@pytest.mark.parametrize(
    ("text", "absent"),
    [("SENTINEL^NAME", ""), ("Kneemann", ""), ("Dr. Hipp", ""), ("Pdfsmith", ""), ("T1x", "")],
)
def test_other_words_are_not_understood(text: str, absent: str) -> None:
    assert kept(text) == absent


@given(
    st.lists(st.sampled_from(sorted(_PLAIN | set(_SAME))), max_size=12), st.sampled_from([" ", "_", "-", ""])
)
def test_what_is_kept_says_the_same_again(parts: list[str], separator: str) -> None:
    text = separator.join(parts)
    assert kept(kept(text)) == kept(text)
    if len(" ".join(words(text))) < 64:
        assert words(kept(text)) == words(text)


@given(st.text(max_size=80))
def test_any_text_is_reduced_to_known_words(text: str) -> None:
    assert set(kept(text).lower().split()) <= _PLAIN | set(_SAME.values())
    assert kept(kept(text)) == kept(text)


# --- joint and side ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("texts", "joint"),
    [
        (("KNEE",), Joint.KNEE),
        (("HIP",), Joint.HIP),
        (("PELVIS",), Joint.HIP),
        (("", "Sag PD knee"), Joint.KNEE),
        (("", "", "", "MRI KNEE LT W/O"), Joint.KNEE),
        (("EXTREMITY", "t1sagknee"), Joint.KNEE),
        (("", "KneeLeft", ""), Joint.KNEE),
        (("", "HipRt cor"), Joint.HIP),
        (("", "", "", "", "RM GINOCCHIO D"), Joint.KNEE),
        (("", "Cor T1 both hips"), Joint.HIP),
        (("PELVIS", "cor T1 knee"), Joint.HIP),
        (("PROSTATE", "pelvis"), None),
        (("HEAD", "t1 sag"), None),
        (("", ""), None),
    ],
)
def test_joint(texts: tuple[str, ...], joint: Joint | None) -> None:
    assert joint_of(*texts) is joint


@pytest.mark.parametrize(
    ("coil", "joint"),
    [
        ("HD TR Knee PA", Joint.KNEE),
        ("HD TRknee PA", Joint.KNEE),
        ("TxRx_Knee_15Ch_1", Joint.KNEE),
        ("SENSE-Knee-8", Joint.KNEE),
        ("RM:GEM Flex M", None),
        ("8HRBRAIN", None),
        ("", None),
    ],
)
def test_a_coil_only_suggests_a_joint(coil: str, joint: Joint | None) -> None:
    assert joint_suggested(kept(coil)) is joint


def picture(laterality: str, x: float, width: float) -> Instance:
    """A coronal picture `width` mm wide whose middle is `x` mm to the patient's left."""
    position: Triplet = (x - width / 2, 0, 100)
    return Instance(
        path="",
        sop_instance_uid="1",
        sop_class_uid="",
        series_instance_uid="1",
        study_instance_uid="1",
        modality="MR",
        pixels=PixelFormat(101, 101, 16, 16, False, 1, "MONOCHROME2", ""),
        laterality=laterality,
        image_position_patient=position,
        image_orientation_patient=(1, 0, 0, 0, 0, -1),
        pixel_spacing=(width / 100, width / 100),
    )


@pytest.mark.parametrize(
    ("told", "x", "width", "side", "note"),
    [
        ("L", 80, 160, Laterality.LEFT, ""),
        ("R", -80, 160, Laterality.RIGHT, ""),
        ("R", 0, 160, Laterality.RIGHT, ""),
        ("R", 30, 160, Laterality.RIGHT, ""),
        ("R", 90, 160, None, "its place in the scanner is left"),
        ("L", -90, 160, None, "its place in the scanner is right"),
        ("", 90, 160, None, "No tag tells the side"),
        ("L\\R", 0, 160, None, "both the left and the right"),
        ("", 0, 380, Laterality.BILATERAL, ""),
        ("B", 0, 380, Laterality.BILATERAL, ""),
        ("L", 0, 380, None, "shows both sides"),
    ],
)
def test_side_comes_from_tags_and_place_and_is_never_guessed(
    told: str, x: float, width: float, side: Laterality | None, note: str
) -> None:
    found, sentence = laterality_of([picture(told, x, width)], Joint.HIP)
    assert found is side
    assert note in sentence
    assert bool(sentence) == (side is None)


def test_a_wide_picture_of_no_joint_is_not_bilateral() -> None:
    assert laterality_of([picture("", 0, 400)], None)[0] is None


def test_two_slices_that_name_two_sides_contradict() -> None:
    found, sentence = laterality_of([picture("L", 0, 160), picture("R", 0, 160)], Joint.KNEE)
    assert found is None
    assert "both" in sentence
