"""What a person can do, as data: one table gives the button, its key, its tooltip and the help."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QPushButton, QToolButton, QWidget
from shiboken6 import isValid

from workstation.gui import icons
from workstation.gui.keymap import Keymap, tell, with_key
from workstation.gui.theme import Theme


@dataclass(frozen=True)
class Action:
    """One thing that can be done.

    Attributes
    ----------
    id : str
        Name of the action, also the object name of its button, e.g. ``"import_folder"``.
    title : str
        Words on the button, e.g. ``"Import folder…"``.
    key : str
        Shortcut such as ``"Ctrl+O"``; ``""`` for none.
    run : callable
        Called without arguments.
    icon : str
        Name of an icon; ``""`` for none.
    tip : str
        One sentence of what it does; the key is added to the tooltip by itself.
    """

    id: str
    title: str
    key: str
    run: Callable[[], None]
    icon: str = ""
    tip: str = ""

    @property
    def sentence(self) -> str:
        """What it does."""
        return self.tip or self.title.rstrip("…")

    @property
    def tooltip(self) -> str:
        """The sentence with the key."""
        return with_key(
            self.sentence, QKeySequence(self.key).toString(QKeySequence.SequenceFormat.NativeText)
        )


def qt_action(action: Action, owner: QWidget, keymap: Keymap | None = None) -> QAction:
    """The action with its key, live while `owner` or a widget inside it has the focus.

    With a `keymap` that knows the action the key is the one it has there, now and later.
    """
    made = QAction(action.title, owner)
    made.setObjectName(f"action_{action.id}")
    made.setToolTip(action.tooltip)
    if action.key:
        made.setShortcut(QKeySequence(action.key))
    if keymap is not None and keymap.has(action.id):

        def follow() -> None:
            if isValid(made):
                made.setShortcut(keymap.sequence_of(action.id))

        follow()
        keymap.changed.connect(follow)
    made.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
    made.triggered.connect(lambda _checked=False: action.run())
    owner.addAction(made)
    return made


def button(
    action: Action,
    theme: Theme,
    *,
    words: bool = True,
    primary: bool = False,
    keymap: Keymap | None = None,
) -> QPushButton | QToolButton:
    """A button for an action: with its words, or its icon alone (the tooltip then says the words).

    The key is not bound here: `qt_action` does that once.
    """
    made: QPushButton | QToolButton
    if words:
        made = QPushButton(action.title)
        if primary:
            made.setProperty("emphasis", "primary")
    else:
        made = QToolButton()
        made.setProperty("emphasis", "quiet")
    made.setObjectName(action.id)
    made.setAccessibleName(action.title.rstrip("…"))
    if keymap is not None and keymap.has(action.id):
        tell(made, keymap, action.id, action.sentence)
    else:
        made.setToolTip(action.tooltip)
    if action.icon:
        icons.dress(made, action.icon, theme, "on_accent" if primary else "text")
    made.clicked.connect(lambda _checked=False: action.run())
    return made
