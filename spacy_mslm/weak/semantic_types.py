"""The ids of the UMLS semantic types (NLM's public Semantic Network, 127 types).

With them a misspelt id in a clusters file is told from a type that a table merely
does not hold.
"""

_IDS = """
T001 T002 T004 T005 T007 T008 T010 T011 T012 T013 T014 T015 T016 T017 T018 T019
T020 T021 T022 T023 T024 T025 T026 T028 T029 T030 T031 T032 T033 T034 T037 T038
T039 T040 T041 T042 T043 T044 T045 T046 T047 T048 T049 T050 T051 T052 T053 T054
T055 T056 T057 T058 T059 T060 T061 T062 T063 T064 T065 T066 T067 T068 T069 T070
T071 T072 T073 T074 T075 T077 T078 T079 T080 T081 T082 T083 T085 T086 T087 T088
T089 T090 T091 T092 T093 T094 T095 T096 T097 T098 T099 T100 T101 T102 T103 T104
T109 T114 T116 T120 T121 T122 T123 T125 T126 T127 T129 T130 T131 T167 T168 T169
T170 T171 T184 T185 T190 T191 T192 T194 T195 T196 T197 T200 T201 T203 T204
"""

TUIS = frozenset(_IDS.split())
# Sign or Symptom; Disease or Syndrome; Pharmacologic Substance.
SYMPTOM, DISEASE, DRUG = "T184", "T047", "T121"

# The semantic group Chemicals & Drugs (CHEM of NLM's SemGroups).
_CHEMICAL_IDS = """
T103 T104 T109 T114 T116 T120 T121 T122 T123 T125 T126 T127 T129 T130 T131 T192 T195
T196 T197 T200
"""

CHEMICALS = frozenset(_CHEMICAL_IDS.split())
# The same by the semantic tags of SNOMED CT.
_CHEMICAL_TAGS = frozenset(
    {
        "substance", "product", "clinical drug", "medicinal product",
        "medicinal product form", "real clinical drug",
    }
)  # fmt: skip


def is_chemical(type_id: str, name: str = "") -> bool:
    """Whether a type is one of chemicals: by its TUI, or by the name of its tag."""
    return type_id.upper() in CHEMICALS or name.strip().lower() in _CHEMICAL_TAGS
