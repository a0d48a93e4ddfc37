"""What can be computed: pure functions on SimpleITK images that never see a layer or a document.

Read ``operation.py`` (the declaration), then a family: smoothing, edges, intensity, geometry, threshold,
morphology, islands, masks. Engines under them: ``bands`` and ``separable`` (line kernels), ``resampling``,
``median``, ``ball``; ``pixels`` is the bridge between SimpleITK and NumPy without copies; ``preview``
computes only the slice that is looked at.
"""

from pellucid.operations.operation import Cancelled, Context, Field, Operation, Refused, get, registry

__all__ = ["Cancelled", "Context", "Field", "Operation", "Refused", "get", "registry"]
