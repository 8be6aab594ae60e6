"""From what a flood reached on one slice to the outline of a bone there."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from workstation.masks.growth import Growth
from workstation.masks.landscape import disk

Region = NDArray[np.bool_]
Slice = NDArray[np.float32]


class Tidier:
    """Judges and tidies regions on slices of one pixel spacing, mm."""

    def __init__(self, spacing: tuple[float, float], growth: Growth) -> None:
        self._spacing = spacing
        self._growth = growth
        self._neck = disk(growth.neck_mm / 2, spacing)
        self._lobe = disk(growth.lobe_mm / 2, spacing)
        self._close = disk(growth.close_mm, spacing)

    def tidied(
        self,
        region: Region,
        marker: Region,
        before: Region | None,
        line: Slice,
        image: Slice,
        rim_share: float,
        band_mm: float,
    ) -> Region:
        """The part of a flooded region that is bone.

        What the flood reached only across a deep line (the joint space behind the plate) is given back;
        narrow dark detail and lesions at the rim are closed in again.

        Parameters
        ----------
        region, marker : ndarray of bool, shape (rows, columns)
            What was flooded, and from where.
        before : ndarray of bool or None
            The bone on the neighbouring slice; None on the first.
        line, image : ndarray of float32
            Depth of dark lines, and the smoothed slice.
        rim_share : float
            Least share of the outline on a dark line.
        band_mm : float
            Strange signal along the outline that is nowhere deeper is not bone.

        Returns
        -------
        ndarray of bool
            Empty where no outline is good enough.
        """
        from scipy import ndimage
        from skimage.measure import label as components

        ground = ndimage.binary_opening(region & (line < self._growth.barrier), self._neck)
        ground = self._without_new_lobes(ground, marker, before)
        pieces = components(ground, connectivity=1)
        kept = np.zeros_like(region)
        for number in set(np.unique(pieces[marker])) - {0}:
            piece = ndimage.binary_dilation(pieces == number, self._close)
            piece = ndimage.binary_erosion(piece, self._close, border_value=1)
            piece &= region & (line < self._growth.wall)
            piece = self._trimmed(ndimage.binary_fill_holes(piece), image, band_mm)
            if self.rim(piece, line) >= rim_share:
                kept |= piece
        return kept

    def _trimmed(self, region: Region, image: Slice, band_mm: float) -> Region:
        # A thin band along the outline that does not look like marrow is cartilage, fluid or cortex that
        # the outline took in; a lesion at the rim reaches deeper.
        from scipy import ndimage

        middle = float(np.median(image[region])) if region.any() else 0.0
        strange = region & ((image < 0.6 * middle) | (image > 1.6 * middle))
        pieces, number = ndimage.label(strange)
        if not number:
            return region
        depth = ndimage.distance_transform_edt(np.pad(region, 1, mode="edge"), sampling=self._spacing)
        numbers = np.arange(number + 1)
        deepest = np.asarray(ndimage.maximum(depth[1:-1, 1:-1], pieces, numbers))
        nearest = np.asarray(ndimage.minimum(depth[1:-1, 1:-1], pieces, numbers))
        band = (deepest < band_mm) & (nearest < 1.5 * max(self._spacing))
        band[0] = False
        return np.asarray(ndimage.binary_opening(region & ~band[pieces], self._neck))

    def _without_new_lobes(self, ground: Region, marker: Region, before: Region | None) -> Region:
        # A part that hangs on a narrow neck and was not there on the slice before is another bone entered
        # through a gap; a condyle that comes into view hangs on broadly. On the first slice the thin scar of
        # a growth plate is no neck: it is closed before looking.
        from scipy import ndimage
        from skimage.measure import label as components

        looked_at = ground
        if before is None:
            looked_at = ndimage.binary_closing(ground, disk(1.5, self._spacing))
        broad = components(ndimage.binary_opening(looked_at, self._lobe), connectivity=1)
        kept = set(np.unique(broad[marker]))
        if before is not None:
            size = np.bincount(broad.ravel())
            known = np.bincount(broad.ravel(), weights=before.ravel().astype(np.float64))
            kept |= {n for n in range(1, len(size)) if known[n] >= 0.3 * size[n]}
        allowed = ndimage.binary_dilation(np.isin(broad, list(kept - {0})), self._lobe)
        allowed |= ndimage.binary_dilation(marker if before is None else before, disk(3.0, self._spacing))
        return np.asarray(ground & allowed)

    def rim(self, region: Region, line: Slice) -> float:
        """Share of the outline that lies on a dark line, 0..1; the image's own edge does not count."""
        from scipy import ndimage

        rim = ndimage.binary_dilation(region) & ~ndimage.binary_erosion(region)
        rim[:2, :] = rim[-2:, :] = rim[:, :2] = rim[:, -2:] = False
        if rim.sum() < 8:
            return 0.0
        ridge = ndimage.grey_dilation(line, size=(3, 3))
        return float(np.mean(ridge[rim] > self._growth.rim_depth))
