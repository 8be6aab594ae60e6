"""Icons drawn for this project: one colour, tinted by the theme."""

from __future__ import annotations

import functools

from PySide6.QtCore import QByteArray, QObject, QRectF, QSize, Qt
from PySide6.QtGui import QAction, QColor, QIcon, QImage, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QAbstractButton, QWidget

from workstation.errors import ResourceError
from workstation.gui.theme import Theme
from workstation.resources import icon_path

ICON_PX = 18
_SIZES = (18, 36)
_NAME = "icon_name"
_ROLE = "icon_role"


def icon_names() -> tuple[str, ...]:
    """Every icon there is."""
    return tuple(sorted(path.stem for path in icon_path("help").parent.glob("*.svg")))


def pixmap(name: str, colour: str, size_px: int = ICON_PX, ratio: float = 1.0) -> QPixmap:
    """One icon in one colour ``#RRGGBB``.

    Raises
    ------
    ResourceError
        If there is no icon of that name; the known names are listed.
    """
    tinted = QImage(_drawn(name, round(size_px * ratio)))
    painter = QPainter(tinted)
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceIn)
    painter.fillRect(tinted.rect(), QColor(colour))
    painter.end()
    picture = QPixmap.fromImage(tinted)
    picture.setDevicePixelRatio(ratio)
    return picture


def icon(name: str, theme: Theme, role: str = "text") -> QIcon:
    """An icon in the colours of a theme: `role` normally, ``accent`` when switched on."""
    made = QIcon()
    states = (
        (role, QIcon.Mode.Normal, QIcon.State.Off),
        ("disabled", QIcon.Mode.Disabled, QIcon.State.Off),
        ("accent" if role == "text" else role, QIcon.Mode.Normal, QIcon.State.On),
    )
    for of, mode, state in states:
        for size in _SIZES:
            made.addPixmap(pixmap(name, theme.roles[of], size), mode, state)
    return made


def dress(target: QAbstractButton | QAction, name: str, theme: Theme, role: str = "text") -> None:
    """Give a button or action an icon that follows the theme (see `redress`)."""
    target.setProperty(_NAME, name)
    target.setProperty(_ROLE, role)
    target.setIcon(icon(name, theme, role))
    if isinstance(target, QAbstractButton):
        target.setIconSize(QSize(ICON_PX, ICON_PX))


def redress(root: QWidget, theme: Theme) -> None:
    """Tint again every icon given by `dress` below `root`."""
    kinds: tuple[type[QObject], ...] = (QAbstractButton, QAction)
    for kind in kinds:
        for target in root.findChildren(kind):
            name = target.property(_NAME)
            if name and isinstance(target, QAbstractButton | QAction):
                target.setIcon(icon(name, theme, target.property(_ROLE)))


@functools.lru_cache(maxsize=512)
def _drawn(name: str, pixels: int) -> QImage:
    """An icon in black, drawn once for all its colours: a window has hundreds of tinted icons."""
    renderer = QSvgRenderer(QByteArray(_source(name).replace("currentColor", "#000000").encode()))
    picture = QImage(pixels, pixels, QImage.Format.Format_ARGB32_Premultiplied)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    renderer.render(painter, QRectF(0, 0, pixels, pixels))
    painter.end()
    return picture


@functools.cache
def _source(name: str) -> str:
    try:
        return icon_path(name).read_text(encoding="utf-8")
    except ResourceError:
        known = ", ".join(icon_names())
        raise ResourceError(
            f"There is no icon {name}", f"the icons are {known}", "Install the program again"
        ) from None
