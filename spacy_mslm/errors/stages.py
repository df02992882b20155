"""Codes 7xx: stages, runners, command line."""


class StagesErrors:
    M701 = "{path}: no such file or folder. Check the path."
    M702 = "{path} is a file, expected a folder. Move it away or give another path."
    M703 = "{path} is a folder, expected a file. Give the path of a file."
    M721 = (
        "{path}: no annotated document. Give a brat folder, a DocBin, or JSON lines of "
        "Prodigy or Label Studio; leave gold empty for none."
    )
    M722 = (
        "{path}: none of the {docs} documents has a mention of the pipeline's types "
        "({known}); found: {found}. Map names with --labels FOUND=TYPE,…, or give "
        "--add-labels."
    )
    M723 = "--labels: got '{item}', expected FOUND=TYPE, each name once. Mend it."
    M724 = (
        "--labels: the pipeline knows no type {label} (its types: {known}). Mend the "
        "name, or give --add-labels."
    )
    M725 = (
        "{docs} gold documents are too few: {test} are held out ({forced} of them "
        "because the weak corpus, or a test folder, does so), and 2 must be left to "
        "train on. Give documents of other patients, or lower --test."
    )
    M726 = (
        "--sizes: got '{value}', expected 0 and whole numbers from 2 on, separated by "
        "commas. Mend it."
    )
    M727 = "{name}: {value}, expected {expected}. Mend it."
    M728 = (
        "none of the {docs} held-out gold documents has a mention to score by. Change "
        "--seed, raise --test or give more documents."
    )
    M729 = (
        "{path}: no config to train by ({reason}). Give configs/gold.cfg of the "
        "project, or mend it."
    )
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
    M716 = (
        "no terminology, concept table or model pack is given. Give --sources, --table "
        "or --pack."
    )
    M751 = "{path}: the wheel could not be built ({reason}). Run 'doctor'."
    M752 = "{path}: no single wheel of '{name}'. Run 'package' again."
    M753 = "package '{name}' does not install or run ({reason}). Run 'package' again."
    M754 = (
        "{path}: could not be written ({reason}). Make room, then run the same command "
        "again: what is done is kept."
    )
    M755 = (
        "what finds the entities could not be loaded ({reason}). Check the concepts "
        "folder or the pipeline with '--engine process' on a few notes."
    )
    M756 = (
        "{path}: a worker process failed ({reason}). Run the same command again; if it "
        "comes back, try '--engine process'."
    )
    M757 = (
        "{path}: worker processes ended {times} times outside any note (the last by "
        "{how}). Give the machine more memory, or fewer --processes."
    )
    M758 = "'{package}' is not installed. Install it with: pip install '{extra}'."
    M759 = "no engine '{got}'. Give --engine one of: {known}."
    M760 = "{option}: only for --engine {engine}. Give that engine, or leave it out."
    M761 = "{path}: {reason}, expected the metrics of a pipeline. Run 'evaluate' again."
    M762 = "{path}: made from another corpus than lies there now. Run 'evaluate' again."
    M763 = "{path} row {row}: not a row of a training log. Delete the file or mend it."
    M764 = (
        "{path}: the report page holds text of notes, so it is written inside the work "
        "folder only. Give a folder in {work}."
    )
    M765 = "{name}: {value}, expected {expected}. Mend it."
    M766 = (
        "Ray could not do it ({reason}). Check --address, memory and /dev/shm; the "
        "same command goes on from what is done, and --engine processes needs no Ray."
    )
    M767 = (
        "--address {address}: no Ray answers there ({reason}). Give HOST:PORT, "
        "ray://HOST:PORT or auto; without it a Ray of its own is started."
    )
    M780 = (
        "{path}: made for another pipeline (its temperature is {got}, the pipeline's "
        "{expected}). Run 'calibrate' again, or evaluate what it wrote."
    )
    M781 = (
        "{path}: the folder holds other files than a pipeline, and would be replaced "
        "as a whole. Give a new or an empty folder."
    )
    M782 = "{path}: {reason}, expected what 'calibrate' writes. Run 'calibrate' again."
    M773 = (
        "{path}: holds an encoder adapted with other settings or data ({differ}). Give "
        "another --out, or remove the folder."
    )
    M774 = (
        "{path}: an unfinished run with other settings or data ({differ}). Finish it "
        "with those, give another --out, or remove the folder."
    )
    M775 = (
        "--strategy {strategy} does not know: {unknown}; it needs: {needed}. Correct "
        "the options, or give a --config."
    )
    M777 = (
        "{path}: brings its own terms, so --concepts has nothing to say. Leave it out, "
        "or give the raw notes or a corpus."
    )
    M778 = (
        "{path}: no document to learn from once held-out and test documents are left "
        "out. Give more, or a smaller --held-out."
    )
    M779 = (
        "{docs} document(s) of one patient: none can be held out. Give notes of more "
        "patients, or --held-out 0."
    )
    M786 = "no annotation format '{got}'. Give one of: {known}."
    M787 = (
        "--labels: got '{part}', expected NAME=LABEL or NAME, separated by commas, "
        "each NAME once."
    )
    M788 = (
        "{path}: the file is there with other content (other notes or settings, or "
        "corrected by hand), and is not written over. Give a new folder."
    )
    M789 = (
        "{path}: the folder holds other files, which would mix with those of "
        "'annotate'. Give a new or an empty folder."
    )
    M790 = (
        "{model}: the pipeline changes the text of note '{note}', so its offsets would "
        "not fit. Use a pipeline whose tokenizer keeps all of the text."
    )
    M791 = (
        "{path}: the pipeline failed on all of {n} notes ({reason}). Try it on one "
        "text in Python, and mend or retrain it."
    )
    M770 = (
        "{path}: not a training config with one 'mslm_ner' component ({reason}). "
        "Give one such as configs/mslm.cfg."
    )
    M771 = "{path}: 'masking' is null, so nothing is masked. Give another config."
    M792 = (
        "component '{name}' works by words that training met, and a package must not "
        "hold those. Take it out of the pipeline first."
    )
