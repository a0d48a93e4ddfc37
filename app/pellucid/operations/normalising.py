"""Bring images of different scanners to comparable values: z-score, percentiles, standard histogram, N4."""
