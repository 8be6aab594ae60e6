"""The keys of the viewer, as one table: the handler, tooltips and help are made from it."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QKeySequence

_NOT_KEYPAD = ~Qt.KeyboardModifier.KeypadModifier


@dataclass(frozen=True, slots=True)
class KeyBinding:
    """What a key does. `action` names it in the handler; `title` says it to a person."""

    action: str
    title: str
    key: str


BINDINGS: tuple[KeyBinding, ...] = (
    KeyBinding("slice_back", "Previous slice", "Up"),
    KeyBinding("slice_on", "Next slice", "Down"),
    KeyBinding("series_back", "Previous series", "Left"),
    KeyBinding("series_on", "Next series", "Right"),
    KeyBinding("first_slice", "First slice", "Home"),
    KeyBinding("last_slice", "Last slice", "End"),
    KeyBinding("stage_back", "Previous stage or hanging protocol", "PgUp"),
    KeyBinding("stage_on", "Next stage or hanging protocol", "PgDown"),
    KeyBinding("reset", "Start window and whole image", "R"),
    KeyBinding("invert", "Invert", "I"),
    KeyBinding("flip_horizontal", "Mirror left and right", "H"),
    KeyBinding("flip_vertical", "Turn upside down", "V"),
    KeyBinding("rotate", "Rotate by a quarter", "T"),
    KeyBinding("cine", "Cine", "C"),
    KeyBinding("peek", "Hold to look under the overlay", "G"),
    KeyBinding("overlay", "Overlay on or off", "Shift+G"),
    KeyBinding("link", "Link or unlink this viewport", "U"),
    KeyBinding("tie_slices", "Tie to the others at the slices shown", "Shift+U"),
    KeyBinding("reference", "Reference lines", "Shift+L"),
    KeyBinding("maximise", "One viewport alone, or all", "Return"),
    KeyBinding("cancel", "Cancel", "Esc"),
)
PRESET_KEYS = tuple(str(digit) for digit in range(1, 10))
"""Window presets: Alt+digit always, the plain digit while no form is open."""

_BY_SEQUENCE = {QKeySequence(binding.key).toString(): binding.action for binding in BINDINGS}


def action_of(event: QKeyEvent) -> str:
    """Name of the action of a key event; ``""`` if the viewer has none."""
    modifiers = event.modifiers() & _NOT_KEYPAD
    if event.key() == Qt.Key.Key_Enter:
        return "maximise" if not modifiers else ""
    sequence = QKeySequence(modifiers.value | event.key()).toString()
    return _BY_SEQUENCE.get(sequence, "")


def preset_of(event: QKeyEvent, form_is_open: bool) -> int:
    """Number of the window preset that a key asks for; 0 for none."""
    digit = event.key() - Qt.Key.Key_0
    if not 1 <= digit <= 9:
        return 0
    modifiers = event.modifiers() & _NOT_KEYPAD
    if modifiers == Qt.KeyboardModifier.AltModifier:
        return digit
    return digit if modifiers == Qt.KeyboardModifier.NoModifier and not form_is_open else 0


def key_of(action: str) -> str:
    """The key of an action as it is written on this system."""
    for binding in BINDINGS:
        if binding.action == action:
            return QKeySequence(binding.key).toString(QKeySequence.SequenceFormat.NativeText)
    return ""
