"""What other forms of the encoder cost in quality: scores of one and the same model."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from spacy.language import Language
from spacy.tokens import Doc

from ..corpus.docs import read_docs
from ..nn import MslmNetwork
from ..scoring.strict import score
from .stability import spans_of
from .systems.forms import in_form


def run_forms(
    nlp: Language, corpus: Path, *, forms: Sequence[str], split: str
) -> dict[str, float]:
    """Strict F1 on a split with the encoder in each of `forms` (`systems.forms`), all
    but the encoder in float32 and as ever."""
    gold = list(read_docs(corpus / split, nlp.vocab))
    ner: Any = nlp.get_pipe("ner")
    ner.network.precision = "float32"
    found = {}
    for form in forms:
        with _in(form, ner.network):
            docs = nlp.pipe(Doc(nlp.vocab, words=[t.text for t in doc]) for doc in gold)
            predicted = [spans_of(doc) for doc in docs]
        found[form] = score([spans_of(doc) for doc in gold], predicted).micro.f1
    return found


@contextmanager
def _in(form: str, network: MslmNetwork) -> Iterator[None]:
    before = network.encoder
    network.encoder = _Formed(in_form(form, before.eval()), before.config)
    try:
        yield
    finally:
        network.encoder = before


class _Formed(torch.nn.Module):
    """Another form under the encoder's signature."""

    def __init__(self, form: Any, config: Any) -> None:
        super().__init__()
        self.forms = [form]  # in a list: its weights are not the network's
        self.config = config

    def forward(self, input_ids: Any, attention_mask: Any) -> Any:
        found = self.forms[0](input_ids=input_ids, attention_mask=attention_mask)
        if hasattr(found, "last_hidden_state"):
            return found
        return SimpleNamespace(last_hidden_state=torch.as_tensor(found))
