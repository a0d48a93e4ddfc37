"""Pellucid: a desktop workbench for medical images.

The rooms, from the bottom up; a room imports only from rooms further down (a test guards it):

    language     texts in the language of the user; everybody may import it
    model        what is shown: geometry, volume, labels, layer, placement, annotations, document, view, planes, timing
    operations   what can be computed: one decorated function per filter; knows no layer and no document
    paths        where resources, settings, caches and logs are
    settings     the user's choices, validated and versioned
    dicom        scan headers, stack files into volumes with findings, decode in child processes
    files        every other format: discover, read, export (verified), films, workspace, demo study
    database     the local index of studies in folders the user added
    network      PACS and DICOMweb: asking, fetching, sending, and a listener that is off by default
    jobs         background work: edits one by one, queries where the latest wins, loading
    history      what can be undone: commands, the bounded history, painting
    recipes      what can be replayed: the steps that made an image, as JSON; on thousands of images (batch)
    session      document + history + jobs + settings: the object that window and tests drive
    ui           the only room that knows Qt, with ``main`` which composes the window
    cli          the same work without a window; never imports ui or Qt
    __main__     chooses between the two

Never between neighbours: ``model`` and ``operations`` do not know each other (a layer sees no filter,
a filter no layer), nor do ``history``, ``jobs``, ``files``, ``database`` and ``network``. Only ``session`` and
``cli`` introduce them.

The life of one edit (Gaussian, preview, apply, undo):

1. The dock lists ``operations.registry()``; the form is built from the declaration, nothing is made by hand.
2. A slider moves; the form checks the values and hands them to ``session.preview``.
3. A query job computes the visible slices only; the latest request wins, late answers are dropped.
4. The answer becomes ``layer.preview``; document and history are untouched.
5. ``session.apply`` starts an edit job over the whole volume, with progress and cancel.
6. Done, on the main thread: a command swaps the volume of the layer if it is still the one that was read.
7. The layer's event redraws canvas and histogram; the history names the step.
8. Undo swaps back the same way.

Registration moves no voxel: it puts a ``Placement`` on a layer, a transform from the common world to the layer's own.
``layer.placed`` lies where it is seen, ``layer.volume`` on a grid of its own; resampling to a grid makes voxels of it.

World coordinates are LPS in mm; indices are (x, y, z); arrays are (z, y, x[, c]). A ``Volume`` is never
modified, so threads, history and previews share it. Only the main thread assigns to the model.
"""

from __future__ import annotations

import os

__version__ = "0.1.0"

os.environ.setdefault("QT_API", "pyside6")  # pyqtgraph, qtawesome and superqt choose their Qt by it
