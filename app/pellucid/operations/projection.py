"""Project a volume along an axis."""
