"""The only wiring: settings and the library, opened once for either surface."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from workstation import settings
from workstation.store.library import Library


@dataclass
class Workspace:
    """What a use case needs: the open library and the settings.

    Attributes
    ----------
    library : Library
    settings : dict
        Values by name, see `workstation.settings.SETTINGS`.
    """

    library: Library
    settings: dict[str, Any] = field(default_factory=settings.load)

    def close(self) -> None:
        """Let go of the library."""
        self.library.close()

    def __enter__(self) -> Workspace:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_workspace(library_dir: Path | None = None, *, create: bool = True) -> Workspace:
    """Open the library of a folder (by default the person's own) together with the settings.

    Raises
    ------
    StoreError
        If the library cannot be opened or made; in plain words.
    """
    return Workspace(Library.open(library_dir or settings.default_library(), create=create))
