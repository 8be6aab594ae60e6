"""DICOM files written anew without loss in each compression that scanners and archives send (PS3.5 A.4)."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

JPEG_2000, JPEG_LS, RLE, JPEG = "j2k", "jls", "rle", "jpeg"
COMPRESSIONS = (JPEG_2000, JPEG_LS, RLE, JPEG)
"""JPEG is the lossless one of 1992 (process 14), which many archives still keep."""


def compress(files: Iterable[Path], compression: str) -> None:
    """Write files in one of `COMPRESSIONS` in their places."""
    for path in files:
        if compression == JPEG:
            _lossless_jpeg(path)
        else:
            _by_pydicom(path, compression)


def _by_pydicom(path: Path, compression: str) -> None:
    import pydicom
    from pydicom import uid

    syntax, plugin = {
        JPEG_2000: (uid.JPEG2000Lossless, "pylibjpeg"),
        JPEG_LS: (uid.JPEGLSLossless, "pyjpegls"),
        RLE: (uid.RLELossless, "pylibjpeg"),
    }[compression]
    dataset = pydicom.dcmread(path)
    dataset.compress(syntax, encoding_plugin=plugin, generate_instance_uid=False)
    dataset.save_as(path)


def _lossless_jpeg(path: Path) -> None:
    """By GDCM, for pydicom has no encoder."""
    import gdcm

    reader = gdcm.ImageReader()
    reader.SetFileName(str(path))
    change = gdcm.ImageChangeTransferSyntax()
    change.SetTransferSyntax(gdcm.TransferSyntax(gdcm.TransferSyntax.JPEGLosslessProcess14_1))
    writer = gdcm.ImageWriter()
    written = path.with_suffix(".new")  # the pixels are read while they are written
    writer.SetFileName(str(written))
    if not reader.Read():
        raise RuntimeError(f"GDCM did not read {path.name}")
    change.SetInput(reader.GetImage())
    if not change.Change():
        raise RuntimeError(f"GDCM did not compress {path.name}")
    writer.SetFile(reader.GetFile())
    writer.SetImage(change.GetOutput())
    if not writer.Write():
        raise RuntimeError(f"GDCM did not write {path.name}")
    written.replace(path)
