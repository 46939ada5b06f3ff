"""``/v`` in a real browser: a proof is dropped, and judged there as the offline program judges it."""

from __future__ import annotations

import copy
import io
import json
import random
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import FilePayload, Page, Request, expect

from tests.consent.proofs.made import TEXT, Key, as_bytes, event_of, made_proof, sha
from tests.consent.proofs.test_verify_proof import CASES, GOOD, GOOD_BYTES, altered, code_of

IN_THE_PAGE = """async ([address, files]) => {
    const { verified } = await import(address);
    const found = [];
    for (const file of files) {
        const bytes = Uint8Array.from(atob(file), letter => letter.charCodeAt(0));
        found.push(await verified(bytes).then(() => 'valid', error => error.code || String(error)));
    }
    return found;
}"""
DROP = """async ([name, text]) => {
    const data = new DataTransfer();
    data.items.add(new File([text], name));
    const target = document.querySelector('.drop');
    for (const type of ['dragenter', 'dragover', 'drop'])
        target.dispatchEvent(new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true }));
}"""


@pytest.fixture
def sent(page: Page) -> Iterator[list[str]]:
    """What the page sent since it was opened, reading of our own files apart."""
    requests: list[str] = []

    def watch(request: Request) -> None:
        if request.method != "GET" or "/static/" not in request.url:
            requests.append(f"{request.method} {request.url}")

    page.goto("/v")
    page.on("request", watch)
    yield requests


def choose(page: Page, name: str, content: bytes) -> None:
    file: FilePayload = {"name": name, "mimeType": "application/json", "buffer": content}
    page.locator("#proof-file").set_input_files(files=[file])


def codes_in(page: Page, files: list[bytes]) -> list[str]:
    import base64

    address = page.locator("script[type=module]").get_attribute("src")
    found: list[str] = page.evaluate(IN_THE_PAGE, [address, [base64.b64encode(file).decode() for file in files]])
    return found


def test_a_good_proof_shows_what_was_agreed_and_is_not_sent_anywhere(
    page: Page, sent: list[str], assert_accessible: Callable[[Page], None]
) -> None:
    choose(page, "proof.json", GOOD_BYTES)
    result = page.locator("#proof-result")
    expect(result.locator("[data-code=valid]")).to_be_visible()
    expect(result).to_contain_text("nothing in it was altered")
    expect(result).to_contain_text("Contact 45 of acme agreed to “newsletter” by e-mail.")
    expect(result.locator("blockquote")).to_have_text(TEXT)
    expect(result).to_contain_text("26 November 2026")
    expect(result).to_contain_text(Key().id)
    assert sent == []
    assert_accessible(page)


def test_a_forged_one_is_dropped_and_named_in_french(page: Page, assert_accessible: Callable[[Page], None]) -> None:
    page.goto("/v?language=fr")
    forged = as_bytes(altered(lambda proof: proof["event"].update(purpose="offers")))
    page.evaluate(DROP, ["proof.json", forged.decode()])
    result = page.locator("#proof-result")
    expect(result.locator("[data-code=leaf_mismatch]")).to_be_visible()
    expect(result).to_contain_text("est pas celle du fichier")
    assert_accessible(page)


def test_a_bundle_is_opened_here_too(page: Page, sent: list[str]) -> None:
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        bundle = io.BytesIO()
        with zipfile.ZipFile(bundle, "w", method) as packed:
            packed.writestr("README.txt", "read me")
            packed.writestr("newsletter-email/proof.json", GOOD_BYTES)
            packed.writestr("offers-email/proof.json", GOOD_BYTES[:-40])
        choose(page, "proofs.zip", bundle.getvalue())
        expect(page.locator("#proof-result [data-code=valid]")).to_have_count(1)
        expect(page.locator("#proof-result [data-code=truncated]")).to_have_count(1)
    assert sent == []


def test_the_keyboard_is_enough(page: Page, sent: list[str]) -> None:
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "proof-file"


def test_the_page_judges_as_the_program_does(page: Page, sent: list[str]) -> None:
    files = [GOOD_BYTES, *(as_bytes(altered(change)) for change, _code in CASES.values())]
    files += [as_bytes(made_proof(index=index, count=7)) for index in range(7)]
    files += [as_bytes(made_proof(event=event_of(organisation="other"))), *hostile_files(), *random_files(400)]
    wanted = [code_of(file) for file in files]
    assert codes_in(page, files) == wanted
    assert {"valid", "not_a_proof", "truncated", "leaf_mismatch"} <= set(wanted)


def hostile_files() -> list[bytes]:
    text = GOOD_BYTES.decode()
    odd = {"€": 1, "\r": 2, "דּ": 3, "1": 4, "😀": 5, "\x80": 6, "ö": 7, "__proto__": {"a": 1e21, "b": 1e-7, "c": -0.0}}
    document = {"salt": "x", "odd": odd, "numbers": [333333333.33333329, 1e30, 4.5, 2e-3, 1e-27, 5e-324, 0.1]}
    import rfc8785

    proof = made_proof(event=event_of(evidence=sha(rfc8785.dumps(document)).hex()))
    proof["evidence"] = [{"digest": proof["event"]["evidence"], "document": document}]
    return [
        as_bytes(proof),
        json.dumps(proof, indent=1).encode(),
        b"\xef\xbb\xbf" + GOOD_BYTES,
        b"  " + GOOD_BYTES + b"\r\n",
        text.replace('"count": 5', '"count": 5.0').encode(),
        text.replace('"count": 5', '"count": 5e0').encode(),
        text.replace('"count": 5', '"count": 05').encode(),
        text.replace('"count": 5', '"count": 5, "count": 5').encode(),
        text.replace('"count": 5', '"count": NaN').encode(),
        text.replace('"count": 5', '"count": 1e999').encode(),
        text.replace('"clicks": 2', '"clicks": "\\ud800"').encode(),
        text.replace('"clicks": 2', '"clicks": ' + "[" * 3000).encode(),
        text.replace('"ratio": 0.1', '"ratio": 0.10').encode(),
        text.replace('"ratio": 0.1', '"ratio": 1e-1').encode(),
        *(GOOD_BYTES[:length] for length in range(1, 60)),
        b"",
        b"null",
        b"[]",
    ]


def random_files(count: int) -> list[bytes]:
    chance = random.Random(6962)
    text = GOOD_BYTES.decode()
    found = []
    for _number in range(count):
        at = chance.randrange(len(text))
        put = chance.choice('0123456789abcdefABCDEF"{}[],:+=-.Zé ')
        found.append((text[:at] + put + text[at + 1 :]).encode())
    return found


def test_a_browser_without_ed25519_uses_the_arithmetic_of_our_own_origin(page: Page) -> None:
    page.add_init_script(
        """const real = crypto.subtle.importKey.bind(crypto.subtle);
        crypto.subtle.importKey = (format, key, algorithm, ...rest) => algorithm?.name === 'Ed25519'
            ? Promise.reject(new DOMException('no', 'NotSupportedError')) : real(format, key, algorithm, ...rest);"""
    )
    page.goto("/v")
    with page.expect_request("**/noble-ed25519*.js"):
        choose(page, "proof.json", GOOD_BYTES)
    expect(page.locator("#proof-result [data-code=valid]")).to_be_visible()
    forged: dict[str, Any] = copy.deepcopy(GOOD)
    forged["signature"] = Key(2).sign(b"x" * 32)
    choose(page, "proof.json", as_bytes(forged))
    expect(page.locator("#proof-result [data-code=signature_invalid]")).to_be_visible()
