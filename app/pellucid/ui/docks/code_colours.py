"""Light colours for Python: comments, texts, numbers, words of the language."""

from __future__ import annotations

import keyword
import re

from PySide6.QtGui import QColor, QSyntaxHighlighter, QTextCharFormat, QTextDocument

from pellucid.ui import theme

_WORDS = "|".join(keyword.kwlist)
_TOKEN = re.compile(
    rf"""(?P<dim>\#.*)|(?P<good>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?P<accent>\b(?:{_WORDS})\b)"""
    r"""|(?P<warning>\b\d[\d_.]*(?:e[+-]?\d+)?\b)""",
    re.VERBOSE,
)
_FENCE = '"""'


class PythonColours(QSyntaxHighlighter):
    """Colours a document in those of the theme in force, also after it changed."""

    def __init__(self, document: QTextDocument) -> None:
        super().__init__(document)
        theme.signals.changed.connect(self.rehighlight)

    def highlightBlock(self, text: str) -> None:
        """Colour one line; a text over several lines goes on in the next."""
        inside = self.previousBlockState() == 1
        fences = text.count(_FENCE)
        if inside or fences:
            self.setFormat(0, len(text), _format(theme.colors().good))
            self.setCurrentBlockState(1 if inside == (fences % 2 == 0) else 0)
            return
        self.setCurrentBlockState(0)
        for found in _TOKEN.finditer(text):
            color = getattr(theme.colors(), found.lastgroup or "text")
            self.setFormat(found.start(), found.end() - found.start(), _format(color))


def _format(color: str) -> QTextCharFormat:
    form = QTextCharFormat()
    form.setForeground(QColor(color))
    return form
