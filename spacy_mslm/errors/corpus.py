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
    M321 = (
        "{path}: no collocation was seen {min_count} times. Give more text, or lower "
        "--min-count."
    )
    M322 = (
        "{path}: a corpus without train (found: {found}), and what is not for training "
        "must not reach it. Give a corpus with train, or name the split's own folder."
    )
    M326 = (
        "{path}: byte {byte} is not UTF-8. Convert the file to UTF-8, and give offsets "
        "in characters, not bytes."
    )
    M327 = (
        "{path}: a NUL character, so this is a binary file or UTF-16. Convert the file "
        "to UTF-8."
    )
    M328 = (
        "{path}: the text {txt} is not beside it. Put every .txt beside its .ann, or "
        "remove the .ann."
    )
    M329 = (
        "{path} row {row}: expected 'T1<tab>Label START END<tab>text' with whole "
        "numbers, got a T line without label or offsets. Mend or remove the row."
    )
    M330 = (
        "{path} row {row}: expected offsets 0 <= start < end <= {length} (characters "
        "of the text), got {start} and {end}. Mend the row, or restore the text that "
        "was annotated."
    )
    M331 = (
        "{path} row {row}: expected a row of brat (T, E, R, A, M, N, * or #), got "
        "another. Mend or remove the row."
    )
    M332 = (
        "{path}: no .ann file in the folder. Give the folder that holds the pairs of "
        ".txt and .ann."
    )
    M333 = (
        "{path} row {row}: expected a JSON object, got none ({reason}). Export the "
        "file again, or remove the row."
    )
    M334 = (
        "{path} row {row}: '{field}' is missing or is not what it should be ({kind}). "
        "Mend the row, or export the file again."
    )
    M335 = (
        "{path}: {n} of {total} spans are not at their offsets, so the text is not the "
        "one that was annotated (line ends or encoding changed?). Restore that text."
    )
    M336 = (
        "labels '{a}' and '{b}' are one label in brat, which knows ASCII letters, "
        "digits, '-' and '_' only. Choose another format, or rename one."
    )
    M337 = (
        "{path} row {row}: span {position}: expected offsets 0 <= start < end <= "
        "{length} (characters of the text). Mend the row, or export the file again."
    )
    M338 = (
        "{path}: cannot tell what kind of annotation this is. Give --format brat, "
        "prodigy, label-studio, docbin or jsonl."
    )
    M339 = (
        "{path}: annotation of several kinds ({kinds}). Give a folder or file of one "
        "kind, or name it with --format."
    )
    M340 = (
        "{path}: no annotated document ({reasons}). Annotate and accept some, then "
        "export again."
    )
    M341 = (
        "{path} row {row}: the task has no text under 'data.text'. Name the text field "
        "'text' in the labelling project, and export as JSON."
    )
    M342 = (
        "{path}: no such folder, and EBM-NLP has it. Give the unpacked folder of "
        "release 2.00, which holds documents/ and annotations/."
    )
    M343 = (
        "{path}: no document for '{split}' that all three layers label "
        "(*.AGGREGATED.ann). Give the whole corpus, release 2.00."
    )
    M344 = (
        "{path}: no such file, and its document is annotated. Unpack the corpus again."
    )
    M345 = (
        "{path} row {row}: expected one token without white space that marks no "
        "document, got another row. Unpack the corpus again, or mend the row."
    )
    M346 = (
        "{path} row {row}: {got} rows for {n} tokens. Unpack the corpus again, or give "
        "each token one row."
    )
    M347 = (
        "{path} row {row}: expected a label's number from 0 to {most}, got another "
        "row. Unpack the corpus again, or mend the row."
    )
    M348 = "no such split. Ask for one of: {splits}."
    M360 = (
        "the share of empty sentences to keep must be from 0 to 1, got {value}. Give "
        "0.08 for 8 %."
    )
    M361 = (
        "{path}: its empty training sentences were thinned out before (SamBD, share "
        "kept {keep}). Give the corpus that it was made of."
    )
    M362 = (
        "{path}: --out is the corpus itself, which must stay as it is. Give another "
        "folder."
    )
