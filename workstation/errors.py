"""What can go wrong that a person can act upon.

Every known failure carries three short parts: what happened, why, and what to do. Anything that is not
a `WorkstationError` or `Cancelled` is a bug.
"""

from __future__ import annotations


class WorkstationError(Exception):
    """A failure that is told to the person as one plain sentence.

    Parameters
    ----------
    what : str
        What could not be done, e.g. ``"This file was not loaded"``.
    why : str
        The cause, without identifiers of a patient.
    remedy : str
        What the person can do now; may be empty when nothing needs doing.
    """

    def __init__(self, what: str, why: str = "", remedy: str = "") -> None:
        self.what = what.rstrip(".")
        self.why = why.rstrip(".")
        self.remedy = remedy.rstrip(".")
        super().__init__(self.sentence)

    @property
    def sentence(self) -> str:
        """The message as one line: ``what: why. remedy.``"""
        text = f"{self.what}: {self.why}." if self.why else f"{self.what}."
        return f"{text} {self.remedy}." if self.remedy else text

    def __reduce__(self) -> tuple[type[WorkstationError], tuple[str, str, str]]:
        # Worker processes send errors home; the default pickling would pass the joined sentence.
        return (type(self), (self.what, self.why, self.remedy))


class DataError(WorkstationError):
    """A file or series cannot be used as it is."""


class StoreError(WorkstationError):
    """Disk, lock, permission or version of what is kept."""


class ProtocolViolation(WorkstationError):
    """Blinding, lock or order of a study forbids this."""


class ResourceError(WorkstationError):
    """One of our own data files (instrument, hanging protocol, plan, theme) has a mistake."""


class UsageError(WorkstationError):
    """The command was called in a way it does not understand (exit code 2)."""


class Cancelled(Exception):
    """The person pressed Stop. Nothing is wrong."""
