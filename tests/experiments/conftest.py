import pytest

from spacy_mslm.experiments.data import load
from spacy_mslm.experiments.spec import RunSpec

SENTENCES = [
    ("the patient has chest pain .", "O O O B-S I-S O"),
    ("no fever and no cough .", "O B-S O O B-S O"),
    ("given metformin daily", "O B-T O"),
    ("denies acute pain", "O B-S I-S"),
    ("aspirin mg daily for pain", "B-T O O O B-S"),
]


def rows(sentences):
    blocks = (
        "\n".join(map("\t".join, zip(text.split(), tags.split(), strict=True)))
        for text, tags in sentences
    )
    return "\n\n".join(blocks) + "\n"


@pytest.fixture(scope="session")
def root(tmp_path_factory):
    """A folder that holds the data set `tiny`."""
    folder = tmp_path_factory.mktemp("data")
    (folder / "tiny").mkdir()
    for name, sentences in (
        ("train", SENTENCES * 4),
        ("devel", SENTENCES[:3]),
        ("test", SENTENCES[2:]),
    ):
        (folder / "tiny" / f"{name}.tsv").write_text(rows(sentences))
    return folder


@pytest.fixture(scope="session")
def data(root):
    return load(root, "tiny")


@pytest.fixture(scope="session")
def make_spec(tiny_encoder):
    def make(**settings):
        small = {
            "data": "tiny",
            "arm": "vanilla",
            "encoder": str(tiny_encoder),
            "precision": "float32",
            "updates": 6,
            "batch_words": 20,
            "learn_rate": 3e-3,
            "heads_learn_rate": 1.0,
        }
        return RunSpec(**{**small, **settings})

    return make
