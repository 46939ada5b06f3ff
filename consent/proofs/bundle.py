"""Bundles: the proof, the page for people, the program that checks it and how to run it, in one ZIP."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from django.conf import settings

from consent.proofs.public_views import SCRIPT_NAME, script_bytes

README = """\
HOW TO CHECK THIS PROOF
=======================

proof.json says what a person chose, when, how, and to which words, and proves that nothing in it was altered since.
proof.pdf is the same for reading. verify_proof.py checks proof.json without us and without a network. With Python
3.9 or newer:

    python -m venv v
    v/bin/pip install cryptography
    v/bin/python verify_proof.py {first}

(On Windows: v\\Scripts\\pip and v\\Scripts\\python.) It answers OK and what the proof says, or NOT VALID, a code and
why. Without Python: open {base_url}/v and drop this ZIP there; it is checked in your browser and not sent.

If there is a folder notice/, it holds the pictures and documents that the words showed: each is named by its SHA-256,
which the text in proof.json names as well. Compute it again (sha256sum, certutil -hashfile) to see that it is that one.

Who signed? The key in a proof is its own word. Compare its name with the one the organisation gives you by another
way, or fetch the list kept at {base_url}/v/keys/{slug} and run

    v/bin/python verify_proof.py {first} --keys keys.json


COMMENT VÉRIFIER CETTE PREUVE
=============================

proof.json dit ce qu'une personne a choisi, quand, comment et au vu de quel texte, et prouve que rien n'y a été
modifié depuis. proof.pdf en est la version lisible. verify_proof.py vérifie proof.json sans nous et sans réseau.
Avec Python 3.9 ou plus récent :

    python -m venv v
    v/bin/pip install cryptography
    v/bin/python verify_proof.py {first} --language fr

(Sous Windows : v\\Scripts\\pip et v\\Scripts\\python.) Il répond OK et ce que dit la preuve, ou NOT VALID, un code et
la raison. Sans Python : ouvrez {base_url}/v et déposez-y ce ZIP ; il est vérifié dans votre navigateur, sans être
envoyé.

S'il y a un dossier notice/, il contient les images et documents que montrait le texte : chacun porte son SHA-256, que
cite aussi le texte dans proof.json. Recalculez-le (sha256sum, certutil -hashfile) pour voir que c'est bien celui-là.

Qui a signé ? La clé contenue dans une preuve n'engage que le fichier. Comparez son nom à celui que l'organisation
vous donne par une autre voie, ou prenez la liste tenue à {base_url}/v/keys/{slug} et lancez

    v/bin/python verify_proof.py {first} --keys keys.json
"""


def bundle(
    proofs: Sequence[tuple[str, dict[str, Any], bytes]],
    *,
    attachments: Mapping[str, bytes] | None = None,
    shown: Mapping[str, bytes] | None = None,
) -> bytes:
    """A ZIP of proofs: (folder, proof, PDF) each, an empty folder for a single one. The same input, the same bytes."""
    newest = max(proof["seal"]["signed_at"] for _folder, proof, _pdf in proofs)
    first, slug = f"{proofs[0][0]}proof.json", proofs[0][1]["event"]["organisation"]
    files: list[tuple[str, bytes]] = [
        ("README.txt", README.format(first=first, slug=slug, base_url=settings.ACCORD.base_url).encode()),
        (SCRIPT_NAME, script_bytes()),
    ]
    for folder, proof, pdf in proofs:
        files += [(f"{folder}proof.json", proof_json(proof)), (f"{folder}proof.pdf", pdf)]
    files += sorted((f"evidence/{name}", content) for name, content in (attachments or {}).items())
    files += sorted((f"notice/{name}", content) for name, content in (shown or {}).items())
    return zipped(files, datetime.fromisoformat(newest))


def proof_json(proof: dict[str, Any]) -> bytes:
    """The proof as a file."""
    return json.dumps(proof, ensure_ascii=False, indent=2).encode() + b"\n"


def zipped(files: Sequence[tuple[str, bytes]], at: datetime) -> bytes:
    """In the order given, all dated ``at``."""
    moment = at.astimezone(UTC)
    date_time = (moment.year, moment.month, moment.day, moment.hour, moment.minute, moment.second)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in files:
            made.writestr(zipfile.ZipInfo(name, date_time), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()
