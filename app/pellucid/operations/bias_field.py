"""Even out the shading of the coil in MR images: N4."""
