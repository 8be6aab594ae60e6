"""Planes of a file: the attributes of a single-frame image, and the frames of an enhanced multi-frame one.

Enhanced MR and CT keep per-plane facts in functional groups, shared or per frame (PS3.3 C.7.6.16).
"""

from __future__ import annotations

import math
from dataclasses import replace

from workstation.imaging.dicom_values import Values
from workstation.imaging.study import Instance, Physics, PixelFormat, Triplet
from workstation.imaging.vocabulary import kept

_SIDES = {
    "L": "L", "LEFT": "L", "G-A101": "L", "7771000": "L",
    "R": "R", "RIGHT": "R", "G-A100": "R", "24028007": "R",
    "B": "B", "BOTH": "B", "G-A102": "B", "51440002": "B",
}  # fmt: skip


def plane(values: Values, path: str, sop_class: str, modality: str, pixels: PixelFormat) -> Instance:
    """The single plane of a file, or what all frames of a multi-frame file share."""
    return Instance(
        path=path,
        sop_instance_uid=values.uid(0x00080018) or values.uid(0x00020003),
        sop_class_uid=sop_class,
        series_instance_uid=values.uid(0x0020000E),
        study_instance_uid=values.uid(0x0020000D),
        modality=modality,
        pixels=pixels,
        instance_number=values.integer(0x00200013),
        series_number=values.integer(0x00200011),
        acquisition_number=values.integer(0x00200012),
        series_description=values.text(0x0008103E),
        protocol_name=values.text(0x00181030),
        body_part_examined=values.text(0x00180015),
        laterality=_laterality(values),
        manufacturer=values.text(0x00080070),
        frame_of_reference_uid=values.uid(0x00200052),
        image_position_patient=_position(values),
        image_orientation_patient=_orientation(values),
        pixel_spacing=_spacing(values),
        slice_thickness=_positive(values.decimal(0x00180050)),
        spacing_between_slices=_positive(values.decimal(0x00180088)),
        echo_number=values.integer(0x00180086),
        temporal_position=values.integer(0x00200100),
        trigger_time=values.decimal(0x00181060),
        window_center=_finite(values, 0x00281050),
        window_width=_finite(values, 0x00281051),
        voi_lut_function=values.code(0x00281056) or "LINEAR",
        burned_in_annotation=values.code(0x00280301),
        physics=_physics(values),
        study_description=kept(values.text(0x00081030)),
        procedure_description=kept(f"{values.text(0x00400254)} {values.text(0x00321060)}"),
        coil_name=kept(f"{values.text(0x00181250)} {values.text(0x00181251)}"),
        imager_pixel_spacing=_spacing(values, 0x00181164),
    )


def _physics(values: Values) -> Physics:
    length = values.integer(0x00180091)
    return Physics(
        repetition_time=values.decimal(0x00180080),
        echo_time=values.decimal(0x00180081),
        inversion_time=values.decimal(0x00180082),
        flip_angle=values.decimal(0x00181314),
        echo_train_length=length,
        magnetic_field_strength=values.decimal(0x00180087),
        scanning_sequence=_sequence_kind(values),
        sequence_variant=values.codes(0x00180021),
        scan_options=values.codes(0x00180022),
        sequence_name=values.text(0x00180024) or values.text(0x00189005),
        image_type=values.codes(0x00080008) + _raw_data_type(values),
        acquisition_contrast=values.code(0x00089209),
        spectrally_selected_suppression=_suppression(values),
        mr_acquisition_type=values.code(0x00180023),
        b_value=b_value(values),
    )


def _sequence_kind(values: Values) -> tuple[str, ...]:
    """ScanningSequence, or the same told in the words of enhanced MR (PS3.3 C.8.13.4)."""
    told = values.codes(0x00180020)
    if told:
        return told
    pulse = values.code(0x00189008)
    kinds = {"SPIN": ("SE",), "GRADIENT": ("GR",), "BOTH": ("GR", "SE")}.get(pulse, ())
    return (*kinds, "EP") if values.code(0x00189018) == "YES" else kinds


def _suppression(values: Values) -> str:
    """What was suppressed; exciting water alone leaves fat dark, so it counts as suppressing fat."""
    told = values.code(0x00189025)
    return "FAT" if told in ("", "NONE") and values.code(0x00189026) == "WATER" else told


def _laterality(values: Values) -> str:
    """``L``, ``R``, ``B`` or ``""``; several joined by a backslash where the file contradicts itself."""
    told = [values.code(0x00200060), values.code(0x00200062)]
    frame_anatomy = values.item(0x00209071)
    told.append(frame_anatomy.code(0x00209072))
    for holder in (values, frame_anatomy):
        for region in holder.items(0x00082218):
            told += [modifier.code(0x00080100) for modifier in region.items(0x00082220)]
    return "\\".join(sorted({_SIDES[side] for side in told if side in _SIDES}))


def _triplets(values: Values, tag: int, count: int) -> tuple[float, ...] | None:
    numbers = values.decimals(tag)
    if len(numbers) != count or any(math.isnan(n) or abs(n) > 1e6 for n in numbers):
        return None
    return numbers


def _position(values: Values) -> Triplet | None:
    numbers = _triplets(values, 0x00200032, 3)
    return (numbers[0], numbers[1], numbers[2]) if numbers else None


def _orientation(values: Values) -> tuple[float, ...] | None:
    numbers = _triplets(values, 0x00200037, 6)
    return numbers if numbers and any(numbers) else None


def _spacing(values: Values, tag: int = 0x00280030) -> tuple[float, float] | None:
    numbers = _triplets(values, tag, 2)
    if numbers is None or min(numbers) <= 0 or max(numbers) > 100:
        return None
    return numbers[0], numbers[1]


def _positive(number: float | None) -> float | None:
    return number if number is not None and number > 0 else None


def _finite(values: Values, tag: int) -> tuple[float, ...]:
    return tuple(n for n in values.decimals(tag) if not math.isnan(n))


# Private elements that carry diffusion weighting or the sort of picture, by vendor: group, creator, element.
SIEMENS_B = (0x0019, b"SIEMENS MR HEADER", 0x0C)
GE_B = (0x0043, b"GEMS_PARM_01", 0x39)
GE_RAW_DATA_TYPE = (0x0043, b"GEMS_PARM_01", 0x2F)
PHILIPS_B = (0x2001, b"Philips Imaging DD 001", 0x03)
UIH_B = (0x0065, b"Image Private Header", 0x09)
_B_VALUES = (SIEMENS_B, GE_B, PHILIPS_B, UIH_B)
_BINARY_VR = {PHILIPS_B: b"FL", UIH_B: b"FD", GE_RAW_DATA_TYPE: b"SS"}


def private_tag(values: Values, place: tuple[int, bytes, int]) -> int | None:
    """Tag of a private element by its creator (PS3.5 7.8.1); None if the file has no such block."""
    group, creator, element = place
    for block in range(0x10, 0x20):
        tag = group << 16 | block
        if tag in values.elements and values.raw(tag).strip(b" \x00").upper() == creator.upper():
            return group << 16 | block << 8 | element
    return None


def b_value(values: Values) -> float | None:
    """Diffusion b-value in s/mm², standard attribute first, then the vendors' own."""
    number = values.decimal(0x00189087)
    for place in _B_VALUES if number is None else ():
        if (tag := private_tag(values, place)) is None or tag not in values.elements:
            continue
        number = values.decimal(tag)
        if number is not None and number >= 1e6:
            number %= 1e6  # GE adds 10⁹ to mark multi-shell acquisitions.
        break
    return number if number is not None and 0 <= number < 1e5 else None


def _raw_data_type(values: Values) -> tuple[str, ...]:
    """GE tells magnitude, phase, real and imaginary pictures apart only in a private element."""
    tag = private_tag(values, GE_RAW_DATA_TYPE)
    number = values.integer(tag) if tag is not None else None
    return ("PHASE MAP", "REAL", "IMAGINARY")[number - 1 : number] if number in (1, 2, 3) else ()


def frames(values: Values, whole: Instance) -> tuple[Instance, ...]:
    """Planes of a multi-frame file, functional groups applied (shared first, then the frame's own)."""
    pixels = whole.pixels
    shared_item = values.item(0x52009229)
    per_frame = values.items(0x52009230)
    shared = _apply_groups(whole, shared_item)
    size = pixels.rows * pixels.columns * pixels.samples_per_pixel * pixels.bits_allocated // 8
    result = []
    for index in range(pixels.number_of_frames):
        one = _apply_groups(shared, per_frame[index]) if index < len(per_frame) else shared
        offset = None if pixels.offset is None else pixels.offset + index * size
        result.append(replace(one, frame=index, pixels=replace(one.pixels, offset=offset)))
    return tuple(result)


def _apply_groups(plane_so_far: Instance, group: Values) -> Instance:
    if not group.elements:
        return plane_so_far
    content = group.item(0x00209111)
    changes = {
        "image_position_patient": _position(group.item(0x00209113)),
        "image_orientation_patient": _orientation(group.item(0x00209116)),
        "temporal_position": content.integer(0x00209128),
        "acquisition_number": content.integer(0x00209156),
        "trigger_time": group.item(0x00189118).decimal(0x00209153),
        "laterality": _laterality(group),
    }
    if 0x00289110 in group.elements:
        measures = group.item(0x00289110)
        changes |= {
            "pixel_spacing": _spacing(measures),
            "slice_thickness": _positive(measures.decimal(0x00180050)),
            "spacing_between_slices": _positive(measures.decimal(0x00180088)),
        }
    if 0x00289132 in group.elements:
        window = group.item(0x00289132)
        changes |= {
            "window_center": _finite(window, 0x00281050),
            "window_width": _finite(window, 0x00281051),
            "voi_lut_function": window.code(0x00281056),
        }
    told = {name: value for name, value in changes.items() if value not in (None, "", ())}
    return replace(
        plane_so_far,
        **told,  # type: ignore[arg-type]
        physics=_frame_physics(plane_so_far.physics, group),
        pixels=_frame_pixels(plane_so_far.pixels, group),
    )


def _frame_physics(physics: Physics, group: Values) -> Physics:
    timing, echo = group.item(0x00189112), group.item(0x00189114)
    modifier, diffusion = group.item(0x00189115), group.item(0x00189117)
    frame_type = group.item(0x00189226)
    times = modifier.decimals(0x00189079)
    changes = {
        "repetition_time": timing.decimal(0x00180080),
        "flip_angle": timing.decimal(0x00181314),
        "echo_train_length": timing.integer(0x00189240),
        "echo_time": echo.decimal(0x00189082),
        "inversion_time": times[0] if times and not math.isnan(times[0]) else None,
        "spectrally_selected_suppression": physics.spectrally_selected_suppression
        if modifier.code(0x00189025) == "NONE"
        else modifier.code(0x00189025),
        "b_value": diffusion.decimal(0x00189087),
        "image_type": frame_type.codes(0x00089007),
        "acquisition_contrast": frame_type.code(0x00089209),
    }
    told = {name: value for name, value in changes.items() if value not in (None, "", ())}
    if modifier.code(0x00189009) == "YES" and "IR" not in physics.scanning_sequence:
        told["scanning_sequence"] = (*physics.scanning_sequence, "IR")
    return replace(physics, **told) if told else physics  # type: ignore[arg-type]


def _frame_pixels(pixels: PixelFormat, group: Values) -> PixelFormat:
    if 0x00289145 not in group.elements:
        return pixels
    transformation = group.item(0x00289145)
    slope, intercept = transformation.decimal(0x00281053), transformation.decimal(0x00281052)
    return replace(pixels, rescale_slope=slope if slope else 1.0, rescale_intercept=intercept or 0.0)
