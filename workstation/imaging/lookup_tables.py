"""Lookup tables of a file: from stored to real values, and from real values to grey.

DICOM PS3.3 C.11.1 (Modality LUT) and C.11.2 (VOI LUT). Radiographs use them; MR rarely does.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from workstation.errors import DataError
from workstation.imaging.dicom import parse_stream
from workstation.imaging.dicom_values import Values
from workstation.imaging.study import Instance
from workstation.imaging.volume import LookupTable

_MODALITY_SEQUENCE, _VOI_SEQUENCE = 0x00283000, 0x00283010
_DESCRIPTOR, _DATA = 0x00283002, 0x00283006


@dataclass(frozen=True)
class LookupTables:
    """What a file says; both parts are nearly always absent."""

    modality: LookupTable | None = None
    voi: tuple[LookupTable, ...] = ()


def read_tables(instance: Instance) -> LookupTables:
    """The tables of the file of an instance; damaged ones are left out.

    Raises
    ------
    DataError
        If the file cannot be read.
    """
    try:
        with Path(instance.path).open("rb", buffering=0) as stream:
            values = Values.of(parse_stream(stream))
    except OSError as error:
        raise DataError("This series was not opened", error.strerror or "disk error") from None
    signed = instance.pixels.signed
    modality = [_table(item, signed) for item in values.items(_MODALITY_SEQUENCE)[:1]]
    # What comes out of a Modality LUT is unsigned; what comes out of a rescale may be negative.
    signed = not any(modality) and (signed or instance.pixels.rescale_intercept < 0)
    voi = [_table(item, signed) for item in values.items(_VOI_SEQUENCE)]
    return LookupTables(modality[0] if modality else None, tuple(table for table in voi if table is not None))


def _table(item: Values, signed: bool) -> LookupTable | None:
    """One item: LUT Descriptor (entries, first input value, bits) and LUT Data."""
    order = "<" if item.encoding.little else ">"
    told = item.raw(_DESCRIPTOR)
    if len(told) != 6:
        return None
    count, first, bits = (int(number) for number in np.frombuffer(told, f"{order}u2"))
    count = count or 65536  # 0 says 2 to the 16th
    if signed and first >= 1 << 15:
        first -= 1 << 16
    raw = item.raw(_DATA)
    if not 8 <= bits <= 16 or count < 2:
        return None
    if len(raw) >= count * 2:
        entries = np.frombuffer(raw[: count * 2], f"{order}u2").astype(np.uint16)
    elif bits == 8 and len(raw) >= count:
        entries = np.frombuffer(raw[:count], np.uint8).astype(np.uint16)  # packed, against the standard
    else:
        return None
    entries.setflags(write=False)
    return LookupTable(first, entries, bits)
