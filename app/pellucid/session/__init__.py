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
    fusing.py    one image laid over another; consenting.py which may be drawn together, spaces.py in 3-D
    placing.py   where layers lie, and what goes with them; placements.py from a transform to a placement
    transforms.py the transform of a layer: inverted, joined, read, written; spatial_registrations.py as DICOM
    hardening.py resample to grid; hardening_steps.py the step that stands for it
    registering.py one image to another, in a job; registration_*.py what is asked, the run, its result, the words
    hand_placing.py a layer put in its place by hand; hand_motions.py what such a motion is
    landmarks.py pairs of places; landmark_fitting.py what they say; landmark_files.py from files and into them
    aligning.py  frames and sections onto each other; motion_curves.py how they had moved; stitching.py tiles to one
    judging.py   a registration: overlays, numbers before and after; judgement*.py what is computed, said and added
    mending.py   what can be done about a finding; respacing.py a spacing that the user states
    saving.py    the work in one file, exports
    deidentifying.py copies of DICOM that do not say who the patient is
    concealing.py hide identity: other names, and texts without what identifies people
"""

from pellucid.session.session import Session

__all__ = ["Session"]
