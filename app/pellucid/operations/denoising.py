"""Filters that take noise away and keep edges: bilateral, diffusion, non-local means, total variation, Wiener."""
