"""Add noise of a known kind with a seed, and estimate how noisy an image is."""
