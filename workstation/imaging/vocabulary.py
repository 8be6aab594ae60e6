"""Words of series descriptions that are understood, and therefore kept.

Everything the program derives from free text (contrast, fat suppression, joint) is derived from these
words alone, and a de-identified copy keeps exactly these words: so a copy says the same as its original,
and nothing that is not in this list can leave with it.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_FAT = r"(?:fat|graisse|grasas?|grasso|gordura|fett|vet)"
_SUPPRESSED = r"(?:sat|ges|saet|sup|sop|unt|onder)[a-z]*"
_WITHOUT = r"(?:no|non|without|w/?o|ohne|sans|senza|sem|zonder|uten|utan|bez|без)"
"""Not the Spanish "sin": to a Scandinavian it is the left side."""

_PHRASES = tuple(
    (re.compile(pattern), f" {word} ")
    for pattern, word in (
        (r"膝|무릎|(?<!\w)колен\w*", "knee"),
        (r"髋|股骨头|股関節|고관절|(?<!\w)тазобедр\w*", "hip"),
        (r"骨盆|骨盤|골반|(?<!\w)таз(?:а|у|ом)?(?!\w)", "pelvis"),
        (r"矢状?位?|시상면?|(?<!\w)саг(?:иттал\w*)?(?!\w)", "sag"),
        (r"冠状?位?|관상면?|(?<!\w)кор(?:онал\w*)?(?!\w)", "cor"),
        (r"横断位?|轴位|축상면?|(?<!\w)акс(?:иал\w*)?(?!\w)", "ax"),
        (r"压脂|脂肪抑制|抑脂|脂肪飽和|지방 ?억제|жироподавл\w*|подавл\w* жира", "fs"),
        (r"定位像?|位置決め", "localizer"),
        (rf"(?<!\w){_WITHOUT}[ _\-]*(?:fs|f[./]s|{_FAT}[ _\-]?{_SUPPRESSED}|fatsat)(?![a-z])", "nofs"),
        (rf"{_FAT}[ _\-/.]*{_SUPPRESSED}(?![a-z])", "fatsat"),
        (rf"(?:sat|sup|sop)[a-z]*[ ._\-]*(?:d[aeiu][a-z]? )?{_FAT}(?![a-z])", "fatsat"),
        (r"(?<![a-z])f[./]s(?![a-z])", "fs"),
        (r"water[ _\-]?(?:exc(?:it(?:ation|ed)?)?|select(?:ive)?)(?![a-z])", "we"),
        (r"fat[ _\-]?(?:frac(?:tion)?)(?![a-z])", "ff"),
        (r"in[ _\-]?phase", "inphase"),
        (r"(?:opp(?:osed)?|out(?:[ _\-]?of)?)[ _\-]?phase", "oppphase"),
        (r"t2 ?(?:\*|[ _]?star)", "t2star"),
        (r"t1[ _\-]?rho", "t1rho"),
        (r"proton[ _\-]?density", "pd"),
        (r"apparent[ _\-]diffusion[ _\-]coefficient", "adc"),
        (r"multi[ _\-]?echo", "multiecho"),
        (r"(?:3|three)[ _\-]?pl(?:ane)?(?![a-z])", "3plane"),
        # Coils and protocols: TRknee, KneeLeft, HipRt.
        (r"(?<![a-z])t/?r(?=knee|hip)", ""),
        (r"(?<=knee|knie)(?:left|right|links|rechts|lt|rt|li|re|l|r)(?![a-z])", " "),
        (r"(?<![a-z])hip(?:left|right|lt|rt|l|r)(?![a-z])", " hip "),
        # Philips writes the plane as a letter before the contrast: sPDW, cT1W, aSPAIR.
        (r"(?<![a-z0-9])[a-z](?=(?:t1w|t2w|pdw|stir|spair)(?![a-z0-9]))", ""),
    )
)
_LETTERS = str.maketrans({"ł": "l", "ø": "o", "æ": "ae", "ß": "ss", "ı": "i", "đ": "d"})
"""Letters that are no ASCII letter with an accent."""

_SAME = {
    "sagittal": "sag", "coronal": "cor", "axial": "ax", "tra": "ax", "trans": "ax", "transverse": "ax",
    "transversal": "ax", "oblique": "obl", "sagital": "sag", "koronar": "cor", "axiaal": "ax",
    "t1w": "t1", "t2w": "t2", "pdw": "pd", "dp": "pd", "rho": "pd", "iw": "iw", "prd": "pd",
    "fsat": "fatsat", "chess": "fatsat", "fatsupp": "fatsat", "nonfs": "nofs", "nofatsat": "nofs",
    "tirm": "stir", "turbostir": "stir",
    "wats": "we", "proset": "we", "wex": "we", "watex": "we",
    "tstir": "stir", "eff": "fatsat", "pasta": "fatsat", "hsinc": "fatsat",
    "de3d": "dess", "mensa": "gre", "me2d": "gre", "me3d": "gre", "adage": "gre", "hyce": "gre",
    "wfi": "dixon", "wfs": "dixon", "fatsep": "dixon",
    "wateronly": "water", "fatonly": "fat", "pdff": "ff", "outphase": "oppphase", "opposed": "oppphase",
    "outofphase": "oppphase", "localiser": "localizer", "loc": "localizer", "scout": "localizer",
    "survey": "localizer", "pilot": "localizer", "aahscout": "localizer", "aascout": "localizer",
    "plan": "localizer", "locator": "localizer", "scanogram": "localizer", "planung": "localizer",
    "reperage": "localizer", "localizador": "localizer", "localizzatore": "localizer",
    "localisateur": "localizer", "lokalizator": "localizer",
    "sagittale": "sag", "sagittaal": "sag", "sagitale": "sag", "coronale": "cor", "coronaal": "cor",
    "frontal": "cor", "frontale": "cor", "axiale": "ax", "assiale": "ax", "trs": "ax",
    "hips": "hip", "knees": "knee", "genou": "knee", "knie": "knee", "rodilla": "knee",
    "ginocchio": "knee", "joelho": "knee", "kolano": "knee", "koleno": "knee", "kolena": "knee",
    "knae": "knee", "kna": "knee", "kne": "knee", "polvi": "knee", "diz": "knee", "terd": "knee",
    "quadril": "hip", "biodro": "hip", "heup": "hip", "hoft": "hip", "hofte": "hip", "lonkka": "hip",
    "kalca": "hip", "kycel": "hip", "hufte": "hip", "bacino": "pelvis", "bacia": "pelvis",
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
    ('pd', 'tse', 'fs', 'sag', 'knee')
    """
    lower = _plain(text)
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


def _plain(text: str) -> str:
    """Small letters, those of the Latin alphabet without accents: ``"Hüfte"`` is ``"hufte"``."""
    composed = unicodedata.normalize("NFKC", text).lower().translate(_LETTERS)
    bases = (unicodedata.normalize("NFD", letter)[0] for letter in composed)
    plain = (base if base.isascii() else letter for base, letter in zip(bases, composed, strict=True))
    return "".join(plain)


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
