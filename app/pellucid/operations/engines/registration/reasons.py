"""Why an optimiser stopped, in a sentence for people."""

from __future__ import annotations

import re
from collections.abc import Callable

from pellucid.language import tr

_SAID: tuple[tuple[str, Callable[[], str]], ...] = (
    (r"user requested|too many iterations|maximum number|maximum iter|reached limit|exceeds limit",
     lambda: tr("All iterations were used.")),
    (r"step too small|step length|steplength|line.?search|abnormal",
     lambda: tr("The step became smaller than its limit.")),
    (r"gradient", lambda: tr("The gradient vanished.")),
    (r"converge|tolerance|frobenius|solution|satisf|within|relative reduction",
     lambda: tr("The metric got no better any more.")),
    (r"completed sampling", lambda: tr("All places of the search were looked at.")),
    (r"failure|error|nan|illegal", lambda: tr("The optimiser failed.")),
)  # fmt: skip
"""Words of the texts of ITK (in small letters) and what they mean; the first that is found counts."""


def reason_of(text: str) -> str:
    """Return the sentence for what an optimiser of ITK says of its stop; other texts without the name before them."""
    said = text.partition(": ")[2] or text
    small = said.lower()
    for words, sentence in _SAID:
        if re.search(words, small):
            return sentence()
    return said.strip() or tr("The optimiser came to rest.")
