"""Codes 3xx: corpus."""


class CorpusErrors:
    M301 = (
        "{path} row {row}: byte {byte} of the row is not UTF-8. "
        "Convert the file to UTF-8."
    )
    M302 = (
        "{path} row {row}: expected a word and a tag separated by a tab or a space, "
        "rows ended by \\n. Mend the row."
    )
    M303 = (
        "{path} row {row}: expected O, B-label or I-label, got a tag of another kind "
        "('{prefix}'). Convert the tags to IOB2 (B- on every first word)."
    )
    M304 = (
        "{path} row {row}: the I- tag continues no entity of its label, so this is "
        "not IOB2. Mend the row, or read such tags as B- with --repair."
    )
    M305 = "{path}: no sentence in the file. Check that it is the right file."
    M306 = (
        "{path}: the folder already holds .spacy files. "
        "Write to a new folder, or delete them first."
    )
    M307 = "{path}: no .spacy file in the folder. Run 'corpus build' first."
    M308 = "{path}: not a DocBin, or cut short. Delete it and run 'corpus build' again."
    M309 = (
        "shares must be at least 0 and together below 1, got dev {dev} and "
        "test {test}. Change --dev or --test."
    )
    M310 = (
        "record {number}: its 'split' is none of train, dev, test. "
        "Mend the record's meta, or leave the split out."
    )
    M311 = (
        "record {number}: its patient is wanted in {b} and was wanted in {a} before. "
        "Give all notes of a patient one split."
    )
    M312 = (
        "{patients} patient(s) leave no patient for '{empty}', and splits are made by "
        "patient. Give notes of more patients, or set the shares --dev and --test to 0."
    )
    M313 = (
        "label '{label}' has {n} training mentions, fewer than {few}: it will hardly "
        "be learnt. Add notes or names of its concepts, or leave the label out."
    )
    M314 = (
        "all training entities carry one label ('{label}'). If you expected more, "
        "look at the concept table and its clusters."
    )
    M315 = (
        "{share:.0%} of the training documents hold no entity. "
        "Look at the concept table, or leave such documents out."
    )
    M316 = "{split}: labels that training never shows: {labels}. Check the split."
    M317 = (
        "{split}: {n} entities begin or end with white space, which training cannot "
        "use. Build the corpus again with 'corpus build'."
    )
    M318 = (
        "{split}: {n} tokens carry no annotation (missing, not O); they take no part "
        "in the entity loss. If that is not meant, set the entities again."
    )
    M319 = (
        "{split}: {n} documents have the text of a training document, so scores on "
        "them flatter. Remove repeats before splitting."
    )
    M320 = (
        "{split}: {n} patients are also in train, so scores flatter. "
        "Split by patient with 'corpus build'."
    )
