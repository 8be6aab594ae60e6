"""Two scripted readers of the phantom study: what they answer is invented, how it is kept is the real thing.

Each phantom has a key that follows from where its lesions were painted. A reader departs from the key
now and then by one grade, reproducibly, as readers do.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import numpy as np

from workstation.imaging.geometry import StackGeometry
from workstation.imaging.study import Series
from workstation.phantoms.study import PhantomStudy
from workstation.scoring.instrument import Item
from workstation.scoring.sheet import Evidence

WORMS_KEYS: tuple[Mapping[str, int], ...] = (
    {"MFc": 2, "MFa": 1, "MTc": 2, "MTa": 1},
    {"LFc": 2, "LFa": 1, "LP": 3},
    {"LTc": 2, "LTp": 1},
    {"MFa": 1, "MFp": 1, "S": 3, "MTc": 1, "LTc": 1},
)
RECHT_KEYS: tuple[Mapping[str, int], ...] = (
    {"MFC": 3, "MTP": 3, "trochlea": 1},
    {"LFC": 2, "patella": 3},
    {"LTP": 2, "LFC": 1},
    {"MFC": 2, "MTP": 1, "patella": 1, "trochlea": 2},
)
_KEYS = {"worms-marrow": WORMS_KEYS, "recht": RECHT_KEYS}
DEPARTURE = 0.12
"""Share of answers that a scripted reader gives one grade off the key."""


def key_grade(instrument: str, item: str, variant: int) -> int:
    """The grade that follows from how a phantom variant was painted."""
    keys = _KEYS[instrument]
    return keys[variant % len(keys)].get(item, 0)


def scripted_grade(reader: str, case: str, instrument: str, item: Item, variant: int) -> int:
    """What a scripted reader answers: the key, or one grade beside it."""
    text = "\0".join((reader, case, instrument, item.id))
    draw = hashlib.sha256(text.encode()).digest()
    grade = key_grade(instrument, item.id, variant)
    if int.from_bytes(draw[:4], "big") / 2**32 < DEPARTURE:
        grade += 1 if draw[4] % 2 or grade == 0 else -1
    return min(grade, item.levels[-1].grade)


def evidence_of(item: str, phantom: PhantomStudy, series: tuple[Series, ...]) -> Evidence:
    """The slice through the largest lesion of the item's bone, else the middle slice.

    Parameters
    ----------
    item : str
        WORMS or Recht item; its letter says the bone.
    series : tuple of Series
        The case as the library holds it; matched to the phantom by SeriesNumber.
    """
    from workstation.imaging.load import stack_geometry

    wanted = _series_number(item)
    found = next((one for one in series if one.series_number == wanted), series[0])
    truth = next(one for one in phantom.series if one.acquisition.number == found.series_number)
    geometry = stack_geometry(found)
    index = len(found.instances) // 2
    if geometry is not None:
        index = _lesion_slice(
            truth.lesions, truth.bones, phantom.bones[_bone(item)], truth.geometry, geometry
        )
    instance = found.instances[index]
    tile = {"series_key": found.key, "slice_index": index}
    view = {"rows": 1, "columns": 1, "tiles": [tile], "active": 0, "layout": ""}
    return Evidence(found.key, instance.sop_instance_uid, instance.frame, index, assumed=True, view=view)


def _lesion_slice(
    lesions: np.ndarray, bones: np.ndarray, bone: int, painted: StackGeometry, shown: StackGeometry
) -> int:
    in_bone = ((lesions > 0) & (bones == bone)).sum(axis=(1, 2))
    if not in_bone.any():
        return shown.shape[0] // 2
    slice_index = int(np.argmax(in_bone))
    middle = painted.point_at(slice_index, painted.shape[1] / 2, painted.shape[2] / 2)
    return shown.nearest_slice(middle)[0]


def _bone(item: str) -> str:
    if item in ("MP", "LP", "patella"):
        return "patella"
    return "tibia" if "T" in item or item == "S" else "femur"


def _series_number(item: str) -> int:
    """Axial for the patella and trochlea, sagittal for front and back, coronal for the rest."""
    if item in ("MP", "LP", "patella", "trochlea"):
        return 6
    return 3 if item.endswith(("a", "p")) else 4
