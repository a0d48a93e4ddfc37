"""The values of a map of agreement; by themselves, for what only shows one."""

BOTH, FIRST_ONLY, SECOND_ONLY, OTHER = 1, 2, 3, 4
"""``OTHER`` is where both maps hold a label, but not the same."""
