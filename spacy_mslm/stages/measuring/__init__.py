"""Stages of `calibrate`, `evaluate` and `report`."""
