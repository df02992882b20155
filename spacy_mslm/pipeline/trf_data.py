"""`doc._.trf_data`: vectors in the form that listeners of spacy-transformers read.

The one module that imports spacy_transformers, inside functions: only who asks for
`trf_data` needs it.
"""

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
from spacy.tokens import Doc
from thinc.api import Model, get_current_ops
from thinc.types import Floats3d, Ints1d, Ragged

from ..errors import Errors, MslmError
from ..nn import ScoredSpan
from ..nn.pieces import PieceTokenizer
from ..nn.predict import DocVectors
from .architectures import Predictions, predict_docs


class WithVectors(list[list[ScoredSpan]]):
    """Predicted spans a Doc, and beside them the pieces and vectors that they were
    read from: what `predict` hands to `set_annotations`, which sets `trf_data`."""

    def __init__(self) -> None:
        super().__init__()
        self.vectors: list[DocVectors] = []


def predict_with_vectors(
    model: Model[list[Doc], Predictions], docs: list[Doc]
) -> WithVectors:
    found = WithVectors()
    found += predict_docs(model, docs, vectors=found.vectors)
    return found


def install_extension() -> None:
    """`doc._.trf_data`, None until it is set. Raises MslmError (M506)."""
    _import().install_extensions()


def set_trf_data(
    docs: Sequence[Doc], vectors: Sequence[DocVectors], tokenizer: PieceTokenizer
) -> None:
    """Set `doc._.trf_data` of each Doc from its pieces and their vectors."""
    for doc, doc_vectors in zip(docs, vectors, strict=True):
        doc._.trf_data = transformer_data(doc_vectors, tokenizer)


def transformer_data(doc_vectors: DocVectors, tokenizer: PieceTokenizer) -> Any:
    """The pieces (N,) and vectors (N, H) of one document as a `TransformerData`.

    `last_hidden_state` is (1, N, H) in the order of the document, without specials,
    and windows leave no trace in it; `align` gives each word its pieces. Words without
    pieces (line breaks and their kin) share one row of zeros at the end, since most
    poolings refuse words of no row. A copy: no Doc keeps the vectors of others alive.
    """
    module = _import()
    pieces, vectors = doc_vectors
    if not pieces.n_words:
        return module.TransformerData.empty()
    n_pieces, padded = len(pieces.ids), not pieces.has_pieces.all()
    rows = np.zeros((1, n_pieces + padded, vectors.shape[1]), dtype=np.float32)
    rows[0, :n_pieces] = vectors
    ids = np.full(rows.shape[:2], tokenizer.specials.pad, dtype=np.int64)
    ids[0, :n_pieces] = pieces.ids
    mask = np.zeros(rows.shape[:2], dtype=np.float32)
    mask[0, :n_pieces] = 1
    without = np.flatnonzero(~pieces.has_pieces)
    aligned = np.insert(np.arange(n_pieces), pieces.starts[without], n_pieces)
    lengths = np.maximum(np.diff(pieces.starts), 1)
    wordpieces = module.data_classes.WordpieceBatch(
        strings=[[tokenizer.tokenizer.id_to_token(int(i)) for i in ids[0]]],
        input_ids=ids,
        attention_mask=mask,
        lengths=[n_pieces],
        token_type_ids=None,
    )
    output = module.data_classes.ModelOutput(
        last_hidden_state=get_current_ops().asarray(cast(Floats3d, rows))
    )
    align = Ragged(
        cast(Ints1d, aligned.astype(np.int32)), cast(Ints1d, lengths.astype(np.int32))
    )
    return module.TransformerData(
        wordpieces=wordpieces, model_output=output, align=align
    )


def _import() -> Any:
    try:
        import spacy_transformers
    except ImportError as err:
        raise MslmError(Errors.M506) from err
    return spacy_transformers
