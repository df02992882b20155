"""Stages of `doctor`."""
