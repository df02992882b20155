"""EDS-NLP: its `eds.transformer` and, on top, its `eds.ner_crf`.

Trained as its guide to one's own training script has it (preprocessed once, then a
loop over its collated batches), with the optimizer, the schedules and the two learning
rates of its guide to training NER; fused, which its optimizer passes on to torch. Its
prediction calculates in bfloat16 on a CPU unless told not to, so autocast is always
said.
"""

from collections.abc import Iterator
from typing import Any

from ..spec import Sentence, Spec, TakeTurn, Turn, turns_of

PIECES, STRIDE = 128, 96  # its defaults
CRF_WORDS = 20  # recommended, like 10 and 40, which are no faster
BATCH = 32
ENCODER_RATE, HEADS_RATE, WARMUP, CLIP = 1e-4, 1e-3, 0.1, 1.0
# The fastest of those tried; results do not depend on them.
PADDED_WORDS, MOST_PIECES, CHUNK = 500, 1024, "100000 words"


def fit(spec: Spec) -> None:
    """Train `spec.updates` updates in float32; the pipeline in `spec.model`."""
    nlp, updates = _start(spec, "float32", spec.updates)
    for _ in range(spec.updates):
        next(updates)
    nlp.to_disk(spec.model)


def train(spec: Spec) -> TakeTurn:
    """Updates of `options["batch"]` sentences, in turns."""
    _, updates = _start(spec, spec.precision, 10**6)

    return turns_of(updates)


def predict(spec: Spec) -> TakeTurn:
    """Its stream: Docs sorted by length within chunks (which it leaves to the user) in
    batches of `options["padded_words"]`."""
    import edsnlp
    import edsnlp.data
    import torch
    from spacy.tokens import Doc

    nlp = edsnlp.load(spec.model)
    texts = spec.texts()
    size = spec.options.get("padded_words", PADDED_WORDS)
    autocast = torch.bfloat16 if spec.precision == "bfloat16" else False

    def read(text: str | list[str]) -> Doc:
        return nlp.make_doc(text) if isinstance(text, str) else Doc(nlp.vocab, text)

    def turn(words: int) -> Turn:
        stream = edsnlp.data.from_iterable(texts).map(read)
        stream = stream.map_batches(_sorted, batch_size=CHUNK)
        stream = stream.map_pipeline(nlp, size, "padded_words")
        docs = stream.set_processing(device="cpu", autocast=autocast)
        return Turn(found=sum(len(doc.ents) for doc in docs))

    return turn


def _sorted(docs: list[Any]) -> list[Any]:
    return sorted(docs, key=len)


def _start(spec: Spec, precision: str, total: int) -> tuple[Any, Iterator[int]]:
    """A new pipeline, and the updates that train it: each gives its words."""
    import edsnlp
    import edsnlp.pipes as eds
    from confit.utils.random import set_seed

    set_seed(spec.seed)
    nlp = edsnlp.blank("eds")
    embedding = eds.transformer(
        model=spec.encoder,
        window=PIECES,
        stride=STRIDE,
        max_tokens_per_device=MOST_PIECES,
    )
    ner = eds.ner_crf(
        embedding=embedding,
        mode="joint",
        target_span_getter="gold",
        span_setter="ents",
        window=CRF_WORDS,
    )
    nlp.add_pipe(ner, name="ner")
    docs = [_gold(nlp.vocab, sentence) for sentence in spec.sentences()]
    nlp.post_init(docs)
    return nlp, _updates(nlp, docs, precision, total, spec.options.get("batch", BATCH))


def _updates(
    nlp: Any, docs: list[Any], precision: str, total: int, batch: int
) -> Iterator[int]:
    import torch
    from edsnlp.training import ScheduledOptimizer

    def rate(start: float, most: float) -> dict[str, Any]:
        values = {"start_value": start, "max_value": most, "warmup_rate": WARMUP}
        return {"lr": {"@schedules": "linear", **values}}

    groups = {"^ner[.]embedding": rate(0.0, ENCODER_RATE)}
    groups[""] = rate(HEADS_RATE, HEADS_RATE)
    optimizer = ScheduledOptimizer("adamw", nlp, total, groups, fused=True)
    preprocessed: Any = list(nlp.preprocess_many(docs, supervision=True))
    batches: Any = torch.utils.data.DataLoader(
        preprocessed, batch, shuffle=True, collate_fn=nlp.collate
    )
    half, ner = precision == "bfloat16", nlp.pipes.ner
    nlp.train(True)
    while True:
        for inputs in batches:
            optimizer.zero_grad()
            with torch.autocast("cpu", torch.bfloat16, enabled=half):
                loss = ner.module_forward(inputs["ner"])["loss"]
            loss.backward()
            torch.nn.utils.clip_grad_norm_(list(nlp.parameters()), CLIP)
            optimizer.step()
            yield inputs["ner"]["stats"]["ner_words"]


def _gold(vocab: Any, sentence: Sentence) -> Any:
    """A Doc whose span group `gold` holds the entities."""
    from spacy.tokens import Doc

    doc = Doc(vocab, words=sentence.words, ents=sentence.tags)
    doc.spans["gold"] = list(doc.ents)
    doc.ents = []
    return doc
