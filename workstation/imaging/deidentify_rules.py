"""What a de-identified copy keeps, attribute by attribute; everything not listed here is left out.

DICOM PS3.15 Annex E lists what the Basic Application Level Confidentiality Profile removes. We list what
is kept instead, which removes all of that and whatever a vendor or a later edition adds. No free text is
kept: text is reduced to known words, codes to known codes, numbers to what reads as a number.
"""

from __future__ import annotations

from enum import StrEnum


class Rule(StrEnum):
    """What becomes of a kept attribute's value."""

    NUMBER = "digits only, or left out"  # DS, IS
    BINARY = "verbatim"  # US, SS, UL, FL, FD, AT
    CODE = "known codes only"  # CS
    CLASS = "known SOP classes only"
    UID = "replaced by a keyed UID"
    DATE = "shifted"
    MOMENT = "day shifted, time of day cleared"
    WORDS = "known words only"
    VENDOR = "known makers only"
    SEQUENCE_NAME = "known stems of pulse sequences only"
    ITEMS = "each item by these same rules"
    EMPTY = "emptied"


_NUMBERS = {
    b"DS": """00180050 00180080 00180081 00180082 00180083 00180084 00180087 00180088 00180093 00180094
        00180095 00180060 00181060 00181120 00181164 00181314 00181316 00181100 00181110 00181111
        00200032 00200037 00201041 00280030 00281050 00281051 00281052 00281053 00282112 00181318
        00181063""",
    b"IS": """00180086 00180089 00180091 00181150 00181151 00181152 00200011 00200012 00200013 00200100
        00200105 00280008 00280034 00181090""",
}
_BINARIES = {
    b"US": """00181310 00189058 00189093 00189231 00189240 00189241 00209156 00209162 00280002 00280006
        00280010 00280011 00280100 00280101 00280102 00280103""",
    b"UL": "00209057 00209128 00209157",
    b"FD": """00189079 00189082 00189087 00189089 00189073 00189098 00189220
        00189324 00189345 00209153 00189181 00189069 00189155 00189168""",
    b"SS": "00281041",
    b"AT": "00209165 00209167",
}
_CODES = """00080008 00080060 00089007 00089205 00089206 00089207 00089208 00089209 00180015 00180020 00180021
    00180022 00180023 00181312 00185100 00189008 00189009 00189010 00189011 00189012 00189014 00189015
    00189016 00189017 00189018 00189020 00189021 00189022 00189024 00189025 00189026 00189027
    00189028 00189029 00189032 00189033 00189034 00189036 00189075 00189077 00189078 00189081
    00189094 00200060 00200062 00209072 00209311 00280004 00280301 00281056 00282110 00282114
    00189004 00189064 00189100 00189174 00281040 00185101 20500020"""
_ITEMS = """00081140 00082112 00089092 00082218 00082220 00089215 00189006 00189103 00189112 00189114 00189115
    00189117 00189118 00189119 00189125 00189226 00189329 00189314 00189321 00209071 00209111 00209113
    00209116 00209221 00209222 00209253 00283000 00283010 00289110 00289132 00289145 52009229 52009230
    00089124 00209310 0040A170"""
_OTHERS = {
    0x00080016: (b"UI", Rule.CLASS),
    0x00081150: (b"UI", Rule.CLASS),
    0x00080018: (b"UI", Rule.UID),
    0x00081155: (b"UI", Rule.UID),
    0x0020000D: (b"UI", Rule.UID),
    0x0020000E: (b"UI", Rule.UID),
    0x00200052: (b"UI", Rule.UID),
    0x00200200: (b"UI", Rule.UID),
    0x00209161: (b"UI", Rule.UID),
    0x00209164: (b"UI", Rule.UID),
    0x00080020: (b"DA", Rule.DATE),
    0x00080021: (b"DA", Rule.DATE),
    0x00080022: (b"DA", Rule.DATE),
    0x00080023: (b"DA", Rule.DATE),
    0x0008002A: (b"DT", Rule.MOMENT),
    0x00189074: (b"DT", Rule.MOMENT),
    0x00189151: (b"DT", Rule.MOMENT),
    0x00080030: (b"TM", Rule.EMPTY),
    0x00080050: (b"SH", Rule.EMPTY),
    0x00080090: (b"PN", Rule.EMPTY),
    0x00100030: (b"DA", Rule.EMPTY),
    0x00100040: (b"CS", Rule.EMPTY),
    0x00200010: (b"SH", Rule.EMPTY),
    0x00201040: (b"LO", Rule.EMPTY),
    0x00080070: (b"LO", Rule.VENDOR),
    0x00081030: (b"LO", Rule.WORDS),
    0x0008103E: (b"LO", Rule.WORDS),
    0x00181030: (b"LO", Rule.WORDS),
    0x00181250: (b"SH", Rule.WORDS),
    0x00181251: (b"SH", Rule.WORDS),
    0x00321060: (b"LO", Rule.WORDS),
    0x00400254: (b"LO", Rule.WORDS),
    0x00080100: (b"SH", Rule.CODE),
    0x00080102: (b"SH", Rule.CODE),
    0x00080104: (b"LO", Rule.WORDS),
    0x00281054: (b"LO", Rule.CODE),
    0x00209056: (b"SH", Rule.NUMBER),
    0x00180024: (b"SH", Rule.SEQUENCE_NAME),
    0x00189005: (b"SH", Rule.SEQUENCE_NAME),
}


def _table() -> dict[int, tuple[bytes, Rule]]:
    table: dict[int, tuple[bytes, Rule]] = {}
    for groups, rule in ((_NUMBERS, Rule.NUMBER), (_BINARIES, Rule.BINARY)):
        for vr, tags in groups.items():
            table |= {int(tag, 16): (vr, rule) for tag in tags.split()}
    table |= {int(tag, 16): (b"CS", Rule.CODE) for tag in _CODES.split()}
    table |= {int(tag, 16): (b"SQ", Rule.ITEMS) for tag in _ITEMS.split()}
    return table | _OTHERS


KEPT: dict[int, tuple[bytes, Rule]] = _table()
"""Tag → (VR, rule). Anything else is left out, private and overlay groups included."""

CODED_ITEMS = frozenset((0x00082218, 0x00082220, 0x00089215, 0x0040A170))
"""Sequences of codes: an item whose code is not known is left out whole."""

SIGNED_OR_NOT = frozenset((0x00280106, 0x00280107, 0x00280120, 0x00280121))
"""US or SS by PixelRepresentation; kept verbatim."""

LOOKUP_TABLES = {0x00283002: b"US", 0x00283006: b"OW"}
"""Descriptor and entries of a lookup table (US or SS, US or OW): without it a radiograph cannot be shown as
it was meant. Tag to the VR in which it is written."""

MOST_VALUES = 16
"""Most values of a number that are kept, so that none can carry a text in numbers."""

SMALLEST, LARGEST = 1e-6, 1e7
"""Range of binary numbers in attributes that are kept; letters read as numbers lie far outside."""

LARGEST_OF_SEVERAL = 8192
"""Values of a 16-bit attribute with several values stay below it (two letters are more)."""

PRIVATE_KEPT: dict[tuple[int, bytes, int], tuple[bytes, Rule]] = {
    (0x0019, b"SIEMENS MR HEADER", 0x0C): (b"IS", Rule.NUMBER),  # b-value
    (0x0043, b"GEMS_PARM_01", 0x39): (b"IS", Rule.NUMBER),  # b-value
    (0x0043, b"GEMS_PARM_01", 0x2F): (b"SS", Rule.BINARY),  # magnitude, phase, real, imaginary
    (0x2001, b"Philips Imaging DD 001", 0x03): (b"FL", Rule.BINARY),  # b-value
    (0x0065, b"Image Private Header", 0x09): (b"FD", Rule.BINARY),  # b-value
}
"""Private elements known to be safe (group, creator, element): numbers only."""

_PICTURE_CODES = """
    ORIGINAL DERIVED PRIMARY SECONDARY OTHER NONE MIXED AXIAL LOCALIZER SCOUT MPR MIP MINIP AVERAGE
    RESAMPLED SUBTRACTION ADDITION DIVISION MULTIPLICATION MASKED FILTERED MEDIAN PROCESSED REFORMATTED
    M P R I W F IP OP FF MAGNITUDE PHASE REAL IMAGINARY WATER FAT IN_PHASE INPHASE OPP_PHASE OUT_PHASE
    OUTPHASE OPPOSED_PHASE FAT_FRACTION FATFRAC WATER_FRACTION DIXON ND NORM DIS2D DIS3D MOSAIC FM FIL
    MFSPLIT SE GR IR EP RM FFE TFE M_FFE M_SE M_IR M_PCA PHASE_MAP ADC EADC FA TRACEW TRACE DIFFUSION B0
    PERFUSION FMRI MOTION VELOCITY ANGIO T1 T2 T2_STAR R2 R2_STAR PROTON_DENSITY STIR FLAIR TAGGING
    DIFFUSION_ADC UCA IF GDC DRG CSA T1_MAP T2_MAP R2_MAP T2_STAR_MAP R2_STAR_MAP T1RHO_MAP
    PARAMETRIC_MAP COMPOSED PARALLEL PROJECTION PROJECTION_IMAGE VOLUME_RENDER UNKNOWN MULTIECHO
    UNSPECIFIED ENHANCED TSE PROPELLER CONTRAST COMBINED SUM COMPLEX
"""
_SEQUENCE_CODES = """
    SK MTC SS TRSS SP MP OSP TOF PER RG CG PPG FC PFF PFP FS SFS WE SAT1 SAT2 SAT3 SAT FATSAT FAT_SAT
    NPW FAST_GEMS EDR_GEMS SEQ_GEMS TRF_GEMS SS_GEMS ACC_GEMS SAT_GEMS VB_GEMS FILTERED_GEMS EPI_GEMS
    CL_GEMS FR_GEMS IFLOW_GEMS MP_GEMS PS_GEMS RTIA_GEMS FSL_GEMS SCIC_GEMS PER_GEMS FLEX_GEMS ARC_GEMS
"""
_ENHANCED_CODES = """
    YES NO SPIN GRADIENT BOTH PARTIAL COMPLETE FREE_PRECESSION TRANSVERSE TIME_REVERSED LONGITUDINAL RF
    SINGLE MULTIPLE ONCE CARTESIAN RECTILINEAR RADIAL SPIRAL LINEAR REVERSE_LINEAR CENTRIC SEGMENTED
    REVERSE_CENTRIC HALF_FOURIER FREQUENCY FREQ COLUMN ROW COL CIRCULAR UNIFORM SLAB SLICE FAT_AND_WATER
    SILICON_GEL ON_RESONANCE OFF_RESONANCE ISOTROPIC DIRECTIONAL BMATRIX REAL_TIME PROSPECTIVE
    RETROSPECTIVE PAUSED TRIGGERED ACCELERATION FLOW_COMP COLOR MONOCHROME TRUE_COLOR VOLUME SAMPLED
    DISTORTED MAX_IP MIN_IP SURFACE_RENDER GRASE PILS SENSE SMASH 1D 2D 3D LINEAR_EXACT SIGMOID MODIFIED
    UNMODIFIED IDENTITY INVERSE DISP LOG 1H RECT HAMMING PRODUCT RESEARCH SERVICE IEC FDA MHW MR CT CR
    DX OT HFS HFP HFDR HFDL FFS FFP FFDR FFDL MONOCHROME1 MONOCHROME2 RGB YBR_FULL YBR_FULL_422
    YBR_PARTIAL_420 YBR_ICT YBR_RCT 00 01 ISO_10918_1 ISO_14495_1 ISO_15444_1 US HU OD
"""
# Sides and regions: PS3.16 CID 244 and CID 4, with the codes of SNOMED in its two spellings.
_ANATOMY_CODES = """
    L R U B AP PA LL RL LLO RLO LAT BILATERAL LEFT RIGHT G-A100 G-A101 G-A102 G-A103 7771000 24028007
    51440002 66459002 T-D9200 T-15710 T-12710 T-D8000 T-D6000 T-12700 72696002 24136001 29836001
    12921003 71341001 72001000 49076000 SRT SCT SNM3 DCM KNEE HIP PELVIS EXTREMITY LEG THIGH FEMUR TIBIA
    PATELLA ANKLE FOOT SHOULDER ELBOW WRIST HAND ARM SPINE CSPINE TSPINE LSPINE SSPINE SACRUM HEAD BRAIN
    NECK CHEST ABDOMEN PROSTATE WHOLEBODY LOWEREXTREMITY SIJOINT JOINT BREAST HEART LIVER
"""
CODES = frozenset(f"{_PICTURE_CODES} {_SEQUENCE_CODES} {_ENHANCED_CODES} {_ANATOMY_CODES}".split())
"""Values that a coded attribute may keep; spaces are compared as underscores."""

PULSE_SEQUENCES = (
    r"\*{0,2}[hqrm]?(?:se|tse|tsefl|tseR|tir|tirb|tfl|tfi|fl|fi|ps|de|me|ep|epfid|epse|spc|spcir|spcR|mse"
    r"|ssse|qtse|gre|gre_fsp|fse|fse_ir|SE|GR|EPI|SEEPI|FSE|FE|TSE|TFE|FFE)"
    r"(?:[23][dD])?(?:[+]?\d{1,3}(?:[_+.]\d{1,3}){0,2})?(?:rs|rsB|ns|st|t)?"
)
"""SequenceName as Siemens, Canon and UIH build it, from stems and small numbers; no name or date matches."""

VENDORS = {
    "siemens": "SIEMENS",
    "ge medical": "GE MEDICAL SYSTEMS",
    "ge healthcare": "GE MEDICAL SYSTEMS",
    "philips": "Philips Medical Systems",
    "canon": "CANON_MEC",
    "toshiba": "TOSHIBA",
    "uih": "UIH",
    "united imaging": "UIH",
    "hitachi": "Hitachi Medical Corporation",
    "fujifilm": "FUJIFILM Corporation",
    "esaote": "Esaote",
    "bruker": "Bruker",
    "mim software": "MIM Software",
    "marrow": "MARROW",
}
