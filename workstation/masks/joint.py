"""Bone regions from all series of a visit at once, on one isotropic lattice.

Thick slices show the outline of a bone well within a slice and badly across slices; series in several planes
together show all of it. What each series knows of dark lines (`landscape.py`) is brought to one lattice in
the patient and averaged, and a watershed from the clicks and from the air around the body parts the bones
from everything else in three dimensions at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workstation.errors import DataError
from workstation.imaging.geometry import OBLIQUE_DEGREES, StackGeometry
from workstation.imaging.volume import Stack
from workstation.masks.coarse import finer, halved
from workstation.masks.codes import region_segment
from workstation.masks.landscape import SMOOTHED_NOISE, TEXTURE, body, noise_of, ridges, smooth
from workstation.masks.mask import Mask
from workstation.masks.placing import UNMARKED, Seeds, no_click, no_region
from workstation.masks.signal import real_values
from workstation.tasks import Progress

Field = NDArray[np.float32]
Region = NDArray[np.bool_]

VERSION = "1"

_OUTSIDE = 255


@dataclass(frozen=True, slots=True)
class Joining:
    """Constants of the joint region. Project values, unvalidated.

    Attributes
    ----------
    step_mm : float
        Distance of lattice points.
    reach_mm : float
        A bone is followed at most this far from a click along each axis of the patient.
    line_mm : float
        Widest dark line that still counts as cortex.
    step_weight : float
        What a plain step between two tissues counts: a lesion has one too.
    powers : tuple of float
        Each parts the bones once, with lines averaged over the series as a mean of this power: low ones ask
        what most series see, high ones what any sees. The majority decides, so that one gap is no leak.
    skin_mm : float
        This much under the skin is surely not bone.
    click_mm : float
        Marrow is looked for within this distance of a click.
    ground : float
        Lines shallower than this may lie at a click.
    wall : float
        Deeper than this is cortex and not marrow.
    close_mm : float
        Dark detail inside a bone up to about twice this wide belongs to it.
    least_share : float
        Of the surroundings of a click, to be marrow and no line.
    unlike : float
        Relative difference from the marrow at the clicks from which the edge of an image that the body
        fills is surely not bone.
    smallest_ml, largest_ml : float
        A region smaller than this was not found, one larger has leaked.
    """

    step_mm: float = 1.5
    reach_mm: float = 150.0
    line_mm: float = 8.0
    step_weight: float = 0.35
    powers: tuple[float, ...] = (2.0, 4.0, 6.0)
    skin_mm: float = 3.0
    click_mm: float = 3.0
    ground: float = 0.15
    wall: float = 0.25
    close_mm: float = 3.0
    least_share: float = 0.25
    unlike: float = 0.4
    smallest_ml: float = 0.5
    largest_ml: float = 450.0


@dataclass(frozen=True, eq=False)
class _Lattice:
    geometry: StackGeometry
    lines: tuple[Field, ...]
    """Depth of the dark line at each point, the mean over the series that see it; one for each power."""
    air: Region
    seen: Region
    unlike: Region
    """Where some series shows something unlike the marrow at the clicks."""

    @property
    def line(self) -> Field:
        """The mean of the lowest power."""
        return self.lines[0]


def planes_differ(geometries: Sequence[StackGeometry]) -> bool:
    """True when series cut the patient in at least two clearly different planes."""
    normals = [geometry.normal for geometry in geometries]
    limit = np.cos(np.radians(OBLIQUE_DEGREES))
    return any(abs(float(a @ b)) < limit for a in normals for b in normals)


def joint_region(
    stacks: Sequence[Stack], seeds: Seeds, progress: Progress, *, joining: Joining | None = None
) -> Mask:
    """Marrow cavity of each clicked bone, from several series in one frame of reference.

    Lesions inside the bone belong to the region, whatever their signal.

    Parameters
    ----------
    stacks : sequence of Stack
        Spin-echo series of one visit, regular volumes.
    seeds : mapping of str to points
        Clicks per bone, LPS mm, in marrow.
    progress : Progress

    Returns
    -------
    Mask
        On an axial isotropic lattice, to be brought to the grid of a series by `regions.transferred`. A bone
        that was not found is left out and named in ``parameters["warning"]``.

    Raises
    ------
    DataError
        If no bone was found, with the reason.
    """
    set_up = joining or Joining()
    lattice = _lattice(stacks, seeds, set_up, progress)
    labels = {bone: number for number, bone in enumerate(seeds, start=1)}
    markers, refused = _markers(lattice, seeds, labels, set_up)
    found = np.zeros(lattice.geometry.shape, dtype=np.uint8)
    if (markers[markers != _OUTSIDE] > 0).any():
        progress.report(len(stacks), len(stacks) + 1, "Parting the bones")
        flooded = _parted(lattice, markers, progress)
        for bone, label in labels.items():
            if bone in refused:
                continue
            try:
                found[_cavity(flooded == label, markers == label, lattice, bone, set_up)] = label
            except DataError as error:
                refused[bone] = error
    if len(refused) == len(labels):
        raise next(iter(refused.values()))
    progress.report(len(stacks) + 1, len(stacks) + 1, "Parting the bones")
    warning = {"warning": "; ".join(f"{bone} left out: {error.why}" for bone, error in refused.items())}
    return Mask(
        series_key="",
        labels=found,
        geometry=lattice.geometry,
        segments=tuple(region_segment(n, bone) for bone, n in labels.items() if bone not in refused),
        recipe="bone region",
        recipe_version=f"joint {VERSION}",
        parameters=dict(warning) if refused else {},
    )


def _lattice(stacks: Sequence[Stack], seeds: Seeds, joining: Joining, progress: Progress) -> _Lattice:
    geometry = _axial(stacks, seeds, joining)
    totals = [np.zeros(geometry.shape, dtype=np.float32) for _ in joining.powers]
    said = np.zeros(geometry.shape, dtype=np.float32)
    air = np.zeros(geometry.shape, dtype=bool)
    unlike = np.zeros(geometry.shape, dtype=bool)
    for done, stack in enumerate(stacks):
        progress.report(done, len(stacks) + 1, "Looking for the outlines of the bones")
        assert stack.geometry is not None
        seen = halved(stack) if finer(stack.geometry) else stack
        images, lines, inside = _evidence(seen, joining)
        source = seen.geometry
        assert source is not None
        covered = _sampled(inside.astype(np.float32), source, geometry, -1.0)
        sees = covered > -0.01
        line = np.clip(_sampled(lines, source, geometry, 0.0), 0, None)
        line[~sees] = 0
        for total, power in zip(totals, joining.powers, strict=True):
            np.add(total, _power(line, power), out=total)
        said += sees
        air |= sees & (covered < 0.5)
        level = _level(images, source, seeds, joining.click_mm)
        if level > 0:
            image = _sampled(images, source, geometry, 0.0)
            unlike |= sees & (np.abs(image / level - 1) > joining.unlike)
    means = tuple(
        np.where(air, np.float32(0), _root(np.asarray(total / said.clip(1), dtype=np.float32), power))
        for total, power in zip(totals, joining.powers, strict=True)
    )
    return _Lattice(geometry, means, air, said > 0, unlike)


def _power(values: Field, power: float) -> Field:
    # The general power of a whole lattice takes longer than everything else around it.
    whole = round(power)
    if whole != power:
        return np.asarray(values ** np.float32(power))
    result = np.array(values)
    for _ in range(whole - 1):
        result *= values
    return result


def _root(values: Field, power: float) -> Field:
    if power == 2.0:
        return np.asarray(np.sqrt(values))
    if power == 4.0:
        return np.asarray(np.sqrt(np.sqrt(values)))
    return np.asarray(values ** np.float32(1 / power))


def _axial(stacks: Sequence[Stack], seeds: Seeds, joining: Joining) -> StackGeometry:
    # The smallest lattice over all fields of view, no farther from the clicks than a bone reaches.
    clicks = np.asarray([point for points in seeds.values() for point in points], dtype=np.float64)
    corners = np.concatenate([_corners(stack.geometry) for stack in stacks if stack.geometry is not None])
    low = np.maximum(corners.min(axis=0), clicks.min(axis=0) - joining.reach_mm)
    high = np.minimum(corners.max(axis=0), clicks.max(axis=0) + joining.reach_mm)
    if (high <= low).any():
        raise no_click()
    x, y, z = (int(n) for n in np.ceil((high - low) / joining.step_mm) + 1)
    first = stacks[0].geometry
    assert first is not None
    return StackGeometry(
        shape=(z, y, x),
        origins=low + np.arange(z)[:, None] * np.asarray([0.0, 0.0, joining.step_mm]),
        along_row=np.asarray([1.0, 0.0, 0.0]),
        along_column=np.asarray([0.0, 1.0, 0.0]),
        pixel_spacing=(joining.step_mm, joining.step_mm),
        slice_thickness=joining.step_mm,
        frame_of_reference_uid=first.frame_of_reference_uid,
    )


def _corners(geometry: StackGeometry) -> NDArray[np.float64]:
    ends = np.stack(np.meshgrid(*((0, n - 1) for n in geometry.shape), indexing="ij"), -1).reshape(-1, 3)
    return np.asarray(ends @ geometry.affine[:3, :3].T + geometry.affine[:3, 3])


def _evidence(stack: Stack, joining: Joining) -> tuple[Field, Field, Region]:
    # Smoothed images, depth of lines within and across slices, and the inside of the body.
    geometry = stack.geometry
    assert geometry is not None
    raw = real_values(stack)
    noise = float(np.median([noise_of(plane) for plane in raw]))
    images = np.stack([smooth(plane) for plane in raw])
    left = SMOOTHED_NOISE * noise
    lines = np.stack(
        [
            ridges(plane, geometry.pixel_spacing, joining.line_mm, left, joining.step_weight)
            for plane in images
        ]
    )
    inside = np.stack([body(plane, 3 * noise) for plane in images])
    return images, np.maximum(lines, _across(images, left, joining.step_weight)), inside


def _across(images: Field, noise: float, step_weight: float) -> Field:
    # A slice darker than both its neighbours has cut along the cortex; a step between two counts less.
    floor = np.float32(noise + 1e-6)
    deep = np.zeros_like(images)
    if len(images) > 2:
        darker = np.minimum(images[:-2], images[2:])
        deep[1:-1] = (darker - images[1:-1] - np.float32(2.5 * noise)) / (darker + floor)
    if len(images) > 1:
        step = np.abs(np.diff(images, axis=0)) - np.float32(3 * noise)
        step *= np.float32(0.7 * step_weight) / (np.maximum(images[1:], images[:-1]) + floor)
        deep[1:] = np.maximum(deep[1:], step)
        deep[:-1] = np.maximum(deep[:-1], step)
    return np.asarray(np.clip(deep - np.float32(TEXTURE), 0, None), dtype=np.float32)


def _sampled(values: Field, source: StackGeometry, target: StackGeometry, beyond: float) -> Field:
    from scipy import ndimage

    to_source = np.linalg.inv(source.affine) @ target.affine
    return np.asarray(
        ndimage.affine_transform(
            values, to_source[:3, :3], to_source[:3, 3], output_shape=target.shape,
            order=1, mode="constant", cval=beyond, prefilter=False,
        )
    )  # fmt: skip


def _level(images: Field, geometry: StackGeometry, seeds: Seeds, radius_mm: float) -> float:
    # Signal of the marrow at the clicks that this series shows; 0 when it shows none.
    found = []
    for points in seeds.values():
        for point in points:
            index, row, column = (round(value) for value in geometry.index_of(point))
            if not all(0 <= i < n for i, n in zip((index, row, column), geometry.shape, strict=True)):
                continue
            rows, columns = (max(1, round(radius_mm / mm)) for mm in geometry.pixel_spacing)
            near = images[index, max(0, row - rows) : row + rows + 1, max(0, column - columns) :]
            found.append(float(np.median(near[:, : 2 * columns + 1])))
    return float(np.median(found)) if found else 0.0


def _markers(
    lattice: _Lattice, seeds: Seeds, labels: dict[str, int], joining: Joining
) -> tuple[NDArray[np.int32], dict[str, DataError]]:
    from scipy import ndimage

    reach = max(1, round(joining.skin_mm / joining.step_mm))
    outside = ndimage.binary_dilation(lattice.air, iterations=reach) & lattice.seen
    if lattice.air[lattice.seen].mean() < _FILLED:
        edge = lattice.seen & ~ndimage.binary_erosion(lattice.seen)
        outside |= edge & lattice.unlike
    markers = np.where(outside, _OUTSIDE, 0).astype(np.int32)
    refused: dict[str, DataError] = {}
    for bone, points in seeds.items():
        try:
            for point in points:
                markers[_clicked(lattice, point, bone, joining)] = labels[bone]
        except DataError as error:
            refused[bone] = error
            markers[markers == labels[bone]] = 0
    return markers, refused


_FILLED = 0.02
"""With less air than this the body fills the images, and their edges are all there is of an outside."""


def _clicked(
    lattice: _Lattice, point: Sequence[float], bone: str, joining: Joining
) -> tuple[NDArray[np.intp], ...]:
    # Points of the lattice around a click that are marrow: a click may touch a scar or a vessel.
    offset = (np.asarray(point, dtype=np.float64) - lattice.geometry.origins[0]) / joining.step_mm
    center = np.round(offset[::-1]).astype(int)
    size = int(np.ceil(joining.click_mm / joining.step_mm))
    steps = np.stack(np.meshgrid(*(np.arange(-size, size + 1),) * 3, indexing="ij"), -1).reshape(-1, 3)
    near = center + steps[np.linalg.norm(steps, axis=1) * joining.step_mm <= joining.click_mm]
    near = near[((near >= 0) & (near < lattice.geometry.shape)).all(axis=1)]
    at = tuple(near.T)
    if not len(near) or not lattice.seen[at].any():
        raise no_region(bone, "its click lies outside the images", UNMARKED)
    if lattice.air[at].mean() > 0.5:
        raise no_region(bone, "the click lies outside the body", UNMARKED)
    marrow = lattice.seen[at] & ~lattice.air[at] & (lattice.line[at] < joining.ground)
    if marrow.mean() < joining.least_share:
        raise no_region(bone, "the click lies on a dark line such as cortex, not in marrow", UNMARKED)
    return tuple(axis[marrow] for axis in at)


def _parted(lattice: _Lattice, markers: NDArray[np.int32], progress: Progress) -> NDArray[np.int32]:
    # What each of the means gives, then what most of them agree on.
    from scipy import ndimage
    from skimage.segmentation import watershed

    # What lies outside and touches nothing else can take no part in the flood.
    open_ = lattice.seen & ~ndimage.binary_erosion(markers == _OUTSIDE, border_value=1)
    votes = []
    for line in lattice.lines:
        progress.report(0, 0, "Parting the bones")
        votes.append(watershed(line, markers, mask=open_))
    agreed = np.zeros_like(markers)
    for label in np.unique(markers[(markers > 0) & (markers != _OUTSIDE)]):
        agreed[sum((vote == label).astype(np.uint8) for vote in votes) * 2 > len(votes)] = label
    return agreed


def _cavity(flooded: Region, clicked: Region, lattice: _Lattice, bone: str, joining: Joining) -> Region:
    # The cortex, which the flood shares with its neighbours, is taken off; detail inside stays.
    from scipy import ndimage

    box = ndimage.find_objects(flooded.astype(np.uint8))[0]
    window = tuple(slice(max(0, ends.start - 3), ends.stop + 3) for ends in box)
    marrow = flooded[window] & (lattice.line[window] < joining.wall)
    pieces, _ = ndimage.label(marrow)
    touched = np.unique(pieces[clicked[window] & marrow])
    marrow = np.isin(pieces, touched[touched > 0])
    reach = joining.close_mm / joining.step_mm
    away = ndimage.distance_transform_edt(~marrow)
    closed = ndimage.distance_transform_edt(np.pad(away <= reach, 4, constant_values=True))
    marrow = marrow | (flooded[window] & (closed[4:-4, 4:-4, 4:-4] > reach))
    marrow = ndimage.binary_fill_holes(marrow)
    volume_ml = float(marrow.sum()) * joining.step_mm**3 / 1000
    if volume_ml < joining.smallest_ml:
        raise no_region(bone, "no bone with a dark rim was found around the click", UNMARKED)
    if volume_ml > joining.largest_ml:
        raise no_region(bone, f"it leaked out of the bone ({volume_ml:.0f} ml)", UNMARKED)
    region = np.zeros_like(flooded)
    region[window] = marrow
    return region
