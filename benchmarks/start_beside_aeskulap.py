"""``marrow SERIES`` beside the C++ viewer Aeskulap: process start to the picture on the screen, same files.

Both run in turn on one virtual screen (Xvfb), whose memory is watched for the many greys of a picture: so it
counts what a person would see, and needs no word from either program. Nothing is measured where Aeskulap or
Xvfb is not installed.
"""

from __future__ import annotations

import shutil
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.figures import Figure, figure
from benchmarks.start_library import environment_of

NAMES = ("start_beside_aeskulap_s",)
RUNS, PATIENCE_S = 5, 30
GREYS = 100
"""So many different greys at once are a picture; a window with text has some dozen."""

_HEADER = 100
"""Bytes of the header of an X window dump (XWDFile.h), 25 numbers."""


def run(runs: int | None = None) -> list[Figure]:
    """Start both on the first series of a phantom knee; the floor is Aeskulap."""
    if shutil.which("aeskulap") is None or shutil.which("Xvfb") is None:
        print("start_beside_aeskulap_s: Aeskulap or Xvfb is not installed", file=sys.stderr)
        return []
    from workstation.phantoms.dicom_files import write_study
    from workstation.phantoms.knee import knee

    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        series = write_study(knee("R"), place / "dicom")[0].parent
        (place / "screen").mkdir()
        environment = {**environment_of(place), "HOME": name, "GSETTINGS_BACKEND": "memory"}
        environment |= {"QT_QPA_PLATFORM": "xcb"}
        mine = [sys.executable, "-m", "workstation", str(series)]
        peer = ["aeskulap", *map(str, sorted(series.iterdir()))]
        ours, theirs = [], []
        with _screen(place / "screen", environment) as server:
            try:
                for turn in range((runs or RUNS) + 1):
                    times = [_seconds(one, environment, place / "screen") for one in (mine, peer)]
                    if turn:  # the first run compiles and warms the disk's cache
                        ours.append(times[0])
                        theirs.append(times[1])
            finally:
                server.terminate()
    said = f"Aeskulap, the same {len(peer) - 1} files"
    return [figure(NAMES[0], ours, "s", floor=statistics.median(theirs), floor_name=said)]


def _screen(folder: Path, environment: dict[str, str]) -> subprocess.Popen[str]:
    """A virtual screen whose memory is a file; its number goes into the environment."""
    command = ["Xvfb", "-displayfd", "1", "-screen", "0", "1440x900x24", "-nolisten", "tcp"]
    server = subprocess.Popen(
        [*command, "-fbdir", str(folder)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert server.stdout is not None
    environment["DISPLAY"] = f":{server.stdout.readline().strip()}"
    return server


def _greys(folder: Path) -> int:
    """How many different greys are on the screen."""
    dump = (folder / "Xvfb_screen0").read_bytes()
    values = struct.unpack(">25I", dump[:_HEADER])
    start, wide, high, line, colours = values[0], values[4], values[5], values[12], values[19]
    flat = np.frombuffer(dump, np.uint8, line * high, start + colours * 12)
    pixels = flat.reshape(high, line // 4, 4)[::4, :wide:4]
    is_grey = (pixels[..., 0] == pixels[..., 1]) & (pixels[..., 1] == pixels[..., 2])
    return len(np.unique(pixels[..., 0][is_grey]))


def _seconds(command: list[str], environment: dict[str, str], folder: Path) -> float:
    began = time.perf_counter()
    program = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while _greys(folder) < GREYS:
            if time.perf_counter() - began > PATIENCE_S or program.poll() is not None:
                raise RuntimeError(f"{command[0]} showed no picture")
            time.sleep(0.02)
        took = time.perf_counter() - began
    finally:
        program.kill()
        program.wait()
    while _greys(folder) >= GREYS:  # until its window has left the screen
        time.sleep(0.02)
    return took
