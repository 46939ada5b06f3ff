"""Keys and what is done with them: sealing, keyed hashes, signatures, link keys.

Only `cryptography` (and the standard library's HMAC) lies underneath. The page for readers is
``docs/build/crypto.md``.
"""

from portal.crypto.errors import TamperedError, UnknownKeyError
from portal.crypto.hashing import KeyedHasher, keyed_hashes
from portal.crypto.keyring import KeyPurpose
from portal.crypto.link_keys import LinkKeys, link_keys
from portal.crypto.sealing import Sealer, open_sealed, seal, sealer
from portal.crypto.signing import (
    PublicKey,
    Signature,
    Signer,
    public_keys,
    sign,
    signature_is_valid,
    signer,
    verify_signature,
)

__all__ = [
    "KeyPurpose",
    "KeyedHasher",
    "LinkKeys",
    "PublicKey",
    "Sealer",
    "Signature",
    "Signer",
    "TamperedError",
    "UnknownKeyError",
    "keyed_hashes",
    "link_keys",
    "open_sealed",
    "public_keys",
    "seal",
    "sealer",
    "sign",
    "signature_is_valid",
    "signer",
    "verify_signature",
]
