"""The entry point: without an argument the window opens, a subcommand runs the command line."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from workstation import cli


class QtSurface:
    """The screen, imported only when a command asks for it."""

    def can_open_window(self) -> bool:
        """Whether there is a display to open a window on."""
        from workstation.gui.application import has_display

        return has_display()

    def open_window(self, library: Path | None, study: str | None) -> int:
        """Show the workstation."""
        from workstation.gui.application import open_window

        return open_window(library, study)

    def render(
        self, study: str, library: Path | None, protocol: str | None, out: Path, size: tuple[int, int]
    ) -> dict[str, Any]:
        """Save the hung screen of a study."""
        from workstation.gui.pictures import render

        return render(study, library, protocol, out, size)

    def screenshots(
        self, study_folder: Path, library: Path, out: Path, passphrases: Mapping[str, str]
    ) -> list[Path]:
        """Save a picture of each desk."""
        from workstation.gui.screenshots import screenshots

        return screenshots(study_folder, library, out, passphrases=passphrases)


def main() -> int:
    """Run ``marrow``; ``marrow STUDY`` opens the window on that study."""
    if getattr(sys, "frozen", False):
        import multiprocessing

        multiprocessing.freeze_support()  # the import's worker processes of a frozen program start here
    return cli.run(sys.argv[1:], QtSurface())


if __name__ == "__main__":
    sys.exit(main())
