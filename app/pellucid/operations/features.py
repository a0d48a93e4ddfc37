"""What a place looks like: vesselness, local spread and entropy; corners and blobs as points."""
