"""What can be computed: pure functions on SimpleITK images that never see a layer or a document.

Read ``operation`` (how one is declared), then ``smoothing`` (a family). ``declaration`` is what is read from it, and
how it runs. Around it: ``ports`` (the images it takes), ``fields`` and ``units`` (its settings), ``context``
(progress, cancel, padding), ``answers`` (points, tables, rows), ``alignment``, ``alpha`` and ``padding`` (what happens
to the images before and after), ``pixels`` (the bridge to NumPy without copies), ``plain`` (functions that scripts
carry along; ``plain_language``: in English), ``preview`` (only the slice that is looked at), ``evolution`` (results
that can be watched). ``engines``
is the room below: how it is computed.

``time_series`` computes from all frames of a series at once; it is no operation.

The families, one module each, in the order of the menus:

    smoothing denoising diffusion restoration noise noise_level       noise, and against it
    edges laplacian canny sharpening features texture points          what stands out
    kernels frequency periodic                                        linear filters of one's own
    intensity curves equalising clahe precision                       values
    normalising matching bias_field                                   values across scanners
    arithmetic formula masking                                        several images
    colour colour_models colour_ranges stains                         colours
    geometry orientation straightening                                grids
    cropping blacking metadata projection stitching
    registration series                                               one image onto another, many onto one
    registration (its scripts in registration_lines, what its texts say in registration_texts)
    threshold thresholds_automatic                                    masks by value
    region_growing scribbling                                         objects from seeds and scribbles
    watershed nuclei clustering superpixels                           many objects at once
    contours                                                          contours that move
    masks mask_expression morphology islands                          masks
    shapes interpolation distances                                    the shape of masks
    label_maps label_shapes                                           labels
    comparison (its words in comparison_words)                        masks against each other
    object_features (its columns in object_columns)                   tables of objects
"""

from pellucid.operations.operation import Cancelled, Context, Field, Operation, Refused, get, registry

__all__ = ["Cancelled", "Context", "Field", "Operation", "Refused", "get", "registry"]
