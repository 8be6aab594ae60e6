"""The library's folder: its key is made once, its lock is held by one import."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from workstation.errors import StoreError
from workstation.store import folder


def test_the_first_key_stays(tmp_path: Path) -> None:
    folder.make_key(tmp_path)
    key = folder.read_key(tmp_path)
    folder.make_key(tmp_path)
    assert folder.read_key(tmp_path) == key
    assert [path.name for path in (tmp_path / "private").iterdir()] == ["key"]


def test_a_disk_without_links_gets_a_key_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_links(*_: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_links)
    folder.make_key(tmp_path)
    assert len(folder.read_key(tmp_path)) == 32
    assert [path.name for path in (tmp_path / "private").iterdir()] == ["key"]


def test_only_one_import_holds_the_library(tmp_path: Path) -> None:
    assert not folder.is_importing(tmp_path)
    with folder.import_lock(tmp_path):
        assert folder.is_importing(tmp_path)
        with pytest.raises(StoreError, match="another import"), folder.import_lock(tmp_path):
            pass
    assert not folder.is_importing(tmp_path)
    with folder.import_lock(tmp_path):
        pass


def test_copies_are_flushed_one_by_one_where_the_system_has_no_call_for_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed: list[int] = []
    monkeypatch.setattr(folder, "_flush_file_system", lambda _folder: False)
    monkeypatch.setattr(os, "fsync", flushed.append)
    files = [tmp_path / "a", tmp_path / "b"]
    for path in files:
        path.write_text("x")
    folder.flush_to_disk(tmp_path, files)
    assert len(flushed) == (3 if os.name == "posix" else 2)


def test_copies_lie_under_a_name_that_says_nothing() -> None:
    path = folder.copy_path("2.25.1234567890")
    assert path == folder.copy_path("2.25.1234567890") != folder.copy_path("2.25.1234567891")
    assert "1234" not in path
