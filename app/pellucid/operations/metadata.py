"""Change what is said of the grid without touching a value: origin, spacing, direction."""
