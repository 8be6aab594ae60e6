"""What a DICOM file is, by its content: a picture we show, or something we leave out and why."""

from __future__ import annotations

from enum import StrEnum

_STORAGE = "1.2.840.10008.5.1.4.1.1."


class Kind(StrEnum):
    """Sort of DICOM file."""

    IMAGE = "image"
    DICOMDIR = "dicomdir"
    REPORT = "report"
    SEGMENTATION = "segmentation"
    CONTOURS = "contours"
    SECONDARY_CAPTURE = "secondary capture"
    BURNED_IN = "burned-in annotation"
    PRESENTATION = "presentation"
    OTHER_IMAGE = "other image"
    NO_PIXELS = "no pixels"


WHY_LEFT_OUT = {
    Kind.IMAGE: "",
    Kind.DICOMDIR: "DICOMDIR index; its files are imported by content",
    Kind.REPORT: "a report without pictures",
    Kind.SEGMENTATION: "a segmentation object, not a picture",
    Kind.CONTOURS: "radiotherapy data, not a picture",
    Kind.SECONDARY_CAPTURE: "a secondary capture, which may show a name; kept out until it is approved",
    Kind.BURNED_IN: "text is burned into its picture; kept out until it is approved",
    Kind.PRESENTATION: "display settings without a picture",
    Kind.OTHER_IMAGE: "not an MR, CT or radiograph",
    Kind.NO_PIXELS: "it holds no picture",
}

AWAITS_APPROVAL = frozenset((Kind.SECONDARY_CAPTURE, Kind.BURNED_IN))
"""Pictures that a person may let in after looking at them."""

MR_IMAGE = _STORAGE + "4"
ENHANCED = frozenset(_STORAGE + end for end in ("4.1", "4.4", "2.1", "2.2"))
SHOWN = ENHANCED | {_STORAGE + end for end in ("4", "2", "1", "1.1", "1.1.1")}
SECONDARY_CAPTURES = frozenset(_STORAGE + end for end in ("7", "7.1", "7.2", "7.3", "7.4"))
_SHOWN_MODALITIES = frozenset(("MR", "CT", "CR", "DX"))

_BY_CLASS = {
    "1.2.840.10008.1.3.10": Kind.DICOMDIR,
    _STORAGE + "66.4": Kind.SEGMENTATION,
    _STORAGE + "66.5": Kind.SEGMENTATION,
    _STORAGE + "66.7": Kind.SEGMENTATION,
}
_BY_BEGINNING = (
    (_STORAGE + "88.", Kind.REPORT),
    (_STORAGE + "104.", Kind.REPORT),
    (_STORAGE + "481.", Kind.CONTOURS),
    (_STORAGE + "11.", Kind.PRESENTATION),
    (_STORAGE + "7.", Kind.SECONDARY_CAPTURE),
)
_BY_MODALITY = {
    "SR": Kind.REPORT,
    "KO": Kind.REPORT,
    "DOC": Kind.REPORT,
    "SEG": Kind.SEGMENTATION,
    "RTSTRUCT": Kind.CONTOURS,
    "RTPLAN": Kind.CONTOURS,
    "RTDOSE": Kind.CONTOURS,
    "PR": Kind.PRESENTATION,
}


def kind_of(sop_class_uid: str, modality: str, burned_in: str, has_pixels: bool, has_directory: bool) -> Kind:
    """Sort a file by SOP class, then Modality; Modality alone where the class is absent."""
    kind = _BY_CLASS.get(sop_class_uid)
    if has_directory:
        kind = Kind.DICOMDIR
    if kind is None and sop_class_uid.rstrip(".") == _STORAGE + "7":
        kind = Kind.SECONDARY_CAPTURE
    if kind is None:
        kind = next((k for start, k in _BY_BEGINNING if sop_class_uid.startswith(start)), None)
    if kind is None and sop_class_uid not in SHOWN:
        kind = _BY_MODALITY.get(modality)
    if kind is not None:
        return kind
    if not has_pixels:
        return Kind.NO_PIXELS
    # A file that says neither class nor modality is tried as a picture: the checks of its size decide.
    if sop_class_uid not in SHOWN and (sop_class_uid or (modality and modality not in _SHOWN_MODALITIES)):
        return Kind.OTHER_IMAGE
    return Kind.BURNED_IN if burned_in == "YES" else Kind.IMAGE
