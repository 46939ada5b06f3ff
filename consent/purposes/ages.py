"""From what age a child consents alone to an online service (G 8(1), K-01).

The regulation says 16 and lets each country go down to 13. Sources: France loi 78-17 art. 45; Germany, Hungary,
Luxembourg, Poland, Romania: the article itself; Austria DSG § 4(4); Belgium loi du 30 juillet 2018 art. 7; Cyprus
nomos 125(I)/2018 art. 8; Czechia zákon 110/2019 § 7; Denmark databeskyttelsesloven § 6(2)-(3), 13 until the end of 2023
and 15 since 1 January 2024; Greece nomos 4624/2019 art. 21; Ireland Data Protection Act 2018 s. 31; Italy d.lgs.
196/2003 art. 2-quinquies; Netherlands UAVG art. 5; Portugal lei 58/2019 art. 16; Spain LO 3/2018 art. 7; Sweden lag
2018:218 ch. 2 § 4; Slovakia zákon 18/2018 § 15; Slovenia ZVOP-2 art. 8; United Kingdom Data Protection Act 2018 s. 9;
Norway personopplysningsloven § 5, where 15 was proposed in 2025; Liechtenstein: the article itself, as its authority
says (Datenschutzstelle, Aktuelles 1/2024: 14 is the age of contracts, 16 that of this consent); the others by the
Commission, SWD(2020) 115, p. 17. Laws change: an organisation that knows better sets its own limit on the purpose. A
country that is not here has the article's own age.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from consent.purposes.models import Basis

if TYPE_CHECKING:
    from consent.purposes.models import Purpose

ARTICLE_8 = 16
AGES = {
    **dict.fromkeys(("BE", "EE", "FI", "GB", "IS", "LV", "MT", "NO", "PT", "SE"), 13),
    **dict.fromkeys(("AT", "BG", "CY", "ES", "IT", "LT"), 14),
    **dict.fromkeys(("CZ", "DK", "FR", "GR", "SI"), 15),
    **dict.fromkeys(("DE", "HR", "HU", "IE", "LI", "LU", "NL", "PL", "RO", "SK"), 16),
}
# What a person bought or the law orders reaches them whatever their age.
ANY_AGE = frozenset({Basis.CONTRACT.value, Basis.LEGAL_OBLIGATION.value})


def country_age(country: str) -> int:
    """The age of article 8 in this country (two letters)."""
    return AGES.get(country.upper(), ARTICLE_8)


def age_limit(country: str, purpose: Purpose) -> int:
    """The age under which nobody is written to for this purpose: its own, else that of the country; 0 is none."""
    if purpose.age_limit is not None:
        return purpose.age_limit
    return 0 if purpose.basis in ANY_AGE else country_age(country)
