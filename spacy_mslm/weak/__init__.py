"""Room: weak."""
