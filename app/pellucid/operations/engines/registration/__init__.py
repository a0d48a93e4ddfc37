"""How registration is computed: from two images and a plan to a transform, with nothing of layers or windows.

``plans`` says what is to be done (stages, presets, their text; ``plain_plans`` for scripts), ``outcome`` what came of
it and what can be watched on the way, ``running`` does it: ``preparing`` brings both images into one form (``frames``),
``starting`` and ``searching`` find where to begin, ``stages`` (``methods``, ``levels``, ``splines``) and ``demons``
fit, ``chains`` is what was found so far, ``course`` the way there, ``scoring`` and ``doubts`` look at the result.

``landmark_fits`` needs no optimiser. ``series`` brings many pictures together, by ``following`` and ``bending``.
``splitting`` tells what is linear from what bends, ``texts`` and ``applying`` keep and use transforms. Results are
judged by ``jacobians``, ``consistency`` and ``likeness``.

A transform takes points of the fixed image to points of the moving one (LPS, mm), as everywhere in ITK.
"""
