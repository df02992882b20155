"""Codes 5xx: pipeline."""


class PipelineErrors:
    M501 = (
        "component '{name}': label '{label}' cannot be added to a trained network. "
        "Train again with it among the labels."
    )
    M502 = (
        "component '{name}': get_loss() is not used. Call update(), which computes the "
        "losses and their gradients in one pass."
    )
    M503 = (
        "component '{name}': the training examples hold no entity, so there is no "
        "label to learn. Check the corpus (python -m spacy_mslm corpus stats)."
    )

    M504 = (
        "{path}: no word count for '{split}'. Build the corpus with python -m "
        "spacy_mslm corpus build (or corpus iob), or use another schedule."
    )
