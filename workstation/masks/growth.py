"""Constants of following a bone from slice to slice. Project values, unvalidated."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Attempt:
    """One way to carry a region to the next slice.

    Attributes
    ----------
    shrink_mm : float
        How far the region is shrunk before it marks the next slice.
    jump_mm : float
        How far the bone may reach beyond it there.
    rim_share : float
        Least share of the outline that must lie on a dark line.
    """

    shrink_mm: float
    jump_mm: float
    rim_share: float


@dataclass(frozen=True, slots=True)
class Growth:
    """Constants of the region. Project values, unvalidated.

    Attributes
    ----------
    line_mm : float
        Widest dark line that still counts as cortex.
    attempts : tuple of Attempt
        How the next slice is tried: close to the slice before; if its outline is open then, freely; if
        that leaks, held more and more.
    reaches_mm : tuple of float
        How far from the click a bone may reach on the slice of the click; each is tried.
    skin_mm : float
        This much under the skin is surely not bone.
    barrier, wall : float
        Depth of line that marrow does not cross, and that is never closed over.
    rim_depth : float
        How deep a dark line must be to count as part of a rim.
    neck_mm, lobe_mm : float
        Bridges narrower than `neck_mm` are cut; a part new to the slice behind a bridge narrower than
        `lobe_mm` is another bone.
    close_mm : float
        Dark detail and lesions up to about twice this wide at the rim are closed in.
    band_mm, first_band_mm : float
        Strange signal along the outline that is nowhere deeper than this is not bone; more strictly on the
        first slice, where no neighbour tells a lesion from the joint space.
    largest_mm2 : float
        No bone is larger than this on one slice.
    smallest_ml, largest_ml : float
        A region smaller than this was not found, one larger has leaked.
    """

    line_mm: float = 8.0
    attempts: tuple[Attempt, ...] = (
        Attempt(3.0, 4.0, 0.93),
        Attempt(3.0, 40.0, 0.9),
        Attempt(3.0, 8.0, 0.7),
        Attempt(6.0, 8.0, 0.7),
        Attempt(9.0, 6.0, 0.7),
    )
    reaches_mm: tuple[float, ...] = (1000.0, 60.0, 40.0)
    skin_mm: float = 3.0
    barrier: float = 0.2
    wall: float = 0.35
    rim_depth: float = 0.1
    neck_mm: float = 4.0
    lobe_mm: float = 9.0
    close_mm: float = 4.0
    band_mm: float = 4.5
    first_band_mm: float = 7.0
    largest_mm2: float = 9000.0
    smallest_ml: float = 0.5
    largest_ml: float = 450.0
