"""The encoder in another form gives nearly the same vectors for any shape."""

import pytest
import torch
from transformers import AutoModel

from spacy_mslm.bench.forms import run_forms
from spacy_mslm.bench.systems.forms import FORMS, in_form


# Quantization and ONNX export in torch are on their way out, and say so.
@pytest.mark.filterwarnings("ignore")
# Compiling takes longer than all other tests of this folder.
@pytest.mark.parametrize("name", sorted(FORMS.keys() - {"compiled"}))
def test_vectors_are_nearly_those_of_the_encoder(tiny_encoder, name):
    if "onnx" in name:
        pytest.importorskip("onnxruntime")
    encoder = AutoModel.from_pretrained(tiny_encoder).eval()
    form = in_form(name, encoder)
    for shape in ((2, 8), (3, 5)):
        ids = torch.arange(shape[0] * shape[1]).reshape(shape) % 20
        inputs = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
        with torch.inference_mode():
            wanted = encoder(**inputs).last_hidden_state
            found = form(**inputs)
        found = found if "onnx" in name else found.last_hidden_state
        cosine = torch.cosine_similarity(torch.as_tensor(found), wanted, dim=-1)
        assert cosine.min() > (0.99 if "int8" in name else 0.9999)


@pytest.mark.filterwarnings("ignore")
def test_scores_of_a_form_are_those_of_the_same_model(trained, corpus):
    encoder = trained.get_pipe("ner").network.encoder
    found = run_forms(trained, corpus, forms=["plain", "int8"], split="test")
    assert found["plain"] > 0.9
    assert 0 < found["int8"] <= 1
    assert trained.get_pipe("ner").network.encoder is encoder
