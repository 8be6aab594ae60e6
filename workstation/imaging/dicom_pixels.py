"""Pixels of DICOM files: how many may be claimed, whether they decode, and one plane at a time.

Native pixels are read straight from their place in the file. Compressed ones go through pydicom with the
plugin that measured fastest and is free to ship: GDCM for JPEG and JPEG 2000, pyjpegls for JPEG-LS,
pylibjpeg-rle for RLE.
"""

from __future__ import annotations

import os
import struct
import threading
import warnings
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from workstation.errors import DataError
from workstation.imaging.dicom_elements import NATIVE, PIXEL_DATA, DataSet, parse
from workstation.imaging.dicom_fragments import fragments_end, size_in_codestream
from workstation.imaging.dicom_values import Values
from workstation.imaging.study import Instance, PixelFormat

LARGEST_PLANE = 64 * 1024 * 1024
"""Most pixels that one plane may claim (8192 × 8192); the largest detectors have half of it."""

MOST_FRAMES = 20_000
"""Most planes of one file; the largest dynamic acquisitions have a few thousand."""

LARGEST_FACTOR = 1000
"""Most decoded bytes per compressed byte beyond `ALWAYS_ALLOWED`; real lossless MR reaches 2 to 4."""

ALWAYS_ALLOWED = 64 * 1024 * 1024
"""Decoded bytes that any compressed file may claim, because a black picture compresses without limit."""

_JPEG = "1.2.840.10008.1.2.4."
PLUGINS: dict[str, tuple[str, ...]] = {
    "1.2.840.10008.1.2.5": ("pylibjpeg", "pydicom"),
    _JPEG + "50": ("gdcm",),
    _JPEG + "51": ("gdcm",),
    _JPEG + "57": ("gdcm",),
    _JPEG + "70": ("gdcm",),
    _JPEG + "80": ("pyjpegls", "gdcm"),
    _JPEG + "81": ("pyjpegls", "gdcm"),
    _JPEG + "90": ("gdcm", "pylibjpeg"),
    _JPEG + "91": ("gdcm", "pylibjpeg"),
    _JPEG + "201": ("pylibjpeg",),
    _JPEG + "202": ("pylibjpeg",),
    _JPEG + "203": ("pylibjpeg",),
}
ALWAYS_LOSSY = frozenset(_JPEG + end for end in ("50", "51"))
OFTEN_LOSSY = frozenset(_JPEG + end for end in ("81", "91", "203"))

_TITLE = "This file was not loaded"
Plane = NDArray[Any]


def plane_bytes(pixels: PixelFormat) -> int:
    """Bytes of one decoded plane as stored."""
    return pixels.rows * pixels.columns * pixels.samples_per_pixel * pixels.bits_allocated // 8


def check_size(pixels: PixelFormat, dataset: DataSet) -> None:
    """Refuse a file that claims more pixels than it can hold, before anything is allocated.

    Raises
    ------
    DataError
        If it is cut short, its claim is impossible, or its format is not one we read.
    """
    if pixels.bits_allocated not in (8, 16, 32) or pixels.samples_per_pixel not in (1, 3):
        raise DataError(
            _TITLE,
            f"its pixels have {pixels.bits_allocated} bits and {pixels.samples_per_pixel} samples, "
            "which is not read here",
        )
    element = dataset.pixels
    assert element is not None
    if element.tag != PIXEL_DATA:
        raise DataError(_TITLE, "its pixels are floating-point numbers, which are not read here")
    if pixels.photometric_interpretation == "PALETTE COLOR":
        raise DataError(_TITLE, "its colours are numbers of a palette, which is not read here")
    claimed = plane_bytes(pixels) * pixels.number_of_frames
    held = max(0, min(element.end, dataset.size) - element.start)
    picture = f"{pixels.rows} × {pixels.columns} pixels"
    if pixels.number_of_frames > 1:
        picture = f"{pixels.number_of_frames} planes of {picture}"
    if dataset.transfer_syntax_uid in NATIVE:
        if claimed > 4 * held + 65536:
            raise DataError(_TITLE, f"it claims {picture}, more than the file can hold")
        if claimed > held:
            raise DataError(
                _TITLE, f"it is cut short: {claimed - held} bytes of its pixels are missing", "Copy it again"
            )
    elif claimed > max(ALWAYS_ALLOWED, LARGEST_FACTOR * held) or held // 8 < pixels.number_of_frames:
        raise DataError(_TITLE, f"it claims {picture}, more than the file can hold")
    if pixels.number_of_frames > MOST_FRAMES:
        raise DataError(
            _TITLE, f"it claims {picture}; more than {MOST_FRAMES} planes in one file are not read"
        )
    if pixels.rows * pixels.columns > LARGEST_PLANE:
        raise DataError(_TITLE, f"its picture of {picture} is larger than 64 million pixels")


def decode_plane(instance: Instance, source: BinaryIO | None = None) -> Plane:
    """Stored values of one plane, before rescale.

    Parameters
    ----------
    instance : Instance
        Which plane; read from `Instance.path` unless `source` is given.
    source : BinaryIO, optional
        The file as a stream, e.g. a member of a ZIP.

    Returns
    -------
    ndarray, shape (rows, columns) or (rows, columns, 3)
        Integers as stored, unused high bits cleared (or sign-extended).

    Raises
    ------
    DataError
        If the file is gone, damaged or its compression cannot be decoded.
    """
    if source is None:
        return PlaneReader().decode(instance)
    if instance.pixels.transfer_syntax_uid in NATIVE:
        return _native(instance, source)
    return _Encapsulated(source).decode(instance)


def check_decodable(instances: tuple[Instance, ...], source: Path | BinaryIO) -> None:
    """Decode every compressed plane once, so that a file that cannot be shown is refused at import.

    Native planes are not read: `check_size` has compared their lengths already.

    Raises
    ------
    DataError
        With the reason, if a plane does not decode.
    """
    if all(i.pixels.transfer_syntax_uid in NATIVE for i in instances):
        return
    if isinstance(source, Path):
        try:
            with source.open("rb", buffering=0) as stream:
                check_decodable(instances, stream)
        except OSError as error:
            raise DataError(_TITLE, f"it cannot be read ({error.strerror or 'disk error'})") from None
        return
    encapsulated = _Encapsulated(source)
    for instance in instances:
        encapsulated.decode(instance)


class PlaneReader:
    """Decodes planes one after another; keeps the last compressed file at hand, whose frames may follow."""

    def __init__(self) -> None:
        self._path = ""
        self._encapsulated: _Encapsulated | None = None

    def decode(self, instance: Instance) -> Plane:
        """Stored values of one plane; as `decode_plane`."""
        try:
            if instance.pixels.transfer_syntax_uid in NATIVE:
                with Path(instance.path).open("rb", buffering=0) as stream:
                    return _native(instance, stream)
            if self._encapsulated is None or self._path != instance.path:
                with Path(instance.path).open("rb", buffering=0) as stream:
                    self._path, self._encapsulated = instance.path, _Encapsulated(stream)
        except OSError as error:
            raise _unreadable(error) from None
        return self._encapsulated.decode(instance)

    def read_into(self, instance: Instance, target: NDArray[np.uint16]) -> bool:
        """Read a native 16-bit plane straight into its place; False if it is none, with nothing read."""
        pixels = instance.pixels
        straight = pixels.offset is not None and pixels.bits_allocated == 16
        if pixels.signed and pixels.bits_stored != 16:
            return False
        if not straight or pixels.samples_per_pixel != 1 or target.shape != (pixels.rows, pixels.columns):
            return False
        try:
            with Path(instance.path).open("rb", buffering=0) as stream:
                stream.seek(pixels.offset or 0)
                if _read_into(stream, target) != target.nbytes:
                    target[...] = 0
                    raise _cut_short()
        except OSError as error:
            raise _unreadable(error) from None
        top = (1 << pixels.bits_stored) - 1
        if top < 0xFFFF and target.max() > top:
            np.bitwise_and(target, top, out=target)  # old overlays above BitsStored
        return True


def _unreadable(error: OSError) -> DataError:
    return DataError(
        "A picture could not be read", error.strerror or "disk error", "Check that its disk is connected"
    )


def _native(instance: Instance, stream: BinaryIO) -> Plane:
    pixels = instance.pixels
    if pixels.offset is not None:
        flat = np.empty(plane_bytes(pixels) // (pixels.bits_allocated // 8), _dtype(pixels))
        stream.seek(pixels.offset)
        if _read_into(stream, flat) != flat.nbytes:
            raise _cut_short()
        return _shaped(flat, pixels)
    dataset = parse(stream, stream.seek(0, os.SEEK_END))
    flat = _native_values(dataset, instance, stream)
    if pixels.samples_per_pixel == 3 and Values.of(dataset).integer(0x00280006) == 1:
        flat = flat.reshape(3, -1).T.ravel()  # colour by plane instead of by pixel
    return _shaped(flat, pixels)


def _native_values(dataset: DataSet, instance: Instance, stream: BinaryIO) -> Plane:
    """Big endian or inflated pixels."""
    pixels = instance.pixels
    if dataset.pixels is None:
        raise _cut_short()
    size = plane_bytes(pixels)
    start = dataset.pixels.start + instance.frame * size
    words = dataset.pixels.vr == b"OW" and pixels.bits_allocated == 8 and not dataset.encoding.little
    wanted = size + size % 2 if words else size
    if dataset.inflated:
        raw = dataset.buffer[start : start + wanted]
    else:
        stream.seek(start)
        raw = stream.read(wanted)
    if len(raw) != wanted:
        raise _cut_short()
    dtype = _dtype(pixels)
    if not dataset.encoding.little:
        if words:
            # PS3.5 8.1.2: 8-bit pixels in OW are byte-swapped as 16-bit words.
            return np.frombuffer(raw, ">u2").astype("<u2").view(dtype)[:size]
        return np.frombuffer(raw, dtype.newbyteorder(">")).astype(dtype)
    return np.frombuffer(raw, dtype).copy()


def _read_into(stream: BinaryIO, target: Plane) -> int:
    view = memoryview(cast(Any, target)).cast("B")
    done = 0
    while done < len(view):
        count = stream.readinto(view[done:])  # type: ignore[attr-defined]
        if not count:
            break
        done += count
    return done


def _dtype(pixels: PixelFormat) -> np.dtype[Any]:
    return np.dtype(f"<{'i' if pixels.signed else 'u'}{pixels.bits_allocated // 8}")


def _shaped(flat: Plane, pixels: PixelFormat) -> Plane:
    if pixels.samples_per_pixel == 1:
        return _clean(flat.reshape(pixels.rows, pixels.columns), pixels)
    return flat.reshape(pixels.rows, pixels.columns, pixels.samples_per_pixel)


def _clean(plane: Plane, pixels: PixelFormat) -> Plane:
    """Clear what lies above BitsStored (old overlays), or extend the sign from it."""
    unused = pixels.bits_allocated - pixels.bits_stored
    if unused == 0:
        return plane
    if pixels.signed:
        return np.asarray((plane << unused) >> unused)
    mask = plane.dtype.type((1 << pixels.bits_stored) - 1)
    return plane if plane.max(initial=0) <= mask else np.asarray(plane & mask)


_importing = threading.Lock()


def load_decoders() -> None:
    """Import pydicom with its decoders; safe in any thread.

    Its modules import one another in circles: two threads that begin with different ones would each get
    half of it, and an ImportError.
    """
    with _importing:
        import pydicom
        import pydicom.encaps
        import pydicom.pixels  # noqa: F401 - the point is that it is imported


class _Encapsulated:
    """Compressed pixel data of one file, read once, decoded frame by frame."""

    def __init__(self, stream: BinaryIO) -> None:
        dataset = parse(stream, stream.seek(0, os.SEEK_END))
        if dataset.pixels is None or not dataset.pixels.undefined:
            raise DataError(_TITLE, "it says that its pixels are compressed, but they are not")
        stream.seek(dataset.pixels.start)
        data = stream.read(dataset.size - dataset.pixels.start)
        self._syntax = dataset.transfer_syntax_uid
        if self._syntax not in PLUGINS:
            raise DataError(_TITLE, f"its compression ({self._syntax or 'not stated'}) is not read here")
        self._data = data[: fragments_end(data)]

    def decode(self, instance: Instance) -> Plane:
        load_decoders()
        from pydicom.encaps import get_frame

        pixels = instance.pixels
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                coded = get_frame(self._data, instance.frame, number_of_frames=pixels.number_of_frames)
                _check_codestream(coded, pixels)
                plane = _decoded(coded, pixels, self._syntax)
        # What the libraries behind pydicom's plugins raise on damaged data.
        except (ValueError, RuntimeError, IndexError, struct.error, OSError, EOFError, MemoryError) as error:
            raise _no_decoder(self._syntax, pixels) from error
        except BaseException as error:
            # pylibjpeg-rle is written in Rust: its panic derives from BaseException and has no public name.
            if type(error).__name__ == "PanicException":
                raise _no_decoder(self._syntax, pixels) from error
            raise
        if plane.shape[:2] != (pixels.rows, pixels.columns):
            raise DataError(_TITLE, "its compressed picture has another size than its header says")
        return plane


def _decoded(coded: bytes, pixels: PixelFormat, syntax: str) -> Plane:
    """One frame through the best plugin that is installed."""
    from pydicom.pixels import get_decoder

    decoder = get_decoder(syntax)
    for plugin in PLUGINS[syntax]:
        if plugin in decoder.available_plugins:
            array, _ = decoder.as_array(
                _one_frame(coded), index=0, decoding_plugin=plugin, raw=False, **_options(pixels)
            )
            return np.asarray(array)
    raise RuntimeError("no plugin is installed for this syntax")


def _options(pixels: PixelFormat) -> dict[str, Any]:
    return {
        "rows": pixels.rows,
        "columns": pixels.columns,
        "number_of_frames": 1,
        "samples_per_pixel": pixels.samples_per_pixel,
        "photometric_interpretation": pixels.photometric_interpretation,
        "bits_allocated": pixels.bits_allocated,
        "bits_stored": pixels.bits_stored,
        "pixel_representation": int(pixels.signed),
        "planar_configuration": 0,
        "pixel_keyword": "PixelData",
    }


def _one_frame(coded: bytes) -> bytes:
    """A frame as encapsulated data of its own: empty offset table, one fragment."""
    padded = coded + b"\x00" * (len(coded) & 1)
    return (
        b"\xfe\xff\x00\xe0\x00\x00\x00\x00"
        + b"\xfe\xff\x00\xe0" + struct.pack("<I", len(padded)) + padded
        + b"\xfe\xff\xdd\xe0\x00\x00\x00\x00"
    )  # fmt: skip


def _check_codestream(coded: bytes, pixels: PixelFormat) -> None:
    """The picture inside may claim another size than the header: refuse before a decoder allocates it."""
    inside = size_in_codestream(coded)
    if inside is not None and inside != (pixels.rows, pixels.columns):
        raise DataError(_TITLE, "its compressed picture has another size than its header says")


def _no_decoder(syntax: str, pixels: PixelFormat) -> DataError:
    if syntax == _JPEG + "51" and pixels.bits_stored > 8:
        return DataError(_TITLE, "it is compressed as 12-bit JPEG Extended, for which there is no decoder")
    return DataError(_TITLE, "its compressed pixels are damaged or of a kind that is not read here")


def _cut_short() -> DataError:
    return DataError(_TITLE, "it is cut short within its pixels", "Copy it again")
