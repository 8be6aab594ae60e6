"""The library's folder: its secret key, its lock during an import, and where copies lie.

::

    library/
      library.sqlite        what is known of the images
      private/key           32 bytes, readable by the owner only; never leaves this folder
      images/ab/….dcm       de-identified copies
      incoming/             copies being written; emptied when an import starts
      import.lock           held while an import runs
"""

from __future__ import annotations

import errno
import os
import secrets
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from workstation.errors import StoreError

DATABASE = "library.sqlite"
IMAGES = "images"
INCOMING = "incoming"
_KEY = ("private", "key")
_KEY_BYTES = 32


def read_key(folder: Path) -> bytes:
    """The library's key.

    Raises
    ------
    StoreError
        If it is missing or damaged: without it no further file can be matched with what is there.
    """
    path = folder.joinpath(*_KEY)
    try:
        key = path.read_bytes()
    except OSError as error:
        raise StoreError(
            "The library's key was not read",
            error.strerror or "disk",
            "Restore the folder 'private' of the library from a backup",
        ) from error
    if len(key) != _KEY_BYTES:
        raise StoreError(
            "The library's key is damaged",
            f"it has {len(key)} bytes instead of {_KEY_BYTES}",
            "Restore the folder 'private' of the library from a backup",
        )
    return key


def make_key(folder: Path) -> None:
    """Make a new key, unless there is one.

    Raises
    ------
    StoreError
        If the folder cannot be written.
    """
    path = folder.joinpath(*_KEY)
    if path.exists():
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.parent.chmod(0o700)
        new = path.with_name(f"key.{secrets.token_hex(4)}.new")
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(_KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        _keep_first(new, path)
    except OSError as error:
        raise StoreError(
            "The library was not made",
            f"its key cannot be written ({error.strerror or 'disk'})",
            "Choose another folder or check its permissions",
        ) from error


def _keep_first(new: Path, path: Path) -> None:
    """Give `new` its name unless another program was faster: then the first key stays."""
    try:
        os.link(new, path)
    except FileExistsError:
        pass
    except OSError:  # memory sticks know no links
        if not path.exists():
            new.replace(path)
    new.unlink(missing_ok=True)


@contextmanager
def import_lock(folder: Path) -> Iterator[None]:
    """Hold the library for one import; the system lets go by itself when the process dies.

    Raises
    ------
    StoreError
        If another import holds it, or the folder may not be written.
    """
    try:
        file = (folder / "import.lock").open("a+b")
    except OSError as error:
        raise StoreError(
            "Nothing was imported",
            f"the library's folder cannot be written ({error.strerror or 'disk'})",
            "Check its permissions or choose another library",
        ) from error
    with file:
        if not _try_lock(file):
            raise StoreError(
                "Nothing was imported",
                "another import into this library is running",
                "Wait until it is done and import again; nothing is taken twice",
            )
        yield


def is_importing(folder: Path) -> bool:
    """Whether an import holds the library now."""
    try:
        with (folder / "import.lock").open("r+b") as file:
            return not _try_lock(file)
    except OSError:
        return False


def _try_lock(file: IO[bytes]) -> bool:
    try:
        if os.name == "nt":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        else:
            import fcntl

            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        # Some network disks know no locks at all: then nothing tells two imports apart but the coordinator.
        return error.errno not in (errno.EACCES, errno.EAGAIN, errno.EDEADLK)
    return True


def clean_incoming(folder: Path) -> None:
    """Remove what an interrupted import left half written; the caller holds the import lock."""
    incoming = folder / INCOMING
    incoming.mkdir(parents=True, exist_ok=True)
    for path in incoming.iterdir():
        if path.is_file():
            path.unlink()


def flush_to_disk(folder: Path, files: Sequence[Path]) -> None:
    """Return when the copies, and their names in their folders, would survive the loss of power.

    Raises
    ------
    OSError
        If the disk reports an error; rows for these files must then not be written.
    """
    if not files or _flush_file_system(folder):
        return
    for path in {*files, *(path.parent for path in files)} if os.name == "posix" else files:
        descriptor = os.open(path, os.O_RDONLY if os.name == "posix" else os.O_RDWR)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _flush_file_system(folder: Path) -> bool:
    """Linux: one call for all files, several times faster than one by one; False elsewhere."""
    if sys.platform != "linux":
        return False
    import ctypes

    syncfs = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None)
    if syncfs is None:
        return False
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        if syncfs(descriptor) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))
    finally:
        os.close(descriptor)
    return True


def unwritable(error: OSError) -> StoreError:
    """The sentence for copies that could not be put in place."""
    full = error.errno == errno.ENOSPC
    return StoreError(
        "The import stopped",
        "the disk is full" if full else (error.strerror or "the disk reported an error").lower(),
        "Free some space and import again; what is in the library stays"
        if full
        else "Check the disk and import again; what is in the library stays",
    )


def copy_path(sop_instance_uid: str) -> str:
    """Path of a copy within the library, from its (already hashed) UID; spread over 256 folders."""
    from hashlib import sha256

    name = sha256(sop_instance_uid.encode()).hexdigest()
    return f"{IMAGES}/{name[:2]}/{name[2:34]}.dcm"
