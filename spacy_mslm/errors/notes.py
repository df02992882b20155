"""Codes 1xx: notes."""


class NotesErrors:
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
