"""How it is computed: the engines under the operations, without a declaration, a form or a sentence of their own.

Whole array at once is never needed: each works on blocks (``pieces``), so that all cores help, a cancel is heard
and a preview computes only what is seen.

Neighbourhoods: ``separable`` (line kernels) on ``bands``, ``scale`` (widths in mm), ``windows``, ``correlation`` with
``kernel_text``, ``median`` on ``networks``, ``extremes``, ``ball``, ``similarity``, ``flows``, ``total_variation``.
Derivatives: ``slopes``, ``vessels``, ``corners``, ``blobs``. Frequencies: ``waves``, ``transfers``, ``spectra``,
``peaks``, ``stripes``. Values: ``histogram``, ``order``, ``pointwise``, ``losses``, ``combining``, ``expressions``
with ``expression_text``, ``noise_engine``. Colours: ``colour_spaces``, ``pseudo_colours``, ``stain_colours``. Grids:
``grids``, ``gridding``, ``resampling``, ``sampling``, ``gaps``, ``turning``, ``upright``, ``boxes``,
``tiles``.
Seeds and scribbles: ``seeds``, ``scribbles``, ``graph_cuts``, ``geodesics``, ``walkers``, ``superpixel_cuts``;
``apart`` runs what cannot be stopped in a process of its own. Contours: ``contour_starts``, ``contour_flows`` on
``fronts``. Classes: ``local_thresholds``, ``classes``, ``colour_clusters``, ``slic``, ``splitting`` (watersheds),
``nuclei``. Masks: ``components``, ``distances``, ``hulls``, ``between``. Labels: ``label_values``,
``label_smoothing``. Surfaces: ``meshing`` makes ``meshes``. Comparison: ``overlap``, ``surface_distance`` and
``mask_comparison`` (maps of ``agreement_values``), ``raters``, ``object_matching``. Tables of objects:
``object_table`` of ``object_runs``, ``object_shapes``, ``object_hulls``, ``object_surfaces``, ``object_values``,
``object_texture``, ``object_colocalisation``, ``object_overlap``.
"""
