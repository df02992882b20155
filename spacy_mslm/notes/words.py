"""Word lists of the sentence rules, lower case, without their last full stop."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# A name, a number or a phrase follows: no sentence ends here.
NEVER_LAST = _words("dr drs mr mrs ms mx prof st rev hon messrs vs v e.g i.e cf viz pt")
# Shortened words: a sentence ends here only before a word that begins sentences.
SHORTENED = _words(
    """
    abd abnl adm admin al ant appr approx appt apr assoc asst aug ave avg bilat bldg
    blvd ca cal cap caps cardiol co conc cond cont conv corp cpd ctr dec dept diag
    diff dil dist div dx ed eg elev emerg eq esp est etc eval evid ex exam exp ext
    extr feb fig figs freq fri gen gluc hist hosp ht hx ie inc incl inf info infx inj
    insp int jan jr jul jun lab lat lt ltd mar max med meds mild min misc mod mon mos
    mult neg neuro no norm nos nov nr oct op opp orig orth pat path ped poss post pot
    prep prev prob proc prog prox psych pts pul pulm quant quest rad re rec ref reg
    rehab rel rep resp rt rx sat sec sect sens sep sept sig sing sl spec spont sr stat
    std subj sun surg susp sx sys tab tabs temp thurs tue tues tx ur urol vent vol wed
    wk wt yr
    """
)
# Dotted short forms that often close a statement (`25 mg b.i.d.`).
LAST_DOTTED = _words(
    "q.d b.i.d t.i.d q.i.d q.o.d q.h.s q.a.m q.p.m h.s p.r.n m.d d.o ph.d r.n a.c p.c"
)
# A single capital after one of these is a class, not an initial (`vitamin D.`).
BEFORE_CLASS = _words(
    """
    vitamin hepatitis type class grade group stage influenza factor plan phase level
    strain blood section part schedule category protein immunoglobulin
    """
)
# Words that begin sentences, whatever their case ...
STARTERS = _words(
    "he she they we the this these there patient pt his her it its denies mr mrs ms dr"
)
# ... and only when written with a capital and small letters.
CAPITAL_STARTERS = STARTERS | _words(
    """
    a after all also although an and any as at because before both but by call continue
    currently despite discharge during each exam family findings follow for from given
    however i if impression in initially last my new no on once otherwise our overall
    past per physical please possible prior return review since so social some status
    take that then their through to today under upon was we were when while will with
    you your
    """
)
# Small-letter beginnings of telegraphic sentences (`no fever. pt denies pain.`).
SMALL_STARTERS = _words(
    "pt pts patient he she they denies denied no will states reports continues plan"
)
# A line that ends in one of these goes on in the next ...
GOES_ON_AFTER = _words(
    """
    a an and are as at be been by due for from had has have her his into is its my nor
    of on or our per s/p status-post than that the their to very via vs was were which
    who whose with without w/ h/o c/o in if
    """
)
# ... and so does a line before one that begins with one of these.
GOES_ON_BEFORE = _words(
    "and are but due had has is nor of or secondary than to was were which who with"
)
# Section names that stand inside a line after one blank.
SECTIONS = (
    "Admission Date", "Allergies", "Assessment", "Assessment and Plan", "Attending",
    "Brief Hospital Course", "Chief Complaint", "Date of Birth", "Diagnosis",
    "Discharge Condition", "Discharge Date", "Discharge Diagnosis",
    "Discharge Disposition", "Discharge Instructions", "Discharge Medications",
    "Family History", "Findings", "History of Present Illness", "Hospital Course",
    "Impression", "Indication", "Medications", "Medications on Admission",
    "Past Medical History", "Past Surgical History", "Physical Exam",
    "Physical Examination", "Pertinent Results", "Plan", "Procedure", "Procedures",
    "Review of Systems", "Service", "Sex", "Social History",
)  # fmt: skip
