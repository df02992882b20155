"""Callbacks for configs."""

from collections.abc import Callable

from spacy.language import Language

from ..errors import Errors, MslmError


def add_labels(*, component: str, labels: list[str]) -> Callable[[Language], Language]:
    """`spacy-mslm.AddLabels.v1`: new entity types for a trained component, by config.

    For `[initialize.after_init]`. A component that comes out of a trained pipeline
    (`source`) is not initialised again, so this is where it hears of more types:

        [components.ner]
        source = "en_mslm_demo"

        [initialize.after_init]
        @callbacks = "spacy-mslm.AddLabels.v1"
        component = "ner"
        labels = ["Procedures"]

    component (str): the component's name.
    labels (list[str]): the types to add; those that it has already are no change.
    RETURNS (Callable): raises MslmError (M511) for a component that is not in the
        pipeline or takes no labels.
    """

    def add(nlp: Language) -> Language:
        taking = {n: pipe for n, pipe in nlp.components if hasattr(pipe, "add_label")}
        if component not in taking:
            options = ", ".join(taking) or "(none in the pipeline)"
            raise MslmError(Errors.M511.format(name=component, options=options))
        for label in labels:
            taking[component].add_label(label)
        return nlp

    return add
