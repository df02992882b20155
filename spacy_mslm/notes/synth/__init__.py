"""Synthetic clinical notes with gold spans: `generate(concepts, patients=, seed=)`.

For smoke tests and demonstrations; nothing measured on them is evidence. How the
shares of abbreviations, misspellings and absent concepts hold is told in `deck`.
"""

from .generator import generate as generate
from .vocabulary import MentionKind as MentionKind
from .vocabulary import SynthConcept as SynthConcept

__all__ = ["MentionKind", "SynthConcept", "generate"]
