"""Correlate or convolve with kernels of the user's own, by the direct sum or by FFT."""
