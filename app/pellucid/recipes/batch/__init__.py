"""One recipe on thousands of images, through Dask: nothing of it knows a window.

items       what is worked on: files, globs, the series of DICOM folders; when one has changed
names       a name for each result that no other has, and that names nobody
task        what a worker does with one item: read, take the recipe, write, say how it went
attempts    how often an item was begun, kept on disk: who ends its worker twice is not begun again
processes   workers of this computer: processes of our own, started anew when they die
executors   hand tasks to workers through Dask: to those processes, or to a cluster by its address
journal     how each item went, one line of JSON each, safe against a kill at any moment
reports     a table of the items, and the points or numbers of all of them in one
running     all of it together: what is left to do, handed out, kept, and reported
"""

from __future__ import annotations

from pellucid.recipes.batch.items import Item, collect
from pellucid.recipes.batch.journal import Entry, State
from pellucid.recipes.batch.running import Batch, Order

__all__ = ["Batch", "Entry", "Item", "Order", "State", "collect"]
