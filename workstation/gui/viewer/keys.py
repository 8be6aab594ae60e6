"""The keys of the viewer, as the first part of the table in `gui.commands`."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent

from workstation.gui.keymap import Command as KeyBinding

_NOT_KEYPAD = ~Qt.KeyboardModifier.KeypadModifier

BINDINGS: tuple[KeyBinding, ...] = (
    KeyBinding("slice_back", "Previous slice", "Up"),
    KeyBinding("slice_on", "Next slice", "Down"),
    KeyBinding("series_back", "Previous series", "Left"),
    KeyBinding("series_on", "Next series", "Right"),
    KeyBinding("first_slice", "First slice", "Home"),
    KeyBinding("last_slice", "Last slice", "End"),
    KeyBinding("stage_back", "Previous stage or protocol", "PgUp"),
    KeyBinding("stage_on", "Next stage or protocol", "PgDown"),
    KeyBinding("reset", "Start window and whole image", "R"),
    KeyBinding("invert", "Invert", "I"),
    KeyBinding("flip_horizontal", "Mirror left and right", "H"),
    KeyBinding("flip_vertical", "Turn upside down", "V"),
    KeyBinding("rotate", "Rotate by a quarter", "T"),
    KeyBinding("cine", "Cine", "C"),
    KeyBinding("tool_window", "Window with the left button", "W"),
    KeyBinding("tool_pan", "Pan with the left button", "P"),
    KeyBinding("tool_zoom", "Zoom with the left button", "Z"),
    KeyBinding("cine_slower", "Cine slower", "["),
    KeyBinding("cine_faster", "Cine faster", "]"),
    KeyBinding("magnifier", "Magnifier under the pointer", "M"),
    KeyBinding("overview", "Overview strip of the slices", "O"),
    KeyBinding("tile_menu", "Series for this viewport", "S"),
    KeyBinding("detach", "Viewport in its own window, or back", "D"),
    KeyBinding("full_screen", "Full screen, or the window again", "F11"),
    KeyBinding("peek", "Hold to look under the overlay", "G"),
    KeyBinding("overlay", "Overlay on or off", "Shift+G"),
    KeyBinding("link", "Link or unlink this viewport", "U"),
    KeyBinding("tie_slices", "Tie to the others at the slices shown", "Shift+U"),
    KeyBinding("reformats", "Reformats with crosshair, or back", "Q"),
    KeyBinding("tool_crosshair", "Crosshair with the left button", "Shift+Q"),
    KeyBinding("reference", "Reference lines", "Shift+L"),
    KeyBinding("tool_length", "Length", "L"),
    KeyBinding("tool_angle", "Angle", "A"),
    KeyBinding("tool_rectangle", "Rectangle with statistics", "Shift+A"),
    KeyBinding("tool_ellipse", "Ellipse with statistics", "Shift+E"),
    KeyBinding("tool_freehand", "Outline with statistics", "Shift+C"),
    KeyBinding("tool_text", "Note on the image", "Shift+N"),
    KeyBinding("tool_brush", "Brush: draw a mask", "B"),
    KeyBinding("tool_eraser", "Eraser of masks", "E"),
    KeyBinding("tool_polygon", "Polygon: draw a mask", "Shift+P"),
    KeyBinding("tool_island", "Erase an island of a mask", ""),
    KeyBinding("brush_back", "Smaller brush", "X"),
    KeyBinding("brush_on", "Larger brush", "Shift+X"),
    KeyBinding("brush_3d", "Brush in 3-D, or on one slice", "Shift+B"),
    KeyBinding("mask_copy_back", "Previous slice gets this one's mask", "Shift+Up"),
    KeyBinding("mask_copy_on", "Next slice gets this one's mask", "Shift+Down"),
    KeyBinding("mask_between", "Mask filled in between marked slices", "Shift+I"),
    KeyBinding("mask_holes", "Holes of the mask filled", ""),
    KeyBinding("mask_grow", "Mask grown", ""),
    KeyBinding("mask_shrink", "Mask shrunk", ""),
    KeyBinding("key_image", "Key image; in a read its evidence", "K"),
    KeyBinding("delete_mark", "Remove the selected measurement", "Del"),
    KeyBinding("maximise", "One viewport alone, or all", "Return"),
    KeyBinding("cancel", "Cancel", "Esc", fixed=True),
)
PRESET_KEYS = tuple(str(digit) for digit in range(1, 10))
"""Window presets: Alt+digit always, the plain digit while no form is open."""


def preset_of(event: QKeyEvent, form_is_open: bool) -> int:
    """Number of the window preset that a key asks for; 0 for none."""
    digit = event.key() - Qt.Key.Key_0
    if not 1 <= digit <= 9:
        return 0
    modifiers = event.modifiers() & _NOT_KEYPAD
    if modifiers == Qt.KeyboardModifier.AltModifier:
        return digit
    return digit if modifiers == Qt.KeyboardModifier.NoModifier and not form_is_open else 0
