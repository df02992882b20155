"""Codes 2xx: weak."""


class WeakErrors:
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
    M232 = (
        "'{got}' is no way to spoil a terminology. Give a share in per cent and what "
        "becomes of the names: '30-missing' or '10-wrong'."
    )
    M240 = "{path}: no such file of the {kind} source. Check its path."
    M241 = (
        "{path} row {row}: broken {kind} row ({reason}). Mend or remove that row, or "
        "fetch the file again."
    )
    M242 = (
        "{path}: not UTF-8 text or a damaged .gz file ({reason}). Save the {kind} "
        "file as UTF-8, or fetch it again."
    )
    M243 = (
        "{path} row 1: missing columns {missing}, got {got}. Check that this is a "
        "{kind} file{hint}."
    )
    M244 = (
        "{path}: no OBO file ({reason}). Was a web page saved instead of the file? "
        "Fetch the .obo itself."
    )
    M245 = (
        "no concept came out of the {kind} source {name}; left out: {drops}. Check "
        "its options and that the file is whole."
    )
    M246 = (
        "the package '{package}' is not installed. Install it with: "
        "pip install 'spacy-mslm[terminologies]'."
    )
    M247 = "{path}: malformed list of sources: {reason}. See 'concepts build --help'."
    M248 = "{where}: no kind of source '{got}'. There are: {kinds}."
    M249 = "{where}: {reason}. Options of the kind {kind}: {options}."
    M250 = "{path}: no readable .xlsx file ({reason}). Save it as .xlsx, or as CSV."
    M251 = "{path}: no sheet '{sheet}'; it has: {sheets}. Check the option 'sheet'."
    M252 = (
        "{path}: unknown semantic types for the ontology '{ontology}'. Give the "
        "source 'types', e.g. types: T047."
    )
    M253 = (
        "{path}: sha256 is {got}, expected {expected}. Another file, or a damaged one."
    )
    M254 = (
        "{path}: expected a folder with MRCONSO.RRF and MRSTY.RRF (also .gz), found "
        "no {missing}."
    )
    M255 = "give one of {options}; got {got}."
    M256 = "{path}: no such list of names. Check --lists."
    M257 = "{path} row {row}: {reason}. Mend that row of the list."
    M258 = (
        "{path} row 1: got the columns {got}. A list needs 'action' and 'name' or "
        "'concept_id'; 'label' and 'comment' may follow."
    )
    M260 = (
        "{path}: too few words that {least} patients share ({words}) to learn from. "
        "Give more notes, or a smaller --least-patients."
    )
    M261 = (
        "{path}: these concepts come from a pack, or from an older version, and no "
        "ambiguous names are listed. Build them again, from --table or --sources."
    )
    M262 = (
        "{path}: no name of these concepts is ambiguous, so training would change "
        "nothing. Use the folder as it is."
    )
    # Several sources of labels
    M270 = "{path}: no such patterns file. Check --patterns."
    M271 = (
        "{path} row {row}: {reason}. A pattern needs 'label' and 'pattern'; 'flags' "
        "(of {flags}), 'group' and 'concept_id' may be given. Mend the row."
    )
    M272 = (
        "{path} row {row}: not a regular expression ({reason}). Mend the pattern, with "
        "every backslash doubled in JSON."
    )
    M233 = (
        "the package 'wordfreq' is not installed, which tells everyday words from "
        "names. Install it with: pip install 'spacy-mslm[weak]'."
    )
    M273 = (
        "{path} row {row}: the pattern matches an empty text, so it would be found "
        "everywhere. Make it ask for at least one character."
    )
    M274 = "{path}: no pattern in this file. Give one a row, with label and pattern."
    M275 = (
        "{path}: expected patterns in a file ending in .jsonl, .yml or .yaml, as UTF-8 "
        "text. Rename or convert it."
    )
    M276 = "--resolve must be one of {known}, got '{got}'."
    M277 = (
        "--priority: got '{got}', expected names of the sources in use, each once: "
        "{known}."
    )
    M278 = (
        "no source of labels is given. Give --concepts, --dictionary, --patterns or "
        "--pipeline; several may be given."
    )
    M279 = (
        "{path}: a concept table by itself does not say which type is which label. "
        "Give --clusters, or a folder made by 'concepts build'."
    )
    M280 = (
        "{option} is about several sources, and only '{source}' is in use. Leave it "
        "out, or give another source."
    )
    M281 = (
        "{path}: no name of this table lies in the clusters, so there is nothing to "
        "find. Check the clusters file against its types."
    )
