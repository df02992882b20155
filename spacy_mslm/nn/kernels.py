"""A bound on the kernels that torch keeps for shapes it has seen.

On a processor torch prepares a kernel, with scratch memory of its own, for every shape
of every product, and keeps up to 1,024 of each kind. Texts give hundreds of shapes: a
training held gigabytes that it hardly ever read again, and grew with every update.
So few are kept here that memory stays flat (`bench memory`).
"""

import os

KEPT = 16
# Of ideep, torch's own layer, and of oneDNN below it; read when the first is made.
SETTINGS = ("LRU_CACHE_CAPACITY", "ONEDNN_PRIMITIVE_CACHE_CAPACITY")


def keep_few_kernels() -> None:
    """Where the environment says nothing else. Call it before torch calculates."""
    for name in SETTINGS:
        os.environ.setdefault(name, str(KEPT))
