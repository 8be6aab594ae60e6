"""Help at the right edge of the window: one Markdown page per desk, and About."""

from __future__ import annotations

import re

from PySide6.QtCore import Signal
from PySide6.QtGui import QTextDocument
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QTextBrowser,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from workstation import INTENDED_USE, __version__
from workstation.gui import icons
from workstation.gui.commands import GROUPS, sections
from workstation.gui.keymap import Keymap, tell
from workstation.gui.theme import Appearance, Theme, stylesheet_of_text
from workstation.resources import resource_path

_WIDTH_PX = 360
ABOUT = "about"
_STYLE = re.compile(r' style="[^"]*"')
_HEADING = re.compile(r"<h([1-6])>(.*?)</h\1>", re.DOTALL)


class HelpPanel(QFrame):
    """A page over the right edge of a desk, where its panel is: no image moves or is covered."""

    closed = Signal()

    def __init__(self, appearance: Appearance, keymap: Keymap, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keymap = keymap
        self.setObjectName("help_panel")
        self.setProperty("part", "panel")
        self.setFixedWidth(_WIDTH_PX)
        self._appearance = appearance
        self._page = ""
        self._title = QLabel("Help")
        self._title.setProperty("text_role", "title")
        about = QPushButton("About")
        about.setObjectName("about")
        about.setAccessibleName("About this program")
        about.setToolTip("Version, intended use, licence")
        about.setProperty("emphasis", "quiet")
        about.clicked.connect(lambda: self.show_page(ABOUT))
        close = QToolButton()
        close.setObjectName("close_help")
        close.setAccessibleName("Close help")
        tell(close, keymap, "help", "Close help")
        close.setProperty("emphasis", "quiet")
        icons.dress(close, "close", appearance.theme)
        close.clicked.connect(self.closed)
        self._text = QTextBrowser()
        self._text.setObjectName("help_text")
        self._text.setAccessibleName("Help text")
        self._text.setOpenLinks(False)
        top = QHBoxLayout()
        top.setContentsMargins(12, 8, 8, 0)
        top.addWidget(self._title, 1)
        top.addWidget(about)
        top.addWidget(close)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(top)
        layout.addWidget(self._text, 1)
        appearance.changed.connect(self._on_theme)
        keymap.changed.connect(self._on_keys)

    @property
    def text(self) -> str:
        """The page as plain text."""
        return self._text.toPlainText()

    def show_page(self, name: str) -> None:
        """Show ``resources/help/<name>.md``; ``$version``, ``$keys_<where>`` and so on are filled in."""
        self._page = name
        self._title.setText("About" if name == ABOUT else "Help")
        source = resource_path("help", f"{name}.md").read_text(encoding="utf-8")
        source = _with_keys(source, self._keymap)
        source = source.replace("$version", __version__).replace("$intended_use", INTENDED_USE)
        document = self._text.document()
        document.setIndentWidth(16)
        document.setDefaultStyleSheet(stylesheet_of_text(self._appearance.theme))
        # Markdown ignores the style sheet of a document: go through HTML.
        converter = QTextDocument()
        converter.setMarkdown(source)
        self._text.setHtml(_bare(converter.toHtml()))
        self.setFocusProxy(self._text)

    def _on_keys(self) -> None:
        if self._page:
            self.show_page(self._page)

    def _on_theme(self, _theme: Theme) -> None:
        if self._page:
            self.show_page(self._page)


def _with_keys(source: str, keymap: Keymap) -> str:
    """The page with a table of keys, as they are now, at each ``$keys_<where>``."""
    parts = {f"$keys_{context}": heading for context, heading in GROUPS} | {"$mouse": "Mouse"}
    tables = dict(sections(keymap))
    for place, heading in parts.items():
        if place in source:
            rows = "".join(f"| {key} | {what} |\n" for key, what in tables[heading])
            source = source.replace(place, f"| | |\n|---|---|\n{rows}")
    return source


def _bare(html: str) -> str:
    """HTML without the styles Qt writes into it, so that the style sheet decides.

    Headings become paragraphs of a class: Qt enlarges ``h1`` whatever the style sheet says.
    """
    body = _STYLE.sub("", html.partition("<body")[2].partition(">")[2])
    body = _HEADING.sub(r'<p class="h\1">\2</p>', body)
    return body.replace('border="1"', 'border="0"').replace("<td>", '<td class="cell">')
