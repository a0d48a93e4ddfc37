"""Read and write everything that is not DICOM: images, exports, saved works, the demo study.

Read first: ``images`` (one file becomes frames of Volumes), ``export`` (what a format loses, verified
writing), ``safe_write`` (the old file survives), ``workspace`` (`.pellucid`). Sizes a header declares are
checked against the bytes that are present and against a budget before anything is allocated.
"""
