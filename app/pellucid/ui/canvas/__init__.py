"""The canvas: panes that show slices of the document, and what mouse and keys do on them.

canvas_area.py       follows the session, says which slices are visible; pane_grid.py arranges the panes, redrawing.py
                     which of them are drawn again
slice_view.py        one pane, drawn by the items of its stack on a sheet.py; plane_view.py its plane and places
drawing.py           all panes that changed are taken up together, their pictures made side by side
layer_stack.py       keeps the items of a pane in step with the layers
cutting.py           what a layer shows: a slice (slabs.py fetches sagittal neighbours), an askew plane, a thick slab
layer_item.py        draws an image layer; label_item.py draws a label layer or a previewed mask
comparison.py        two layers against each other: joint_item.py draws them as one, flicker.py by turns
lookup.py            values to screen colours; sampling.py which pixels of a slice the screen needs
camera.py            zoom and centre of a pane
overlays.py          what is painted over the image and can be taken hold of:
  crosshair.py         the lines of the other planes; crosshair_tools.py turns and shifts planes
  measure_overlay.py   measurements: measure_scene, measure_painting, measure_plates, measure_words, measure_editor,
                       measure_menu, and measure_tools
  outline_overlay.py   the outline of a label that is being drawn with outline_tools
  hand_overlay.py      ring and pivot by which hand_tool.py moves and turns a layer; landmark_tool.py sets pairs
  crop_box.py          the box of a form, dimmed outside; crop_box_tool.py drags it
  gap_marks.py         the gaps of a stack, hatched
  contour_lines.py     the contours of a structure set, as they were drawn
  seed_marks.py        the seeds of a form; seed_tool.py sets, moves and removes them
  color_bar.py         the window in colours; difference_bar.py; both stand where bar_scale.py says
  deformation_overlay.py  the bent grid and arrows; jacobian_overlay.py; judge_legend.py in judge_colors.py
  compare_overlay.py   the divider; link_chip.py links (link_menu.py); lens_outline.py; window_region.py
  agreement_legend.py  the colours of a map of agreement; object_outline.py the objects chosen in a table
decorations.py       painted, not to be taken hold of: corner_texts, fused_texts, scale_bar, brush_outline, words
pane_mouse.py        which button does what; tools.py the tools, label_tools.py those clicked; thickness.py slabs
keyboard.py          which pane a key is for; keys.py the table of keys; key_book.py what the user made of it
cine_bar.py          plays frames and slices by the cine_clock.py
picturing.py         pictures of panes for taking away
information_pane.py  the fourth pane; empty_state, first_slice, banner, pane_menu, drops, pane_drops around the panes
"""

from pellucid.ui.canvas.canvas_area import CanvasArea

__all__ = ["CanvasArea"]
