"""Peers beside ours, in one run."""
