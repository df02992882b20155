"""One module a system: `fit`, `train` and `predict`, each from a `Spec`.

They import what they need inside functions, so that a peer may live in an environment
of its own where this package's dependencies are not installed.
"""
