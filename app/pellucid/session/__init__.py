"""The session: one document with its history, jobs, settings and everything that was found on disk.

The same object drives the window, the tests and scripts; only here do operations meet layers.

    session.py   Session: owns the pieces, says what happened (notices), undo and redo
    library.py   what scanning found: series, images, problems, thumbnails; picking.py what is shown of it
    offers.py    what is offered beside a notice, and how long that has sense
    study_index.py the study database: folders, questions, series opened from it; study_pictures.py its thumbnails
    servers.py   PACS and DICOMweb: kept and asked; transfers.py fetched from, sent to; listening.py the listener
    loading.py   from a found item to layers, the first slice before the rest; opening.py what a file becomes, in jobs;
                 versions.py which of several that contradict each other
    specials.py  series that are no image: label_objects.py labels, presenting.py windows, reports.py texts,
                 spatial_registrations.py transforms
    drawn_contours.py says when a label no longer has the contours of its structure set
    resplitting.py a series split differently, or merged; uptaking.py in which SUV a PET is told
    tag_reading.py the tags of what is open, two files side by side, one element over all
    running.py   preview and apply of an operation on the active layer; inputs.py what it works on
    previewing.py a preview on a worker; evolving.py a contour watched while it moves
    results.py   where the result of an operation goes; newer work is never overwritten; answers.py what is no image
    recipes.py   the steps of a layer: chains.py which, bases.py what they began with, recomputing.py taken again,
                 remaking.py committed, live_steps.py seen meanwhile, step_cache.py kept; carrying_over.py taken along
    batching.py  a recipe on many images, in the background
    label_results.py  where a label map that an operation made goes; label_images.py an image made from labels
    editing.py   what tools that change labels begin with and end in: layer, limits, one named step
    outlining.py outlines that change labels when they are closed; wiring.py the live wire
    labelling.py labels: layers, strokes, statistics; label_tables.py the table; surfacing.py their surfaces
    filling.py   fill, islands, picking a label; wand.py similar values; slice_copies.py a slice to another
    showing.py   what a form shows on the panes: seeding.py its seeds, framing.py its box of voxels
    objects.py   objects measured, chosen, deleted; object_*.py rows, conditions, overlaps, the recipe of a table
    measuring.py measurements; measurement_export.py for files; curving.py time curves; calibrating.py by a known length
    looking.py   windows, histograms, values under the cursor; pointing.py where the mouse is
    viewing.py   what each pane shows; facing.py turned to a plane; playing.py cine, tracks.py through what
    arranging.py layouts; own_layouts.py saved ones, hanging.py rules
    linking.py   panes that go together; window_links.py, zoom_links.py
    solids.py    what a 3-D view shows; filming.py what a film shows
    appearance.py curves and colours that need all values; window_memory.py what was chosen for a series
    channels.py  colour images into channels and back
    comparing.py two layers against each other, and the image before its last change
    agreeing.py  two masks against each other, several raters; agreement_answers.py what comes of it
    fusing.py    one image laid over another; consenting.py which may be drawn together, spaces.py in 3-D
    placing.py   where layers lie, and what goes with them; placements.py from a transform to a placement
    transforms.py the transform of a layer: inverted, joined, read, written
    hardening.py resample to grid; hardening_steps.py the step that stands for it
    registering.py one image to another, in a job; registration_*.py what is asked, the run, its result, the words
    hand_placing.py a layer put in its place by hand; hand_motions.py what such a motion is
    landmarks.py pairs of places; landmark_fitting.py what they say; landmark_files.py from files and into them
    aligning.py  frames and sections onto each other; series_presets.py how, motion_curves.py how they had moved
    stitching.py tiles to one
    judging.py   a registration: overlays, numbers before and after; judgement*.py what is computed, said, added
    mending.py   what can be done about a finding; respacing.py a spacing that the user states
    saving.py    the work in one file, exports; dicom_writing.py layers and views as DICOM; text_files.py tables
    deidentifying.py copies of DICOM that do not say who the patient is
    concealing.py hide identity: other names, and texts without what identifies people
"""

from pellucid.session.session import Session

__all__ = ["Session"]
