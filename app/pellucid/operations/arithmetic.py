"""Combine images voxel by voxel: sums, products, extremes, expressions, masks."""
