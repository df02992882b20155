"""What `experiment` needs of spaCy and MedCAT."""
