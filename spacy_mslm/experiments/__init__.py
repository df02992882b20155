"""Room: experiments on the torch core alone, without spaCy: runs, results, tables."""
