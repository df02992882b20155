import pytest


@pytest.fixture(scope="module")
def corpus(trained, gold_corpus, tmp_path_factory):
    from spacy.tokens import DocBin

    folder = tmp_path_factory.mktemp("stability")
    (folder / "test").mkdir()
    docs = [example.reference for example in gold_corpus(trained)]
    DocBin(docs=docs * 4).to_disk(folder / "test" / "0.spacy")
    return folder
