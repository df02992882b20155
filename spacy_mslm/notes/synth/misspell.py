"""One slip of the pen in a name: the kinds that clinical notes are full of."""

import re
from random import Random

# Shorter words with a slip in them are as likely another word as a misspelling.
SHORTEST = 6
_WORD = re.compile(rf"[A-Za-z]{{{SHORTEST},}}")
_NEAR = {
    "a": "e",
    "e": "i",
    "i": "e",
    "o": "u",
    "u": "o",
    "y": "i",
    "c": "k",
    "s": "z",
    "z": "s",
    "t": "r",
    "n": "m",
    "m": "n",
    "l": "k",
    "r": "t",
    "d": "s",
    "b": "v",
    "p": "o",
}


def can_misspell(name: str) -> bool:
    """Whether `name` has a word long enough to stay readable with a slip."""
    return _WORD.search(name) is not None


def misspell(name: str, rng: Random) -> str:
    """`name` with one letter dropped, doubled, swapped or replaced in one long word.

    The word's first letter stays. The result may equal `name` (two equal letters
    swapped): the caller draws again.
    """
    word = rng.choice(list(_WORD.finditer(name)))
    place = rng.randrange(word.start() + 1, word.end() - 1)
    before, letter, after = name[:place], name[place], name[place + 1 :]
    slip = rng.choice(("drop", "double", "swap", "near"))
    if slip == "drop":
        return before + after
    if slip == "double":
        return before + letter * 2 + after
    if slip == "swap":
        return before + after[0] + letter + after[1:]
    return before + _NEAR.get(letter, letter) + after
