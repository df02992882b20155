"""Stages of `adapt`."""
