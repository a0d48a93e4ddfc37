"""What is shown: no disk, no threads, no Qt.

geometry    size, spacing, origin, direction; index and world; orientation letters
volume      an image that is never modified · labels  the one mutable buffer and its table
layer, document, display, view   what is in the work, how it is drawn, where the user looks
planes, slicing                  how planes lie on the screen, and what a layer shows in one
drawn_contours, contour_planes   the contours that labels were made of, and those of a slice
gaps                             where slices are missing
slice_voxels, growing            the voxels of a slice as tools see them, and regions that grow from one
compare, compositing, channels   two layers against each other, channels of a colour image
transfer                         the curve between a window and the screen: the reference for drawing
live_wire                        the way along the edges of a picture
histogram, statistics            exact histograms and windows, numbers of each label
diffusion   the weighting of a frame
colormaps   tables of 256 colours · findings  what a reader noticed, and refusals
"""
