"""Room: notes."""
