"""Clinical and biomedical NER with mask-specific language modeling, for spaCy."""
