"""What a series shows: contrast, fat suppression, joint and side.

Contrast comes from the physics of the acquisition; words of the description only settle what the physics
leaves open. The side comes from tags, checked against patient coordinates, and never from pixels.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from workstation.imaging.study import Instance, Joint, Laterality, Physics, Weighting
from workstation.imaging.vocabulary import words

_DIXON_TYPES = {
    "WATER": Weighting.WATER, "W": Weighting.WATER,
    "FAT": Weighting.FAT, "F": Weighting.FAT,
    "IN_PHASE": Weighting.IN_PHASE, "INPHASE": Weighting.IN_PHASE, "IP": Weighting.IN_PHASE,
    "OPP_PHASE": Weighting.OPPOSED_PHASE, "OUT_PHASE": Weighting.OPPOSED_PHASE,
    "OUTPHASE": Weighting.OPPOSED_PHASE, "OP": Weighting.OPPOSED_PHASE,
    "OPPOSED_PHASE": Weighting.OPPOSED_PHASE,
    "FF": Weighting.FAT_FRACTION, "FAT_FRACTION": Weighting.FAT_FRACTION, "FATFRAC": Weighting.FAT_FRACTION,
}  # fmt: skip
_DIXON_WORDS = {
    "ff": Weighting.FAT_FRACTION,
    "water": Weighting.WATER,
    "fat": Weighting.FAT,
    "inphase": Weighting.IN_PHASE,
    "oppphase": Weighting.OPPOSED_PHASE,
}
_MAP_TYPES = frozenset(
    ("ADC", "EADC", "T1 MAP", "T2 MAP", "T2_STAR MAP", "T2 STAR MAP", "T1RHO MAP", "FA", "PARAMETRIC MAP",
     "R2 MAP", "R2_STAR MAP", "DIFFUSION_ADC")
)  # fmt: skip
_SUPPRESSING_OPTIONS = frozenset(("FS", "SFS", "FATSAT", "FAT_SAT"))
_SUPPRESSING_WORDS = frozenset(("fs", "fatsat", "spair", "spir", "stir", "water", "we"))


def dixon_type(physics: Physics) -> Weighting | None:
    """Product of a Dixon acquisition, told by ImageType or AcquisitionContrast; None otherwise."""
    for value in physics.image_type[2:]:
        if value in _DIXON_TYPES:
            return _DIXON_TYPES[value]
    return None


def weighting_of(physics: Physics, description: str) -> tuple[Weighting | None, bool]:
    """Contrast and fat suppression of an MR series.

    Rules in this order, the first match wins: parametric map; Dixon product; inversion recovery by TI
    (80–300 ms STIR, from 60 ms below 0.5 T; 400–1300 ms T1); gradient echo; TR ≤ 1000 and TE ≤ 35 T1;
    TR > 1000 and TE ≥ 60 T2; TR > 1000 and TE < 60 PD. What the physics leaves open is None, unless TR or
    TE are missing: then the description is the hint.

    Parameters
    ----------
    physics : Physics
    description : str
        SeriesDescription and ProtocolName; only words of `vocabulary` count.

    Returns
    -------
    (Weighting or None, bool)
        None means: ask.
    """
    told = words(description)
    return _weighting(physics, told), _fat_suppressed(physics, told)


def _weighting(physics: Physics, told: tuple[str, ...]) -> Weighting | None:
    if _is_map(physics, told):
        return Weighting.MAP
    product = dixon_type(physics) or next((_DIXON_WORDS[w] for w in _DIXON_WORDS if w in told), None)
    if product:
        return product
    if physics.b_value:
        return None  # Diffusion weighting changes the contrast of whatever it is played out on.
    if _is_inversion_recovery(physics, told):
        return _inversion_recovery(physics, told)
    if _is_gradient_echo(physics, told):
        return Weighting.GRADIENT_ECHO
    repetition, echo = physics.repetition_time, physics.echo_time
    if not repetition or echo is None:
        return _by_description(told)
    if repetition <= 1000:
        return Weighting.T1 if echo <= 35 else None
    return Weighting.T2 if echo >= 60 else Weighting.PD


def _is_map(physics: Physics, told: tuple[str, ...]) -> bool:
    if _MAP_TYPES.intersection(physics.image_type):
        return True
    derived = "DERIVED" in physics.image_type
    return "adc" in told or (derived and "map" in told)


def _is_inversion_recovery(physics: Physics, told: tuple[str, ...]) -> bool:
    """By ScanningSequence; Philips may write SE there, and tells it by ImageType.

    An inversion time alone says nothing: it may be the delay of a spectral pulse (SPAIR).
    """
    if "IR" in physics.scanning_sequence or "M_IR" in physics.image_type:
        return True
    return "stir" in told and bool(physics.inversion_time)


def _inversion_recovery(physics: Physics, told: tuple[str, ...]) -> Weighting | None:
    inversion = physics.inversion_time
    if inversion is None:
        return Weighting.STIR if "stir" in told else None
    field = physics.magnetic_field_strength
    shortest = 60 if field is not None and field < 0.5 else 80  # T1 of fat is shorter at low field
    if shortest <= inversion <= 300:
        return Weighting.STIR
    return Weighting.T1 if 400 <= inversion <= 1300 else None


def _is_gradient_echo(physics: Physics, told: tuple[str, ...]) -> bool:
    sequence = physics.scanning_sequence
    if "GR" in sequence and "SE" not in sequence:
        return True
    if "EP" in sequence and "SE" not in sequence:
        return True
    flip, repetition = physics.flip_angle, physics.repetition_time
    if physics.mr_acquisition_type == "3D" and repetition and flip is not None:
        return flip < 60 and repetition < 100
    if repetition is None:
        return "gre" in told or "dess" in told
    return "dess" in told and repetition < 100


def _by_description(told: tuple[str, ...]) -> Weighting | None:
    if "stir" in told:
        return Weighting.STIR
    found = [w for w in (Weighting.T1, Weighting.T2, Weighting.PD) if w.value.lower() in told]
    if "iw" in told and not found:
        return Weighting.PD
    return found[0] if len(found) == 1 else None


def _fat_suppressed(physics: Physics, told: tuple[str, ...]) -> bool:
    if _SUPPRESSING_OPTIONS.intersection(physics.scan_options):
        return True
    if physics.spectrally_selected_suppression in ("FAT", "FAT_AND_WATER"):
        return True
    if dixon_type(physics) is Weighting.WATER or _weighting(physics, told) is Weighting.STIR:
        return True
    return "nofs" not in told and bool(_SUPPRESSING_WORDS.intersection(told))


_JOINTS = {
    "knee": Joint.KNEE, "patella": Joint.KNEE,
    "hip": Joint.HIP, "pelvis": Joint.HIP, "sacroiliac": Joint.HIP,
}  # fmt: skip
_ELSEWHERE = frozenset(
    ("prostate", "ankle", "foot", "shoulder", "elbow", "wrist", "hand", "spine", "brain", "head", "neck",
     "chest", "abdomen")
)  # fmt: skip


def joint_of(body_part_examined: str, *descriptions: str) -> Joint | None:
    """Joint from BodyPartExamined, then from descriptions; None where they are silent or name two.

    The most telling text comes first; the first that names exactly one joint decides. Another region of
    the body named before that (prostate in a pelvis study) means none.
    """
    for text in (body_part_examined, *descriptions):
        told = words(text)
        if "prostate" in told:
            return None
        found = {_JOINTS[word] for word in told if word in _JOINTS}
        if "hip" in told and Joint.KNEE not in found:
            return Joint.HIP
        if len(found) == 1:
            return found.pop()
    return None


def joint_suggested(coil_name: str) -> Joint | None:
    """Joint for which the receive or transmit coil was built; another joint may have lain in it.

    Only a suggestion for a person, where `joint_of` is silent.
    """
    return joint_of("", coil_name)


CLEARLY_ONE_SIDE = 40.0
"""mm from the midline of patient coordinates beyond which the middle of a picture lies on one side."""

BOTH_SIDES = 110.0
"""mm on both sides of the midline that a picture must show to count as bilateral."""


def laterality_of(instances: Sequence[Instance], joint: Joint | None) -> tuple[Laterality | None, str]:
    """Side of a series from its tags, checked against patient coordinates.

    Returns
    -------
    (Laterality or None, str)
        None where the tags are silent or something contradicts; the sentence says which, ``""`` if the
        side is certain. A picture of a joint reaching 110 mm to both sides of the midline is bilateral.
    """
    told = {side for i in instances for side in i.laterality.split("\\") if side}
    left, right = _reach(instances)
    shows_both = joint is not None and left >= BOTH_SIDES and right >= BOTH_SIDES
    if len(told) > 1:
        return None, "Its tags name both the left and the right side; the side must be confirmed."
    if not told:
        if shows_both:
            return Laterality.BILATERAL, ""
        return None, "No tag tells the side; it must be confirmed."
    side = Laterality(told.pop())
    if side is not Laterality.BILATERAL and shows_both:
        return None, f"Its tags say {_NAMES[side]} only, but it shows both sides; the side must be confirmed."
    middle = (left - right) / 2
    lies = Laterality.LEFT if middle > 0 else Laterality.RIGHT
    if side is not Laterality.BILATERAL and abs(middle) > CLEARLY_ONE_SIDE and lies is not side:
        return None, (
            f"Its tags say {_NAMES[side]}, but its place in the scanner is {_NAMES[lies]} of the midline; "
            "the side must be confirmed."
        )
    return side, ""


_NAMES = {Laterality.LEFT: "left", Laterality.RIGHT: "right", Laterality.BILATERAL: "both sides"}


def _reach(instances: Iterable[Instance]) -> tuple[float, float]:
    """How far the pictures reach to the patient's left and right of the midline, mm (x of LPS)."""
    sides: list[float] = []
    for instance in instances:
        position, orientation = instance.image_position_patient, instance.image_orientation_patient
        spacing = instance.pixel_spacing
        if position is None or orientation is None or spacing is None:
            continue
        across = orientation[0] * spacing[1] * (instance.pixels.columns - 1)
        down = orientation[3] * spacing[0] * (instance.pixels.rows - 1)
        sides += [position[0] + a + d for a in (0.0, across) for d in (0.0, down)]
    return (max(sides), -min(sides)) if sides else (0.0, 0.0)


def description_of(instance: Instance) -> str:
    """The texts that may hint at contrast, the most telling first."""
    return f"{instance.series_description} {instance.protocol_name}"
