"""Ours, the limit and Hugging Face: a turn trains on what it is asked for, a trained
model is kept, and prediction reads sentences and texts."""

import importlib
import json

import pytest

from spacy_mslm.bench.spec import Spec
from spacy_mslm.stages.corpora.corpus import build_iob_corpus

SENTENCES = [
    ("the patient has chest pain .", "O O O B-S I-S O"),
    ("no fever and no cough .", "O B-S O O B-S O"),
    ("given metformin daily", "O B-T O"),
]


@pytest.fixture(scope="module")
def spec(tiny_encoder, tmp_path_factory):
    folder = tmp_path_factory.mktemp("systems")
    rows = [(t.split(), g.split()) for t, g in SENTENCES * 8]
    files = []
    for split in ("train", "dev", "test"):
        blocks = ("\n".join(map("\t".join, zip(*row, strict=True))) for row in rows)
        files.append(folder / f"{split}.tsv")
        files[-1].write_text("\n\n".join(blocks) + "\n")
    build_iob_corpus(files, folder / "corpus")
    lines = [json.dumps({"words": w, "tags": t}) for w, t in rows]
    (folder / "train.jsonl").write_text("\n".join(lines))
    texts = [*lines[:3], json.dumps({"text": " ".join(rows[0][0] * 50)})]
    (folder / "sentences.jsonl").write_text("\n".join(texts[:3]))
    (folder / "texts.jsonl").write_text("\n".join(texts[3:]))

    def make(system, **options):
        return Spec(
            encoder=str(tiny_encoder),
            train=str(folder / "train.jsonl"),
            read=str(folder / f"{options.pop('read', 'sentences')}.jsonl"),
            corpus=str(folder / "corpus"),
            model=str(folder / system),
            precision="float32",
            updates=60,
            options=options,
        )

    return make


def module(system):
    return importlib.import_module(f"spacy_mslm.bench.systems.{system}")


@pytest.mark.parametrize(
    ("system", "options"),
    [
        ("ours", {"config": "vanilla.cfg"}),
        ("ours", {"config": "mslm.cfg"}),
        ("limit", {"views": 1}),
        ("limit", {"views": 2}),
        ("huggingface", {"batch": 4}),
    ],
)
def test_a_turn_trains_on_at_least_what_it_was_asked_for(spec, system, options):
    turn = module(system).train(spec(system, **options))
    assert turn(1).words > 0
    assert turn(300).words >= 300  # more than an epoch


def test_ours_and_hugging_face_predict_with_what_they_learnt(spec):
    # Learning rates are those of real encoders: this is too small to learn much.
    for system in ("ours", "huggingface"):
        module(system).fit(spec(system))
        for read in ("sentences", "texts"):
            turn = module(system).predict(spec(system, read=read))
            first = turn(0)
            assert first == turn(0)


@pytest.mark.parametrize("read", ["sentences", "texts"])
@pytest.mark.parametrize("tokenize", [True, False])
def test_the_limit_reads_every_piece(spec, monkeypatch, read, tokenize):
    limit = module("limit")
    seen = []
    real = limit._buckets
    monkeypatch.setattr(limit, "_buckets", lambda rows: seen.append(rows) or real(rows))
    limit.predict(spec("limit", read=read, tokenize=tokenize))(0)
    words = 14 if read == "sentences" else 300
    assert sum(len(row) - 2 for row in seen[0]) >= words
