"""Grades that follow from a measurement, decided on exact numbers and never on a rounded percentage."""

from __future__ import annotations

from fractions import Fraction

from workstation.errors import DataError


def worms_bml_grade(lesion_voxels: int, subregion_voxels: int) -> int | None:
    """WORMS marrow grade of a lesion by its share of the subregion.

    0 none, 1 below 25 %, 2 from 25 % to 50 % (both included), 3 above 50 %
    (Peterfy 2004, marrow abnormality).

    Parameters
    ----------
    lesion_voxels : int
        Lesion voxels inside the subregion, on the same grid.
    subregion_voxels : int

    Returns
    -------
    int or None
        None: the subregion is not in the images, so it is not assessable rather than grade 0.

    Raises
    ------
    DataError
        If a count is negative or the lesion is larger than its subregion.
    """
    if lesion_voxels < 0 or subregion_voxels < 0 or lesion_voxels > max(subregion_voxels, 0):
        raise DataError(
            "This lesion has no grade",
            f"{lesion_voxels} lesion voxels do not fit in a subregion of {subregion_voxels}",
        )
    if subregion_voxels == 0:
        return None
    if lesion_voxels == 0:
        return 0
    if 4 * lesion_voxels < subregion_voxels:
        return 1
    return 2 if 2 * lesion_voxels <= subregion_voxels else 3


def recht_grade_of_depth(depth: Fraction | int, thickness: Fraction | int, *, half_is: int = 3) -> int:
    """Recht grade of a cartilage defect by its depth.

    Parameters
    ----------
    depth, thickness : Fraction or int
        In the same unit; the defect and the full cartilage beside it.
    half_is : int
        Grade of a defect of exactly half the thickness. The paper leaves it open; 3 by decision of this
        project, because grade II requires that 50 % is not reached.

    Returns
    -------
    int
        0 (no defect; grade I is a signal change and cannot be told from depth), 2, 3 or 4.

    Raises
    ------
    DataError
        If the depth is not between 0 and a thickness above 0.
    """
    if thickness <= 0 or not 0 <= depth <= thickness:
        raise DataError("This defect has no grade", "its depth is not between 0 and the cartilage thickness")
    share = Fraction(depth) / Fraction(thickness)
    half = Fraction(1, 2)
    if share == 0:
        return 0
    if share == 1:
        return 4
    if share == half:
        return half_is
    return 2 if share < half else 3
