"""De-identified copies of DICOM files by the Basic Profile of PS3.15 Annex E and its options.

``plan`` (what the user chose) → ``run.deidentify_folder``: a survey of all files (``survey``), names of our own
(``naming``), one file after the other in workers (``copying``), a report without old values (``report``). A copy:

    table          the profile: action per attribute, options, safe private attributes
    cleaning       the walk through a data set at any depth; ``deidentified(dataset, plan)`` is for any data set
    finishing      the same for what we write ourselves: an export in which every object gets the same new UIDs
    contents       what structured reports and presentation states say, item by item
    dummies        values that are valid and say nothing, by VR; words that descriptions may keep
    identities     UIDs, patients and dates replaced by keyed hashes: every worker finds the same new one
    classes        which objects are refused, and which may show the patient in their pixels
    black_out      rectangles of the pixels made black in all frames, and bits beyond the stored ones cleared
    marks          the attributes that say that and how an object was de-identified
    showing        a picture of a file, to look for text in its pixels
    leaks          a second look at what was written: do the old identifiers occur anywhere?

The basic actions come from the tables of dicom-anonymizer (PS3.15 2026c); the columns of the options, which it lacks,
and the safe private attributes from ``resources/deidentification``. Clean Recognizable Visual Features is not offered.
None of this is a guarantee: somebody has to look at the pixels, and at what an option keeps.
"""
