"""How registration is computed: from two images and a plan to a transform, with nothing of layers or windows.

``plans`` says what is to be done (stages, presets, their text), ``outcome`` what came of it and what can be watched
on the way, ``running`` does it.

A transform takes points of the fixed image to points of the moving one (LPS, mm), as everywhere in ITK.
"""
