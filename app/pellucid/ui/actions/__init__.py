"""Everything a menu, a key or a tool button can do: one module per menu, gathered in ``table``."""

from pellucid.ui.actions.table import TABLE, Actions

__all__ = ["TABLE", "Actions"]
