"""Every vendor's way of writing the same knee and hip hangs the same: physics decides, words only hint.

The rows are typical of product protocols and of what technologists write, in several languages. Each
examination is tried three times: as it is, with the physics taken away, and with the words taken away.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from workstation.imaging.assemble import build_series
from workstation.imaging.hanging import rank
from workstation.imaging.roles import joint_of, weighting_of
from workstation.imaging.study import Instance, Physics, PixelFormat, Series, Weighting
from workstation.imaging.vocabulary import kept

PIXELS = PixelFormat(256, 256, 16, 12, False, 1, "MONOCHROME2", "1.2.840.10008.1.2.1")
ORIENTATIONS = {
    "sag": (0.0, 1.0, 0.0, 0.0, 0.0, -1.0),
    "cor": (1.0, 0.0, 0.0, 0.0, 0.0, -1.0),
    "ax": (1.0, 0.0, 0.0, 0.0, 1.0, 0.0),
}


@dataclass(frozen=True)
class Row:
    """One series of a vendor: its place on the screen ("" for none), plane, words and physics."""

    role: str
    plane: str
    words: str
    physics: Physics
    slices: int = 24


def se(tr: float, te: float, options: str = "", **more: object) -> Physics:
    """Spin echo, TR and TE in ms, ScanOptions as the scanner writes them."""
    scan_options = tuple(options.split("\\")) if options else ()
    return Physics(tr, te, scanning_sequence=("SE",), scan_options=scan_options, **more)  # type: ignore[arg-type]


def ir(tr: float, te: float, ti: float, sequence: tuple[str, ...] = ("SE", "IR"), **more: object) -> Physics:
    """Inversion recovery."""
    return Physics(tr, te, ti, scanning_sequence=sequence, **more)  # type: ignore[arg-type]


def research(tr: float, te: float, **more: object) -> Physics:
    """What GE calls research mode: the sequence is not told."""
    return Physics(tr, te, scanning_sequence=("RM",), **more)  # type: ignore[arg-type]


def gr(tr: float, te: float, flip: float, **more: object) -> Physics:
    """Gradient echo."""
    return Physics(tr, te, flip_angle=flip, scanning_sequence=("GR",), **more)  # type: ignore[arg-type]


def kind(rest: str) -> tuple[str, ...]:
    """ImageType with its third and further values."""
    return ("DERIVED", "PRIMARY", *rest.split())


LOC = gr(8, 4, 20)
SAG_PD_FS, COR_FS, AX_PD_FS = (
    "sagittal PD fat-suppressed",
    "coronal T2 fat-suppressed",
    "axial PD fat-suppressed",
)
SAG_T2, COR_T1 = "sagittal T2", "coronal T1"

KNEES: dict[str, tuple[Row, ...]] = {
    "Siemens syngo B and D": (
        Row("", "cor", "localizer_3plane", LOC, 3),
        Row(SAG_PD_FS, "sag", "pd_tse_fs_sag_320", se(3200, 33, "FS")),
        Row(COR_FS, "cor", "t2_tirm_cor_p2", ir(4000, 39, 160)),
        Row(AX_PD_FS, "ax", "pd_tse_fs_tra", se(3000, 33, "FS")),
        Row(SAG_T2, "sag", "t2_tse_sag_384", se(4300, 88, "PFP")),
        Row(COR_T1, "cor", "t1_tse_cor_384", se(620, 11, "PFP")),
        Row("", "sag", "t2_de3d_we_sag_iso", gr(14.1, 5, 25, mr_acquisition_type="3D"), 160),
        Row("", "ax", "t2_me2d_tra", gr(600, 19, 30)),
    ),
    "Siemens syngo X": (
        Row(SAG_PD_FS, "sag", "pd_tse_spair_sag", se(3000, 38, "FS")),
        Row(COR_FS, "cor", "t2_tse_fs_cor", se(3800, 65, "FS")),
        Row(AX_PD_FS, "ax", "pd_tse_spair_tra_DRB", se(2900, 38, "FS")),
        Row(SAG_T2, "sag", "t2_tse_sag_DRB", se(4000, 80)),
        Row(COR_T1, "cor", "t1_tse_cor_DRB", se(700, 12)),
        Row("", "sag", "AAHead_Knee_Scout", LOC, 5),
    ),
    "Siemens Dixon": (
        Row(SAG_PD_FS, "sag", "pd_tse_dixon_sag_W", se(3000, 37, image_type=kind("DIXON WATER"))),
        Row("", "sag", "pd_tse_dixon_sag_F", se(3000, 37, image_type=kind("DIXON FAT"))),
        Row("", "sag", "pd_tse_dixon_sag_in", se(3000, 37, image_type=kind("DIXON IN_PHASE"))),
        Row(COR_FS, "cor", "t2_tse_dixon_cor_W", se(4000, 70, image_type=kind("DIXON WATER"))),
        Row("", "cor", "t2_tse_dixon_cor_opp", se(4000, 70, image_type=kind("DIXON OPP_PHASE"))),
        Row(AX_PD_FS, "ax", "pd_tse_dixon_tra_W", se(3000, 37, image_type=kind("DIXON WATER"))),
        Row(SAG_T2, "sag", "t2_tse_sag", se(4000, 80)),
        Row(COR_T1, "cor", "t1_tse_cor", se(600, 12)),
    ),
    "GE Signa": (
        Row("", "sag", "3-pl Loc FGRE", LOC, 3),
        Row(SAG_PD_FS, "sag", "Sag PD FSE Fat Sat", se(2500, 35, "FAST_GEMS\\FC_SLICE_AX_GEMS\\FS")),
        Row(COR_FS, "cor", "Cor T2 frFSE FS", se(3600, 65, "FAST_GEMS\\TRF_GEMS\\FS")),
        Row(AX_PD_FS, "ax", "Ax PD FS FSE", se(2600, 35, "FAST_GEMS\\FS")),
        Row(SAG_T2, "sag", "Sag T2 FSE", se(4000, 85, "FAST_GEMS")),
        Row(COR_T1, "cor", "Cor T1", se(600, 10, "FAST_GEMS")),
        Row("", "cor", "Cor MERGE", gr(500, 12, 20)),
        Row("", "sag", "MENSA DESS", gr(20, 6, 30, mr_acquisition_type="3D"), 140),
    ),
    "GE Flex and PROPELLER": (
        Row(SAG_PD_FS, "sag", "WATER: Sag PD FLEX", se(2500, 35, image_type=kind("DIXON WATER"))),
        Row("", "sag", "FAT: Sag PD FLEX", se(2500, 35, image_type=kind("DIXON FAT"))),
        Row(COR_FS, "cor", "COR STIR", ir(4500, 42, 150, ("IR",))),
        Row(AX_PD_FS, "ax", "AX PD PROPELLER FS", research(3000, 38, scan_options=("FS",))),
        Row(SAG_T2, "sag", "SAG T2 PROP", research(4000, 90)),
        Row(COR_T1, "cor", "COR T1 FSE", se(650, 9)),
    ),
    "Philips Achieva": (
        Row("", "cor", "SURVEY", LOC, 5),
        Row(SAG_PD_FS, "sag", "PDW_SPAIR_SAG", se(3000, 30, "FS")),
        Row(COR_FS, "cor", "STIR_TSE_COR", ir(4000, 50, 160, ("SE",), image_type=kind("M_IR M IR"))),
        Row(AX_PD_FS, "ax", "PDW_SPAIR_TRA", se(3100, 30, "FS")),
        Row(SAG_T2, "sag", "T2W_TSE_SAG", se(3000, 80)),
        Row(COR_T1, "cor", "T1W_TSE_COR", se(560, 17)),
        Row("", "sag", "3D_WATSc", gr(20, 5, 25, mr_acquisition_type="3D"), 120),
        Row("", "ax", "mFFE_TRA", gr(700, 14, 28)),
    ),
    "Philips Ingenia": (
        Row(SAG_PD_FS, "sag", "sPDW_aSPAIR", se(2800, 28, "OTHER\\FS")),
        Row(COR_FS, "cor", "T2W_mDIXON_TSE W", se(3500, 70, image_type=kind("W W"))),
        Row("", "cor", "T2W_mDIXON_TSE IP", se(3500, 70, image_type=kind("IP IP"))),
        Row(AX_PD_FS, "ax", "PDW_SPIR_HR", se(2800, 28, "FS")),
        Row(SAG_T2, "sag", "T2W_TSE_HR", se(3500, 90)),
        Row(COR_T1, "cor", "cT1W_TSE", se(600, 15)),
    ),
    "Toshiba Vantage": (
        Row("", "ax", "Locator", LOC, 3),
        Row(SAG_PD_FS, "sag", "FSE PD FatSat SAG", se(3000, 36, "FS")),
        Row(COR_FS, "cor", "FSE+STIR COR", ir(4200, 60, 190, ("IR", "SE"))),
        Row(AX_PD_FS, "ax", "PD FatSup TRS", se(3200, 36, "FS")),
        Row(SAG_T2, "sag", "FSE T2W SAG", se(4000, 105)),
        Row(COR_T1, "cor", "SE T1W COR", se(550, 15)),
    ),
    "Canon Orian": (
        Row(SAG_PD_FS, "sag", "sag PDW PASTA", se(2800, 34, "FS")),
        Row(COR_FS, "cor", "cor T2W EFF", se(4100, 72, "FS")),
        Row(AX_PD_FS, "ax", "ax JET PDW FatSat", se(3000, 34, "FS")),
        Row(SAG_T2, "sag", "sag T2W", se(4100, 90)),
        Row(COR_T1, "cor", "cor T1W", se(600, 12)),
        Row("", "cor", "cor T2*W", gr(450, 14, 25)),
    ),
    "Hitachi Echelon": (
        Row("", "sag", "Scanogram", LOC, 3),
        Row(SAG_PD_FS, "sag", "SAG PD FSE FatSat", se(2500, 24, "FS")),
        Row(COR_FS, "cor", "COR STIR FSE", ir(3500, 24, 140, ("IR",))),
        Row(AX_PD_FS, "ax", "AX PD RADAR FS", se(2500, 24, "FS")),
        Row(SAG_T2, "sag", "SAG T2 FSE", se(4000, 100)),
        Row(COR_T1, "cor", "COR T1 SE", se(450, 15)),
        Row("", "sag", "SAG T2* ADAGE", gr(800, 22, 30)),
    ),
    "Hitachi Airis, 0.3 tesla": (
        Row(SAG_PD_FS, "sag", "SAG PD FatSep WATER", se(1800, 24, image_type=kind("WATER"))),
        Row(COR_FS, "cor", "COR STIR", ir(2500, 25, 100, ("IR",), magnetic_field_strength=0.3)),
        Row(AX_PD_FS, "ax", "AX PD FatSep WATER", se(1800, 24, image_type=kind("WATER"))),
        Row(SAG_T2, "sag", "SAG T2 FSE", se(3500, 120)),
        Row(COR_T1, "cor", "COR T1 SE", se(400, 20)),
    ),
    "Fujifilm Synergy": (
        Row(SAG_PD_FS, "sag", "Sag PD FS isoFSE", se(1600, 30, "FS")),
        Row(COR_FS, "cor", "Cor T2 FS RADAR", se(3600, 68, "FS")),
        Row(AX_PD_FS, "ax", "Ax PD H-Sinc FS", se(2600, 30, "FS")),
        Row(SAG_T2, "sag", "Sag T2 FSE", se(4000, 90)),
        Row(COR_T1, "cor", "Cor T1 FSE", se(500, 12)),
    ),
    "Esaote G-scan, 0.25 tesla": (
        Row("", "sag", "Real Time Scout", LOC, 3),
        Row(SAG_PD_FS, "sag", "XBONE PD FSE sag water", se(2400, 28, image_type=kind("WATER"))),
        Row(COR_FS, "cor", "FSE STIR coronale", ir(2800, 25, 75, ("IR",), magnetic_field_strength=0.25)),
        Row(SAG_T2, "sag", "FSE T2 sagittale", se(3000, 90)),
        Row(COR_T1, "cor", "SE T1 coronale", se(620, 18)),
        Row("", "sag", "HYCE S", gr(10, 5, 60, mr_acquisition_type="3D"), 60),
        Row("", "cor", "Turbo 3DT1", gr(38, 16, 45, mr_acquisition_type="3D"), 60),
    ),
    "UIH uMR": (
        Row("", "ax", "gre_scout", LOC, 3),
        Row(SAG_PD_FS, "sag", "pd_fse_fs_sag", se(2600, 30, "FS")),
        Row(COR_FS, "cor", "t2_fse_stir_cor", ir(4000, 45, 180, ("IR",))),
        Row(AX_PD_FS, "ax", "pd_arms_fs_tra", se(2800, 30, "FS")),
        Row(SAG_T2, "sag", "t2_fse_sag", se(3900, 90)),
        Row(COR_T1, "cor", "t1_fse_cor", se(640, 10)),
        Row("", "sag", "t1_gre_fsp_3d_sag", gr(12, 3, 15, mr_acquisition_type="3D"), 120),
    ),
    "UIH water-fat imaging": (
        Row(SAG_PD_FS, "sag", "pd_fse_wfi_sag_W", se(2600, 30, image_type=kind("W"))),
        Row("", "sag", "pd_fse_wfi_sag_F", se(2600, 30, image_type=kind("F"))),
        Row(COR_FS, "cor", "t2_fse_wfi_cor_W", se(3900, 80, image_type=kind("W"))),
        Row(AX_PD_FS, "ax", "pd_fse_wfi_tra_W", se(2600, 30, image_type=kind("W"))),
        Row(COR_T1, "cor", "t1_fse_cor", se(640, 10)),
        Row(SAG_T2, "sag", "t2_fse_sag", se(3900, 90)),
    ),
    "Neusoft NSM": (
        Row(SAG_PD_FS, "sag", "SAG PD_FSE_FS", se(2400, 30, "FS")),
        Row(COR_FS, "cor", "COR T2_FSE_FS", se(3400, 80, "FS")),
        Row(AX_PD_FS, "ax", "TRA PD_FSE_FS", se(2400, 30, "FS")),
        Row(SAG_T2, "sag", "SAG T2_FSE", se(3400, 96)),
        Row(COR_T1, "cor", "COR T1_SE", se(500, 12)),
    ),
    "ONI MSK Extreme": (
        Row("", "ax", "PILOT", LOC, 3),
        Row(SAG_PD_FS, "sag", "SAG PD FSE F/S", se(2300, 15, "FS")),
        Row(COR_FS, "cor", "COR T2 FSE F/S", se(3200, 70, "FS")),
        Row(AX_PD_FS, "ax", "AX PD FSE F/S", se(2500, 15, "FS")),
        Row(SAG_T2, "sag", "SAG T2 FSE", se(3200, 90)),
        Row(COR_T1, "cor", "COR T1 SE", se(600, 15)),
    ),
    "Paramed and Fonar, upright": (
        Row(SAG_PD_FS, "sag", "SAG PD WFS WATER", se(2000, 25, image_type=kind("WATER"))),
        Row(COR_FS, "cor", "COR TURBO STIR", ir(2800, 30, 110, ("IR",), magnetic_field_strength=0.5)),
        Row(SAG_T2, "sag", "SAG T2 FSE", se(3200, 110)),
        Row(COR_T1, "cor", "COR T1 SE", se(480, 18)),
    ),
    "English, United Kingdom": (
        Row(SAG_PD_FS, "sag", "SAG PD FATSAT KNEE", se(2900, 32, "FS")),
        Row(COR_FS, "cor", "CORONAL STIR KNEE", ir(4000, 40, 160)),
        Row(AX_PD_FS, "ax", "AXIAL PROTON DENSITY FAT SUPPRESSED", se(2900, 32, "FS")),
        Row(SAG_T2, "sag", "SAGITTAL T2 WITHOUT FAT SAT", se(4000, 90)),
        Row(COR_T1, "cor", "CORONAL T1 KNEE", se(600, 11)),
    ),
    "German": (
        Row("", "ax", "Planung", LOC, 3),
        Row(SAG_PD_FS, "sag", "PD fettgesättigt sag Knie", se(3000, 33, "FS")),
        Row(COR_FS, "cor", "TIRM koronar", ir(4000, 40, 160)),
        Row(AX_PD_FS, "ax", "PD Fettsättigung axial", se(3000, 33, "FS")),
        Row(SAG_T2, "sag", "T2 TSE sag ohne FS", se(4000, 90)),
        Row(COR_T1, "cor", "T1 TSE koronar", se(600, 11)),
    ),
    "French": (
        Row("", "ax", "Repérage", LOC, 3),
        Row(SAG_PD_FS, "sag", "SAG DP SAT GRAISSE", se(3000, 33, "FS")),
        Row(COR_FS, "cor", "FRONTAL T2 SAT FAT", se(3900, 66, "FS")),
        Row(AX_PD_FS, "ax", "AXIALE DP FS GENOU", se(3000, 33, "FS")),
        Row(SAG_T2, "sag", "SAG T2 GENOU DROIT", se(4000, 90)),
        Row(COR_T1, "cor", "CORONALE T1", se(600, 11)),
    ),
    "Spanish": (
        Row("", "ax", "LOCALIZADOR", LOC, 3),
        Row(SAG_PD_FS, "sag", "RODILLA SAG DP SUPRESION GRASA", se(3000, 33, "FS")),
        Row(COR_FS, "cor", "COR T2 SAT GRASA", se(3900, 66, "FS")),
        Row(AX_PD_FS, "ax", "AX DP FATSAT", se(3000, 33, "FS")),
        Row(SAG_T2, "sag", "SAGITAL T2 RODILLA", se(4000, 90)),
        Row(COR_T1, "cor", "CORONAL T1 RODILLA", se(600, 11)),
    ),
    "Italian": (
        Row("", "ax", "localizzatore", LOC, 3),
        Row(SAG_PD_FS, "sag", "DP soppressione grasso sagittale", se(3000, 33, "FS")),
        Row(COR_FS, "cor", "T2 coronale fat sat ginocchio", se(3900, 66, "FS")),
        Row(AX_PD_FS, "ax", "DP assiale FS", se(3000, 33, "FS")),
        Row(SAG_T2, "sag", "T2 sagittale ginocchio", se(4000, 90)),
        Row(COR_T1, "cor", "T1 coronale", se(600, 11)),
    ),
    "Portuguese": (
        Row("", "ax", "localizador", LOC, 3),
        Row(SAG_PD_FS, "sag", "DP SAG SAT GORDURA JOELHO", se(3000, 33, "FS")),
        Row(COR_FS, "cor", "COR T2 SUPRESSÃO DE GORDURA", se(3900, 66, "FS")),
        Row(AX_PD_FS, "ax", "AXIAL DP FAT SAT", se(3000, 33, "FS")),
        Row(SAG_T2, "sag", "SAG T2 JOELHO", se(4000, 90)),
        Row(COR_T1, "cor", "COR T1 JOELHO", se(600, 11)),
    ),
    "Russian": (
        Row(SAG_PD_FS, "sag", "PD с жироподавлением саг", se(3000, 33, "FS")),
        Row(COR_FS, "cor", "STIR кор коленный сустав", ir(4000, 40, 160)),
        Row(AX_PD_FS, "ax", "PD FS акс", se(3000, 33, "FS")),
        Row(SAG_T2, "sag", "T2 саг колено", se(4000, 90)),
        Row(COR_T1, "cor", "T1 кор", se(600, 11)),
    ),
    "Chinese": (
        Row("", "ax", "定位像", LOC, 3),
        Row(SAG_PD_FS, "sag", "膝关节矢状位 PD 压脂", se(3000, 33, "FS")),
        Row(COR_FS, "cor", "冠状位 T2 脂肪抑制", se(3900, 66, "FS")),
        Row(AX_PD_FS, "ax", "横断位 PD 抑脂", se(3000, 33, "FS")),
        Row(SAG_T2, "sag", "矢状位 T2", se(4000, 90)),
        Row(COR_T1, "cor", "冠状位 T1", se(600, 11)),
    ),
    "Japanese": (
        Row("", "ax", "位置決め", LOC, 3),
        Row(SAG_PD_FS, "sag", "膝 矢状断 PD 脂肪抑制", se(3000, 33, "FS")),
        Row(COR_FS, "cor", "冠状断 STIR", ir(4000, 40, 160)),
        Row(AX_PD_FS, "ax", "横断 PD 脂肪抑制", se(3000, 33, "FS")),
        Row(SAG_T2, "sag", "矢状断 T2", se(4000, 90)),
        Row(COR_T1, "cor", "冠状断 T1", se(600, 11)),
    ),
    "Korean": (
        Row(SAG_PD_FS, "sag", "무릎 SAG PD 지방억제", se(3000, 33, "FS")),
        Row(COR_FS, "cor", "COR T2 FS", se(3900, 66, "FS")),
        Row(AX_PD_FS, "ax", "AX PD 지방억제", se(3000, 33, "FS")),
        Row(SAG_T2, "sag", "SAG T2", se(4000, 90)),
        Row(COR_T1, "cor", "COR T1 무릎", se(600, 11)),
    ),
    "Dutch": (
        Row(SAG_PD_FS, "sag", "PD vetsuppressie sag knie", se(3000, 33, "FS")),
        Row(COR_FS, "cor", "STIR coronaal knie", ir(4000, 40, 160)),
        Row(AX_PD_FS, "ax", "PD SPAIR axiaal", se(3000, 33, "FS")),
        Row(SAG_T2, "sag", "T2 sagittaal", se(4000, 90)),
        Row(COR_T1, "cor", "T1 coronaal", se(600, 11)),
    ),
    "Polish": (
        Row(SAG_PD_FS, "sag", "PD FS sag kolano", se(3000, 33, "FS")),
        Row(COR_FS, "cor", "STIR cor kolano", ir(4000, 40, 160)),
        Row(AX_PD_FS, "ax", "PD FS tra", se(3000, 33, "FS")),
        Row(SAG_T2, "sag", "T2 TSE strzałkowa", se(4000, 90)),
        Row(COR_T1, "cor", "T1 TSE czołowa", se(600, 11)),
    ),
}  # fmt: skip

CASES = [pytest.param(rows, id=name) for name, rows in KNEES.items()]
NONE = Physics()


def examination(rows: tuple[Row, ...], *, words: bool = True, physics: bool = True) -> tuple[Series, ...]:
    planes = []
    for number, row in enumerate(rows, start=1):
        direction = ORIENTATIONS[row.plane]
        for place in range(row.slices):
            at = {
                "sag": (3.0 * place, 0.0, 0.0),
                "cor": (0.0, 3.0 * place, 0.0),
                "ax": (0.0, 0.0, 3.0 * place),
            }
            planes.append(
                Instance("", f"2.25.{number}.{place}", "", f"2.25.{number}", "2.25.9", "MR", PIXELS,
                         series_number=number, series_description=row.words if words else "",
                         body_part_examined="KNEE", laterality="L", image_orientation_patient=direction,
                         image_position_patient=at[row.plane], pixel_spacing=(0.5, 0.5), slice_thickness=3.0,
                         frame_of_reference_uid="2.25.8", physics=row.physics if physics else NONE)
            )  # fmt: skip
    return build_series(planes)


def hung(rows: tuple[Row, ...], series: tuple[Series, ...]) -> dict[str, str]:
    """Words of the series that hangs in each named place, for a message a person can read."""
    layout = rank(series)
    assert layout.id == "knee-oa-bml"
    told = {f"2.25.{number}": row.words for number, row in enumerate(rows, start=1)}
    uids = {one.key: one.series_instance_uid for one in series}
    return {tile.role: told[uids[tile.series_key]] if tile.series_key else "" for tile in layout.tiles}


def expected(rows: tuple[Row, ...]) -> dict[str, str]:
    return {row.role: row.words for row in rows if row.role}


def check(rows: tuple[Row, ...], series: tuple[Series, ...]) -> None:
    found = hung(rows, series)
    wanted = expected(rows)
    assert {role: found[role] for role in wanted} == wanted


@pytest.mark.parametrize("rows", CASES)
def test_every_vendor_hangs_as_its_reader_expects(rows: tuple[Row, ...]) -> None:
    check(rows, examination(rows))


@pytest.mark.parametrize("rows", CASES)
def test_words_alone_hang_the_same_where_an_anonymiser_removed_the_physics(rows: tuple[Row, ...]) -> None:
    check(rows, examination(rows, physics=False))


@pytest.mark.parametrize("rows", CASES)
def test_physics_alone_hangs_the_same_where_an_anonymiser_removed_the_words(rows: tuple[Row, ...]) -> None:
    check(rows, examination(rows, words=False))


@pytest.mark.parametrize("rows", CASES)
def test_a_de_identified_copy_keeps_what_is_needed_to_hang(rows: tuple[Row, ...]) -> None:
    copies = tuple(replace(row, words=kept(row.words)) for row in rows)
    found = hung(copies, examination(copies, physics=False))
    wanted = expected(copies)
    assert {role: found[role] for role in wanted} == wanted


@pytest.mark.parametrize("rows", CASES)
def test_words_that_lie_do_not_move_a_picture(rows: tuple[Row, ...]) -> None:
    """A series copied by the technologist keeps the old name: physics and geometry win."""
    lying = tuple(replace(row, words="AX T1 TSE" if row.role else row.words) for row in rows)
    found = hung(rows, examination(lying))
    wanted = expected(rows)
    assert {role: found[role] for role in wanted} == wanted


@pytest.mark.parametrize(
    "name", ["Siemens syngo B and D", "GE Signa", "German", "Spanish", "Russian", "Chinese"]
)
def test_the_plane_is_taken_from_the_words_where_the_files_do_not_tell_it(name: str) -> None:
    rows = KNEES[name]
    unplaced = []
    for one in examination(rows):
        nowhere = [
            replace(i, image_orientation_patient=None, image_position_patient=None) for i in one.instances
        ]
        unplaced += build_series(nowhere)
    assert {one.plane for one in unplaced} == {None}
    check(rows, tuple(unplaced))


def test_there_are_at_least_twenty_vendor_dialects() -> None:
    assert len(KNEES) >= 20
    assert sum(len(rows) for rows in KNEES.values()) > 150


@pytest.mark.parametrize(
    ("text", "weighting", "suppressed"),
    [
        ("T2 SAT FAT", "T2", True),
        ("PD FAT-SAT", "PD", True),
        ("PD F.S.", "PD", True),
        ("PD FATSUPPRESSED", "PD", True),
        ("T1 non fat sat", "T1", False),
        ("T1 sans FS", "T1", False),
        ("T1 ohne FS", "T1", False),
        ("T1 senza FS", "T1", False),
        ("PD Knä sin FS", "PD", True),  # Swedish: left, with suppression
        ("PD SPECIAL", "PD", False),
        ("pd_spc_fs_sag_iso", "PD", True),
        ("pd_matrix_fs_3d", "PD", True),
        ("t2_de3d_we_sag", "GRE", True),
        ("t2_me3d_we_cor", "GRE", True),
        ("3D MENSA", "GRE", False),
        ("t2_space_dixon_W", "water", True),
        ("T1 VIBE DIXON opp", "opposed-phase", False),
        ("Q-Dixon FF", "fat fraction", False),
        ("mDIXON-Quant FF", "fat fraction", False),
        ("IDEAL IQ FatFrac: Ax", "fat fraction", False),
        ("t2_fse_wfi_cor_F", "fat", False),
        ("IR FSE STIR", "STIR", True),
        ("turbo-STIR", "STIR", True),
        ("SPGR FS", "GRE", True),
    ],
)
def test_single_spellings(text: str, weighting: str, suppressed: bool) -> None:
    assert weighting_of(NONE, text) == (Weighting(weighting), suppressed)


@pytest.mark.parametrize(
    "text",
    ["Knie links", "GENOU", "RODILLA", "ginocchio dx", "JOELHO", "колено", "коленного сустава", "膝关节",
     "膝", "무릎", "kolano", "knæ", "knä", "kne", "polvi", "diz", "koleno", "térd"],
)  # fmt: skip
def test_the_knee_in_many_languages(text: str) -> None:
    assert str(joint_of("", text)) == "knee"


@pytest.mark.parametrize(
    "text",
    ["Hüfte", "HANCHE", "CADERA", "quadril", "тазобедренный", "髋关节", "股関節", "고관절", "biodro", "heup",
     "höft", "hofte", "lonkka", "kalça", "kyčel", "bassin", "Becken", "bacino", "pelvis"],
)  # fmt: skip
def test_the_hip_in_many_languages(text: str) -> None:
    assert str(joint_of("", text)) == "hip"


def test_stir_of_a_low_field_scanner_is_known_by_its_shorter_inversion_time() -> None:
    low = ir(2800, 25, 65, magnetic_field_strength=0.25)
    assert weighting_of(low, "") == (Weighting.STIR, True)
    assert weighting_of(replace(low, magnetic_field_strength=3.0), "")[0] is None


def test_spectral_inversion_is_no_stir() -> None:
    """Philips writes the delay of SPAIR as InversionTime of a spin echo."""
    spair = Physics(3000, 30, 100, scanning_sequence=("SE",), scan_options=("FS",))
    assert weighting_of(spair, "PDW_SPAIR") == (Weighting.PD, True)
