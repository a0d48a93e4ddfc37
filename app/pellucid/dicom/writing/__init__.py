"""Writing DICOM that others accept: derived series, segmentations, structure sets and pictures.

    texts         what a value representation holds: lengths, names, UIDs
    origin        what the files of a source say of patient, study and acquisition (read in a worker), and who they are
    request       what is to be written, and about whom
    pixel_cells   pixels as cells of 8 or 16 bits; windows: what an image says of its display
    storing       how values become whole numbers of 16 bits, and how far off they are then
    derivation    how an image came about, in words and codes
    modules       patient, study, series, equipment, reference: what every object says
    modalities    what CT, MR, PET and secondary capture ask for besides
    slices        one file per slice: CT, MR, PET, secondary capture with places
    multiframe    one file for pictures, films and stacks that state no place
    parametric    floating-point values and large whole numbers as a parametric map
    compressing   lossless compression of what becomes of it
    series        which of these an image becomes
    segmentation  label layers as SEG; properties: what a label is, in codes
    contours      outlines of masks that enclose exactly the centres of their pixels
    structures    label layers as RTSTRUCT
    registrations matrices between frames of reference as spatial registrations
    capture       pictures of the screen
    demo_series   the demo study: the same files each time

Everything here makes data sets and hands them over one by one; folders, checks after writing and sentences are the
business of ``files.dicom_export``. Nothing about a patient is made up: what is not known is left empty.
"""
