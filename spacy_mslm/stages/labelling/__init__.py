"""Stages of `notes synth`, `concepts` and `label`."""
