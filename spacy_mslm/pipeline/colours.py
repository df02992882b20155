"""Colours of our default labels (assets/clusters.yml): displaCy takes them by the entry
point `spacy_displacy_colors`, Label Studio from the file that `annotate` writes."""

# Light enough for black text (contrast above 7:1), and apart for readers who do not
# tell red from green.
COLOURS = {
    "Diseases": "#f4a3a8",
    "Symptoms": "#ffd98a",
    "Treatments": "#9fd0f5",
}
