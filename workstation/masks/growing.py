"""Following one bone from slice to slice: the work behind `regions.bone_region`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from workstation.imaging.geometry import StackGeometry
from workstation.imaging.volume import Stack
from workstation.masks.growth import Growth
from workstation.masks.landscape import SMOOTHED_NOISE, STEP, body, disk, noise_of, ridges, smooth
from workstation.masks.placing import UNMARKED, Placed, no_region
from workstation.masks.tidying import Tidier
from workstation.tasks import Progress

Labels = NDArray[np.uint8]
Region = NDArray[np.bool_]
Window = tuple[slice, slice]

_OUTSIDE = 255
_EVERYTHING: Window = (slice(None), slice(None))


@dataclass(frozen=True, slots=True)
class _Front:
    """Where one bone has been followed to, in which direction it goes on, and how bright its marrow was."""

    label: int
    source: int
    step: int
    level: float


class Grower:
    """Follows the clicked bones through one series, all together."""

    def __init__(self, stack: Stack, geometry: StackGeometry, seeds: Placed, growth: Growth) -> None:
        self._geometry = geometry
        self._spacing = geometry.pixel_spacing
        self._seeds = seeds
        self._growth = growth
        raw = [stack.values(i) for i in range(stack.number_of_slices)]
        self._noise = float(np.median([noise_of(image) for image in raw]))
        self._images = np.stack([smooth(image) for image in raw])
        self._lines: dict[int, NDArray[np.float32]] = {}
        self._bodies: dict[int, Region] = {}
        self._outsides: dict[int, Region] = {}
        self._tidier = Tidier(self._spacing, growth)

    def run(self, labels: dict[str, int], progress: Progress) -> Labels:
        """Labels of every clicked bone, numbered as told.

        Raises
        ------
        DataError
            If a click is outside the body or on cortex, or a region is not found or leaks.
        """
        for bone in labels:
            self._check_clicks(bone)
        result = np.zeros(self._geometry.shape, dtype=np.uint8)
        total, done = len(labels) * len(result), 0
        starts = [(bone, at) for bone in labels for at in sorted({s for s, _, _ in self._seeds[bone]})]
        begun = [(labels[bone], self._start(result, labels[bone], bone, at)) for bone, at in starts]
        fronts = [
            _Front(label, at, step, self._level(result, label, at))
            for label, at in begun
            if at is not None
            for step in (1, -1)
        ]
        while fronts:  # all bones advance together, so that each stands in the other's way
            further = []
            for front in fronts:
                done += 1
                progress.report(min(done, total - 1), total, "Following the bones")
                moved = self._move(result, front)
                if moved is not None:
                    further.append(moved)
            fronts = further
        for label, at in begun:
            if at is not None:
                self._settle(result, label, at)
        for bone, label in labels.items():
            region = result == label
            result[region & ~self._kept(region, bone)] = 0
        progress.report(total, total, "Following the bones")
        return result

    def _line(self, index: int) -> NDArray[np.float32]:
        if index not in self._lines:
            self._lines[index] = self._ridges(index, STEP)
        return self._lines[index]

    def _ridges(self, index: int, step_weight: float) -> NDArray[np.float32]:
        left = SMOOTHED_NOISE * self._noise
        return ridges(self._images[index], self._spacing, self._growth.line_mm, left, step_weight)

    def _body(self, index: int) -> Region:
        if index not in self._bodies:
            self._bodies[index] = body(self._images[index], 3 * self._noise)
        return self._bodies[index]

    def _check_clicks(self, bone: str) -> None:
        for index, row, column in self._seeds[bone]:
            if not self._body(index)[row, column]:
                raise no_region(bone, "the click lies outside the body", UNMARKED)
            rows, columns = (max(1, round(3.0 / mm)) for mm in self._spacing)
            around = self._line(index)[
                max(0, row - rows) : row + rows + 1, max(0, column - columns) : column + columns + 1
            ]
            if np.median(around) > self._growth.barrier:
                raise no_region(bone, "the click lies on a dark line such as cortex, not in marrow", UNMARKED)

    def _clicked(self, bone: str, at: int) -> Region:
        from scipy import ndimage

        marker = np.zeros(self._geometry.shape[1:], dtype=bool)
        for index, row, column in self._seeds[bone]:
            if index == at:
                marker[row, column] = True
        return np.asarray(ndimage.binary_dilation(marker, disk(2.0, self._spacing)))

    def _level(self, result: Labels, label: int, index: int) -> float:
        return float(np.median(self._images[index][result[index] == label]))

    def _move(self, result: Labels, front: _Front) -> _Front | None:
        # One slice may fail (a scar, a plate cut lengthwise): then the next is tried once from here.
        label = front.label
        for distance in (1, 2):
            index = front.source + front.step * distance
            if not 0 <= index < len(result) or (result[index] == label).any():
                return None
            found = self._from_slice(result, label, index, front.source, front.level)
            if found is None:
                continue
            result[index][found & (result[index] == 0)] = label
            if distance == 2:
                between = (front.source + index) // 2
                halfway = self._inside(result[front.source] == label) + self._inside(result[index] == label)
                result[between][(halfway > 0) & (result[between] == 0)] = label
            return replace(front, source=index, level=self._followed(found, index, front.level))
        return None

    def _followed(self, region: Region, index: int, level: float) -> float:
        # The marrow's signal drifts with the coil from slice to slice; a lesion does not move it.
        marrow = self._images[index][region & self._like(level, index)]
        return 0.5 * (level + float(np.median(marrow))) if marrow.size > 0.3 * region.sum() else level

    def _inside(self, region: Region) -> NDArray[np.float64]:
        # Signed distance, mm, positive inside.
        from scipy.ndimage import distance_transform_edt

        inner = distance_transform_edt(region, sampling=self._spacing)
        return np.asarray(inner - distance_transform_edt(~region, sampling=self._spacing))

    def _start(self, result: Labels, label: int, bone: str, at: int) -> int | None:
        # Nothing is known yet of this bone: the slice of the click and its neighbours are flooded in several
        # ways, and the best rimmed region is where the bone is followed from.
        clicked = self._clicked(bone, at)
        found: tuple[float, int, Region] | None = None
        for index in (at, at - 1, at + 1):
            if not 0 <= index < len(result):
                continue
            like = self._like(float(np.median(self._images[at][clicked])), index)
            if index != at and not (like & (self._line(index) < 0.1))[clicked].all():
                continue
            for region, rim in self._tries(result, label, index, clicked, like):
                if found is None or rim > found[0] + 0.02:
                    found = rim, index, region
            if found is not None and found[0] > 0.95:
                break
        if found is None:
            return None
        result[found[1]][found[2] & (result[found[1]] == 0)] = label
        return found[1]

    def _tries(
        self, result: Labels, label: int, index: int, clicked: Region, like: Region
    ) -> Iterator[tuple[Region, float]]:
        from scipy import ndimage

        away = ndimage.distance_transform_edt(~clicked, sampling=self._spacing)
        lines_only = self._ridges(index, step_weight=0.0)
        least, band = 0.7, self._growth.first_band_mm
        for reach_mm in self._growth.reaches_mm:
            for line in (self._line(index), lines_only):
                markers = self._markers(result, label, index, clicked, _EVERYTHING)
                markers[(away > reach_mm) & (markers == 0)] = _OUTSIDE
                flooded = self._flood(line, markers, label)
                for allowed in (flooded, flooded & (like | clicked)):
                    region = self._tidier.tidied(
                        allowed, clicked, None, self._line(index), self._images[index], least, band
                    )
                    area_mm2 = float(region.sum()) * self._spacing[0] * self._spacing[1]
                    if 0 < area_mm2 <= self._growth.largest_mm2:
                        yield region, self._tidier.rim(region, lines_only)

    def _settle(self, result: Labels, label: int, index: int) -> None:
        # The first slice was found without a neighbour; with one it may be completed.
        old = result[index] == label
        for neighbour in (index - 1, index + 1):
            if old.any() and 0 <= neighbour < len(result) and (result[neighbour] == label).any():
                level = self._level(result, label, index)
                found = self._from_slice(result, label, index, neighbour, level)
                if found is not None:
                    both = old | (found & (result[index] == 0))
                    if self._tidier.rim(both, self._line(index)) >= self._tidier.rim(old, self._line(index)):
                        old = both
        result[index][old] = label

    def _from_slice(self, result: Labels, label: int, index: int, source: int, level: float) -> Region | None:
        before = result[source] == label
        if not before.any():
            return None
        depth = self._inside(before)
        like = self._like(level, index)
        best, covered = None, 0.0
        for attempt in self._growth.attempts:
            # Nothing outside this window can be reached: the work shrinks with it.
            window = self._window(before, attempt.jump_mm + 6)
            here, marrow = depth[window], like[window]
            marker = (here > attempt.shrink_mm) & marrow & (self._line(index)[window] < 0.1)
            if not marker.any():
                break
            markers = self._markers(result, label, index, marker, window)
            markers[(here < -attempt.jump_mm) & (markers == 0)] = _OUTSIDE
            region = self._flood(self._line(index)[window], markers, label)
            region &= marrow | (here > -1.0)  # new ground must look like marrow
            region = self._tidier.tidied(
                region, marker, before[window], self._line(index)[window], self._images[index][window],
                attempt.rim_share, self._growth.band_mm,
            )  # fmt: skip
            share = float((region & marker).sum() / marker.sum())
            if share > covered:
                best, covered = np.zeros_like(before), share
                best[window] = region
            if covered > 0.7:
                break
        return best

    def _window(self, region: Region, margin_mm: float) -> Window:
        ends = []
        for axis, spacing in enumerate(self._spacing):
            there = np.flatnonzero(region.any(axis=1 - axis))
            margin = int(np.ceil(margin_mm / spacing))
            ends.append(slice(max(0, int(there[0]) - margin), int(there[-1]) + margin + 1))
        return ends[0], ends[1]

    def _markers(
        self, result: Labels, label: int, index: int, marker: Region, window: Window
    ) -> NDArray[np.int32]:
        markers = np.zeros(marker.shape, dtype=np.int32)
        for neighbour in (index - 1, index, index + 1):
            if 0 <= neighbour < len(result):
                near = result[neighbour][window]
                for other in set(np.unique(near)) - {0, label}:
                    markers[self._inside(near == other) > 3.0] = other
        markers[self._background(index, (markers > 0) | marker, window)] = _OUTSIDE
        markers[marker] = label
        return markers

    def _like(self, level: float, index: int) -> Region:
        # Signal like the bone's marrow so far. Only there may the next slice start and go beyond the
        # neighbour's outline: a lesion, muscle or cortex is taken where it is enclosed or not at all.
        image = self._images[index]
        return np.asarray((image > 0.6 * level) & (image < 1.6 * level))

    def _background(self, index: int, inside: Region, window: Window) -> Region:
        from scipy import ndimage

        if index not in self._outsides:
            air = ~self._body(index)
            outside = ndimage.binary_dilation(air, disk(self._growth.skin_mm, self._spacing))
            if air.mean() < 0.02:  # the body fills the image: its edge is all there is of an outside
                outside[0, :] = outside[-1, :] = outside[:, 0] = outside[:, -1] = True
            self._outsides[index] = outside
        near = ndimage.binary_dilation(inside, disk(self._growth.skin_mm, self._spacing))
        return np.asarray(self._outsides[index][window] & ~near)

    @staticmethod
    def _flood(line: NDArray[np.float32], markers: NDArray[np.int32], label: int) -> Region:
        from skimage.segmentation import watershed

        return np.asarray(watershed(line, markers, connectivity=1) == label)

    def _kept(self, region: Region, bone: str) -> Region:
        from skimage.measure import label as components

        pieces = components(region, connectivity=1)
        touching = np.unique([pieces[at] for at in self._seeds[bone]])
        kept = np.isin(pieces, touching[touching > 0])
        volume_ml = float(kept.sum()) * self._geometry.voxel_volume_mm3 / 1000
        if volume_ml < self._growth.smallest_ml:
            raise no_region(bone, "no bone with a dark rim was found around the click", UNMARKED)
        if volume_ml > self._growth.largest_ml:
            raise no_region(
                bone,
                f"it leaked out of the bone ({volume_ml:.0f} ml)",
                "Click again in the middle of the bone, or add a second click",
            )
        return np.asarray(kept)
