"""The 3-D view: surfaces of labels, slice planes and the volume, drawn by VTK off the screen into a widget.

    availability.py  whether VTK is there and can draw, found out in a process of its own
    window.py        the window: the picture and its controls
    view.py          the picture: mouse, keys, painting
    following.py     keeps what is drawn true to the session; density.py the volume among it
    studio.py        the thread that draws
    stage.py         the VTK window, camera, picking; marker.py its cube of letters; sides.py where to look from
    surfaces.py      label surfaces; planes.py textured planes; cuts.py what is on them; volume.py the ray caster
    ray.py           what a click meets in the volume
    presets.py       how values of a volume become colour and opacity

VTK is imported only by stage, marker, surfaces, planes and volume, and these only once the window is opened. All of
them live in the thread of the studio; everything else lives in the main thread.
"""
