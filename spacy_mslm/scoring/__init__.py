"""Room: scoring."""
