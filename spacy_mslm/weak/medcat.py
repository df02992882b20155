"""MedCAT 2.9 as a labeller: from a concept table, or from a model pack.

The one module that imports medcat, inside functions, so that everything else works
without it. MedCAT's logs, its usage log and its look-up for newer versions are off:
the first can hold text of notes, the last goes to the internet.
"""

import hashlib
import logging
import os
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from ..errors import Errors, MslmError
from ..types import CharSpan, DropCounts, Note
from .clusters import Clusters
from .concepts import Concept
from .edges import crosses_an_end, word_edges
from .folding import folded
from .labeller import Labeller
from .names import label_of, servable
from .paragraphs import LIMIT, paragraph_spans
from .semantic_types import is_chemical

SOURCE = "medcat"
_CHUNK = 1 << 20


class MedcatLabeller(Labeller):
    """Find the concepts of a MedCAT model that lie in the clusters.

    `labels` is concept id -> label; nothing else comes back. A span's score is
    MedCAT's link similarity, 1 for a name with one concept, and no probability.
    Spans below `min_score` are counted in `drops`. Spans may overlap.
    """

    name = SOURCE

    def __init__(
        self,
        cat: Any,
        labels: Mapping[str, str],
        *,
        source: str,
        min_score: float = 0.0,
        paragraph_limit: int = LIMIT,
        concept_ids: Mapping[str, str] | None = None,
        drops: DropCounts | None = None,
    ) -> None:
        if not 0 <= min_score <= 1:
            raise MslmError(Errors.M401.format(name="min_score", value=min_score))
        self.labels = dict(labels)
        self.min_score = min_score
        self.paragraph_limit = paragraph_limit
        self.concept_ids = concept_ids or {}
        self.drops = DropCounts() if drops is None else drops
        self.cat = cat
        _configure(cat.config, set(labels), source=source)

    @classmethod
    def from_table(
        cls, concepts: Sequence[Concept], clusters: Clusters, **settings: Any
    ) -> "MedcatLabeller":
        """Build an untrained MedCAT from a concept table.

        `settings` are those of the constructor. Names are chosen by `servable`.
        Raises MslmError when medcat is missing or no concept lies in the clusters.
        """
        drops = settings.setdefault("drops", DropCounts())
        chosen = servable(concepts, clusters, DropCounts())
        # Ids of our own: MedCAT upper-cases what it is given.
        ids = {f"C{number}": concept for number, concept in enumerate(chosen)}
        labels = {key: label_of(concept, clusters) for key, concept in ids.items()}
        if not ids:
            raise MslmError(Errors.M225.format(source="the concept table"))
        return cls(
            _build(ids),
            cast(dict[str, str], labels),
            source="the concept table",
            concept_ids={key: concept.concept_id for key, concept in ids.items()},
            **{**settings, "drops": drops},
        )

    @classmethod
    def from_pack(
        cls, path: str | Path, clusters: Clusters, *, sha256: str = "", **settings: Any
    ) -> "MedcatLabeller":
        """Load a model pack, a `.zip` or its folder, and keep what is in the clusters.

        Loading runs code from the pack (it is a pickle inside): only load packs you
        trust, and give their `sha256` where you know it. It is checked first. Add-ons
        (MetaCAT, RelCAT) are left out. Raises MslmError for a missing or damaged
        pack, another hash, and types as `Clusters.select`.
        """
        path = Path(path)
        if sha256 and (got := pack_sha256(path)) != sha256.strip().lower():
            raise MslmError(Errors.M223.format(path=path, got=got, expected=sha256))
        cat = _load(path)
        labels = _pack_labels(cat.cdb, clusters, source=path.name)
        return cls(cat, labels, source=path.name, **settings)

    def find(self, note: Note) -> Iterator[CharSpan]:
        text = folded(note.text)
        for start, end in paragraph_spans(note.text, self.paragraph_limit):
            doc = self.cat(text[start:end])
            for entity in doc.linked_ents if doc else ():
                if span := self._span(note.text, entity, start):
                    yield span

    def _span(self, text: str, entity: Any, offset: int) -> CharSpan | None:
        label = self.labels.get(entity.cui)
        if label is None:
            return None
        score = min(1.0, max(0.0, float(entity.context_similarity)))
        if score < self.min_score:
            self.drops["score below the least"] += 1
            return None
        start = offset + int(entity.base.start_char_index)
        edges = word_edges(text, start, offset + int(entity.base.end_char_index))
        if edges is None:
            self.drops["span outside the text"] += 1
            return None
        if crosses_an_end(text[slice(*edges)]):
            self.drops["span across the end of a sentence or list item"] += 1
            return None
        concept_id = self.concept_ids.get(entity.cui, entity.cui)
        return CharSpan(*edges, label, self.name, concept_id, round(score, 6))


def pack_sha256(path: str | Path) -> str:
    """The sha256 of a pack: of the file, or of a folder's sorted paths and files."""
    path = Path(path)
    if path.is_file():
        return _file_sha256(path)
    if not path.is_dir():
        raise MslmError(Errors.M222.format(path=path))
    digest = hashlib.sha256()
    for file in sorted(file for file in path.rglob("*") if file.is_file()):
        name = file.relative_to(path).as_posix()
        digest.update(f"{name}\0{_file_sha256(file)}\n".encode())
    return digest.hexdigest()


def pack_counts(labeller: MedcatLabeller) -> dict[str, Any]:
    """What a pack holds of each type: id -> {name, label, concepts}."""
    labels = labeller.labels
    return {
        type_id: {
            "name": str(info.name),
            "concepts": len(info.cuis),
            "in_clusters": sum(cui in labels for cui in info.cuis),
        }
        for type_id, info in sorted(labeller.cat.cdb.type_id2info.items())
    }


def pack_chemicals(labeller: MedcatLabeller) -> frozenset[str]:
    """The ids of the concepts in the clusters that are substances."""
    return frozenset(
        str(cui)
        for type_id, info in labeller.cat.cdb.type_id2info.items()
        if is_chemical(type_id, str(info.name))
        for cui in info.cuis
        if cui in labeller.labels
    )


def _configure(config: Any, cuis: set[str], *, source: str) -> None:
    """Set the filter and what costs time or leaves traces.

    An empty set means "no filter" to MedCAT, so it is an error here.
    """
    filters = config.components.linking.filters
    allowed = cuis & set(filters.cuis) if filters.cuis else cuis
    if not allowed - set(filters.cuis_exclude):
        raise MslmError(Errors.M225.format(source=source))
    filters.cuis = allowed
    config.components.linking.train = False
    # MedCAT's own filter counts tokens wrongly (it forgets a span's last one); all
    # spans come back and `policy.resolve` decides.
    config.general.show_nested_entities = True
    config.general.usage_monitor.enabled = False
    if config.general.nlp.provider == "regex":
        # The regex tokenizer ignores the corrected form: three times slower, no gain.
        config.general.spell_check = False


def _build(concepts: Mapping[str, Concept]) -> Any:
    cat, cdb_maker, config, vocab = _import()
    import pandas as pd

    rows = [(key, name) for key, concept in concepts.items() for name in concept.names]
    # One name a row, escaped: MedCAT splits on `|`.
    frame = pd.DataFrame(
        [(key, folded(name).replace("|", " ")) for key, name in rows],
        columns=["cui", "name"],
    )
    cdb = cdb_maker(config()).prepare_csvs([frame])
    # Without a Vocab the first name that needs its context crashes.
    return cat(cdb, vocab(), cdb.config)


def _load(path: Path) -> Any:
    cat = _import()[0]
    if not path.exists():
        raise MslmError(Errors.M222.format(path=path))
    try:
        if path.is_dir():
            return _load_folder(cat, path)
        # Unpacked by us: MedCAT prefers a folder of the same name beside the zip to
        # the zip itself, whatever that folder holds.
        with tempfile.TemporaryDirectory(prefix="mslm-pack-") as folder:
            with zipfile.ZipFile(path) as archive:
                archive.extractall(folder)
            return _load_folder(cat, Path(folder))
    except Exception as err:
        # A pack can fail in any way: it is somebody's pickle.
        reason = type(err).__name__
        raise MslmError(Errors.M224.format(path=path, reason=reason)) from err


def _load_folder(cat: Any, folder: Path) -> Any:
    from medcat.pipeline.pipeline import _ENABLED_ADDONS_PATH

    return cat.load_model_pack(
        str(folder), addon_config_dict={_ENABLED_ADDONS_PATH: []}
    )


def _pack_labels(cdb: Any, clusters: Clusters, *, source: str) -> dict[str, str]:
    types = {key: str(info.name) for key, info in cdb.type_id2info.items()}
    chosen = clusters.select(types, source=source)
    labels: dict[str, str] = {}
    # The file's last label first, so that its first one wins a concept with two.
    for label in reversed(clusters.labels):
        for type_id, its_label in chosen.items():
            if its_label == label:
                cuis = cdb.type_id2info[type_id].cuis
                labels.update(dict.fromkeys(map(str, cuis), label))
    return labels


def _import() -> tuple[Any, Any, Any, Any]:
    """CAT, CDBMaker, Config and Vocab, or the message how to install them."""
    os.environ.setdefault("MEDCAT_DISABLE_VERSION_CHECK", "true")
    # At level DEBUG its log quotes the notes: closed by level, and for its modules
    # that set one of their own by stopping here what they pass upwards.
    logger = logging.getLogger("medcat")
    logger.setLevel(logging.CRITICAL + 1)
    logger.propagate = False
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())
    try:
        from medcat.cat import CAT
        from medcat.config import Config
        from medcat.model_creation.cdb_maker import CDBMaker
        from medcat.vocab import Vocab
    except ImportError as err:
        raise MslmError(Errors.M221) from err
    return CAT, CDBMaker, Config, Vocab


def _file_sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def train_unsupervised(
    rows: Sequence[tuple[str, str, str]],
    words: Iterable[tuple[str, int, Any]],
    texts: Iterable[str],
    folder: Path,
) -> dict[str, int]:
    """Train MedCAT on texts and save it in `folder` as a pack that `from_pack` loads.

    `rows`: id in capitals, name, types split by bars; `words`: word, count, vector.
    RETURNS: how often each concept was trained, by id. Raises M221 without medcat.
    """
    cat_class, cdb_maker, config, vocab_class = _import()
    import pandas as pd

    frame = pd.DataFrame(rows, columns=["cui", "name", "type_ids"])
    cdb = cdb_maker(config()).prepare_csvs([frame], full_build=True)
    vocab = vocab_class()
    for word, count, vector in words:
        vocab.add_word(word, count, vector)
    cat = cat_class(cdb, vocab, cdb.config)
    _configure(cat.config, {row[0] for row in rows}, source="the concept table")
    cat.trainer.train_unsupervised(texts)
    cat.config.components.linking.filters.cuis = set()
    cat.save_model_pack(
        str(folder.parent), folder.name, make_archive=False, add_hash_to_pack_name=False
    )
    return {cui: int(info["count_train"]) for cui, info in cdb.cui2info.items()}
