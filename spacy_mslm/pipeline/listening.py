"""Lending vectors: other components of a pipeline listen to this one's encoder.

A component with `spacy-transformers.TransformerListener.v1` as its `tok2vec` reads
`doc._.trf_data`. It is set, on every Doc that `mslm_ner` annotates, on request: by a
listener that names the component as its upstream, or by `trf_data = true`.

    [components.ner]
    source = "en_mslm_demo"

    [components.tagger.model.tok2vec]
    @architectures = "spacy-transformers.TransformerListener.v1"
    upstream = "ner"
    pooling = {"@layers":"reduce_mean.v1"}

    [training]
    frozen_components = ["ner"]
    annotating_components = ["clinical_sentences","ner"]

Gradients do not flow back: listeners learn from the vectors as they are and never
change the encoder. So the component is finished or frozen while they learn, and is
among the annotating components, or they would have nothing to read (spaCy's E203).
A Doc holds the vectors of one lender, the last one in the pipeline.
"""

from abc import abstractmethod
from typing import Any

from thinc.api import Model

from ..errors import Errors, MslmError
from .shim import MslmShim
from .trf_data import install_extension

# TransformerListener's own name: known here without importing spacy_transformers.
LISTENER = "transformer-listener"
ANY_UPSTREAM = "*"


class ListenedTo:
    """spaCy's `ListenedToComponent`, which `Language` looks for when it links a
    pipeline. `name` and `model` are the component's own."""

    name: str
    model: Model
    trf_data: bool
    listener_map: dict[str, list[Model]]

    def start_listening(self, trf_data: bool) -> None:
        """To be called once, in the constructor. Raises MslmError (M506) where vectors
        are asked for and spacy_transformers is missing."""
        self.trf_data = False
        self.listener_map = {}
        self.model.attrs["replace_listener_cfg"] = _refuse_copies
        if trf_data:
            self.lend()

    def lend(self) -> None:
        """Set `doc._.trf_data` from now on. Not taken back where spaCy forgets a
        listener: it does so for disabled ones, which still read."""
        install_extension()
        self.trf_data = True

    @property
    @abstractmethod
    def shim(self) -> MslmShim: ...

    @property
    def vector_width(self) -> int | None:
        """H of the vectors, None as long as there is no network."""
        network = self.shim.network
        return None if network is None else network.config.hidden_size

    @property
    def listeners(self) -> list[Model]:
        return [model for models in self.listener_map.values() for model in models]

    @property
    def listening_components(self) -> list[str]:
        return list(self.listener_map)

    def find_listeners(self, component: Any) -> None:
        """Take in the listeners within a component further down that name this one as
        upstream or, where it lends already, any ("*"). spaCy calls it when a pipeline
        is put together. Raises MslmError (M507) for a listener that has learnt from
        vectors of another width."""
        if not isinstance(getattr(component, "model", None), Model):
            return
        names = (self.name, ANY_UPSTREAM) if self.trf_data else (self.name,)
        for layer in component.model.walk():
            if layer.name == LISTENER and getattr(layer, "upstream_name", "") in names:
                self.add_listener(layer, component.name)

    def add_listener(self, listener: Model, component_name: str) -> None:
        known = self.listener_map.setdefault(component_name, [])
        if listener not in known:
            known.append(listener)
        self.lend()
        self.fit_listeners()

    def remove_listener(self, listener: Model, component_name: str) -> bool:
        """Whether there was such a listener."""
        known = self.listener_map.get(component_name, [])
        if listener not in known:
            return False
        known.remove(listener)
        if not known:
            del self.listener_map[component_name]
        return True

    def fit_listeners(self) -> None:
        """Tell listeners the width of the vectors; to be called with each new network,
        before the components further down initialise. Raises MslmError (M507)."""
        width = self.vector_width
        if width is None:
            return
        for component_name, listeners in self.listener_map.items():
            for listener in listeners:
                if not listener.has_dim("nO"):
                    listener.set_dim("nO", width)
                elif listener.get_dim("nO") != width:
                    raise MslmError(
                        Errors.M507.format(
                            name=self.name,
                            width=width,
                            listener=component_name,
                            expected=listener.get_dim("nO"),
                        )
                    )


def _refuse_copies(*configs: Any) -> dict[str, Any]:
    """In place of the copy of an encoder that `replace_listeners` asks for."""
    raise MslmError(Errors.M508)
