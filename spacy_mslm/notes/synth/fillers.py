"""What fills the slots that are no mentions: people, dates, doses, measurements.

People, places and dates are de-identification placeholders, as in the notes that the
project is for.
"""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

_MALE = {"he": "he", "his": "his", "him": "him", "He": "He", "His": "His"}
_FEMALE = {"he": "she", "his": "her", "him": "her", "He": "She", "His": "Her"}
_DOSES = "5 mg|10 mg|20 mg|25 mg|40 mg|50 mg|80 mg|100 mg|250 mg|500 mg|1 g|0.5 mg"
_FREQUENCIES = "daily|BID|TID|q.d.|b.i.d.|once a day|twice daily|at bedtime|q8h|q.h.s."
_ROUTES = "p.o.|PO|by mouth|IV|subcutaneously"
_DURATIONS = "two days|3 days|5 days|10 days|two weeks|six weeks|several hours"
_SERVICES = "MEDICINE|SURGERY|CARDIOLOGY|NEUROLOGY|ORTHOPAEDICS|UROLOGY"


@dataclass(frozen=True, slots=True)
class Persona:
    """The patient whom a patient's notes agree on."""

    name: str
    age: int
    male: bool
    admitted: str
    discharged: str
    year: int

    @classmethod
    def draw(cls, rng: Random) -> "Persona":
        male = rng.random() < 0.5
        title = "Mr." if male else rng.choice(("Ms.", "Mrs."))
        name = f"{title} [**Known lastname {rng.randint(100, 19999)}**]"
        year, month, day = (
            rng.randint(*span) for span in ((2101, 2199), (1, 12), (1, 19))
        )
        admitted = f"[**{year}-{month}-{day}**]"
        discharged = f"[**{year}-{month}-{day + rng.randint(1, 9)}**]"
        return cls(name, rng.randint(24, 79), male, admitted, discharged, year)


def fill(slot: str, persona: Persona, rng: Random) -> str:
    """The text of `slot`; an unknown one is a mistake in a template (KeyError).

    `num:LO:HI` is a number between both, with as many decimals as LO is written with.
    """
    if slot.startswith("num:"):
        return _number(slot, rng)
    words = _MALE if persona.male else _FEMALE
    if slot in words:
        return words[slot]
    if slot == "sex":
        return rng.choice(("man", "male") if persona.male else ("woman", "female"))
    fixed = {
        "name": persona.name,
        "age": str(persona.age),
        "sexletter": "M" if persona.male else "F",
        "admitted": persona.admitted,
        "discharged": persona.discharged,
        "date": _date(persona.year, rng),
        "year": f"[**{persona.year - rng.randint(1, 15)}**]",
    }
    return fixed[slot] if slot in fixed else _FILLERS[slot](rng)


def _number(slot: str, rng: Random) -> str:
    _, low, high = slot.split(":")
    decimals = len(low.partition(".")[2])
    return f"{rng.uniform(float(low), float(high)):.{decimals}f}"


def _one_of(words: str) -> Callable[[Random], str]:
    choices = words.split("|")
    return lambda rng: rng.choice(choices)


def _between(low: int, high: int) -> Callable[[Random], str]:
    return lambda rng: str(rng.randint(low, high))


def _numbered(form: str, low: int = 1, high: int = 1999) -> Callable[[Random], str]:
    return lambda rng: form.format(rng.randint(low, high))


def _date(year: int, rng: Random) -> str:
    day = f"{rng.randint(1, 12)}-{rng.randint(1, 28)}"
    return f"[**{year}-{day}**]" if rng.random() < 0.6 else f"[**{day}**]"


def _doctor(rng: Random) -> str:
    last = f"[**Last Name (STitle) {rng.randint(100, 9999)}**]"
    first = f"[**First Name{rng.randint(3, 9)} (NamePattern2) **]"
    return f"Dr. {last}" if rng.random() < 0.7 else f"Dr. {first} {last}"


_FILLERS: dict[str, Callable[[Random], str]] = {
    "doctor": _doctor,
    "hospital": _numbered("[**Hospital1 {}**]"),
    "town": _numbered("[**Location (un) {}**]"),
    "ward": _numbered("[**Hospital Unit Name {}**]"),
    "phone": _numbered("[**Telephone/Fax (1) {}**]", 1000, 99999),
    "record": _numbered("[**Medical Record Number {}**]", 1000, 99999),
    "service": _one_of(_SERVICES),
    "dose": _one_of(_DOSES),
    "freq": _one_of(_FREQUENCIES),
    "route": _one_of(_ROUTES),
    "duration": _one_of(_DURATIONS),
    "rate": _one_of("5 mL|10 mL|2 mg|50 mL|100 mL"),
    "hours": _one_of("2|4|6|8|12"),
    "n": _between(2, 14),
    "small": _between(1, 4),
    "temp": lambda rng: f"{rng.uniform(97.0, 102.4):.1f}",
    "hr": _between(56, 124),
    "rr": _between(12, 26),
    "sat": _between(89, 100),
    "bp": lambda rng: f"{rng.randint(92, 178)}/{rng.randint(48, 98)}",
    "clock": lambda rng: f"{rng.randint(0, 23):02d}:{rng.randrange(0, 60, 5):02d}",
}
