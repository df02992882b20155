"""Codes 8xx: experiments."""


class ExperimentErrors:
    M801 = (
        "{place}: '{key}' is no setting of a run. Settings: {options}. Mend or remove "
        "it; nothing was run."
    )
    M802 = (
        "{place}: setting '{key}' must be {wanted}, got {value}. Mend it; nothing was "
        "run."
    )
    M803 = (
        "{path} row {row} is a result of format {found}, this version reads {known}. "
        "Give --results another folder, or install the version that wrote it."
    )
    M804 = (
        "{path} row {row} is no result ({reason}). If a full disk cut it short, delete "
        "this row: its run is done again, no other result is lost."
    )
    M805 = (
        "the labels of '{data}' are {found}, the run is about {wanted}. Give the "
        "folder that holds this data set, or mend 'labels' in the spec."
    )
    M806 = (
        "no data set '{data}' in {path}: {missing} is missing. Give the folder that "
        "holds {data}/ with train, dev and test files (--data). 'spacy project assets' "
        "fetches public sets, 'experiment prepare' makes those with weak labels."
    )
    M807 = (
        "the result of run {id} could not be written to {path} ({reason}). Make room "
        "and start again: finished runs are kept and not repeated."
    )
    M808 = (
        "results hold run {id} on data {found}, the folder given now has {wanted}: "
        "another version of '{data}'. Give --results another folder."
    )
    M809 = "no experiment called '{name}'. Options: {options}."
    M810 = (
        "experiment '{name}' has no finished run of {missing}. Run "
        "'experiment run {name}' first."
    )
    M811 = (
        "the words of {path} are not those of the {split} file beside it, so its "
        "labels would not be of the same text. Make the data set again with "
        "'experiment prepare'."
    )
    M812 = (
        "'spacy train' has no place for setting '{key}' = {value} of this run. Leave "
        "it at its default, or make the run with the laboratory alone."
    )
    M813 = (
        "run {id} is to be made by 'spacy train', which the torch core alone cannot. "
        "Where spaCy is installed: python -m spacy_mslm experiment run."
    )
    M814 = (
        "encoder '{encoder}' has weights {found}, results of runs with it have "
        "{wanted}: it was made again, and arms on different encoders do not compare. "
        "Bring the first one back, or give --results another folder."
    )
