"""Stages of `gold`."""
