"""The script an auditor runs: it finds everything that was altered, and says what."""

from __future__ import annotations

import ast
import copy
import json
import math
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from consent.proofs import verify_proof
from consent.proofs.verify_proof import RefusedError, canonical, parsed, verified
from tests.consent.proofs.made import DOCUMENT, TEXT, Key, as_bytes, event_of, made_proof, seal_of, sha

SCRIPT = Path(verify_proof.__file__)
GOOD = made_proof()
GOOD_BYTES = as_bytes(GOOD)
NESTED = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def code_of(proof: dict[str, Any] | bytes, trusted: dict[str, bytes] | None = None) -> str:
    """What the script answers: ``valid`` or the code of the refusal."""
    try:
        verified(parsed(proof if isinstance(proof, bytes) else as_bytes(proof)), trusted)
    except RefusedError as refusal:
        assert refusal.sentence("en")
        assert refusal.sentence("fr")
        assert "{" not in refusal.sentence("fr")
        return refusal.code
    return "valid"


def altered(change: Callable[[dict[str, Any]], object], proof: dict[str, Any] = GOOD) -> dict[str, Any]:
    changed = copy.deepcopy(proof)
    change(changed)
    return changed


# What holds


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 7, 8, 9, 64, 65])
def test_a_true_proof_is_valid_wherever_the_event_stands_in_its_tree(count: int) -> None:
    assert {code_of(made_proof(index=index, count=count)) for index in range(count)} == {"valid"}


def test_the_first_seal_and_one_that_nothing_followed_are_valid() -> None:
    assert code_of(made_proof(number=1)) == "valid"
    assert code_of(made_proof(later=0)) == "valid"


def test_a_proof_outlives_its_evidence() -> None:
    gone = altered(lambda proof: proof["evidence"][0].pop("document"))
    found = verified(parsed(as_bytes(gone)))
    assert found["evidence"] == "absent"
    assert found["text"] == TEXT


def test_an_event_without_evidence_or_notice_is_proven_too() -> None:
    found = verified(parsed(as_bytes(made_proof(event=event_of(evidence=None, notice=None, notice_version=None)))))
    assert (found["evidence"], found["text"]) == ("none", "")


def test_the_document_of_a_whole_import_is_named_by_that_of_the_row() -> None:
    whole = {"kind": "import", "salt": "11"}
    row = {"kind": "import_row", "file_evidence": sha(rfc8785.dumps(whole)).hex(), "line": 7}
    proof = made_proof(event=event_of(evidence=sha(rfc8785.dumps(row)).hex()))
    proof["evidence"] = [
        {"digest": sha(rfc8785.dumps(document)).hex(), "document": document} for document in (row, whole)
    ]
    assert code_of(proof) == "valid"
    assert code_of(altered(lambda p: p["evidence"][0].update(document={**row, "line": 8}), proof)) == "evidence_altered"


@given(NESTED)
def test_its_canonical_json_is_that_of_rfc_8785(value: Any) -> None:
    assert canonical(value) == rfc8785.dumps(value)


@given(st.integers(0, 2**64 - 1).map(lambda bits: struct.unpack("<d", struct.pack("<Q", bits))[0]))
def test_it_writes_every_double_as_ecmascript_does(value: float) -> None:
    if math.isfinite(value):
        assert canonical(value) == rfc8785.dumps(value)


# What does not

CASES: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "another purpose": (lambda p: p["event"].update(purpose="offers"), "leaf_mismatch"),
    "another leaf": (lambda p: p.update(leaf="00" * 32), "leaf_mismatch"),
    "an event with its own leaf": (
        lambda p: (
            p["event"].update(purpose="offers"),
            p.update(leaf=sha(b"\x00" + rfc8785.dumps(p["event"])).hex()),
        ),
        "root_mismatch",
    ),
    "a step left out": (lambda p: p["path"].pop(), "path_broken"),
    "a step added": (lambda p: p["path"].append(p["path"][0]), "path_broken"),
    "a neighbour in its place": (lambda p: p["path"][0].update(side="left"), "root_mismatch"),
    "a step on a side it cannot have": (lambda p: p["path"][-1].update(side="left"), "path_broken"),
    "another sibling": (lambda p: p["path"][0].update(hash="00" * 32), "root_mismatch"),
    "another time of the seal": (lambda p: p["seal"].update(signed_at="2026-11-27T10:00:00Z"), "seal_altered"),
    "another hash of the seal": (lambda p: p.update(seal_hash="00" * 32), "seal_altered"),
    "another signature": (lambda p: p.update(signature=Key(2).sign(b"x" * 32)), "signature_invalid"),
    "no key": (lambda p: p["keys"].clear(), "key_missing"),
    "another key under the same name": (
        lambda p: p["keys"][Key().id].update(public_key=Key(2).text),
        "key_mismatch",
    ),
    "a key from later": (
        lambda p: p["keys"][Key().id].update({"from": "2026-12-01T00:00:00Z"}),
        "dates_impossible",
    ),
    "a key retired before": (lambda p: p["keys"][Key().id].update(to="2026-11-01T00:00:00Z"), "dates_impossible"),
    "a seal of the chain left out": (lambda p: p["chain"].pop(0), "chain_broken"),
    "a seal of the chain altered": (lambda p: p["chain"][0]["seal"].update(count=2), "signature_invalid"),
    "the chain in another order": (lambda p: p["chain"].reverse(), "chain_broken"),
    "another document": (lambda p: p["evidence"][0]["document"].update(ip="198.51.100.1"), "evidence_altered"),
    "a document that nobody named": (
        lambda p: p["evidence"].append({"digest": sha(rfc8785.dumps({"a": 1})).hex(), "document": {"a": 1}}),
        "evidence_altered",
    ),
    "another text": (lambda p: p["notice"].update(text="I want everything."), "notice_altered"),
    "another text with its own digest": (
        lambda p: p["notice"].update(text="Yes.", digest=sha(b"Yes.").hex()),
        "notice_altered",
    ),
    "another language of the text": (lambda p: p["notice"].update(language="de"), "notice_altered"),
    "a text published afterwards": (
        lambda p: p["notice"].update(published_at="2026-11-27T00:00:00Z"),
        "dates_impossible",
    ),
    "another format": (lambda p: p.update(format="accord-proof/2"), "not_a_proof"),
    "a member nobody checks": (lambda p: p.update(comment="trust me"), "not_a_proof"),
    "a member missing": (lambda p: p.pop("chain"), "not_a_proof"),
    "a number that is a text": (lambda p: p["seal"].update(number="17"), "not_a_proof"),
    "a truth that is a number": (lambda p: p["seal"].update(number=True), "not_a_proof"),
}


@pytest.mark.parametrize("name", list(CASES))
def test_what_was_altered_is_named(name: str) -> None:
    change, code = CASES[name]
    assert code_of(altered(change)) == code


def test_an_event_dated_after_its_record_or_recorded_after_its_seal_is_refused() -> None:
    late = made_proof(event=event_of(occurred_at="2026-11-26T10:10:00.000000Z"))
    assert code_of(late) == "dates_impossible"
    later = made_proof(event=event_of(recorded_at="2026-11-26T11:00:00.000000Z"))
    assert code_of(later) == "dates_impossible"


def test_a_seal_of_another_organisation_is_refused() -> None:
    assert code_of(made_proof(event=event_of(organisation="other"))) == "other_organisation"


def test_a_whole_forgery_is_found_by_who_brings_the_key() -> None:
    """Whoever can forge everything signs with a key of their own: only a key from elsewhere tells."""
    assert code_of(GOOD, {Key().id: Key().raw}) == "valid"
    assert code_of(GOOD, {Key(2).id: Key(2).raw}) == "key_untrusted"


def test_a_chain_signed_by_a_stranger_is_refused() -> None:
    def stranger(proof: dict[str, Any]) -> None:
        seal = seal_of(Key(2), 18, sha(b"y"), proof["seal_hash"], 1)
        proof["chain"] = [{"seal": seal, "signature": Key(2).sign(sha(rfc8785.dumps(seal)))}]

    assert code_of(altered(stranger)) == "key_missing"


# Hostile and broken files


def without_own_word(proof: dict[str, Any]) -> dict[str, Any]:
    """The proof without the dates that it states and nothing binds (docs/build/proofs.md)."""
    found = copy.deepcopy(proof)
    for key in found["keys"].values():
        key.pop("from", None)
        key.pop("to", None)
    if found.get("notice"):
        found["notice"].pop("published_at", None)
    return found


@settings(max_examples=1500)
@given(st.data())
def test_every_changed_character_is_refused_or_changes_nothing(data: st.DataObject) -> None:
    text = GOOD_BYTES.decode()
    place = data.draw(st.integers(0, len(text) - 1))
    put = data.draw(st.sampled_from('0123456789abcdefABCDEF"{}[],: \\/+=-.éZTx\x00\n') | st.characters(codec="utf-8"))
    kind = data.draw(st.sampled_from(["replace", "insert", "delete"]))
    rest = text[place + 1 :] if kind != "insert" else text[place:]
    changed = text[:place] + ("" if kind == "delete" else put) + rest
    if code_of(changed.encode()) == "valid":
        assert without_own_word(json.loads(changed)) == without_own_word(GOOD)


@settings(max_examples=300)
@given(st.integers(0, len(GOOD_BYTES) - 1))
def test_every_truncation_is_refused(length: int) -> None:
    assert code_of(GOOD_BYTES[:length]) in {"truncated", "not_a_proof"}
    if length > 1 and GOOD_BYTES[length - 1] < 0x80:
        assert code_of(GOOD_BYTES[:length]) == "truncated"


@settings(max_examples=300)
@given(st.binary(max_size=200) | NESTED.map(lambda value: json.dumps(value).encode()))
def test_nothing_that_is_no_proof_breaks_it(raw: bytes) -> None:
    assert code_of(raw) in {"not_a_proof", "truncated"}


@settings(max_examples=300)
@given(st.data())
def test_any_value_in_any_place_is_answered_with_a_code(data: st.DataObject) -> None:
    proof = copy.deepcopy(GOOD)
    name = data.draw(st.sampled_from(sorted(proof)))
    inner = proof[name]
    value = data.draw(NESTED)
    if isinstance(inner, dict) and data.draw(st.booleans()):
        inner[data.draw(st.sampled_from(sorted(inner)))] = value
    else:
        proof[name] = value
    assert code_of(json.dumps(proof).encode()) in {*verify_proof.SENTENCES["en"]}


@pytest.mark.parametrize(
    "raw",
    [
        b'{"format": "accord-proof/1", "format": "accord-proof/1"}',
        GOOD_BYTES.replace(b'"count": 5', b'"count": NaN'),
        GOOD_BYTES.replace(b'"count": 5', b'"count": 1e999'),
        GOOD_BYTES.replace(b'"count": 5', b'"count": ' + b"9" * 5000),
        GOOD_BYTES.replace(b'"clicks": 2', b'"clicks": ' + b"[" * 200_000),
        GOOD_BYTES.replace(b'"clicks": 2', b'"clicks": ' + b"[" * 200 + b"]" * 200),
        GOOD_BYTES.replace(b'"form": "Newsletter"', b'"form": "\\ud800"'),
        b"\xff\xfe" + GOOD_BYTES,
        b"",
        b"PK\x03\x04",
    ],
    ids=["twice", "NaN", "infinite", "huge", "bottomless", "deep", "surrogate", "utf-16", "empty", "zip"],
)
def test_hostile_json_is_refused_calmly(raw: bytes) -> None:
    assert code_of(raw) == "not_a_proof"


# The command


ISOLATED = """
import sys
class OnlyWhatAnEmptyEnvironmentHas:
    def find_spec(self, name, path=None, target=None):
        top = name.partition('.')[0]
        if top not in sys.stdlib_module_names | {'cryptography', '_cffi_backend', 'cffi'}:
            raise ImportError('not in an empty environment: ' + name)
sys.meta_path.insert(0, OnlyWhatAnEmptyEnvironmentHas())
import runpy
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name='__main__')
"""


def run(*arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-I", "-c", ISOLATED, str(SCRIPT), *arguments]
    return subprocess.run(command, input=given, capture_output=True, timeout=60)


def test_an_empty_environment_with_cryptography_is_enough(tmp_path: Path) -> None:
    file = tmp_path / "proof.json"
    file.write_bytes(GOOD_BYTES)
    done = run(str(file))
    said = done.stdout.decode()
    assert (done.returncode, done.stderr) == (0, b"")
    assert "Contact 45 of acme agreed to “newsletter” by e-mail." in said
    assert TEXT in said
    assert "2026-11-26T10:00:00.000000Z" in said
    assert "own word" in said


def test_it_answers_json_and_french(tmp_path: Path) -> None:
    done = run("-", "--json", given=GOOD_BYTES)
    answer = json.loads(done.stdout)
    assert (answer["valid"], answer["code"], answer["event"]["contact"]) == (True, "valid", "45")
    assert answer["documents"] == [DOCUMENT]
    done = run("-", "--json", "--language", "fr", given=as_bytes(altered(lambda p: p["event"].update(contact="46"))))
    assert done.returncode == 1
    answer = json.loads(done.stdout)
    assert (answer["valid"], answer["code"]) == (False, "leaf_mismatch")
    assert answer["sentence"].endswith("celle du fichier.")


def test_it_takes_keys_from_the_command_line_and_from_a_file(tmp_path: Path) -> None:
    key, other = Key(), Key(2)
    assert b"one that you gave" in run("-", "--key", f"{key.id}={key.text}", given=GOOD_BYTES).stdout
    done = run("-", "--key", f"{other.id}={other.text}", given=GOOD_BYTES)
    assert (done.returncode, done.stdout.split()[2]) == (1, b"key_untrusted")
    keys = tmp_path / "keys.json"
    keys.write_text(json.dumps({key.id: {"public_key": key.text}}))
    assert run("-", "--keys", str(keys), given=GOOD_BYTES).returncode == 0
    assert run("-", "--key", f"{other.id}={key.text}", given=GOOD_BYTES).returncode == 2


def test_it_reads_no_more_than_a_proof_can_be_long(tmp_path: Path) -> None:
    large = tmp_path / "large.json"
    with large.open("wb") as file:
        file.truncate(verify_proof.LARGEST_BYTES * 100)
    done = run(str(large))
    assert (done.returncode, done.stdout.split()[2], done.stderr) == (1, b"too_large", b"")
    done = run(str(tmp_path / "nowhere.json"))
    assert (done.returncode, done.stdout.split()[2], done.stderr) == (1, b"unreadable", b"")


def test_a_text_cannot_move_the_cursor_of_a_terminal() -> None:
    hostile = "\x1b[2J\x1b[HVALID\u202e"
    proof = made_proof(event=event_of(notice=sha(hostile.encode()).hex()))
    proof["notice"]["text"] = hostile
    done = run("-", given=as_bytes(proof))
    assert done.returncode == 0
    assert b"\x1b" not in done.stdout
    assert "\u202e".encode() not in done.stdout


def test_it_is_written_for_python_3_9_and_knows_nothing_of_us() -> None:
    tree = ast.parse(SCRIPT.read_text(), feature_version=(3, 9))
    names = {
        (node.module or "") if isinstance(node, ast.ImportFrom) else alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    assert {name.partition(".")[0] for name in names} - set(sys.stdlib_module_names) == {"cryptography"}
