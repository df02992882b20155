"""Notes in: sources, de-identification marks, sentence rules, synthetic notes."""
