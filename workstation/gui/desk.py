"""A desk is one full-window task. Desks know each other only by id, through the window."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from workstation.errors import StoreError, WorkstationError
from workstation.gui.commands import make_keymap
from workstation.gui.jobs import Jobs
from workstation.gui.keymap import Keymap
from workstation.gui.messages import Messages
from workstation.gui.theme import Appearance, Theme

if TYPE_CHECKING:
    from workstation.workflow.workspace import Workspace


@dataclass(eq=False)
class DeskContext:
    """What every desk is given.

    Attributes
    ----------
    settings : dict
        Settings by name (`workstation.settings`), changed through `MainWindow.keep_setting`.
    keymap : Keymap
        The keys in use.
    """

    jobs: Jobs
    messages: Messages
    appearance: Appearance
    settings: dict[str, Any] = field(default_factory=dict)
    keymap: Keymap = field(default_factory=lambda: make_keymap({}))
    _workspace: Workspace | None = None

    @property
    def theme(self) -> Theme:
        """The present theme."""
        return self.appearance.theme

    @property
    def has_workspace(self) -> bool:
        """False until the library has been opened."""
        return self._workspace is not None

    @property
    def workspace(self) -> Workspace:
        """The open library and settings.

        Raises
        ------
        StoreError
            While the library is still being opened, or could not be.
        """
        if self._workspace is None:
            raise StoreError("The library is not open", "it is still being opened or was refused")
        return self._workspace

    def set_workspace(self, workspace: Workspace) -> None:
        """Told once by the window when the library has been opened."""
        self._workspace = workspace


class Desk(QWidget):
    """Base of every desk.

    A desk is built the first time it is shown. It sets `id` and `title`, overrides what it needs of
    `take`, `entered`, `may_leave`, `shut_down`, `header_widget` and `status_widget`, and emits:

    ``asked_for(desk_id, what)``
        to send the person to another desk, with something to open there;
    ``titled(text)``
        what the header of the window says (case code, study), never an identity;
    ``blinded(bool)``
        when a blinded read is opened or closed here: the window then shuts the other desks.
    """

    id: ClassVar[str] = ""
    title: ClassVar[str] = ""

    asked_for = Signal(str, object)
    titled = Signal(str)
    blinded = Signal(bool)

    def __init__(self, context: DeskContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.context = context
        self.setObjectName(f"{self.id}_desk")
        self.setAccessibleName(f"{self.title} desk")

    def build_on(self) -> bool:
        """Make the next part of a desk begun ahead of time (`DeskEntry.begin`); False once it is whole."""
        return False

    def take(self, what: object) -> None:
        """Open what another desk or the command line sent (a case code, a study folder, …)."""

    def takes_drop(self, paths: tuple[Path, ...]) -> bool:  # noqa: ARG002 - the shape of every desk
        """Whether files dropped while it is in front are for this desk; if not the library imports them."""
        return False

    def entered(self) -> None:
        """The desk has come to the front: refresh what may have changed, set the focus."""

    def may_leave(self) -> bool:
        """Whether the person may go to another desk now."""
        return True

    def workspace_opened(self) -> None:
        """The library became available after this desk was built."""

    def workspace_refused(self, error: WorkstationError) -> None:
        """The library could not be opened; the message bar has said why."""

    def lock_session(self) -> bool:
        """Hide what is open until its person signs in again.

        Returns
        -------
        bool
            False where nobody has a session on this desk, so that there was nothing to hide.
        """
        return False

    def shut_down(self) -> None:
        """The window closes: keep what must be kept."""

    def header_widget(self) -> QWidget | None:
        """Something of this desk's own for the middle of the window's header, 36 px high."""
        return None

    def status_widget(self) -> QWidget | None:
        """Something small of this desk's own for the foot of the window."""
        return None


@dataclass(frozen=True)
class DeskEntry:
    """How a desk is offered before it is built.

    Attributes
    ----------
    key : str
        Shortcut that brings the desk to the front, e.g. ``"Ctrl+1"``.
    purpose : str
        One sentence for the tooltip.
    build : callable
        Imports and makes the desk; called the first time it is shown.
    shut_while_blinded : bool
        True for every desk that could show a reader more than the case being read.
    begin : callable, optional
        Begins a desk that is made in parts by `Desk.build_on`, where making it whole would hold the window.
    """

    id: str
    title: str
    icon: str
    key: str
    purpose: str
    build: Callable[[DeskContext], Desk]
    shut_while_blinded: bool = True
    begin: Callable[[DeskContext], Desk] | None = None
