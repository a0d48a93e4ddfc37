"""Read and write everything that is not DICOM: images, exports, saved works, the demo study.

Read first: ``images`` (one file becomes frames of Volumes), ``export`` (what a format loses, verified
writing), ``safe_write`` (the old file survives), ``workspace`` (`.pellucid`). Sizes a header declares are
checked against the bytes that are present and against a budget before anything is allocated.

Finding and reading

    discover archives unzipping           what can be opened below some paths; ZIP archives unpacked safely
    images streamed limits grids          one file: what it is, its pixels, a part of it; budgets, geometry
    nifti nrrd metaimage raw              headers with plain or deflated numbers behind them
    pictures tiff ome                     pictures and microscopy, decoded in a child process
    evening                               even slices for an uneven stack, when the user asks for it

Writing

    safe_write verified texts new_folder  whole or not at all: a file, an image read back, a text, a folder
    export formats writers picture_writers    images, labels and pictures, and what each format loses
    time_steps gradients                  the time between frames; b-values and gradients beside NIfTI
    dicom_export dicom_objects            derived series; segmentations, structure sets, captures (``dicom.writing``)
    movies pacing gif webp_animation video    films
    surfaces meshes                       surfaces of labels
    answers row_files                     points and tables

Labels and transforms

    label_images label_comparison label_tables label_text_tables landmark_tables transforms

Saved works

    workspace workspace_document chosen_facts   one file, the document in it, what was chosen that no source says
    manifest entries placement_entries contour_entries older_works
                                          its table of contents, checked; and as it was before
    sources chosen_facts                  where the pixels of a layer came from, found again; what was chosen for them

The demo study: ``demo``, computed by ``phantom``.
"""
