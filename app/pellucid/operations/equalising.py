"""Contrast by the histogram: CLAHE, matching to another image."""
