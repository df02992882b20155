"""Weak labels: labellers (MedCAT), type clusters, overlap policies. No spaCy here."""
