"""Which stretches of a note are about the patient's relatives: our own rule, after
ConText's "experiencer" (Harkema et al. 2009), as the negation library has none.

1. A section "Family history" (FHx, FH), up to the next heading that is no relative's.
2. In a sentence, "family history of", from there on.
3. In a sentence, a relative who has, had, died of, was diagnosed with (or, at its
   beginning, "Mother:"): from there on. Not the relative who brings, reports or comes
   along ("by", "with", "per").
4. In a sentence, "in her mother", "on the paternal side": up to there.

From a relative on means: to the end of the sentence, or to where it turns to the
patient ("who presents", ", and she"). Spouses count: theirs is not the patient's.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence

Range = tuple[int, int]

_KIN = (
    r"(?:(?:step|grand|half[- ])?(?:mother|father|brother|sister|parent|son|daughter)"
    r"|grand(?:ma|pa)|mom|mum|mommy|dad|daddy|sibling|aunt|uncle|cousin|niece|nephew"
    r"|relative|wife|husband|spouse"
    r"|family member|famil(?:y|ies))s?"
)
_KIN_ONLY = re.compile(
    rf"(?:(?:maternal|paternal|older|younger|oldest|youngest|first|cousin|and|both"
    rf"|\d+)[ /]*)*{_KIN}(?:[ /,&]+(?:and[ ])?(?:{_KIN}|side))*",
    re.IGNORECASE,
)

# Sections

_NAME = r"[A-Z][A-Za-z/&'’() -]{1,45}?"
_HEADING = re.compile(
    rf"(?:^|(?<=[.,;])[ \t]*)[ \t•*#>-]*(?P<inline>{_NAME})[ \t]*:"
    rf"|^[ \t•*#>-]*(?P<alone>[A-Z][A-Z/&,'’() -]{{2,50}}|[Ff]amily (?:[Mm]edical )?"
    rf"[Hh](?:istory|x))[ \t]*$",
    re.MULTILINE,
)
_FAMILY_SECTION = re.compile(
    r"(?:past |pertinent |significant )?fam(?:ily|\.)?[ ]"
    r"(?:[a-z]+[ ]){0,2}?(?:history|histories|hx)|f(?:am)?hx?",
    re.IGNORECASE,
)
_MIXED = re.compile(r"social|personal|surgical|past medical", re.IGNORECASE)

# Sentences

_HISTORY = re.compile(
    r"\bfam(?:ily|ilial)[ -](?:[a-z]+ )?(?:history|hx)\b|\bFHx\b", re.I
)
_FILLER = (
    r"(?:is|are|was|were|be|both|all|also|alive|well|and|or|but|who|of|whom|one|each"
    r"|age|aged|at|years?|old|still|living|recently|has|had|have|been|the|a|an|other"
    r"|another|now|deceased|healthy|sick|with|on|in|side|his|her|their|maternal|paternal"
    rf"|\d+s?|{_KIN})"
)
_NO_PREDICATE = (
    r"(?:has|had|have)\s+(?:(?:also|been|not|never|always|already|just|since|some|any"
    r"|no|a|an|many)\s+)*(?:report|not(?:ed|ic)|stat(?:ed|ing)|giv|tri(?:ed|es)|try|call"
    r"|brought|observ|seen|saw|describ|ask|concern|question|appoint|tak|us(?:ed|ing)"
    r"|put|administer|suction|follow|worr|been told|told|deni|mention|chang|clean)"
)
_PREDICATE = (
    r"(?:has|had|have|having|with|died|die|dies|passed|deceased|diagnosed|suffer\w*"
    r"|positive|history|hx|h/o|developed|underwent|found to have|carr(?:y|ies|ied)"
    r"|s/p)\b"
)
_SUBJECT = re.compile(
    rf"\b(?P<kin>{_KIN})\b(?:[\s,()-]+{_FILLER}\b){{0,7}}?[\s,()-]+"
    rf"(?!{_NO_PREDICATE}){_PREDICATE}",
    re.IGNORECASE,
)
_LISTED = re.compile(rf"[\W\d]*(?:\w+\s+){{0,2}}{_KIN}\s*:", re.IGNORECASE)
# The relative as companion or source: "brought in by his mother with fever".
_COMPANION = re.compile(
    r"\b(?:by|with|per|from|to|for|via|inform\w*|accompan\w*|and)\s+"
    r"(?:(?:his|her|their|the|both|patient['’]?s?|pt['’]?s?|a|an|my|biological|foster"
    r"|birth|adoptive)\s+)*$",
    re.IGNORECASE,
)
_HOLDER = re.compile(
    rf"\b(?:in|on|among|within)\s+(?:[\w'’]+\s+){{0,3}}?"
    rf"(?:{_KIN}|(?:maternal|paternal)\s+sides?)\b"
    r"(?!\s+(?:history|hx|meeting|conference|practice|medicine|planning|physician"
    r"|doctor|room|waiting|report|reports|state|states|was|were|is|are|and I))",
    re.IGNORECASE,
)
_TURN = re.compile(
    r"\bwho (?:present|was|is|has been|underwent|comes|came)\w*|\bpresent(?:s|ed|ing)\b"
    r"|\badmitted\b|\bcomplain\w*|\bpersonal history\b|;"
    r"|(?:,|\band|\bbut|\bwhile|\bwhereas|\balthough|\bhowever,?)\s+"
    r"(?:he|she|they|i|we|(?:the\s+|this\s+)?(?:patient|pt)(?!['’]s))\b",
    re.IGNORECASE,
)


def about_relatives(text: str, sentences: Iterable[Range]) -> list[Range]:
    """Half-open character ranges about relatives, in order and disjoint.

    `sentences`: half-open ranges of the sentences of `text`. A mention is a relative's
    if it lies inside one of the ranges (`lies_in`).
    """
    found = [*_sections(text)]
    for start, end in sentences:
        sentence = text[start:end]
        found += [(start + left, start + right) for left, right in _inside(sentence)]
    merged: list[Range] = []
    for left, right in sorted(found):
        if merged and left <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(right, merged[-1][1]))
        else:
            merged.append((left, right))
    return merged


def lies_in(ranges: Sequence[Range], start: int, end: int) -> bool:
    """Whether `start` to `end` lies inside one of `ranges`, in order and disjoint."""
    place = bisect_right(ranges, start, key=lambda each: each[0]) - 1
    return place >= 0 and end <= ranges[place][1]


def _sections(text: str) -> Iterator[Range]:
    opened: int | None = None
    for heading in _HEADING.finditer(text):
        name = " ".join((heading["inline"] or heading["alone"]).split())
        if opened is not None and not _KIN_ONLY.fullmatch(name):
            yield opened, heading.start()
            opened = None
        if opened is None and _FAMILY_SECTION.fullmatch(name):
            opened = None if _MIXED.search(name) else heading.end()
    if opened is not None:
        yield opened, len(text)


def _inside(sentence: str) -> Iterator[Range]:
    turns = [match.span() for match in _TURN.finditer(sentence)]

    def onward(start: int) -> int:
        """Where the sentence turns to the patient after `start`, or its end."""
        place = bisect_left(turns, (start, 0))
        return turns[place][0] if place < len(turns) else len(sentence)

    def back(end: int) -> int:
        """Where it last turned before `end`, or its beginning."""
        place = bisect_right(turns, end, key=lambda turn: turn[1]) - 1
        return turns[place][1] if place >= 0 else 0

    if listed := _LISTED.match(sentence):
        yield listed.end(), len(sentence)
    for match in _HISTORY.finditer(sentence):
        yield match.end(), onward(match.end())
    for match in _SUBJECT.finditer(sentence):
        start = match.start()
        if not _COMPANION.search(sentence[max(0, start - 60) : start]):
            yield start, onward(match.end())
    for match in _HOLDER.finditer(sentence):
        yield back(match.start()), match.end()
