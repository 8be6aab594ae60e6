"""Which key does what: a table of commands, and the keys that a person gave them.

Handlers, tooltips, menus, the cheat sheet and the editor all ask a `Keymap`, so that none can say a key
that another does not obey.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from PySide6.QtCore import QKeyCombination, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QWidget
from shiboken6 import isValid

from workstation.errors import UsageError

_NOT_KEYPAD = ~Qt.KeyboardModifier.KeypadModifier
IMAGES = "images"


@dataclass(frozen=True, slots=True)
class Command:
    """What a key does.

    Attributes
    ----------
    action : str
        Name of the command in its handler.
    title : str
        What it does, for a person.
    key : str
        The key it has at first, e.g. ``"Ctrl+L"``.
    context : str
        Where the key is heard; keys of places that are heard together must differ.
    fixed : bool
        True where the key cannot be changed.
    """

    action: str
    title: str
    key: str
    context: str = IMAGES
    fixed: bool = False


HEARD_WITH: Mapping[str, frozenset[str]] = {
    IMAGES: frozenset({"form", "reading", "window"}),
    "form": frozenset({IMAGES, "reading", "window"}),
    "reading": frozenset({IMAGES, "form", "window"}),
    "reconcile": frozenset({"window"}),
    "library": frozenset({"window"}),
    "results": frozenset({"window"}),
    "window": frozenset({IMAGES, "form", "reading", "reconcile", "library", "results"}),
}
"""The reconcile desk hears its own keys before those of its images: R is the reason there."""

SHARED = frozenset({frozenset({"form_evidence", "key_image"})})
"""Pairs meant to have one key: with a form open the key image is the evidence of its item."""


class Keymap(QObject):
    """The keys in use.

    Parameters
    ----------
    commands : iterable of Command
    keys : mapping of str to str or None
        Keys that differ from the table, by action; what is unknown, fixed or in conflict is left out.

    Signals
    -------
    changed()
        Some command has another key.
    """

    changed = Signal()

    def __init__(
        self,
        commands: Iterable[Command],
        keys: Mapping[str, str] | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._commands = {command.action: command for command in commands}
        self._keys = {name: portable(command.key) for name, command in self._commands.items()}
        self._by_key: dict[tuple[str, str], str] = {}
        self.use(keys or {})

    @property
    def commands(self) -> tuple[Command, ...]:
        """The table."""
        return tuple(self._commands.values())

    @property
    def keys(self) -> Mapping[str, str]:
        """The key of every command, as Qt writes it on every system."""
        return dict(self._keys)

    def has(self, action: str) -> bool:
        """Whether there is such a command."""
        return action in self._commands

    def key_of(self, action: str) -> str:
        """The key of a command, as it is written on this system; ``""`` for none."""
        key = self._keys.get(action, "")
        return QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText)

    def sequence_of(self, action: str) -> QKeySequence:
        """The key of a command for Qt."""
        return QKeySequence(self._keys.get(action, ""))

    def action_of(self, event: QKeyEvent, context: str = IMAGES) -> str:
        """Name of the command that a key event means; ``""`` for none."""
        modifiers = event.modifiers() & _NOT_KEYPAD
        key = Qt.Key.Key_Return if event.key() == Qt.Key.Key_Enter else event.key()
        sequence = QKeySequence(modifiers.value | key).toString()
        return self._by_key.get((context, sequence), "")

    def is_key_of(self, event: QKeyEvent, action: str) -> bool:
        """Whether the key itself, whatever is held with it, is that of a command: for its release."""
        sequence = self.sequence_of(action)
        return not sequence.isEmpty() and _first(sequence).key() == event.key()

    def refusal(self, action: str, key: str) -> str:
        """Why a command cannot have a key beside the present keys of the others; ``""`` if it can."""
        return self._refusal(action, key, _holders(self._keys).get(portable(key), ()))

    def _refusal(self, action: str, key: str, holders: Collection[str]) -> str:
        """Why a command cannot have a key that the commands in `holders` have."""
        command, wanted = self._commands.get(action), portable(key)
        if command is None:
            return f"There is no command {action}."
        if key and not wanted:
            return f"{key} is no key."
        if wanted == portable(command.key):
            pass  # its own key is always allowed as a key, if no other command took it
        elif command.fixed:
            return f"“{command.title}” keeps its key."
        elif QKeySequence(wanted).count() > 1:
            return "A command has one key, not several in a row."
        elif reason := _reserved(wanted):
            return reason
        for name in holders if wanted else ():
            other = self._commands[name]
            if name == action:
                continue
            together = other.context == command.context or other.context in HEARD_WITH[command.context]
            if together and frozenset({name, action}) not in SHARED:
                return f"{_native(wanted)} is the key of “{other.title}”. Change that one first."
        return ""

    def change(self, action: str, key: str) -> None:
        """Give a command another key, or none.

        Raises
        ------
        UsageError
            If the key is taken, reserved or no key; the sentence says by what.
        """
        reason = self.refusal(action, key)
        if reason:
            raise UsageError("The key was not changed", reason.rstrip("."))
        self._keys[action] = portable(key)
        self._index()

    def use(self, keys: Mapping[str, str]) -> tuple[str, ...]:
        """Take the keys of the table with those of `keys`; sentences say which were left out."""
        taken = {name: portable(command.key) for name, command in self._commands.items()}
        refused = []
        wanted = {name: key for name, key in keys.items() if name in self._commands}
        # Two commands may exchange keys: judge each against the whole result.
        for name, key in wanted.items():
            taken[name] = portable(key)
        holders = _holders(taken)

        def judge(name: str, key: str) -> None:
            reason = self._refusal(name, key, holders.get(portable(key), ()))
            if reason:
                refused.append(reason)
                holders.get(taken[name], {}).pop(name, None)
                taken[name] = ""

        for name, key in wanted.items():
            judge(name, key)
        for name, command in self._commands.items():  # an untouched command whose key was taken has none
            if name not in wanted:
                judge(name, command.key)
        self._keys = taken
        self._index()
        return tuple(refused)

    def bind(
        self, action: str, owner: QWidget, run: Callable[[], object], *, everywhere: bool = False
    ) -> QShortcut:
        """A live shortcut of a widget for a command; it follows when the key changes."""
        shortcut = QShortcut(self.sequence_of(action), owner)
        context = Qt.ShortcutContext
        shortcut.setContext(context.WindowShortcut if everywhere else context.WidgetWithChildrenShortcut)
        shortcut.activated.connect(run)

        def follow() -> None:
            if isValid(shortcut):
                shortcut.setKey(self.sequence_of(action))

        self.changed.connect(follow)
        return shortcut

    def _index(self) -> None:
        self._by_key = {
            (command.context, self._keys[name]): name
            for name, command in self._commands.items()
            if self._keys[name]
        }
        self.changed.emit()


def tell(widget: QWidget, keymap: Keymap, action: str, text: str) -> None:
    """Give a widget the tooltip of a command; its key follows when it changes."""

    def write() -> None:
        if isValid(widget):
            widget.setToolTip(with_key(text, keymap.key_of(action)))

    write()
    keymap.changed.connect(write)


@lru_cache(maxsize=1024)
def portable(key: str) -> str:
    """A key as Qt writes it on every system; ``""`` if it is none."""
    sequence = QKeySequence(key)
    if sequence.isEmpty() or _first(sequence).key() == Qt.Key.Key_unknown:
        return ""
    return sequence.toString()


def with_key(text: str, key: str) -> str:
    """A tooltip: the sentence, then its key."""
    return f"{text}  ({key})" if key else text


def _holders(keys: Mapping[str, str]) -> dict[str, dict[str, None]]:
    """The commands that have each key, in their order."""
    found: dict[str, dict[str, None]] = {}
    for name, key in keys.items():
        found.setdefault(key, {})[name] = None
    return found


def _first(sequence: QKeySequence) -> QKeyCombination:
    return sequence[0]  # type: ignore[index,no-any-return]  # Qt's stubs leave __getitem__ out


def _native(key: str) -> str:
    return QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText)


def _reserved(key: str) -> str:
    """Why nobody may have this key."""
    if not key:
        return ""
    combination = _first(QKeySequence(key))
    pressed, modifiers = combination.key(), combination.keyboardModifiers()
    if Qt.Key.Key_0 <= pressed <= Qt.Key.Key_9 and not modifiers & Qt.KeyboardModifier.ControlModifier:
        return "Digits score, and Alt with a digit is a window preset."
    if pressed in (Qt.Key.Key_Tab, Qt.Key.Key_Backtab):
        return "Tab goes to the next viewport or control."
    if pressed == Qt.Key.Key_Escape:
        return "Esc always cancels."
    if pressed in (Qt.Key.Key_Minus, Qt.Key.Key_Period) and not modifiers:
        return "This key answers “not assessable”."
    return ""
