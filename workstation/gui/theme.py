"""Colours by role, the stylesheet made from them, and the fonts of the interface."""

from __future__ import annotations

import functools
import string
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QPalette
from PySide6.QtWidgets import QApplication

from workstation.errors import ResourceError
from workstation.resources import resource_path

ROLES = (
    "window", "panel", "raised", "line", "text", "secondary", "disabled",
    "accent", "on_accent", "attention", "refused", "complete",
)  # fmt: skip
THEMES = ("dark", "light")

TEXT_PX, SMALL_PX, TITLE_PX = 13, 11, 15
GRID_PX, CONTROL_PX, PADDING_PX, RADIUS_PX = 8, 28, 12, 4
HEADER_PX, STATUS_PX = 36, 36


@dataclass(frozen=True)
class Theme:
    """One set of colours.

    Attributes
    ----------
    name : str
        ``"dark"`` or ``"light"``.
    roles : mapping of str to str
        Interface colours ``#RRGGBB`` by the names in `ROLES`.
    image : mapping of str to str
        ``background``, ``text``, ``line`` around and over pictures: the same in both themes.
    masks : mapping of str to str
        Colour of each label or reader, e.g. ``edema``, ``reader_x``.
    """

    name: str
    roles: Mapping[str, str]
    image: Mapping[str, str]
    masks: Mapping[str, str]

    def colour(self, role: str) -> QColor:
        """Colour of a role, an image part (``image.text``) or a mask (``masks.edema``)."""
        table, _, name = role.rpartition(".")
        colours = {"": self.roles, "image": self.image, "masks": self.masks}[table]
        return QColor(colours[name])


def load_theme(name: str) -> Theme:
    """Read ``resources/themes/<name>.toml``.

    Raises
    ------
    ResourceError
        If the file is missing, is not TOML, or lacks a role.
    """
    path = resource_path("themes", f"{name}.toml")
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ResourceError(f"The theme {name} was not read", str(error), "Correct that line") from error
    roles = data.get("roles", {})
    missing = [role for role in ROLES if not QColor.isValidColorName(roles.get(role, ""))]
    if missing:
        raise ResourceError(
            f"The theme {name} was not read", f"no colour for {', '.join(missing)}", "Add it as #RRGGBB"
        )
    return Theme(name, roles, data["image"], data["masks"])


def contrast_ratio(first: str, second: str) -> float:
    """WCAG 2.2 contrast ratio of two colours ``#RRGGBB``, 1 to 21."""
    lighter, darker = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def stylesheet(theme: Theme) -> str:
    """The Qt stylesheet: ``resources/styles/*.qss`` in order of name, ``$role`` filled in."""
    values = dict(theme.roles)
    values |= {f"image_{name}": colour for name, colour in theme.image.items()}
    values |= {"hover": _mix(theme, "raised", "text", 0.06), "chosen": _mix(theme, "raised", "accent", 0.22)}
    values["check_icon"] = resource_path("styles", f"check-{theme.name}.svg").as_posix()
    values["down_icon"] = resource_path("styles", f"down-{theme.name}.svg").as_posix()
    files = sorted(resource_path("styles").glob("*.qss"))
    return "\n".join(string.Template(file.read_text(encoding="utf-8")).substitute(values) for file in files)


def stylesheet_of_text(theme: Theme) -> str:
    """Style of a page of rich text: the same two sizes as everywhere."""
    return (
        f"body, p, li, td {{ color: {theme.roles['text']}; font-size: {TEXT_PX}px; line-height: 135%; }}"
        "p { margin-top: 0; margin-bottom: 8px; } li { margin-bottom: 4px; }"
        f".h1 {{ font-size: {TITLE_PX}px; font-weight: 600; }}"
        f".h2 {{ font-size: {TEXT_PX}px; font-weight: 600; margin-top: 12px; }}"
        ".cell { padding: 0 12px 2px 0; }"
        f"a {{ color: {theme.roles['accent']}; }} code {{ color: {theme.roles['secondary']}; }}"
    )


def palette(theme: Theme) -> QPalette:
    """The palette for what the stylesheet does not reach (item views, text edits, plots)."""
    chosen = QPalette()
    parts = {
        QPalette.ColorRole.Window: "window",
        QPalette.ColorRole.Base: "panel",
        QPalette.ColorRole.AlternateBase: "raised",
        QPalette.ColorRole.Button: "raised",
        QPalette.ColorRole.WindowText: "text",
        QPalette.ColorRole.Text: "text",
        QPalette.ColorRole.ButtonText: "text",
        QPalette.ColorRole.BrightText: "refused",
        QPalette.ColorRole.PlaceholderText: "secondary",
        QPalette.ColorRole.ToolTipBase: "raised",
        QPalette.ColorRole.ToolTipText: "text",
        QPalette.ColorRole.Highlight: "accent",
        QPalette.ColorRole.HighlightedText: "on_accent",
        QPalette.ColorRole.Link: "accent",
        QPalette.ColorRole.Mid: "line",
    }
    for part, role in parts.items():
        chosen.setColor(part, theme.colour(role))
    for part in (QPalette.ColorRole.WindowText, QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText):
        chosen.setColor(QPalette.ColorGroup.Disabled, part, theme.colour("disabled"))
    return chosen


def interface_font(size_px: int = TEXT_PX, *, semibold: bool = False) -> QFont:
    """The system's own sans-serif at `size_px`, with figures of equal width."""
    font = QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont)
    font.setPixelSize(size_px)
    font.setFeature(QFont.Tag("tnum"), 1)
    if semibold:
        font.setWeight(QFont.Weight.DemiBold)
    return font


class Appearance(QObject):
    """The theme in use. Whoever paints by itself asks `theme` and repaints on `changed`."""

    changed = Signal(object)

    def __init__(self, name: str = "dark", parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._theme = load_theme(name)

    @property
    def theme(self) -> Theme:
        """The present theme."""
        return self._theme

    def use(self, name: str) -> None:
        """Change to another theme, for every window at once."""
        if name != self._theme.name:
            self._theme = load_theme(name)
            self.dress()
            self.changed.emit(self._theme)

    def toggle(self) -> str:
        """Change between dark and light; the name of the new theme is returned."""
        self.use("light" if self._theme.name == "dark" else "dark")
        return self._theme.name

    def dress(self) -> None:
        """Give the application this theme's palette and stylesheet."""
        application = QApplication.instance()
        if isinstance(application, QApplication):
            # Taken off first: a sheet that replaces another styles every widget once for each part that holds
            # it, ten times over in a desk.
            application.setStyleSheet("")
            application.setPalette(palette(self._theme))
            application.setStyleSheet(stylesheet(self._theme))


def _mix(theme: Theme, base: str, over: str, part: float) -> str:
    below, above = theme.colour(base), theme.colour(over)
    mixed = [
        round(b + (a - b) * part)
        for b, a in zip(below.getRgb()[:3], above.getRgb()[:3], strict=True)  # type: ignore[index]
    ]
    return QColor(*mixed).name()


@functools.cache
def masks_of(name: str = "dark") -> Mapping[str, str]:
    """Mask colours ``#RRGGBB`` by label: the same in both themes."""
    return load_theme(name).masks
