"""Words of series descriptions that are understood, and therefore kept.

Everything the program derives from free text (contrast, fat suppression, joint) is derived from these
words alone, and a de-identified copy keeps exactly these words: so a copy says the same as its original,
and nothing that is not in this list can leave with it.
"""

from __future__ import annotations

import re
from functools import lru_cache

_PHRASES = tuple(
    (re.compile(pattern), f" {word} ")
    for pattern, word in (
        (r"膝", "knee"),
        (r"髋|股骨头", "hip"),
        (r"骨盆", "pelvis"),
        (r"矢状?位?", "sag"),
        (r"冠状?位?", "cor"),
        (r"横断位?|轴位", "ax"),
        (r"压脂|脂肪抑制|抑脂", "fs"),
        (r"\b(?:no|non|without|w/?o)[ _\-]*(?:fs|fat[ _\-]?sat(?:uration)?|fatsat)(?![a-z])", "nofs"),
        (r"fat[ _\-]?(?:sat(?:urated|uration)?|supp?(?:r(?:essed|ession)?)?)(?![a-z])", "fatsat"),
        (r"water[ _\-]?(?:exc(?:it(?:ation|ed)?)?|select(?:ive)?)(?![a-z])", "we"),
        (r"fat[ _\-]?(?:frac(?:tion)?)(?![a-z])", "ff"),
        (r"in[ _\-]?phase", "inphase"),
        (r"(?:opp(?:osed)?|out(?:[ _\-]?of)?)[ _\-]?phase", "oppphase"),
        (r"t2 ?(?:\*|[ _]?star)", "t2star"),
        (r"t1[ _\-]?rho", "t1rho"),
        (r"proton[ _\-]?density", "pd"),
        (r"apparent[ _\-]diffusion[ _\-]coefficient", "adc"),
        (r"multi[ _\-]?echo", "multiecho"),
        (r"(?:3|three)[ _\-]?plane", "3plane"),
    )
)

_SAME = {
    "sagittal": "sag", "coronal": "cor", "axial": "ax", "tra": "ax", "trans": "ax", "transverse": "ax",
    "transversal": "ax", "oblique": "obl", "sagital": "sag", "koronar": "cor", "axiaal": "ax",
    "t1w": "t1", "t2w": "t2", "pdw": "pd", "dp": "pd", "rho": "pd", "iw": "iw", "prd": "pd",
    "fsat": "fatsat", "chess": "fatsat", "fatsupp": "fatsat", "nonfs": "nofs", "nofatsat": "nofs",
    "tirm": "stir", "turbostir": "stir",
    "wats": "we", "proset": "we", "wex": "we", "watex": "we",
    "wateronly": "water", "fatonly": "fat", "pdff": "ff", "outphase": "oppphase", "opposed": "oppphase",
    "outofphase": "oppphase", "localiser": "localizer", "loc": "localizer", "scout": "localizer",
    "survey": "localizer", "pilot": "localizer", "aahscout": "localizer", "aascout": "localizer",
    "plan": "localizer", "hips": "hip", "knees": "knee", "genou": "knee", "knie": "knee", "rodilla": "knee",
    "hanche": "hip", "huft": "hip", "huefte": "hip", "cadera": "hip", "becken": "pelvis", "bassin": "pelvis",
    "pelvic": "pelvis", "sij": "sacroiliac", "patellofemoral": "patella", "rotula": "patella",
    "gre": "gre", "fgre": "gre", "ffe": "gre", "tfe": "gre", "fl3d": "gre", "fl2d": "gre", "flash": "gre",
    "spgr": "gre", "fspgr": "gre", "efgre3d": "gre", "vibe": "gre", "lava": "gre", "thrive": "gre",
    "bravo": "gre", "mprage": "gre", "fiesta": "gre", "trufi": "gre", "truefisp": "gre", "ciss": "gre",
    "medic": "gre", "merge": "gre", "mffe": "gre", "fisp": "gre", "psif": "gre", "swi": "gre",
    "mdixon": "dixon", "ideal": "dixon", "flex": "dixon", "iqdixon": "dixon", "dwi": "dwi",
    "diffusion": "dwi", "diff": "dwi", "frfse": "fse", "tse": "tse", "ssfse": "haste",
    "mese": "multiecho", "prost": "prostate", "lspine": "spine", "lumbar": "spine",
}  # fmt: skip

_PLAIN_WORDS = """
    sag cor ax obl t1 t2 pd iw t2star t1rho fs fatsat nofs spair spir stir water fat we ff inphase
    oppphase dixon gre dess se fse tse ir tir haste space cube vista blade propeller multivane epi adc
    dwi map mapping multiecho cubequant localizer 3plane 3d 2d iso radial dynamic dyn mip mpr sub post
    pre gd bilateral knee hip pelvis patella sacroiliac femur tibia thigh ankle foot shoulder elbow
    wrist hand spine brain head neck chest abdomen prostate
"""
_PLAIN = frozenset(_PLAIN_WORDS.split())
_SHORT = {"w": "water", "f": "fat", "in": "inphase", "ip": "inphase", "opp": "oppphase", "op": "oppphase",
          "out": "oppphase"}  # fmt: skip
"""Endings of Dixon products; only understood beside the word Dixon."""

_WORD = re.compile(r"[a-z0-9]+")
_LONGEST_WORD = 40
_LONGEST_DESCRIPTION = 64


@lru_cache(maxsize=4096)
def words(text: str) -> tuple[str, ...]:
    """Known words of a free text, in order, each once; everything else is left out.

    >>> words("SENTINEL^NAME pd_tse_fs_sag_320 KneeLeft")
    ('pd', 'tse', 'fs', 'sag')
    """
    lower = text.lower()
    for pattern, replacement in _PHRASES:
        lower = pattern.sub(replacement, lower)
    parts = _WORD.findall(lower)
    found: list[str] = []
    for part in parts:
        found += _known(part)
    if "dixon" in found:
        found += [_SHORT[part] for part in parts if part in _SHORT]
    return tuple(dict.fromkeys(found))


def kept(text: str) -> str:
    """What a de-identified copy keeps of a free text: its known words."""
    kept_words = ""
    for word in words(text):
        if len(kept_words) + len(word) >= _LONGEST_DESCRIPTION:
            break
        kept_words += f" {word.upper()}"
    return kept_words.lstrip()


def _known(part: str) -> tuple[str, ...]:
    """A word, or a run of words written together (``pdfs``, ``t2tsefs``), fully understood; else nothing."""
    if part in _PLAIN or part in _SAME:
        return (_SAME.get(part, part),)
    if len(part) > _LONGEST_WORD:
        return ()
    ends: dict[int, tuple[str, ...]] = {0: ()}
    for start in range(len(part)):
        if start not in ends:
            continue
        for end in range(start + 2, len(part) + 1):
            piece = part[start:end]
            if end not in ends and (piece in _PLAIN or piece in _SAME):
                ends[end] = (*ends[start], _SAME.get(piece, piece))
    return ends.get(len(part), ())
