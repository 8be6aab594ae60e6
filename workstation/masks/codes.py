"""Coded words for segments (DICOM PS3.16, SNOMED CT), and the segments our recipes make."""

from __future__ import annotations

from workstation.masks.mask import Code, Segment

ABNORMAL = Code("49755003", "SCT", "Morphologically Abnormal Structure")
TISSUE = Code("85756007", "SCT", "Tissue")
ANATOMY = Code("91723000", "SCT", "Anatomical Structure")

EDEMA = Code("79654002", "SCT", "Edema")
CYST = Code("367643001", "SCT", "Cyst")
NECROSIS = Code("6574001", "SCT", "Necrosis")
BONE_MARROW = Code("14016003", "SCT", "Bone marrow")
LOW_T1_MARROW = Code("LOWT1MARROW", "99MSKREAD", "Low-T1 marrow, reconversion pattern")
BONE = Code("272673000", "SCT", "Bone")

BONES: dict[str, Code] = {
    "femur": Code("71341001", "SCT", "Femur"),
    "tibia": Code("12611008", "SCT", "Tibia"),
    "patella": Code("64234005", "SCT", "Patella"),
    "acetabulum": Code("37783008", "SCT", "Acetabulum"),
}


def site_of(bone: str) -> Code:
    """Code of a bone from its name; sides such as ``"right femur"`` are left to the tracking name."""
    words = bone.lower().replace("-", " ").replace("_", " ").split()
    for name, code in BONES.items():
        if name in words:
            return code
    return BONE


def region_segment(label: int, bone: str) -> Segment:
    """The segment of a bone region: its marrow cavity, as marked by the reader's click."""
    return Segment(label, bone, ANATOMY, BONE_MARROW, site_of(bone))
