"""spaCy glue: Docs in and out of the torch core, all reached by entry points."""
