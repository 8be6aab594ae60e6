"""What of the own entries is not on the study's server yet: a few words at the foot, nothing that waits.

The exchange runs beside reading. A server that is away, slow or refuses changes these words and nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import (
    QLabel,
    QLineEdit,
    QMenu,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
    QWidgetAction,
)

from workstation.errors import WorkstationError
from workstation.gui.jobs import Jobs

if TYPE_CHECKING:
    from workstation.store.server_address import ServerAddress
    from workstation.workflow.read_case import Study
    from workstation.workflow.replicate import LinkStatus

SLOT = "server"
EVERY_S, AT_MOST_S = 30, 600
_MENU_PX, _MARGIN_PX = 320, 12
_LONGEST = 72


class ServerWatch(QObject):
    """Exchanges the open study with its server again and again, less often while that fails.

    ``told(words, sentence)`` after each try; both are empty where the study has no server.
    ``password_wanted(bool)`` when the person must be asked, and no longer.

    Attributes
    ----------
    badge : ServerBadge
        Shows what is told.
    """

    told = Signal(str, str)
    password_wanted = Signal(bool)

    def __init__(self, jobs: Jobs, parent: QObject) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._study: Study | None = None
        self._address: ServerAddress | None = None
        self._password: str | None = None
        self._wait_s = EVERY_S
        self.badge = ServerBadge()
        self.badge.watch(self)
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self.now)

    def take(self, study: Study | None) -> None:
        """Another study is open, or none."""
        from workstation.store.server_join import kept_address

        self._timer.stop()
        self._jobs.forget(SLOT)
        self._study, self._address, self._password = study, None, None
        self._wait_s = EVERY_S
        self.told.emit("", "")
        if study is None:
            return
        try:
            self._address = kept_address(study.store.folder)
        except WorkstationError as error:
            self.told.emit("Server?", error.sentence)
        if self._address is not None:
            self._timer.start(0)

    def use(self, password: str) -> None:
        """A password was typed; it stays in memory while the study is open."""
        self._password = password
        self._wait_s = EVERY_S
        self.now()

    def now(self) -> None:
        """Exchange now."""
        from workstation.store.server_address import Login, kept_password
        from workstation.workflow.replicate import exchange_quietly

        self._timer.stop()
        study, address = self._study, self._address
        if study is None or address is None:
            return
        password = self._password if self._password is not None else kept_password(address)
        if password is None and address.socket:
            password = ""  # who may use the socket is known to the system
        self.password_wanted.emit(password is None)
        folder, login = study.store.folder, None if password is None else Login(address, password)
        self._jobs.start(
            SLOT,
            lambda progress: exchange_quietly(folder, address, login, progress),
            self._on_told,
            self._on_error,
        )

    def _on_told(self, status: LinkStatus) -> None:
        failed = bool(status.trouble)
        self._wait_s = min(2 * self._wait_s, AT_MOST_S) if failed else EVERY_S
        if status.is_refused:
            self.password_wanted.emit(True)
        words = status.sentence if status.not_sent or failed else ""
        if len(words) > _LONGEST:
            words = f"{status.not_sent} not sent" if status.not_sent else "Not exchanged"
        if status.conflicts:
            words = "Read on two machines"
        self.told.emit(words, "\n".join((f"{status.sentence}.", *map(self._named, status.conflicts))))
        self._timer.start(1000 * self._wait_s)

    def _on_error(self, error: WorkstationError) -> None:
        self.told.emit("Not exchanged", error.sentence)
        self._timer.start(1000 * AT_MOST_S)

    def _named(self, sentence: str) -> str:
        """A sentence with the case's code, where who is signed in may know which it is."""
        vault = self._study.vault if self._study is not None else None
        for person in vault.people if vault is not None else ():
            for shown, slot in vault.orders.slots(person).items() if vault is not None else ():
                sentence = sentence.replace(slot, shown.case)
        return sentence


class ServerBadge(QToolButton):
    """The words of a `ServerWatch`; hidden while there is nothing to say. Its menu tells the rest."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("server_status")
        self.setAccessibleName("Server of the study")
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setAutoRaise(True)
        self.setProperty("emphasis", "quiet")
        self._sentence = QLabel()
        self._sentence.setWordWrap(True)
        self._password = QLineEdit()
        self._password.setEchoMode(QLineEdit.EchoMode.Password)
        self._password.setPlaceholderText("The server's password")
        self._password.setAccessibleName("The server's password")
        self._again = QPushButton("Try now")
        self._again.setObjectName("server_again")
        page = QWidget()
        page.setFixedWidth(_MENU_PX)
        layout = QVBoxLayout(page)
        layout.setContentsMargins(_MARGIN_PX, _MARGIN_PX, _MARGIN_PX, _MARGIN_PX)
        for widget in (self._sentence, self._password, self._again):
            layout.addWidget(widget)
        menu = QMenu(self)
        action = QWidgetAction(menu)
        action.setDefaultWidget(page)
        menu.addAction(action)
        self.setMenu(menu)
        self._password.hide()
        self.hide()

    def watch(self, server: ServerWatch) -> None:
        """Say what a watch tells."""
        server.told.connect(self._show)
        server.password_wanted.connect(self._password.setVisible)
        self._again.clicked.connect(lambda: self._go(server))
        self._password.returnPressed.connect(lambda: self._go(server))

    def _go(self, server: ServerWatch) -> None:
        typed = self._password.text()
        self._password.clear()
        self.menu().close()
        if typed:
            server.use(typed)
        else:
            server.now()

    def _show(self, words: str, sentence: str) -> None:
        self.setText(words)
        self.setToolTip(sentence)
        self.setAccessibleDescription(sentence)
        self._sentence.setText(sentence)
        # A wrapped label in a menu is not asked how high it must be.
        self._sentence.ensurePolished()
        self._sentence.setFixedHeight(max(0, self._sentence.heightForWidth(_MENU_PX - 2 * _MARGIN_PX)))
        self.setVisible(bool(words))
