"""What the user is offered, and how long the offer has sense."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pellucid.model.document import Document
from pellucid.model.layer import Layer


@dataclass(frozen=True, eq=False)
class WhileOpen:
    """What an offer does that is about a layer: it stands until the layer goes, whatever else comes or goes.

    It is done with, too, where the user got at ``taken`` by another way.
    """

    document: Document
    layer: Layer
    do: Callable[[], object]
    taken: Callable[[], bool] = lambda: False

    def __call__(self) -> object:
        """Do what was offered."""
        return self.do()

    @property
    def holds(self) -> bool:
        """Return whether the offer still has sense."""
        return self.layer in self.document and not self.taken()
