"""The training step of MSLM's authors, rebuilt from a description of it.

Batches of 8, every sentence padded to 256 pieces. All entities and a share of the other
pieces are hidden, drawn once, and the encoder sees nothing else. Masked-LM logits over
the whole vocabulary, and their error, at every position, padding included. Entities as
typed BIO of every piece, from its vector and a trained vector of its unmasked piece.
Adam as torch has it. What an unmasked position weighs is not described: here 1.
"""

from collections.abc import Iterator
from typing import Any

from ..spec import Sentence, Spec, TakeTurn, turns_of

BATCH, PIECES = 8, 256
HIDDEN_SHARE = 0.075  # of a sentence's pieces, besides its entities
TRAINED = 100  # size of the trained vectors
RATE = 5e-5
IGNORED = -100


def train(spec: Spec) -> TakeTurn:
    """Updates in turns."""
    import torch
    from transformers import AutoModelForMaskedLM, AutoTokenizer

    torch.manual_seed(spec.seed)
    names = ["O", *(f"{b}-{label}" for label in spec.labels() for b in "BI")]
    tokenizer: Any = AutoTokenizer.from_pretrained(spec.encoder)
    batches = _batches(_prepare(spec.sentences(), tokenizer, names))
    model: Any = AutoModelForMaskedLM.from_pretrained(spec.encoder).train()
    trained = torch.nn.Embedding(model.config.vocab_size, TRAINED)
    head = torch.nn.Linear(model.config.hidden_size + TRAINED, len(names))
    parameters = [p for part in (model, trained, head) for p in part.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=RATE)
    cross_entropy = torch.nn.functional.cross_entropy
    half = spec.precision == "bfloat16"

    def update(batch: dict[str, Any]) -> int:
        with torch.autocast("cpu", torch.bfloat16, enabled=half):
            output = model(
                input_ids=batch["hidden"],
                attention_mask=batch["mask"],
                output_hidden_states=True,
            )
            errors = cross_entropy(
                output.logits.flatten(0, 1), batch["ids"].flatten(), reduction="none"
            )
            vectors = output.hidden_states[-1], trained(batch["ids"])
            tags = head(torch.cat(vectors, dim=-1))
            found = cross_entropy(tags.flatten(0, 1), batch["tags"].flatten())
        optimizer.zero_grad()
        ((batch["weights"].flatten() * errors).mean() + found).backward()
        optimizer.step()
        return int(batch["words"].sum())

    return turns_of(map(update, batches))


def _batches(rows: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """An endless stream, shuffled in each epoch."""
    import torch

    while True:
        for chosen in torch.randperm(len(rows["ids"])).split(BATCH):
            yield {name: values[chosen] for name, values in rows.items()}


def _prepare(
    sentences: list[Sentence], tokenizer: Any, names: list[str]
) -> dict[str, Any]:
    """Everything that does not change from epoch to epoch, a row a sentence."""
    import torch

    from ...masking import mask_weights

    encoded = tokenizer(
        [sentence.words for sentence in sentences],
        is_split_into_words=True,
        padding="max_length",
        truncation=True,
        max_length=PIECES,
        return_tensors="pt",
    )
    ids, mask = encoded["input_ids"], encoded["attention_mask"]
    words = [encoded.word_ids(row) for row in range(len(sentences))]
    tags = torch.tensor(
        [_tags(s.tags, of, names) for s, of in zip(sentences, words, strict=True)]
    )
    entity, base = tags > 0, torch.zeros_like(tags, dtype=torch.bool)
    for row, length in enumerate(mask.sum(1).tolist()):
        outside = (tags[row] == 0).nonzero().flatten()
        drawn = torch.randperm(len(outside))[: round(HIDDEN_SHARE * length)]
        base[row, outside[drawn]] = True
    weigh = mask_weights(int(entity.sum()), int(base.sum()), "paper")
    return {
        "ids": ids,
        "mask": mask,
        "hidden": ids.masked_fill(entity | base, tokenizer.mask_token_id),
        "tags": tags,
        "weights": torch.ones(ids.shape)
        .masked_fill(entity, weigh.entity)
        .masked_fill(base, weigh.base),
        "words": torch.tensor([len(set(of) - {None}) for of in words]),
    }


def _tags(tags: list[str], words: list[int | None], names: list[str]) -> list[int]:
    """A word's tag on each of its pieces, with B on the first alone."""
    found, previous = [], None
    for word in words:
        tag = "" if word is None else tags[word]
        if word == previous and tag.startswith("B-"):
            tag = "I-" + tag[2:]
        found.append(names.index(tag) if tag else IGNORED)
        previous = word
    return found
