"""Flip, rotate and reorient."""
