"""Codes 7xx: stages, runners, command line."""


class StagesErrors:
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
