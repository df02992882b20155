"""Codes 1xx: notes."""


class NotesErrors:
    M101 = "{path}: the file is empty. Copy or export it again."
    M102 = (
        "{path}: missing column {missing}; needed are {needed} (in any letter case). "
        "Check that the first row is the header, or name the columns with --columns."
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
        "{path}: none of its {count} columns is called one of: {names}. Say which one "
        "holds the text: --columns text=NAME."
    )
    M110 = "{path}: no note to use ({reasons}). Check the file and the filters."
    M111 = (
        "{path} row {row}: this note id was used before, for another text. Name the "
        "right column with --columns note_id=NAME; 'note_id=' numbers the rows."
    )
    M112 = "{path} row {row}: not a JSON object ({reason}). Write one object a line."
    M113 = "{path} row {row}: '{field}' must be a {kind}. Mend the row."
    M114 = (
        "{path} row {row}: gold span {position} must have whole numbers with "
        "0 <= start < end <= {length}, the text's length in characters. Mend the row."
    )
    M115 = (
        "{path}: expected a file ending in .csv, .tsv, .jsonl, .txt (or these with "
        ".gz) or .parquet, or a folder of one kind of them. Rename or convert it."
    )
    M116 = (
        "{path}: no file of notes in this folder (.txt, .csv, .tsv, .jsonl, also .gz, "
        "or .parquet). Check the path."
    )
    M117 = "The sample must be 0 (all notes) or more, got {value}."
    M120 = "{path}: cannot be read ({reason}). Check the file and its permissions."
    M121 = "{path}: more than one column is called '{name}'. Rename all but one."
    M130 = (
        "--columns: {reason}. Write part=NAME, several with commas, such as "
        "'text=NOTE_TEXT,patient=MRN'; the parts are {parts}."
    )
    M131 = (
        "{path}: none of its {count} columns is called '{name}' (--columns "
        "{part}={name}); of known names it has: {known}. Compare it with the {where}."
    )
    M132 = (
        "{path}: --columns is for CSV, TSV, JSON lines and Parquet; text files have "
        "none. Leave it out."
    )
    M133 = (
        "Parquet needs pyarrow, which is not installed. Install it with: "
        "pip install 'spacy-mslm[parquet]'."
    )
    M134 = (
        "{path}, at row {row}: no Parquet, cut short or damaged ({reason}). Copy or "
        "export the file again."
    )
    M135 = (
        "{path}: the column for {part} holds {kind} values; {wanted} are read. Convert "
        "it, or name another with --columns {part}=NAME."
    )
    M136 = (
        "{path}: this folder holds files of several kinds ({found}), any of which may "
        "be the notes. Give one file, or a folder with one kind."
    )
    M137 = (
        "{path}: Parquet is read as it is, not through gzip (it packs its columns "
        "itself). Unpack it with 'gunzip'."
    )
    M138 = (
        "{path}: a {name} table, whose files also hold rows that were deleted or "
        "replaced. Export its present state to Parquet and give that."
    )
    M139 = (
        "{path}: has {lacks}, unlike the files before it in this folder. Give every "
        "file the same columns, or read it by itself."
    )
    # What `notes check` warns of.
    M140 = (
        "no column names patients: each distinct text is its own, so a split keeps "
        "copies together, not a patient's notes. Name one with --columns patient=NAME."
    )
    M141 = (
        "{name} holds {share:.1%} of the notes: choosing by --category changes little."
    )
    M142 = (
        "the category's values are too many or too long for one, and not shown. Name "
        "another column with --columns category=NAME, or none with 'category='."
    )
    M143 = (
        "every note has a patient of its own: is the patient's column really an id of "
        "notes? Then a split does not keep a patient's notes together."
    )
    M144 = (
        "half of the notes have fewer than {limit} characters: is it the right text "
        "column? Name another with --columns text=NAME."
    )
    M145 = (
        "{n} notes ({share:.1%}) have exactly {length} characters, as many as the "
        "longest: the export seems to cut notes there."
    )
    M146 = (
        "no note holds a line break: the export seems to have removed them, and "
        "headings and lists will not be seen."
    )
    M147 = "{n} notes ({share:.1%}) {what}. {advice}."
    M148 = (
        "{n} other columns have names usual for a text ({names}). If one of them is "
        "the note, say so with --columns text=NAME."
    )
    M149 = "{n} records ({share:.1%}) are left out, for the reasons above."
    M151 = "The number of patients must be 3 or more, one a split; got {patients}."
    M152 = (
        "The concept table names no concept of {label} that only {part} notes may use. "
        "Give a table with more concepts of {label}."
    )
    M153 = (
        "The concepts allow no {kind} mention in {part} notes. Give a table with more "
        "names (and, for absent ones, without the generator's own absent concepts)."
    )
