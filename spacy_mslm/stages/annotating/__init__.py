"""Stages of `annotate` and `corpus import`."""
