"""DICOM: headers become series and volumes with findings, pixels become values; everything a file says is doubted.

What parses or decodes bytes of a file runs in a worker process (``child``), in the modules marked with a star; the
program itself sees JSON, arrays and sentences. On its way, a folder passes

    scan → headers* → frames*, dimensions* → stack (grouping, sequences, geometry) → read (sources, child, pixels*)

Bytes and headers

    parsing* elements* values*        a file's elements: found by content, unpacked in bounds, forgiving of what is odd
    headers* records                  from files to plain records, which cross from the worker as JSON
    frames* dimensions* dimension_tags timing*    each frame: where it lies, and by which values frames differ
    mosaic* nuclear* captured* weighting*    what tells frames apart where the standard's own places do not
    pixel_size display_tables*        the size of a pixel, and how a file asks to be shown
    tag_walk* tags*                   every element, as rows to show, search and compare

Series

    scan media                        find DICOM in folders, and by the directory of a medium (DICOMDIR)
    kinds references*                 what an object is for, and which series it was made from
    stack grouping sequences runs geometry corners mixtures duplicates merging findings split_findings
                                      what is one image, how it lies, and the sentences for what is odd about it
    parallel_stacks                   stacks that lie apart are volumes of their own
    midnight                          times without dates that run past midnight
    versions                          what tells images apart that contradict each other
    splitting resplit chosen          the same where the user chose by which tags

Pixels

    sources read reduced buffers work memory      what is read in which order, to where, and whether there is room
    pixels* codecs* codestreams* effort* stored colours* tables*    decode: every transfer syntax and photometric
    pixel_types rescale padding suv ucum          which numbers come out, in which unit
    thumbnail                         a small picture of a series

Objects that are no images

    label_objects label_sheets grid_fitting object_labels         labels, on the grid of an image or on their own
    segment_table* segmentation_frames* segment_slices segmentation_objects    segmentations
    structure_contours* structure_sets contour_filling contour_grid            structure sets
    display_colours                   the colours they recommend
    presentations* spatial_registration* structured_reports* documents* pdf_text*

Workers: ``child`` (their pool), ``process`` (one of them), ``channel`` (messages and arrays), ``worker`` (its inside),
``dumps`` (none are left).

Rooms below: ``writing`` (objects that others read), ``deidentify`` (copies that do not name the patient).
"""
