"""Stages of `strip`, `package` and `verify`."""
