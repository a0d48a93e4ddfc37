"""The session: one document with its history, jobs, settings and everything that was found on disk.

The same object drives the window, the tests and scripts; only here do operations meet layers.

    session.py   Session: owns the pieces, says what happened (notices), undo and redo
    library.py   what scanning found: series, images, problems, thumbnails
    loading.py   from a found item to layers; the first slice before the rest
    running.py   preview and apply of an operation on the active layer
    results.py   where the result of an operation goes; newer work is never overwritten
    label_results.py  where a label map that an operation made goes; label_images.py an image made from labels
    editing.py   what tools that change labels begin with and end in: layer, limits, one named step
    outlining.py outlines that change labels when they are closed; wiring.py the live wire
    labelling.py labels: layers, table, strokes, statistics; surfacing.py their surfaces as files
    filling.py   fill, islands, picking a label; wand.py similar values; slice_copies.py a slice to another
    looking.py   windows, histograms, values under the cursor
    appearance.py curves and colours that need all values; window_memory.py what was chosen for a series
    channels.py  colour images into channels and back
    comparing.py two layers against each other, and the image before its last change
    agreeing.py  two masks against each other, several raters
    judging.py   a registration: overlays, numbers before and after; judgement*.py what is computed, said and added
    saving.py    the work in one file, exports
"""

from pellucid.session.session import Session

__all__ = ["Session"]
