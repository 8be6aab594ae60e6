"""The crosswalk: who is behind each case code. One CSV file for the coordinator, outside the library.

It is the only place where identities are kept. A line is appended, and on disk, before the first image of
its study is recorded in the library; case code and visit are filled in when they are known. Columns that
the coordinator adds are kept.
"""

from __future__ import annotations

import csv
import io
import os
import secrets
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from workstation.errors import StoreError
from workstation.imaging.study import Identity
from workstation.store.records import CaseStudy

COLUMNS = (
    "case",
    "visit",
    "joint",
    "side",
    "subject",
    "patient_id",
    "issuer_of_patient_id",
    "patient_name",
    "sex",
    "birth_date",
    "study_date",
    "study_instance_uid",
)

Row = dict[str, str]


def default_path(library: Path) -> Path:
    """``<library>.crosswalk.csv`` beside the library's folder."""
    return library.absolute().with_name(library.absolute().name + ".crosswalk.csv")


class Crosswalk:
    """The crosswalk file of one library.

    Parameters
    ----------
    path : Path
        The file; made when the first identity is noted.
    library : Path
        The library's folder, in which the file may not lie.

    Raises
    ------
    StoreError
        If it lies inside the library, cannot be written, or is some other file.
    """

    def __init__(self, path: Path, library: Path) -> None:
        self.path = path.absolute()
        if self.path.resolve().is_relative_to(library.resolve()):
            raise StoreError(
                "The crosswalk was not used",
                "it lies inside the library, which must hold no identity",
                "Choose a file outside the library",
            )
        self._rows: list[Row] = []
        self._columns = list(COLUMNS)
        self._ends_in_line = True
        self._is_older = False
        self._read()
        self._check_writable()

    def note(self, identities: Iterable[tuple[str, Identity]]) -> None:
        """Append a line per study that has none yet; on disk when this returns.

        Parameters
        ----------
        identities : iterable of (str, Identity)
            Pseudonym of the subject and who it is.
        """
        known = {(row["subject"], row["study_instance_uid"]) for row in self._rows}
        new = []
        for subject, identity in identities:
            row = _row(subject, identity)
            if (row["subject"], row["study_instance_uid"]) not in known:
                known.add((row["subject"], row["study_instance_uid"]))
                new.append(row)
        if not new:
            return
        if self._is_older:
            self._replace(self._rows + new)
            return
        text = self._text(new, header=not self.path.exists() or self.path.stat().st_size == 0)
        try:
            descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            with os.fdopen(descriptor, "ab") as file:
                file.write(("" if self._ends_in_line else "\r\n").encode() + text)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise self._unwritable(error) from error
        self._ends_in_line = True
        self._rows += new

    def fill_in(self, studies: Iterable[CaseStudy], hashed: Callable[[str], str]) -> None:
        """Write case, visit, joint and side of every study the library knows; replaces the file in one step.

        Parameters
        ----------
        hashed : callable
            Original StudyInstanceUID -> the one used in the library.
        """
        placed: dict[str, list[CaseStudy]] = {}
        for study in studies:
            placed.setdefault(study.study_instance_uid, []).append(study)
        rows = []
        done: set[str] = set()
        for row in self._rows:
            found = placed.get(hashed(row["study_instance_uid"])) if row["study_instance_uid"] else None
            if found is None:
                rows.append(row)
            elif row["study_instance_uid"] not in done:
                done.add(row["study_instance_uid"])
                rows += self._filled(row["study_instance_uid"], found)
        if rows == self._rows:
            return
        self._replace(rows)

    def disagreements(self) -> tuple[str, ...]:
        """Cases whose files give one patient number but two birth dates or sexes."""
        said: dict[str, dict[str, set[str]]] = {}
        codes: dict[str, set[str]] = {}
        for row in self._rows:
            codes.setdefault(row["subject"], set()).add(row["case"])
            for column in ("sex", "birth_date"):
                if row[column]:
                    said.setdefault(row["subject"], {}).setdefault(column, set()).add(row[column])
        return tuple(
            f"Under {', '.join(sorted(code for code in codes[subject] if code))} the files give one patient "
            f"number but different {column.replace('_', ' ')}s: check that it is one person."
            for subject, columns in said.items()
            for column, values in columns.items()
            if len(values) > 1
        )

    def _replace(self, rows: list[Row]) -> None:
        new = self.path.with_name(f"{self.path.name}.{secrets.token_hex(4)}.new")
        try:
            descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(self._text(rows, header=True))
                file.flush()
                os.fsync(file.fileno())
            new.replace(self.path)
        except OSError as error:
            new.unlink(missing_ok=True)
            raise self._unwritable(error) from error
        self._rows, self._is_older, self._ends_in_line = rows, False, True

    def _filled(self, uid: str, found: list[CaseStudy]) -> list[Row]:
        old = [row for row in self._rows if row["study_instance_uid"] == uid]
        rows = []
        for study in found:
            row = dict(next((r for r in old if r["case"] == study.case_code), old[0]))
            row["case"], row["visit"] = study.case_code, study.visit
            row["joint"], row["side"] = study.joint or "", study.laterality or ""
            rows.append(row)
        return rows

    def _text(self, rows: Iterable[Row], header: bool) -> bytes:
        # The mark at the start lets spreadsheets read names in every script.
        out = io.StringIO()
        writer = csv.DictWriter(out, self._columns, restval="", extrasaction="ignore")
        if header:
            out.write("\ufeff")
            writer.writeheader()
        writer.writerows(rows)
        return out.getvalue().encode("utf-8", "backslashreplace")

    def _read(self) -> None:
        if not self.path.exists():
            return
        try:
            text = self.path.read_bytes().decode("utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise StoreError(
                "The crosswalk was not read",
                "it cannot be opened" if isinstance(error, OSError) else "it was saved in another encoding",
                "Check the file (CSV, UTF-8) or name another one with --crosswalk",
            ) from error
        if not text.strip():
            return
        reader = csv.DictReader(io.StringIO(text), restval="")
        header = list(reader.fieldnames or ())
        if not {"case", "subject", "patient_id", "study_instance_uid"} <= set(header):
            raise StoreError(
                "The crosswalk was not used",
                f"{self.path.name} is some other file",
                "Name another file with --crosswalk; this one was left alone",
            )
        missing = [name for name in COLUMNS if name not in header]
        self._columns, self._is_older = header + missing, bool(missing)
        try:
            for found in reader:
                self._rows.append({name: found.get(name) or "" for name in self._columns})
        except csv.Error as error:
            raise StoreError(
                "The crosswalk was not read",
                f"line {reader.line_num} is damaged ({error})",
                "Correct it, or name another file with --crosswalk",
            ) from error
        self._ends_in_line = text.endswith(("\n", "\r"))

    def _check_writable(self) -> None:
        # Asked before any image is copied: a case whose identity is kept nowhere could not be traced back.
        target = self.path if self.path.exists() else self.path.parent
        if not os.access(target, os.W_OK):
            raise StoreError(
                "Nothing was imported",
                "the crosswalk file cannot be written where it belongs",
                "Check the permissions or name another file with --crosswalk",
            )

    def _unwritable(self, error: OSError) -> StoreError:
        return StoreError(
            "The crosswalk was not written",
            error.strerror or "disk",
            "Free the disk or the file and import again; nothing is taken twice",
        )


def refresh(path: Path, library: Path, studies: Iterable[CaseStudy], hashed: Callable[[str], str]) -> None:
    """Bring an existing crosswalk up to date after a join or a confirmed side."""
    if path.exists():
        Crosswalk(path, library).fill_in(studies, hashed)


def _row(subject: str, identity: Identity) -> Row:
    values: Mapping[str, str] = {
        "subject": subject,
        "patient_id": identity.patient_id,
        "issuer_of_patient_id": identity.issuer_of_patient_id,
        "patient_name": identity.patient_name,
        "sex": identity.patient_sex,
        "birth_date": identity.patient_birth_date,
        "study_date": identity.study_date,
        "study_instance_uid": identity.study_instance_uid,
    }
    return {name: values.get(name, "") for name in COLUMNS}
