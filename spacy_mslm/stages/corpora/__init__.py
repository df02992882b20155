"""Stages of `corpus` and `masks`."""
