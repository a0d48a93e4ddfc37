"""The canvas: panes that show slices of the document, and what mouse and keys do on them.

canvas_area.py       arranges panes, follows document and view, says which slices are visible
slice_view.py        one pane: a plane of the reference grid, drawn by the items of its stack
layer_stack.py       keeps the items of a pane in step with the layers
layer_item.py        draws an image layer;  label_item.py  draws a label layer or a previewed mask
lookup.py            values to screen colours;  sampling.py  which pixels of a slice the screen needs
camera.py            zoom and centre of a pane
corner_texts.py scale_bar.py crosshair.py decorations.py    what is painted over the image
tools.py keys.py     what the mouse buttons and the keyboard do
information_pane.py empty_state.py banner.py                panes and lines of words
"""

from pellucid.ui.canvas.canvas_area import CanvasArea

__all__ = ["CanvasArea"]
