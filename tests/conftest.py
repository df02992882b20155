"""Options, threads and the tiny encoders: random weights, no network, no download."""

import os
import subprocess
import sys

# Before anything imports torch or transformers: two cores, no hub, no fork warnings.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"

import pytest
from hypothesis import settings
from jaxtyping import install_import_hook

# The shape strings of the torch core are checked while testing, at every call.
SHAPED = [f"spacy_mslm.nn.{name}" for name in ("heads", "loss", "network")]
install_import_hook(SHAPED, "beartype.beartype")

settings.register_profile("dev", max_examples=50, deadline=None, derandomize=True)
settings.register_profile("ci", max_examples=300, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))

LETTERS = "abcdefghijklmnopqrstuvwxyz"
MARKS = "0123456789.,;:!?()[]{}<>/\\|-_+*=#%&@$~^`'\""
# A few whole words, so that most words are one piece and letters spell the rest.
WORDS = """
the patient has had no of and with in for daily pain fever chest cough given aspirin
metformin mg denies history left right acute chronic was is on to at
"""


def pytest_addoption(parser):
    parser.addoption("--slow", action="store_true", help="also run the slow tests")
    parser.addoption("--gpu", action="store_true", help="also run tests on a GPU")


def pytest_configure(config):
    config.addinivalue_line("markers", "gpu: needs a CUDA device")


def pytest_collection_modifyitems(config, items):
    for mark in ("slow", "gpu"):
        if not config.getoption(f"--{mark}"):
            skip = pytest.mark.skip(reason=f"run with --{mark}")
            for item in items:
                if item.get_closest_marker(mark):
                    item.add_marker(skip)


def pytest_collection_finish():
    # Test modules have imported what they need by now; several threads on two cores
    # only wait for each other.
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)


def word_pieces():
    specials = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    inside = [f"##{c}" for c in LETTERS + "0123456789"]
    return [*specials, *MARKS, *LETTERS, *inside, *WORDS.split()]


def tiny_config(**changes):
    from transformers import BertConfig

    values = {
        "vocab_size": len(word_pieces()),
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 64,
        "max_position_embeddings": 512,
    }
    return BertConfig(**{**values, **changes})


def write_bert(folder, *, head=True, safe=True, **changes):
    """A folder in hub layout: config.json, tokenizer files, weights."""
    import torch
    from transformers import AutoTokenizer, BertForMaskedLM, BertModel

    folder.mkdir(parents=True)
    vocab = folder / "vocab.txt"
    vocab.write_text("\n".join(word_pieces()) + "\n", encoding="utf8")
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = (BertForMaskedLM if head else BertModel)(tiny_config(**changes))
    model.save_pretrained(folder, safe_serialization=safe)
    # From vocab.txt, as transformers 4 and 5 both read it.
    AutoTokenizer.from_pretrained(folder).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def write_tiny_bert():
    """`write_tiny_bert(folder, head=..., safe=..., **config)` writes such a folder."""
    return write_bert


@pytest.fixture(scope="session")
def tiny_encoder(tmp_path_factory):
    """A 2-layer, 32-wide BERT with a masked-LM head, in safetensors."""
    return write_bert(tmp_path_factory.mktemp("encoders") / "bert")


@pytest.fixture(scope="session")
def tiny_encoder_no_head(tmp_path_factory):
    return write_bert(tmp_path_factory.mktemp("encoders") / "bare", head=False)


@pytest.fixture(scope="session")
def tiny_encoder_bin(tmp_path_factory):
    return write_bert(tmp_path_factory.mktemp("encoders") / "bin", safe=False)


@pytest.fixture(scope="session")
def tiny_encoder_no_head_bin(tmp_path_factory):
    folder = tmp_path_factory.mktemp("encoders") / "bare_bin"
    return write_bert(folder, head=False, safe=False)


@pytest.fixture(scope="session")
def make_nlp(tiny_encoder):
    """`make_nlp(encoder=..., threshold=..., sentences=True, **model)`: the pipeline of
    a package around a tiny encoder, not initialised."""

    def make(encoder=None, *, sentences=True, tokenizer=True, masking=..., **values):
        import spacy

        source = str(encoder or tiny_encoder)
        model = {"encoder": {"@misc": "spacy-mslm.HfEncoder.v1", "source": source}}
        if masking is not ...:
            model["masking"] = masking
        own = ("threshold", "outside_bias", "spans_key", "trf_data")
        component = {k: values.pop(k) for k in own if k in values}
        config = {}
        if tokenizer:
            name = {"@tokenizers": "spacy-mslm.ClinicalTokenizer.v1"}
            config = {"nlp": {"tokenizer": name}}
        nlp = spacy.blank("en", config=config)
        if sentences:
            nlp.add_pipe("clinical_sentences")
        settings = {**component, "model": {**model, **values}}
        nlp.add_pipe("mslm_ner", name="ner", config=settings)
        return nlp

    return make


CORPUS = [
    ("Patient has fever and chest pain .", ["fever", "chest pain"], ["aspirin"]),
    ("Given aspirin daily for chest\npain .", ["chest\npain"], ["aspirin"]),
    ("The patient denies cough . Metformin was given .", ["cough"], ["Metformin"]),
    ("No fever . On metformin at home .", ["fever"], ["metformin"]),
    ("Seen by [**Known lastname 9001**] for acute cough .", ["cough"], []),
    ("He is at home .", [], []),
]


@pytest.fixture(scope="session")
def gold_corpus():
    """`gold_corpus(nlp)`: six examples, two types, a placeholder and a hard wrap."""

    def build(nlp):
        from spacy.training import Example

        examples = []
        for text, symptoms, treatments in CORPUS:
            reference = nlp.make_doc(text)
            found = [(part, "Symptoms") for part in symptoms]
            found += [(part, "Treatments") for part in treatments if part in text]
            places = [(text.index(part), part, label) for part, label in found]
            reference.set_ents(
                [
                    reference.char_span(start, start + len(part), label)
                    for start, part, label in places
                ]
            )
            examples.append(Example(nlp.make_doc(text), reference))
        return examples

    return build


@pytest.fixture(scope="session")
def train_nlp(gold_corpus):
    """`train_nlp(nlp, examples, updates, seed=0)`: as `spacy train` does it, where
    `clinical_sentences` marks the sentences and one optimizer learns."""

    def train(nlp, examples=None, updates=30, *, seed=0, rate=0.005, drop=0.0):
        import spacy
        from thinc.api import Adam

        examples = gold_corpus(nlp) if examples is None else examples
        spacy.util.fix_random_seed(seed)
        nlp.initialize(lambda: examples)
        optimizer = Adam(rate, L2=0.01, L2_is_weight_decay=True, grad_clip=1.0)
        marking = [n for n in nlp.pipe_names if n != "ner"]
        history = []
        for _ in range(updates):
            losses = {}
            nlp.update(
                examples, sgd=optimizer, losses=losses, annotates=marking, drop=drop
            )
            history.append(losses)
        return history

    return train


@pytest.fixture(scope="session")
def trained(make_nlp, train_nlp):
    """A pipeline that has learnt `gold_corpus` by heart. Read only."""
    nlp = make_nlp(heads_learn_rate=4.0)
    train_nlp(nlp, updates=60)
    return nlp


@pytest.fixture
def nlp_tiny(make_nlp, gold_corpus):
    """A fresh initialised pipeline, yours to change."""
    nlp = make_nlp()
    nlp.initialize(lambda: gold_corpus(nlp))
    return nlp


@pytest.fixture(scope="session")
def write_ebm_nlp():
    """`write_ebm_nlp(folder, part, pmid, "tokens apart", "0110", None, "0000")` writes
    a document of EBM-NLP: a digit a token for each layer, None where it has no file;
    part is "train" or "test/gold". All folders of the corpus are made."""

    def write(folder, part, pmid, tokens, *layers, phase="starting_spans"):
        documents = folder / "documents"
        documents.mkdir(parents=True, exist_ok=True)
        rows = tokens if isinstance(tokens, list) else tokens.split(" ")
        text = "\n".join(rows) + "\n"
        (documents / f"{pmid}.tokens").write_text(text, encoding="utf8", newline="")
        below = folder / "annotations" / "aggregated" / phase
        names = ("participants", "interventions", "outcomes")
        for name, codes in zip(names, layers, strict=True):
            for each in ("train", "test/gold"):
                (below / name / each).mkdir(parents=True, exist_ok=True)
            if codes is not None:
                path = below / name / part / f"{pmid}.AGGREGATED.ann"
                path.write_text("\n".join(codes) + "\n")
        return folder

    return write


@pytest.fixture(scope="session")
def run_workflow():
    """`run_workflow(name, folder, *words)`: what a user types in that folder, with no
    model hub in reach."""

    def run(name, folder, *words):
        return subprocess.run(
            [sys.executable, "-m", "spacy", "project", "run", name, ".", *words],
            cwd=folder,
            env={**os.environ, "HF_HUB_OFFLINE": "1"},
            capture_output=True,
            text=True,
        )

    return run
