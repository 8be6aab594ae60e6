"""Compressed pictures decoded while the window gets ready: nobody gets half of a library."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from workstation.phantoms.dicom_files import write_study
from workstation.phantoms.knee import knee

_CHILD = """
import sys, threading
from pathlib import Path
from workstation.imaging.dicom import read_file
from workstation.imaging.dicom_pixels import decode_plane, load_decoders

(instance,) = read_file(Path(sys.argv[1])).instances
assert "pydicom" not in sys.modules  # else there is nothing to race for
together, told = threading.Barrier(4), []

def work(first):
    together.wait()
    try:
        first()
        told.append("well")
    except BaseException as error:
        told.append(repr(error))

firsts = [load_decoders, *[lambda: decode_plane(instance)] * 3]
threads = [threading.Thread(target=work, args=(first,)) for first in firsts]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(told)
"""


def test_thumbnails_of_compressed_series_do_not_break_what_is_imported_meanwhile(tmp_path: Path) -> None:
    import pydicom
    from pydicom.uid import JPEG2000Lossless

    dataset = pydicom.dcmread(write_study(knee("R"), tmp_path)[0])
    dataset.compress(JPEG2000Lossless, encoding_plugin="pylibjpeg")
    dataset.save_as(tmp_path / "coded.dcm")
    done = subprocess.run(
        [sys.executable, "-c", _CHILD, str(tmp_path / "coded.dcm")],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout.strip() == str(["well"] * 4), done.stderr
