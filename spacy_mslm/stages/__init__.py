"""Room: stages."""
