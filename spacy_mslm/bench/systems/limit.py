"""The limit: what a loop without any library around the encoder takes.

Training: encoder, heads, torch's fused AdamW, length buckets, masked-LM logits at
masked positions alone, everything else prepared before the clock starts. Prediction:
the encoder's own tokenizer and the bare encoder over buckets of like length; no heads,
no decoding, no Docs. `options`: `views` (1 or 2), `tokenize` (False: encoder alone),
`form` of the encoder (`forms`).
"""

from typing import Any

from ..spec import Sentence, Spec, TakeTurn, Turn, turns_of

BATCH = 32
PADDED_PIECES = 1024
TERMS, OTHERS = 0.5, 0.15


def train(spec: Spec) -> TakeTurn:
    """Updates of 32 sentences of like length; views of one batch side by side."""
    import torch
    from transformers import AutoModelForMaskedLM, AutoTokenizer

    torch.manual_seed(spec.seed)
    tokenizer: Any = AutoTokenizer.from_pretrained(spec.encoder)
    model: Any = AutoModelForMaskedLM.from_pretrained(spec.encoder).train()
    encoder, two = model.base_model, spec.options.get("views", 1) == 2
    labels = spec.labels()
    names = ["O", *(f"{b}-{label}" for label in labels for b in "BI")]
    head = torch.nn.Linear(encoder.config.hidden_size, len(names))
    parameters = [*(model if two else encoder).parameters(), *head.parameters()]
    optimizer = torch.optim.AdamW(parameters, lr=1e-4, fused=True)
    batches = _batches(spec.sentences(), tokenizer, names)
    cross_entropy = torch.nn.functional.cross_entropy

    def update(batch: dict[str, Any]) -> int:
        ids, mask = batch["ids"], batch["mask"]
        with torch.autocast(
            "cpu", torch.bfloat16, enabled=spec.precision == "bfloat16"
        ):
            if two:
                drawn = torch.rand(len(batch["rates"])) < batch["rates"]
                at = drawn[batch["word"]]
                hidden = torch.where(at, tokenizer.mask_token_id, ids)
                ids, mask = torch.cat((hidden, ids)), torch.cat((mask, mask))
            vectors = encoder(input_ids=ids, attention_mask=mask).last_hidden_state
            clean = vectors[-len(batch["ids"]) :]
            loss = cross_entropy(
                head(clean).float().flatten(0, 1), batch["tags"].flatten()
            )
            if two:
                logits = model.cls(vectors[: len(at)][at])
                loss = loss + cross_entropy(logits.float(), batch["ids"][at])
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        optimizer.zero_grad()
        return batch["words"]

    return turns_of(map(update, batches))


def _batches(sentences: list[Sentence], tokenizer: Any, names: list[str]) -> Any:
    """An endless stream of prepared batches, drawn anew in each epoch from buckets of
    like length."""
    import numpy as np
    import torch

    rng = np.random.default_rng(0)
    encoded = tokenizer(
        [s.words for s in sentences], is_split_into_words=True, truncation=True
    )
    lengths = [len(ids) for ids in encoded["input_ids"]]

    def prepare(rows: Any) -> dict[str, Any]:
        shape = len(rows), max(lengths[i] for i in rows)
        ids = torch.full(shape, tokenizer.pad_token_id)
        mask, tags = torch.zeros(shape, dtype=torch.long), torch.full(shape, -100)
        # Word of each piece within the batch, from 1, and the rate to mask it at.
        word, rates = torch.zeros(shape, dtype=torch.long), [0.0]
        for row, i in enumerate(rows):
            ids[row, : lengths[i]] = torch.tensor(encoded["input_ids"][i])
            mask[row, : lengths[i]] = 1
            of_piece = encoded.word_ids(i)
            for place, at in enumerate(of_piece):
                if at is None:
                    continue
                tag = sentences[i].tags[at]
                if at != of_piece[place - 1]:
                    tags[row, place] = names.index(tag)
                    rates.append(OTHERS if tag == "O" else TERMS)
                word[row, place] = len(rates) - 1
        return {
            "ids": ids,
            "mask": mask,
            "tags": tags,
            "word": word,
            "rates": torch.tensor(rates),
            "words": sum(len(sentences[i].words) for i in rows),
        }

    while True:
        order = rng.permutation(len(sentences))
        runs = np.split(order, range(50 * BATCH, len(order), 50 * BATCH))
        order = np.concatenate([run[np.argsort(np.take(lengths, run))] for run in runs])
        cut = np.split(order, range(BATCH, len(order), BATCH))
        yield from [prepare(cut[i]) for i in rng.permutation(len(cut))]


def predict(spec: Spec) -> TakeTurn:
    """Tokenizer and encoder; texts longer than the window are cut into windows."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    from .forms import in_form

    tokenizer: Any = AutoTokenizer.from_pretrained(spec.encoder)
    encoder: Any = AutoModel.from_pretrained(spec.encoder).eval()
    if spec.precision == "bfloat16":
        encoder = encoder.bfloat16()
    encoder = in_form(spec.options.get("form", "plain"), encoder)
    texts = spec.texts()
    split = not isinstance(texts[0], str)

    def encode() -> list[list[int]]:
        return tokenizer(
            texts,
            is_split_into_words=split,
            truncation=True,
            max_length=128,
            return_overflowing_tokens=True,
            return_attention_mask=False,
            return_token_type_ids=False,
        )["input_ids"]

    ready = None if spec.options.get("tokenize", True) else encode()

    @torch.inference_mode()
    def turn(words: int) -> Turn:
        for rows in _buckets(encode() if ready is None else ready):
            width = len(rows[-1])
            ids = torch.zeros(len(rows), width, dtype=torch.long)
            mask = torch.zeros(len(rows), width, dtype=torch.long)
            for i, row in enumerate(rows):
                ids[i, : len(row)] = torch.tensor(row)
                mask[i, : len(row)] = 1
            encoder(input_ids=ids, attention_mask=mask)
        return Turn()

    return turn


def _buckets(rows: list[list[int]]) -> list[list[list[int]]]:
    """Rows in order of length, at most `PADDED_PIECES` with padding at once."""
    buckets: list[list[list[int]]] = [[]]
    for row in sorted(rows, key=len):
        if (len(buckets[-1]) + 1) * len(row) > PADDED_PIECES and buckets[-1]:
            buckets.append([])
        buckets[-1].append(row)
    return buckets
