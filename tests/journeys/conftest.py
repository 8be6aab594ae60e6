"""What several journeys begin with: the real window on phantoms, and a study in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from workstation.gui.application import make_application, make_window
from workstation.gui.main_window import MainWindow
from workstation.workflow.read_case import create_study
from workstation.workflow.workspace import Workspace, open_workspace


@pytest.fixture
def opened_window(qtbot: QtBot) -> Iterator[Callable[[Workspace], MainWindow]]:
    """Opens windows of 1440 × 900 on a workspace; they are closed at the end."""
    made: list[MainWindow] = []

    def open_on(workspace: Workspace) -> MainWindow:
        make_application()
        window = make_window(workspace, synchronous=True)
        qtbot.addWidget(window)
        window.resize(1440, 900)
        window.show()
        # Without this a command's key is lost: only an active window has shortcuts.
        window.activateWindow()
        qtbot.waitUntil(window.isActiveWindow)
        made.append(window)
        return window

    yield open_on
    for window in made:
        window.close()


@pytest.fixture
def study_of(tmp_path: Path) -> Callable[..., Path]:
    """Makes a study folder for cases of a library."""

    def make(
        library: Path, cases: tuple[str, ...], instruments: tuple[str, ...], rule: str = "consensus"
    ) -> Path:
        plan = tmp_path / "plan.toml"
        named = ", ".join(f'"{one}"' for one in cases)
        forms = ", ".join(f'"{one}"' for one in instruments)
        plan.write_text(
            f'id = "s"\ntitle = "Study"\ncases = [{named}]\nreaders = ["R1", "R2"]\n'
            f'instruments = [{forms}]\n[reconciliation]\nrule = "{rule}"\n',
            encoding="utf-8",
        )
        create_study(plan, tmp_path / "study", library).close()
        return tmp_path / "study"

    return make


@pytest.fixture
def reading(
    knee_library: Path,
    opened_window: Callable[[Workspace], MainWindow],
    study_of: Callable[..., Path],
) -> MainWindow:
    """Reader R1 has the first case of a study of two knees open (Recht form)."""
    folder = study_of(knee_library, ("K-R", "K-L"), ("recht",))
    window = opened_window(open_workspace(knee_library))
    desk = window.show_desk("reading", folder)
    assert desk is not None
    desk.choose_reader("R1")
    return window
