"""Prodigy and Label Studio: a task out and, once answered, back, and bad exports."""

import json
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_mslm.corpus import label_studio, prodigy
from spacy_mslm.corpus.label_studio import label_studio_task, read_label_studio
from spacy_mslm.corpus.offsets import FROM_UTF16, utf16_to_chars
from spacy_mslm.corpus.prodigy import prodigy_task, read_prodigy
from spacy_mslm.corpus.tasks import PREDICTED, REPEATED, Task
from spacy_mslm.errors import MslmError
from spacy_mslm.types import CharSpan, DropCounts, Note


def span(start, end, label, concept=""):
    return CharSpan(start, end, label, "gold", concept)


def read(reader, path):
    drops = DropCounts()
    return list(reader(path, drops=drops)), dict(drops)


def write(path, *rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


# Round trips

WILD = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0")
    | st.sampled_from("\n\r\t\u200b\u2028\x85😀\\n aé\ufeff"),
    max_size=40,
)
CONCEPTS = st.sampled_from(["", "C1"])


@st.composite
def tasks(draw):
    text = draw(WILD)
    places = st.tuples(st.integers(0, len(text)), st.integers(0, len(text)))
    found = {
        (min(a, b), max(a, b), draw(st.sampled_from("AB")))
        for a, b in draw(st.lists(places, max_size=5))
        if a != b
    }
    spans = tuple(sorted(span(*place, draw(CONCEPTS)) for place in found))
    scores = tuple(draw(st.none() | st.floats(0, 1)) for _ in spans)
    note = Note("n1", "p1", text, "Radiology", {"split": "dev"})
    return Task(note, spans, scores, "en_demo")


def same(task, note):
    assert (note.note_id, note.patient_id, note.category) == ("n1", "p1", "Radiology")
    assert dict(note.meta) == {"gold": True, "split": "dev"}
    assert (note.text, note.gold) == (task.note.text, task.spans)


@given(tasks())
def test_prodigy_round_trip(tmp_path_factory, task):
    path = tmp_path_factory.mktemp("prodigy") / "db.jsonl"
    row = prodigy_task(task, [], [(0, 0)] * len(task.spans))
    assert read(read_prodigy, write(path, row)) == ([], {PREDICTED: 1})
    [note], drops = read(read_prodigy, write(path, {**row, "answer": "accept"}))
    same(task, note)
    assert drops == {}


def answered(task, *, utf16=False):
    """What Label Studio exports of a task whose prediction was submitted unchanged: its
    tests have the line ends of a quoted text as a backslash and an n."""
    made = json.loads(json.dumps(label_studio_task(task)))
    [prediction] = made.pop("predictions")
    for result in prediction["result"]:
        value = result["value"]
        value["text"] = value["text"].replace("\n", "\\n")
        if utf16:
            for key in ("start", "end"):
                before = task.note.text[: value[key]]
                value[key] = len(before.encode("utf-16-le")) // 2
    annotation = {"result": prediction["result"], "was_cancelled": False}
    return {**made, "id": 4, "annotations": [annotation], "predictions": [prediction]}


@given(tasks())
def test_label_studio_round_trip(tmp_path_factory, task):
    path = tmp_path_factory.mktemp("label-studio") / "export.json"
    path.write_text(json.dumps([label_studio_task(task)]), "utf-8")
    assert read(read_label_studio, path) == ([], {PREDICTED: 1})
    path.write_text(json.dumps([answered(task)]), "utf-8")
    [note], drops = read(read_label_studio, path)
    same(task, note)
    assert drops == {}


def test_label_studio_of_before_code_points(tmp_path):
    """Up to 1.4 its offsets were JavaScript's (HumanSignal/label-studio issue 1347)."""
    text = "😀 fever\n😀 and pain"
    places = [(text.index(w), text.index(w) + len(w), "S") for w in ("fever", "pain")]
    spans = (span(0, 1, "S"), *(span(*place) for place in places), span(2, 9, "S"))
    task = Task(Note("n1", "p1", text), tuple(sorted(spans)), (None,) * 4, "m")
    path = tmp_path / "old.json"
    path.write_text(json.dumps([answered(task, utf16=True)]), "utf-8")
    [note], drops = read(read_label_studio, path)
    assert note.gold == task.spans
    assert drops == {FROM_UTF16: 4}


@given(WILD, st.integers(0, 60))
def test_utf16_offsets(text, offset):
    found = utf16_to_chars(text, offset)
    units = [len(text[:i].encode("utf-16-le")) // 2 for i in range(len(text) + 1)]
    assert found == (units.index(offset) if offset in units else None)


# What is made of a task


def test_what_prodigy_loads():
    text = "has chest\npain"
    note = Note("n1", "", text)
    task = Task(note, (span(4, 14, "S", "C1"),), (0.12345,), "en_demo")
    assert prodigy_task(task, [(0, 3), (4, 9), (9, 10), (10, 14)], [(1, 3)]) == {
        "text": text,
        "meta": {"note_id": "n1", "model": "en_demo"},
        "tokens": [
            {"text": "has", "start": 0, "end": 3, "id": 0, "ws": True},
            {"text": "chest", "start": 4, "end": 9, "id": 1, "ws": False},
            {"text": "\n", "start": 9, "end": 10, "id": 2, "ws": False},
            {"text": "pain", "start": 10, "end": 14, "id": 3, "ws": False},
        ],
        "spans": [
            {
                "start": 4,
                "end": 14,
                "label": "S",
                "token_start": 1,
                "token_end": 3,
                "score": 0.1235,
                "kb_id": "C1",
            }
        ],
    }


def test_labelling_interface():
    page = label_studio.labelling_config(['a "b" <c>', "D"], {"D": "#123456"})
    root = ElementTree.fromstring(page)
    [labels] = root.findall("Labels")
    assert [(e.get("value"), e.get("background")) for e in labels] == [
        ('a "b" <c>', None),
        ("D", "#123456"),
    ]
    [text] = root.findall("Text")
    assert labels.get("toName") == text.get("name") == label_studio.TO_NAME
    assert labels.get("name") == label_studio.FROM_NAME
    assert text.get("value") == "$text"


# What is read of an export


def test_answers_of_prodigy(tmp_path):
    rows = [
        {"text": "a b", "spans": [{"start": 0, "end": 1, "label": "S"}] * 2},
        {"text": "c", "answer": "reject", "spans": []},
        {"text": "d", "answer": "ignore"},
        {"text": "e", "answer": "accept", "_input_hash": -7, "spans": None},
        {"text": "f", "meta": {"model": "m"}, "spans": []},
        {"text": "g", "answer": "accept", "_view_id": "ner", "spans": []},
        {"text": "c", "answer": "reject", "_view_id": "ner", "spans": []},
    ]
    notes, drops = read(read_prodigy, write(tmp_path / "db.jsonl", *rows))
    assert [(n.text, n.gold) for n in notes] == [("a b", (span(0, 1, "S"),)), ("e", ())]
    assert notes[1].note_id == "-7" and notes[0].note_id.startswith("text-")
    assert notes[0].patient_id.startswith("text-")
    assert drops == {
        prodigy.REJECTED: 3,
        prodigy.ONE_SPAN: 1,
        PREDICTED: 1,
        REPEATED: 1,
    }


def task_of(*annotations, text="ill now", **more):
    return {"id": 1, "data": {"text": text}, "annotations": list(annotations), **more}


def annotation(*places, labels=("S",), **more):
    result = [
        {"type": "labels", "value": {"start": a, "end": b, "labels": list(labels)}}
        for a, b in places
    ]
    return {"result": result, **more}


def test_annotations_of_label_studio(tmp_path):
    rows = [
        task_of(annotation((0, 3)), annotation((4, 7))),
        task_of(annotation((0, 3), ground_truth=True), annotation((4, 7))),
        task_of(annotation((0, 3)), annotation((4, 7), was_cancelled=True)),
        task_of(annotation((0, 3), was_cancelled=True)),
        task_of(annotation(("0", "3"), labels=["S", "T"])),
        task_of(annotation((0, 3), labels=[])),
        task_of({"result": [{"type": "choices", "value": {}}, {"type": "relation"}]}),
        {"data": {"text": "x"}, "completions": [annotation((0, 1))]},
    ]
    notes, drops = read(read_label_studio, write(tmp_path / "db.jsonl", *rows))
    assert [[(s.start, s.end, s.label) for s in n.gold] for n in notes] == [
        [(4, 7, "S")],
        [(0, 3, "S")],
        [(0, 3, "S")],
        [(0, 3, "S"), (0, 3, "T")],
        [],
        [],
        [(0, 1, "S")],
    ]
    assert drops == {
        label_studio.OTHER_ANNOTATION: 2,
        label_studio.CANCELLED: 2,
        label_studio.NO_LABEL: 1,
        label_studio.OTHER_RESULT: 2,
    }


def test_a_quoted_text_that_is_not_there(tmp_path):
    task = task_of(annotation((0, 3)))
    task["annotations"][0]["result"][0]["value"]["text"] = "now"
    [note], drops = read(read_label_studio, write(tmp_path / "db.jsonl", task))
    assert note.gold == () and drops == {label_studio.NOT_THERE: 1}


SECRET = "zoster"


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ('{"text": "zoster", ', "M333"),
        ('["zoster"]', "M333"),
        ('{"text": "zoster", "score": NaN}', "M333"),
        ("[" * 100_000, "M333"),
        ('{"text": 3, "spans": []}', "M334"),
        ('{"spans": []}', "M334"),
        ('{"text": "zoster", "spans": {}}', "M334"),
        ('{"text": "zoster", "spans": ["zoster"]}', "M334"),
        ('{"text": "zoster", "answer": "zoster"}', "M334"),
        ('{"text": "\\ud800 zoster"}', "M334"),
        ('{"text": "zoster", "spans": [{"start": 0, "end": 3}]}', "M334"),
        ('{"text": "zoster", "spans": [{"start": 0, "end": "3"}]}', "M334"),
        ('{"text": "zoster", "spans": [{"start": 3, "end": 3, "label": "S"}]}', "M337"),
        (
            '{"text": "zoster", "spans": [{"start": 3, "end": 30, "label": "S"}]}',
            "M337",
        ),
        ('{"text": "zoster", "spans": [{"label": "S"}]}', "M337"),
    ],
)
def test_bad_rows_of_prodigy(tmp_path, row, code):
    path = tmp_path / "db.jsonl"
    path.write_text(f'{{"text": "good"}}\n\n{row}\n', "utf-8")
    with pytest.raises(MslmError) as caught:
        read(read_prodigy, path)
    message = str(caught.value)
    assert message.startswith(f"[{code}]") and "db.jsonl row 3" in message
    assert SECRET not in message and "\n" not in message


@pytest.mark.parametrize(
    ("task", "code"),
    [
        ({"data": {"note": SECRET}, "annotations": []}, "M341"),
        ({"data": SECRET}, "M334"),
        ({"annotations": []}, "M341"),
        (task_of(SECRET), "M334"),
        (task_of({"result": SECRET}), "M334"),
        (task_of({"result": [{"type": "labels", "value": SECRET}]}), "M334"),
        (task_of(annotation((0, 3), labels=[3])), "M334"),
        (task_of(annotation((0, 30))), "M337"),
        (task_of(annotation(("/p[1]/text()[1]", 3))), "M337"),
        (task_of(annotation((-1, 3))), "M337"),
        (task_of(annotation((True, 3))), "M337"),
    ],
)
def test_bad_tasks_of_label_studio(tmp_path, task, code):
    path = tmp_path / "export.json"
    path.write_text(json.dumps([task_of(), task]), "utf-8")
    with pytest.raises(MslmError) as caught:
        read(read_label_studio, path)
    message = str(caught.value)
    assert message.startswith(f"[{code}]") and "export.json row 2" in message
    assert SECRET not in message


def test_files_in_another_encoding(tmp_path):
    path = tmp_path / "db.jsonl"
    path.write_bytes(b'{"text": "caf\xe9"}\n')
    with pytest.raises(MslmError, match=r"^\[M326\].*db\.jsonl: byte 14"):
        read(read_prodigy, path)
    path.write_bytes(b'\xef\xbb\xbf{"text": "ok"}\r\n')
    assert [n.text for n in read(read_prodigy, path)[0]] == ["ok"]
