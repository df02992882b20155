"""A hand-made folder of six notes, its numbers computed by hand."""

import csv
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from spacy_mslm.errors import MslmError
from spacy_mslm.stages.labelling import review as stage
from spacy_mslm.stages.labelling.review import ReviewSettings, review_labels
from spacy_mslm.stages.labelling.review_lists import read_decided
from spacy_mslm.stages.labelling.review_rows import parse_gold_labels
from spacy_mslm.weak.clusters import Clusters
from spacy_mslm.weak.lists import read_lists

SIX: list[dict[str, Any]] = [
    {
        "text": "Fever and cough. Given aspirin 81 mg.",
        "spans": ["Fever S s1", "cough S s2", "aspirin T t1"],
        "gold": ["Fever Sign", "cough Sign", "aspirin Drug"],
        "category": "Ward",
    },
    {
        "text": "Blood loss noted. Potassium 4.1 today.",
        "spans": ["Blood T t2", "Potassium T t3"],
        "gold": ["Potassium Lab"],
        "category": "Ward",
    },
    {
        "text": "DISCHARGE SUMMARY: no fever.",
        "spans": ["DISCHARGE S s3", "fever S s1"],
        "gold": ["fever Sign"],
        "category": "Ward",
    },
    {"text": "Nothing <b>zebra</b> said."},
    {
        "text": "Severe chest pain; high fever, rash.",
        "spans": ["chest_pain S s4", "fever S s1"],
        "gold": ["Severe_chest_pain Sign", "fever Sign", "rash Sign"],
    },
    {"text": "Aspirin and quokkafarin.", "spans": ["Aspirin T t1", "quokkafarin T t4"]},
]
GOLD = {"Sign": "S", "Drug": "T"}
WITH_GOLD = ReviewSettings(gold_labels=GOLD)


def found(text: str, words: str) -> dict[str, Any]:
    """`fever S s1` or `fever Sign` as a span of the text; `_` is a blank."""
    name, label, *concept = words.split(" ")
    start = text.index(name.replace("_", " "))
    place = {"start": start, "end": start + len(name), "label": label}
    return {**place, "source": "medcat", "concept_id": "".join(concept), "score": 1.0}


def as_row(number: int, note: dict[str, Any]) -> dict[str, Any]:
    text = note["text"]
    row = {k: v for k, v in note.items() if k not in ("spans", "gold", "sources")}
    row |= {"note_id": f"n{number}", "patient_id": f"p{number}"}
    row["spans"] = [found(text, words) for words in note.get("spans", ())]
    row["gold"] = [found(text, words) for words in note.get("gold", ())]
    if "sources" in note:
        row["sources"] = {
            name: [found(text, words) | {"source": name} for words in of]
            for name, of in note["sources"].items()
        }
    return row


def write_labels(folder: Path, notes: list[dict[str, Any]], **changes: Any) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    lines = [json.dumps(as_row(i, note)) + "\n" for i, note in enumerate(notes)]
    shards = {}
    for number, part in enumerate((lines[:4], lines[4:])):
        data = "".join(part).encode()
        name = f"part-{number:05d}.jsonl"
        (folder / name).write_bytes(data)
        shards[name] = hashlib.sha256(data).hexdigest()
    manifest = {
        "shards": shards,
        "spans": {"S": 6, "T": 5},
        "drops": {"span overlapping a better one": 7},
        "settings": {"policy": "longest"},
        "concepts": {"source": "table", "name": "open.csv", "sha256": "c0ffee"},
        "concepts_hash": "none",
        **changes,
    }
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


@pytest.fixture
def labels(tmp_path: Path) -> Path:
    return write_labels(tmp_path / "work" / "labels", SIX)


@pytest.fixture
def concepts(tmp_path: Path) -> Path:
    """A concepts folder with all names found but "quokkafarin"; "aspirin" is a name of
    two concepts."""
    folder = tmp_path / "concepts"
    folder.mkdir()
    names = {
        "s1": ["fever"],
        "s2": ["cough"],
        "s3": ["discharge"],
        "s4": ["chest pain"],
        "t1": ["acetylsalicylic acid", "aspirin"],
        "t2": ["whole blood", "blood"],
        "t3": ["potassium"],
    }
    table = [f"{concept},{name}" for concept, of in names.items() for name in of]
    (folder / "concepts.csv").write_text("cui,name\n" + "\n".join(table) + "\n")
    single = [
        {"name": name.replace(" ", "~"), "concept_id": concept}
        for concept, of in names.items()
        for name in of
        if name != "aspirin"
    ]
    lines = "".join(json.dumps(row) + "\n" for row in single)
    (folder / "names.jsonl").write_text(lines)
    (folder / "manifest.json").write_text('{"source": "table", "files": {}}')
    return folder


def known_to(labels: Path, concepts: Path) -> None:
    """Make the labels those of this concepts folder."""
    manifest = json.loads((labels / "manifest.json").read_text())
    digest = hashlib.sha256((concepts / "manifest.json").read_bytes()).hexdigest()
    manifest["concepts_hash"] = digest
    (labels / "manifest.json").write_text(json.dumps(manifest))


class Page(HTMLParser):
    """What a page holds: its tags, and the words that a reader sees."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(re.sub(r"<style>.*?</style>", "", html, flags=re.S))

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words += data.split()

    @property
    def text(self) -> str:
        return " ".join(self.words)


# The numbers


def test_coverage_by_hand(labels: Path) -> None:
    counts = review_labels(labels).review.counts
    assert (counts.total.notes, counts.total.empty) == (6, 1)
    assert counts.total.spans == {"S": 6, "T": 5}
    assert counts.total.with_label == {"S": 3, "T": 3}
    assert counts.total.covered == {"S": 39, "T": 39}
    assert counts.total.histogram == {0: 1, 1: 4, 3: 1}
    names = [name for name, _ in counts.categories.ordered()]
    assert names == ["(none)", "Ward"]
    assert counts.categories.of["Ward"].spans == {"S": 4, "T": 3}


def test_scores_by_hand(labels: Path) -> None:
    written = review_labels(labels, settings=WITH_GOLD)
    facts = json.loads(written.facts.read_text())
    assert facts["commit"] and facts["versions"]["spacy-mslm"]
    gold = facts["gold"]
    assert gold["notes"] == 4
    assert {k: gold["strict"]["S"][k] for k in ("tp", "fp", "fn")} == {
        "tp": 4,
        "fp": 2,
        "fn": 2,
    }
    assert gold["strict"]["T"]["p"] == pytest.approx(1 / 3)
    assert gold["strict"]["T"]["r"] == 1
    assert gold["strict"]["all"]["f"] == pytest.approx(10 / 16)
    assert gold["partial"]["S"]["p"] == gold["partial"]["S"]["r"] == 0.75
    assert gold["partial"]["all"]["f"] == pytest.approx(11 / 16)
    assert gold["left_out"] == {"gold span of a label that is not compared: Lab": 1}
    assert gold["mistakes"] == {
        "Missed altogether": 1,
        "False alarms": 3,
        "Found, but otherwise": 1,
    }
    assert gold["false_alarms_where_gold_says"] == {
        "S": {"nothing annotated": 1},
        "T": {"nothing annotated": 1, "Lab": 1},
    }


def test_names_by_hand(labels: Path) -> None:
    table = review_labels(labels, settings=WITH_GOLD).review.counts.names
    fever, aspirin = table.entries["S", "fever"], table.entries["T", "aspirin"]
    assert (fever.count, fever.notes, fever.judged, fever.wrong) == (3, 3, 3, 0)
    assert (aspirin.count, aspirin.judged, aspirin.wrong) == (2, 1, 0)
    pain = table.entries["S", "chest pain"]
    assert (pain.judged, pain.wrong) == (1, 0), "a longer gold mention is no mistake"
    blood, discharge = table.entries["T", "blood"], table.entries["S", "discharge"]
    assert blood.wrong == 1 and blood.after == {"loss": 1}
    assert (discharge.capitals, discharge.headings, discharge.office) == (1, 1, 1)
    assert table.entries["T", "potassium"].measures == 1
    assert fever.concept_ids == ["s1"] and fever.sources == {"medcat": 3}
    assert [c.concept_id for c in table.concepts("S")] == ["s1", "s2", "s3", "s4"]


def test_several_sources(tmp_path: Path) -> None:
    note = {
        "text": "Fever and cough today.",
        "spans": ["Fever S s1"],
        "sources": {"a": ["Fever S s1", "cough S"], "b": ["Fever S s1", "cough T"]},
        "missing": [[10, 15]],
    }
    labels = write_labels(tmp_path / "labels", [note] * 6)
    review = review_labels(labels).review
    sources = review.counts.sources.described(6)
    assert sources["a"]["spans"] == {"S": 12} and sources["b"]["spans"]["T"] == 6
    assert sources["b"]["exact"] == sources["b"]["kept"] == 6
    assert sources["b"]["conflict"] == sources["b"]["lost"] == 6
    assert review.counts.total.missing == 30
    fever = review.counts.names.entries["S", "fever"]
    assert fever.sources == {"a": 6, "b": 6} and not fever.alone
    text = Page((tmp_path / "review" / "index.html").read_text()).text
    assert "a and b 6 0 6 0 50.0" in text
    assert "a: S b: T 6" in text and "30 characters are left open" in text


@pytest.mark.parametrize(
    ("resolve", "abstain", "said"),
    [
        ("priority", False, "priority between sources (b, a). What they dispute"),
        ("longest", False, "longest between sources (ties: b, a). What they dispute"),
        ("majority", True, "no source wins stays without annotation."),
    ],
)
def test_the_policy_in_words(
    tmp_path: Path, resolve: str, abstain: bool, said: str
) -> None:
    agreement = {"resolve": resolve, "abstain": abstain, "priority": ["b", "a"]}
    labels = write_labels(tmp_path / "labels", SIX, agreement=agreement)
    assert said in review_labels(labels).page.read_text()


def test_marks_of_spans_reach_the_page(tmp_path: Path) -> None:
    labels = write_labels(tmp_path / "labels", SIX)
    shard = labels / "part-00000.jsonl"
    rows = [json.loads(line) for line in shard.read_text().splitlines()]
    rows[2]["spans"][1]["negated"] = True
    rows[0]["spans"][0]["family"] = True
    shard.write_text("".join(json.dumps(row) + "\n" for row in rows))
    manifest = json.loads((labels / "manifest.json").read_text())
    digest = hashlib.sha256(shard.read_bytes()).hexdigest()
    manifest["shards"][shard.name] = digest
    (labels / "manifest.json").write_text(json.dumps(manifest))
    facts = json.loads(review_labels(labels).facts.read_text())
    assert facts["labels"]["S"]["negated"] == facts["labels"]["S"]["family"] == 1
    assert "Negated, %" in (labels.parent / "review" / "index.html").read_text()


def test_gold_of_a_brat_folder(labels: Path, tmp_path: Path) -> None:
    brat = tmp_path / "brat"
    brat.mkdir()
    (brat / "one.txt").write_text(SIX[5]["text"])
    (brat / "one.ann").write_text("T1\tDrug 0 7\tAspirin\n")
    (brat / "two.txt").write_text("no note of ours")
    (brat / "two.ann").write_text("")
    settings = ReviewSettings(gold=brat, gold_labels=GOLD)
    written = review_labels(labels, settings=settings)
    gold = json.loads(written.facts.read_text())["gold"]
    assert gold["notes"] == 5 and gold["strict"]["T"]["tp"] == 2
    assert written.review.warnings == ["1 of 2 gold documents are no notes here."]
    assert "1 of 2 gold documents" in written.page.read_text()


# The page


def test_the_page_needs_nothing_beside_it(labels: Path) -> None:
    html = review_labels(labels, settings=WITH_GOLD).page.read_text()
    page = Page(html)
    for tag, attributes in page.tags:
        assert tag not in {"script", "link", "img", "iframe", "object", "base", "form"}
        assert not {"src", "srcset", "action"} & set(attributes)
        assert (attributes.get("href") or "#").startswith("#")
        assert not [name for name in attributes if name.startswith("on")]
    assert "url(" not in html and "@import" not in html
    assert "default-src 'none'" in html
    ids = {about.get("id") for _, about in page.tags}
    links = {str(a["href"])[1:] for tag, a in page.tags if tag == "a"}
    assert links and links <= ids


def test_the_page_says_first_that_it_holds_text(labels: Path) -> None:
    html = review_labels(labels, settings=WITH_GOLD).page.read_text()
    text = Page(html.partition("<body>")[2]).text
    assert text.startswith("This page holds text of notes: keep it where the notes")
    assert "S 6 6 4 66.7 66.7 66.7 75.0 75.0 75.0" in text
    assert "T 1 3 1 33.3 100.0 50.0 33.3 100.0 50.0" in text
    assert "rash" in text and "quokkafarin" in text
    assert "span overlapping a better one 7" in text


def test_text_of_notes_is_escaped(tmp_path: Path) -> None:
    note = {"text": "Fever <script>alert(1)</script>", "spans": ["<script> S <i>"]}
    labels = write_labels(tmp_path / "labels", [note])
    html = review_labels(labels).page.read_text()
    assert "<script" not in html and "<i>&" not in html and "&lt;script&gt;" in html


def test_the_same_twice_and_in_another_folder(labels: Path) -> None:
    first = review_labels(labels, settings=WITH_GOLD)
    again = review_labels(labels, labels.parent / "again", settings=WITH_GOLD)
    for a, b in zip(
        (first.page, first.summary, first.facts),
        (again.page, again.summary, again.facts),
        strict=True,
    ):
        assert a.read_bytes() == b.read_bytes()


def test_another_seed_draws_other_sentences(tmp_path: Path) -> None:
    notes = [{"text": f"Fever number{i}.", "spans": ["Fever S s1"]} for i in range(30)]
    labels = write_labels(tmp_path / "labels", notes)
    seen = []
    for seed in (1, 2):
        settings = ReviewSettings(sentences=3, seed=seed)
        html = review_labels(labels, settings=settings).page.read_text()
        seen.append(set(re.findall(r"number\d+", html)))
    assert len(seen[0]) == len(seen[1]) == 3 and seen[0] != seen[1]


def test_a_shard_of_failed_notes_is_empty(labels: Path) -> None:
    shard = labels / "part-00001.jsonl"
    shard.write_bytes(b"")
    manifest = json.loads((labels / "manifest.json").read_text())
    manifest["shards"][shard.name] = hashlib.sha256(b"").hexdigest()
    (labels / "manifest.json").write_text(json.dumps(manifest))
    assert review_labels(labels).review.counts.total.notes == 4


# Without text


def test_without_text_only_names_of_the_terminology(
    labels: Path, concepts: Path, tmp_path: Path
) -> None:
    known_to(labels, concepts)
    lists = tmp_path / "lists.csv"
    settings = ReviewSettings(
        concepts=concepts, gold_labels=GOLD, lists=lists, text=False
    )
    written = review_labels(labels, tmp_path / "anywhere", settings=settings)
    page = Page(written.page.read_text()).text
    everything = page + written.facts.read_text() + lists.read_text()
    everything += written.summary.read_text()
    for words in ("quokkafarin", "zebra", "rash", "Severe", "noted", "n0"):
        assert words not in everything
    assert "holds no sentence" in page and "chest pain" in page
    assert "1 of 4 names of T are not in the terminology" in page


def test_without_text_and_terminology_no_name_at_all(labels: Path) -> None:
    settings = ReviewSettings(gold_labels=GOLD, text=False)
    page = Page(review_labels(labels, settings=settings).page.read_text()).text
    for name in ("fever", "aspirin", "cough", "discharge", "potassium"):
        assert name not in page.lower()
    assert "S 6 6 4 66.7" in page


def test_summary_and_facts_hold_counts_alone(labels: Path, concepts: Path) -> None:
    known_to(labels, concepts)
    settings = ReviewSettings(concepts=concepts, gold_labels=GOLD)
    written = review_labels(labels, settings=settings)
    for path in (written.summary, written.facts):
        text = path.read_text().lower()
        for note in SIX:
            for word in set(re.findall(r"[a-z]{5,}", note["text"].lower())):
                assert word in ("summary", "nothing") or word not in text, word
    assert "| S | 6 | 6 | 4 | 66.7 |" in written.summary.read_text()


# Who may read it, and where it lies


def test_page_and_list_are_for_their_owner_alone(labels: Path, tmp_path: Path) -> None:
    settings = ReviewSettings(lists=tmp_path / "lists.csv")
    (labels.parent / "review").mkdir()
    (labels.parent / "review" / "index.html").write_text("an older one, open to all")
    written = review_labels(labels, settings=settings)
    assert written.lists is not None
    for path in (written.page, written.lists):
        assert path.stat().st_mode & 0o777 == 0o600
    assert written.summary.stat().st_mode & 0o400


def test_the_page_lies_beside_the_labels_only(labels: Path, tmp_path: Path) -> None:
    for out in (tmp_path / "results", labels / ".." / ".." / "results"):
        with pytest.raises(MslmError, match=r"M656.*holds text"):
            review_labels(labels, out)
        assert not (tmp_path / "results").exists()


# The list


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_the_list_holds_suspicious_and_common_names(
    labels: Path, concepts: Path, tmp_path: Path
) -> None:
    known_to(labels, concepts)
    lists = tmp_path / "lists.csv"
    review_labels(labels, settings=ReviewSettings(concepts=concepts, lists=lists))
    rows = rows_of(lists)
    assert list(rows[0])[:5] == ["action", "name", "concept_id", "label", "count"]
    by_name = {row["name"]: row for row in rows}
    assert len(by_name) == len(rows) == 8 and not any(row["action"] for row in rows)
    assert by_name["blood"]["comment"] == "everyday word"
    assert by_name["blood"]["concept_id"] == "t2"
    assert by_name["aspirin"]["concept_id"] == "", "of two concepts: the name is meant"
    assert by_name["quokkafarin"]["concept_id"] == ""
    assert by_name["cough"]["comment"] == "among the commonest"


def test_what_people_decided_stays(labels: Path, tmp_path: Path) -> None:
    lists = tmp_path / "lists.csv"
    settings = ReviewSettings(lists=lists)
    review_labels(labels, settings=settings)
    rows = rows_of(lists)
    lists.write_text(
        "\ufeffaction,name,label,who\n"
        "deny,blood,T,me\n,fever,S,\nallow,Aspirin,,\ndeny,old name,S,you\n",
        encoding="utf-8",
    )
    review_labels(labels, settings=settings)
    again = rows_of(lists)
    assert [(r["action"], r["name"], r["who"]) for r in again[:3]] == [
        ("deny", "blood", "me"),
        ("allow", "Aspirin", ""),
        ("deny", "old name", "you"),
    ]
    names = [row["name"].lower() for row in again]
    assert len(names) == len({*names}) == len(rows) + 1
    before = lists.read_bytes()
    review_labels(labels, settings=settings)
    assert lists.read_bytes() == before


def test_the_next_run_can_read_what_was_filled_in(labels: Path, tmp_path: Path) -> None:
    lists, clusters = tmp_path / "lists.csv", tmp_path / "clusters.yml"
    clusters.write_text("S:\n  ids: [T184]\nT:\n  ids: [T121]\n")
    review_labels(labels, settings=ReviewSettings(lists=lists))
    text = lists.read_text()
    lists.write_text(text.replace("\n,blood,", "\ndeny,blood,"))
    (rule,) = read_lists(lists, Clusters.load(clusters)).rules
    assert (rule.action, rule.name, rule.label) == ("deny", "blood", "T")


@pytest.mark.parametrize(
    "content",
    [b"", b"name\nblood\n", b"action,name\ndeny\n", b"\xff\xfe", b'action,name\n"x'],
)
def test_a_file_that_is_no_list_is_left_alone(
    content: bytes, labels: Path, tmp_path: Path
) -> None:
    lists = tmp_path / "lists.csv"
    lists.write_bytes(content)
    with pytest.raises(MslmError, match="M655"):
        review_labels(labels, settings=ReviewSettings(lists=lists))
    assert lists.read_bytes() == content
    assert read_decided(tmp_path / "none.csv") == []


# What goes wrong


def test_no_labels_there(tmp_path: Path) -> None:
    with pytest.raises(MslmError, match="M701"):
        review_labels(tmp_path / "none")
    with pytest.raises(MslmError, match="M730"):
        review_labels(tmp_path)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [({"shards": {}}, "no shards"), ({"shards": None, "splits": {}}, "no shards")],
)
def test_no_shards(tmp_path: Path, changes: dict[str, Any], reason: str) -> None:
    labels = write_labels(tmp_path / "labels", SIX, **changes)
    with pytest.raises(MslmError, match=f"M650.*{reason}"):
        review_labels(labels)


def test_the_manifest_of_another_stage(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text('{"splits": {}, "shards": {"a": "b"}}')
    with pytest.raises(MslmError, match=r"M650.*another stage.*Run|M650.*stage"):
        review_labels(tmp_path)


def test_a_changed_shard_and_a_row_that_is_none(labels: Path) -> None:
    shard = labels / "part-00001.jsonl"
    shard.write_text(shard.read_text().replace("rash", "rush"))
    with pytest.raises(MslmError, match="M733"):
        review_labels(labels)
    manifest = json.loads((labels / "manifest.json").read_text())
    for row in ('"spans": [{}]', '"sources": []', '"sources": [1]', '"missing": [3]'):
        shard.write_text('{"text": "secret words", ' + row + "}\n")
        digest = hashlib.sha256(shard.read_bytes()).hexdigest()
        manifest["shards"][shard.name] = digest
        (labels / "manifest.json").write_text(json.dumps(manifest))
        if row != '"sources": []':
            with pytest.raises(MslmError, match=r"M734.*row 1") as caught:
                review_labels(labels)
            assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("mapping", "code"),
    [
        ({"Sign": "Symptoms"}, r"M652.*Symptoms.*S, T"),
        ({"Sign": "S", "Medicine": "T"}, r"M654.*Medicine.*Drug, Lab, Sign"),
    ],
)
def test_gold_labels_that_are_unknown(
    labels: Path, mapping: dict[str, str], code: str
) -> None:
    with pytest.raises(MslmError, match=code):
        review_labels(labels, settings=ReviewSettings(gold_labels=mapping))
    assert not (labels.parent / "review").exists()


def test_gold_that_is_asked_for_must_be_comparable(
    labels: Path, tmp_path: Path
) -> None:
    gold = tmp_path / "gold.jsonl"
    gold.write_text(json.dumps(as_row(0, SIX[0])) + "\n")
    asked = r"M651.*Drug, Lab, Sign.*\(S, T\).*--gold-labels"
    with pytest.raises(MslmError, match=asked):
        review_labels(labels, settings=ReviewSettings(gold=gold))
    assert not (labels.parent / "review").exists()


def test_gold_that_nobody_asked_for_is_a_warning(labels: Path) -> None:
    review = review_labels(labels).review
    assert "Drug, Lab, Sign" in review.warnings[0] and not review.counts.gold.notes
    assert not any(e.judged for e in review.counts.names.entries.values())
    assert not any(s.gold for s in review.counts.sample.of("S"))


@pytest.mark.parametrize("text", ["Sign", "=S", "Sign=", "Sign=S,Sign=T"])
def test_gold_labels_that_are_malformed(text: str) -> None:
    with pytest.raises(MslmError, match="M653"):
        parse_gold_labels(text)
    assert parse_gold_labels(" A = S , B=S,") == {"A": "S", "B": "S"}


def test_gold_of_other_texts(labels: Path, tmp_path: Path) -> None:
    gold = tmp_path / "gold.jsonl"
    gold.write_text('{"note_id": "x", "text": "Other.", "meta": {"gold": true}}\n')
    with pytest.raises(MslmError, match="M657"):
        review_labels(labels, settings=ReviewSettings(gold=gold))


def test_other_concepts(labels: Path, concepts: Path) -> None:
    with pytest.raises(MslmError, match="M658"):
        review_labels(labels, settings=ReviewSettings(concepts=concepts))


def test_without_word_frequencies_it_goes_on(
    labels: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing() -> None:
        raise MslmError("[M233] not installed")

    monkeypatch.setattr(stage, "english", missing)
    review = review_labels(labels).review
    assert review.warnings[-1] == stage.NO_FREQUENCIES
    assert not {r.rule for s in review.suspects for r in s.reasons} & {"everyday"}
