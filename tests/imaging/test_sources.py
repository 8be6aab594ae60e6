"""What is walked for an import: folders, files and archives, nothing lost, nothing followed astray."""

from __future__ import annotations

import gzip
import io
import os
import struct
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from workstation.errors import DataError
from workstation.imaging import sources
from workstation.imaging.dicom import read_file
from workstation.imaging.sources import Source, walk

Make = Callable[..., bytes]


def names(folder: Path, *paths: Path) -> list[str]:
    """Labels of what is found, relative to `folder`."""
    return [os.path.relpath(source.path, folder) for source in walk(paths or (folder,))]


def content(source: Source) -> bytes:
    """All bytes of a source."""
    with source.open() as stream:
        return stream.read()


def test_folders_are_walked_in_order_of_names(tmp_path: Path) -> None:
    for name in ("b/2", "b/1", "a", "c/d/e"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(name.encode())
    assert names(tmp_path) == ["a", "b/1", "b/2", "c/d/e"]
    assert [content(s) for s in walk([tmp_path])] == [b"a", b"b/1", b"b/2", b"c/d/e"]


def test_an_empty_folder_has_nothing(tmp_path: Path) -> None:
    assert names(tmp_path) == []


def test_a_missing_path_is_said(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="does not exist"):
        list(walk([tmp_path / "nowhere"]))


def test_links_in_circles_end(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "file").write_bytes(b"1")
    (tmp_path / "a" / "up").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "b").symlink_to(tmp_path / "a", target_is_directory=True)
    assert names(tmp_path) == ["a/file"]


def test_a_file_named_twice_is_taken_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"1")
    assert names(tmp_path, tmp_path, tmp_path / "file", tmp_path) == ["file"]


def test_a_broken_link_is_reported(tmp_path: Path) -> None:
    (tmp_path / "gone").symlink_to(tmp_path / "nothing")
    (source,) = walk([tmp_path])
    assert "cannot be read" in source.refusal
    with pytest.raises(DataError, match="cannot be read"), source.open():
        pass


def test_a_pipe_is_reported_and_never_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (source,) = walk([tmp_path])
    assert "pipe" in source.refusal


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_folder_is_reported_as_root_cannot(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0o000)
    (source,) = walk([tmp_path])
    assert "this folder cannot be read" in source.refusal


def test_an_unreadable_folder_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "closed").mkdir()
    (tmp_path / "open").write_bytes(b"1")
    real = os.scandir

    def scandir(path: Path) -> object:
        if Path(path).name == "closed":
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    closed, opened = walk([tmp_path])
    assert closed.refusal == "this folder cannot be read (Permission denied)"
    assert opened.refusal == ""


# --- archives ----------------------------------------------------------------------------------------------


def archive(path: Path, members: dict[str, bytes]) -> Path:
    """A ZIP of these members."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        for name, data in members.items():
            out.writestr(name, data)
    return path


def test_members_come_singly(tmp_path: Path, dicom_bytes: Make) -> None:
    path = archive(tmp_path / "study.zip", {"DICOM/IM1": dicom_bytes(), "readme.txt": b"hello"})
    first, second = walk([path])
    assert first.path == f"{path}/DICOM/IM1"
    with first.open() as stream:
        assert read_file(stream, first.path).instances[0].path == first.path
    assert content(second) == b"hello"


def test_archives_are_recognised_by_content(tmp_path: Path) -> None:
    archive(tmp_path / "study", {"a": b"1"})
    (tmp_path / "picture.zip").write_bytes(b"no archive")
    assert names(tmp_path) == ["picture.zip", "study/a"]


def test_names_that_lead_outside_lead_nowhere(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    path = archive(
        tmp_path / "in" / "slip.zip",
        {
            "../../outside": b"1",
            "/etc/outside": b"2",
        },
    )
    before = set(tmp_path.rglob("*"))
    assert [content(s) for s in walk([path])] == [b"1", b"2"]
    assert set(tmp_path.rglob("*")) == before


def test_two_members_of_one_name_are_both_there(tmp_path: Path) -> None:
    path = tmp_path / "twice.zip"
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(path, "w") as out:
        out.writestr("a", b"1")
        out.writestr("a", b"2")
    assert [content(s) for s in walk([path])] == [b"1", b"2"]


def test_a_large_archive_is_read_in_time(tmp_path: Path) -> None:
    path = archive(tmp_path / "many.zip", {f"{n}": b"%d" % n for n in range(5000)})
    started = time.monotonic()
    assert [content(s) for s in walk([path])] == [b"%d" % n for n in range(5000)]
    assert time.monotonic() - started < 20


def test_an_archive_that_changed_is_opened_anew(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.zip", {"a": b"1"})
    (first,) = walk([path])
    assert content(first) == b"1"
    archive(path, {"a": b"22"})
    assert content(first) == b"22"


def test_an_encrypted_member_is_refused_by_name(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.zip", {"a": b"1"})
    raw = bytearray(path.read_bytes())
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        raw[raw.index(signature) + flags] |= 1
    path.write_bytes(raw)
    (source,) = walk([path])
    assert "encrypted" in source.refusal


def test_an_archive_in_an_archive_is_refused(tmp_path: Path) -> None:
    inner = archive(tmp_path / "inner.zip", {"a": b"1"}).read_bytes()
    (source,) = walk([archive(tmp_path / "outer.zip", {"inner.zip": inner})])
    with pytest.raises(DataError, match="an archive inside an archive"):
        content(source)


def test_a_bomb_is_refused_before_it_unpacks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "LARGEST_MEMBER", 1_000_000)
    path = archive(tmp_path / "bomb.zip", {"bomb": bytes(2_000_000)})
    (source,) = walk([path])
    assert "more than its archive can hold" in source.refusal


def test_a_member_that_lies_about_its_size_is_refused(tmp_path: Path) -> None:
    path = archive(tmp_path / "lie.zip", {"a": bytes(100_000)})
    raw = bytearray(path.read_bytes())
    place = raw.index(b"PK\x01\x02") + 24
    raw[place : place + 4] = struct.pack("<I", 50)
    path.write_bytes(raw)
    (source,) = walk([path])
    with pytest.raises(DataError, match="damaged inside its ZIP"):
        content(source)


def test_damaged_archives_and_members_are_refused(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.zip", {"a": os.urandom(10_000)})
    whole = path.read_bytes()
    path.write_bytes(whole[:5000])
    (source,) = walk([path])
    assert "damaged or cut short" in source.refusal
    damaged = bytearray(whole)
    damaged[2000:2050] = bytes(50)
    path.write_bytes(damaged)
    (source,) = walk([path])
    with pytest.raises(DataError, match="damaged inside its ZIP"):
        content(source)


def test_a_gzipped_dicom_file_is_unpacked_and_other_gzip_is_left(tmp_path: Path, dicom_bytes: Make) -> None:
    (tmp_path / "a.gz").write_bytes(gzip.compress(dicom_bytes()))
    (tmp_path / "b.nii.gz").write_bytes(gzip.compress(b"n" * 1000))
    (tmp_path / "c.gz").write_bytes(gzip.compress(dicom_bytes())[:-900])
    picture, nifti, damaged = walk([tmp_path])
    with picture.open() as stream:
        assert len(read_file(stream).instances) == 1
    with nifti.open() as stream, pytest.raises(DataError, match="not a DICOM file"):
        read_file(stream)
    with pytest.raises(DataError, match="gzip"), damaged.open():
        pass


def test_members_decode_like_files(tmp_path: Path, dicom_bytes: Make) -> None:
    from workstation.imaging.dicom_pixels import check_decodable, decode_plane

    path = archive(
        tmp_path / "a.zip", {s: dicom_bytes(syntax=s) for s in ("explicit", "big", "rle", "jpegls")}
    )
    planes = []
    for source in walk([path]):
        with source.open() as stream:
            file = read_file(stream, source.path)
            check_decodable(file.instances, stream)
            planes.append(decode_plane(file.instances[0], stream).tobytes())
    assert len(planes) == 4
    assert len(set(planes)) == 1


def test_a_truncated_stream_is_a_data_error() -> None:
    with pytest.raises(DataError, match="cut short"):
        read_file(io.BytesIO(bytes(128) + b"DICM"))
