"""How long tests wait for what must come: only a hang takes longer, on whatever machine."""

PATIENCE = 120.0
"""seconds"""
