"""Codes 5xx: pipeline."""


class PipelineErrors:
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
    M506 = (
        "the package 'spacy-transformers' is not installed, and trf_data = true needs "
        "it. Install it with: pip install 'spacy-mslm[listeners]'."
    )
    M507 = (
        "component '{name}': its vectors have width {width}, but '{listener}' listens "
        "for width {expected}. Train '{listener}' again on this encoder."
    )
    M508 = (
        "replace_listeners: an mslm_ner encoder cannot be copied into its listeners. "
        "Keep the component in the pipeline, frozen, in annotating_components."
    )
    M509 = (
        "{path}: no names of concepts. Make the concepts folder (again) with python -m "
        "spacy_mslm concepts build."
    )
    M510 = (
        "{path} line {row}: expected a JSON object with 'name' and 'concept_id'. Make "
        "the concepts folder again with python -m spacy_mslm concepts build."
    )
    M511 = (
        "spacy-mslm.AddLabels.v1: no component '{name}' that takes labels, expected "
        "one of: {options}. Check 'component' in [initialize.after_init]."
    )
    M521 = (
        "component '{name}': 'temperature' must be a number above 0, got {value}. Fit "
        "it with python -m spacy_mslm calibrate."
    )
    M522 = "'{name}' must be a finite number, got {value}."

    # An existing pipeline as a source of labels; negation and family history
    M560 = (
        "the package 'negspacy' is not installed. Install it with: "
        "pip install 'spacy-mslm[negation]'."
    )
    M561 = "'termset' must be one of {known}, got '{got}'."
    M562 = (
        "component '{name}': no sentence marks, and negation ends with its sentence. "
        "Put 'clinical_sentences' before it."
    )
    M563 = (
        "--pipeline-labels: {model} knows no type {label} (its types: {known}). Mend "
        "the name."
    )
    M564 = (
        "{model}: this pipeline finds no entities (its components: {pipes}). Name one "
        "with an 'ner' or 'entity_ruler'."
    )
    M565 = (
        "{model}: the pipeline changes the text of notes, so its offsets would not "
        "fit. Use one whose tokenizer keeps all of the text."
    )
