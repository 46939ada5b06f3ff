"""What is odd about an address that is none the less one: a role, a throw-away domain, a slip of the finger.

Flagged rows are imported, and counted; an import may be told to reject them. Whatever hangs on the domain is found out
once a domain: a file has few of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache

from django.utils.translation import gettext_noop

from subscribers.contacts.values import country_names


class Flag(StrEnum):
    """The codes are part of the API."""

    ROLE_ADDRESS = "role_address"
    DISPOSABLE_DOMAIN = "disposable_domain"
    PROBABLE_TYPO = "probable_typo"


# Why a row is rejected when its flag is one of those that reject.
FLAG_DETAILS: dict[str, str] = {
    Flag.ROLE_ADDRESS: gettext_noop("This address is that of a role, such as info@, not of a person: find theirs."),
    Flag.DISPOSABLE_DOMAIN: gettext_noop("This address is of a throw-away service: ask the person for a lasting one."),
    Flag.PROBABLE_TYPO: gettext_noop("The domain of this address looks mistyped, like gmial.com: correct it."),
}

# RFC 2142, and what organisations in six languages use besides. Words that are names of people too stay out.
ROLES = frozenset(
    "abuse admin administrateur administracion administratie administration administrator amministrazione "
    "accounting accounts accueil achats atencionalcliente ayuda benutzerservice bestellung bestellungen billing "
    "boekhouding booking bonjour buchhaltung bureau careers clientservice commandes commercial commerciale "
    "comercial communication compras comptabilite compta contabilidad contabilita contact contacto contatti "
    "contatto contactus customerservice datenschutz direction direccion direktion direzione dpo dsb editor "
    "enquiries empfang facturacion facturatie facturation factures facturen fatturazione feedback ftp gdpr gerencia "
    "hello helpdesk help hostmaster hr info informacion informacje informatie information informazioni inkoop "
    "inscription jobs kantoor klantenservice kontakt kundenservice kundendienst magasin mail mailer-daemon mairie "
    "marketing media news newsletter no-reply noreply no_reply nepasrepondre ne-pas-repondre noc office oficina "
    "onderhoud order orders ordini pedidos personal personeel postmaster press presse prensa privacy privacidad "
    "purchasing rechnung rechnungen receptie reception reclamations recrutement rgpd rh root rrhh sales secretaire "
    "secretariat secretaria secretariaat secretary security segreteria sekretariat service serviceclient servicio "
    "servizio servizioclienti soporte spam subscribe support supporto sysadmin technik team unsubscribe usenet uucp "
    "vendite ventas vente ventes verkauf verkoop vertrieb verwaltung webmaster webmestre welcome www".split()
)

# Where most people of Europe, and many of the world, have their mail: name -> the top-level domains it is offered at.
PROVIDERS = {
    "gmail": "com", "googlemail": "com", "icloud": "com", "me": "com", "mac": "com", "aol": "com fr de co.uk it es",
    "hotmail": "com fr de es it be nl ch co.uk", "outlook": "com fr de es it be pt", "msn": "com",
    "live": "com fr de it be nl co.uk", "yahoo": "com fr de es it co.uk ca com.br", "ymail": "com",
    "rocketmail": "com", "protonmail": "com ch", "proton": "me", "tutanota": "com de", "zoho": "com eu",
    "mail": "com ru",
    "orange": "fr es be", "wanadoo": "fr es", "free": "fr", "sfr": "fr", "laposte": "net", "bbox": "fr", "neuf": "fr",
    "numericable": "fr", "aliceadsl": "fr", "club-internet": "fr", "cegetel": "net", "gmx": "de net at ch fr com",
    "web": "de", "t-online": "de", "freenet": "de", "arcor": "de", "posteo": "de", "mailbox": "org", "online": "de no",
    "bluewin": "ch", "hispeed": "ch", "sunrise": "ch", "chello": "at", "aon": "at", "skynet": "be", "telenet": "be",
    "proximus": "be", "scarlet": "be", "voo": "be", "ziggo": "nl", "kpnmail": "nl", "planet": "nl", "hetnet": "nl",
    "xs4all": "nl", "home": "nl", "casema": "nl", "quicknet": "nl", "libero": "it", "virgilio": "it", "tiscali": "it",
    "tin": "it", "alice": "it", "fastwebnet": "it", "telefonica": "net", "terra": "es com.br", "btinternet": "com",
    "sky": "com", "virginmedia": "com", "talktalk": "net", "ntlworld": "com", "blueyonder": "co.uk", "eircom": "net",
    "comcast": "net", "verizon": "net", "att": "net", "sbcglobal": "net", "cox": "net", "bellsouth": "net",
    "yandex": "ru com", "bk": "ru", "rambler": "ru", "wp": "pl", "o2": "pl co.uk", "onet": "pl", "interia": "pl",
    "seznam": "cz", "centrum": "cz", "ukr": "net", "abv": "bg", "freemail": "hu", "citromail": "hu", "sapo": "pt",
    "telia": "com", "luukku": "com", "qq": "com", "naver": "com", "sina": "com",
}  # fmt: skip
# One letter from real words and family names: only a letter added, lost or swapped is a slip.
WORDS = frozenset("orange laposte proton mailbox skynet".split())
# Words themselves, with real neighbours in every direction: only their end can be a slip.
PLAIN_WORDS = frozenset("planet online terra telia sunrise alice libero virgilio tiscali".split())
# Long enough, and odd enough, for two slips at once.
DISTINCT = frozenset("hotmail outlook googlemail protonmail wanadoo btinternet numericable".split())
# No registry has these ends.
WRONG_ENDS = {
    **dict.fromkeys("con cmo ocm comm coom xom vom cim cpm ccom comn coml clm kom ckm".split(), "com"),
    **dict.fromkeys("nte nett ner ney met bet nrt neet".split(), "net"),
    **dict.fromkeys("orgg rog ogr oorg".split(), "org"),
    **dict.fromkeys("frr ffr rf ft fe fd".split(), "fr"),
}
# These exist, at other countries' registries, but no mailbox provider is there.
SHORTENED = {"co": "com", "cm": "com", "om": "com"}
GMAIL_ABROAD = frozenset("fr be de es it nl net org".split())


@dataclass(frozen=True, slots=True)
class DomainFlags:
    """What is odd about a domain, and the one that was probably meant."""

    flag: Flag
    suggestion: str = ""


def is_role(local: str) -> bool:
    """Is this the mailbox of a role? `local` in small letters, without its `+tag`."""
    return local in ROLES


@lru_cache(maxsize=50_000)
def domain_flags(domain: str) -> DomainFlags | None:
    """What is odd about a domain in its normal form, None for nearly all of them."""
    suggestion = probable_domain(domain)
    if suggestion:
        return DomainFlags(Flag.PROBABLE_TYPO, suggestion)
    return DomainFlags(Flag.DISPOSABLE_DOMAIN) if is_disposable(domain) else None


def meant_domain(domain: str) -> str:
    """The domain that was probably meant where this one is a slip."""
    odd = domain_flags(domain)
    return odd.suggestion if odd else ""


@cache
def disposable_domains() -> frozenset[str]:
    from disposable_email_domains import blocklist  # 10,000 names, for those who import only

    return frozenset(blocklist)


def is_disposable(domain: str) -> bool:
    """Is the domain, or one it belongs to, on the public list of throw-away services?"""
    labels = domain.split(".")
    parents = (".".join(labels[start:]) for start in range(len(labels) - 1))
    return any(parent in disposable_domains() for parent in parents)


def probable_domain(domain: str) -> str:
    """The domain that was probably meant, or "" when there is nothing to say against this one."""
    name, _dot, end = domain.partition(".")
    if end in PROVIDERS.get(name, "").split():
        return ""
    meant_end = WRONG_ENDS.get(end.rpartition(".")[2])
    if meant_end:
        end = end[: -len(end.rpartition(".")[2])] + meant_end
        right = name if end in PROVIDERS.get(name, "").split() else probable_name(name, end)
        return f"{right or name}.{end}"
    if name == "gmail" and end in GMAIL_ABROAD:
        return "gmail.com"
    if len(name) > 3 and end in SHORTENED and SHORTENED[end] in PROVIDERS.get(name, "").split():
        return f"{name}.{SHORTENED[end]}"
    if not is_real_end(end):
        return ""
    right = probable_name(name, end)
    return f"{right}.{end}" if right else ""


def probable_name(name: str, end: str) -> str:
    """The provider that was probably meant, among those that offer addresses at this end."""
    if name in PROVIDERS or len(name) < 4:
        return ""
    for provider, ends in PROVIDERS.items():
        if end in ends.split() and is_slip_of(name, provider):
            return provider
    return ""


def is_slip_of(name: str, provider: str) -> bool:
    """Is one name the other with a slip in it? Not where the first letter differs: `email` and `ymail` are real."""
    if len(provider) < 5 or provider in PLAIN_WORDS:
        return False
    if name[0] != provider[0] or abs(len(name) - len(provider)) > 2:
        return False
    if provider in WORDS and len(name) == len(provider) and sorted(name) != sorted(provider):
        return False
    return distance(name, provider) <= (2 if provider in DISTINCT else 1)


def distance(one: str, two: str) -> int:
    """Damerau and Levenshtein: letters changed, added, lost, or swapped with their neighbour."""
    before: list[int] = []
    row = list(range(len(two) + 1))
    for at, letter in enumerate(one, start=1):
        earlier, before, row = before, row, [at]
        for place, other in enumerate(two, start=1):
            cost = min(before[place] + 1, row[place - 1] + 1, before[place - 1] + (letter != other))
            if at > 1 and place > 1 and letter == two[place - 2] and one[at - 2] == other:
                cost = min(cost, earlier[place - 2] + 1)
            row.append(cost)
    return row[-1]


@cache
def country_ends() -> frozenset[str]:
    return frozenset(code.lower() for code in country_names().values()) | {"uk", "eu"}


def is_real_end(end: str) -> bool:
    last = end.rpartition(".")[2]
    return len(last) != 2 or last in country_ends()
