"""The canvas: panes that show slices of the document, and what mouse and keys do on them.

canvas_area.py       arranges panes, follows document and view, says which slices are visible
slice_view.py        one pane: a plane of the reference grid, drawn by the items of its stack
layer_stack.py       keeps the items of a pane in step with the layers
cutting.py           what a layer shows: a slice (slabs.py fetches sagittal neighbours), an askew plane, a thick slab
crosshair.py         the lines of the other planes; crosshair_tools.py turns and shifts planes; thickness.py slabs
layer_item.py        draws an image layer; label_item.py draws a label layer or a previewed mask
comparison.py        two layers against each other: joint_item.py draws them as one, compare_overlay.py the divider
lookup.py            values to screen colours; sampling.py which pixels of a slice the screen needs
camera.py            zoom and centre of a pane
decorations.py       what is painted over the image: corner_texts, scale_bar, in words.py
pane_mouse.py        which button does what; tools.py the tools themselves
keyboard.py          which pane a key is for; keys.py the table of keys
information_pane.py  the fourth pane; empty_state.py, banner.py and drops.py around the panes
"""

from pellucid.ui.canvas.canvas_area import CanvasArea

__all__ = ["CanvasArea"]
