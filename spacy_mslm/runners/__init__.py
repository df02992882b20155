"""Room: runners."""
