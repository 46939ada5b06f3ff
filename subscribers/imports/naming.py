"""What people and tools call the columns of their tables, in six languages."""

import re
import unicodedata

# One line a language or two; names are compared without accents, marks and capitals.
NAMES: dict[str, str] = {
    "email": "email, e mail, mail, email address, e mail address, mail address, emailaddress, subscriber email,"
    "courriel, adresse email, adresse e mail, adresse mail, adresse courriel, adresse electronique, adel,"
    "correo, correo electronico, e mail adresse, email adresse, emailadresse, indirizzo email, e mailadres, mel",
    "phone": "phone, phone number, telephone, tel, mobile, mobile phone, mobile number, cell, cell phone, sms, gsm,"
    "portable, tel portable, telephone portable, telephone mobile, tel mobile, numero de telephone, no telephone,"
    "num tel, n tel, telefon, telefonnummer, handy, mobil, telefono, movil, cellulare, telefoon, mobiel",
    "external_id": "external id, id, customer id, client id, user id, contact id, member id, customer number,"
    "customer no, crm id, uid, identifiant, id client, identifiant client, numero client, no client, num client,"
    "code client, ref client, reference client, matricule, kundennummer, kunden id, id cliente, klantnummer",
    "first_name": "first name, firstname, given name, givenname, forename, fname, prenom, vorname, nombre, nome,"
    "voornaam, prenoms",
    "last_name": "last name, lastname, surname, family name, familyname, lname, nom, nom de famille, nom usage,"
    "name, nachname, familienname, apellido, apellidos, cognome, achternaam",
    "language": "language, lang, locale, preferred language, langue, langue preferee, sprache, idioma, lingua, taal",
    "country": "country, country code, pays, code pays, land, pais, paese, nation",
    "tags": "tags, tag, labels, label, etiquettes, etiquette, mots cles, categories, groups, groupes",
    "consent.occurred_at": "consent date, consented at, consent at, opt in date, optin date, opt in time, optin time,"
    "opted in at, confirm time, confirmed at, subscribed at, subscription date, signup date, sign up date,"
    "date consentement, date de consentement, date du consentement, date optin, date opt in, date inscription,"
    "date d inscription, inscrit le, date de collecte, date collecte, consent occurred at",
    "consent.ip": "ip, ip address, consent ip, optin ip, opt in ip, confirm ip, signup ip, adresse ip,"
    "ip consentement, ip inscription",
}


def plain_name(name: str) -> str:
    """`E-mail (pro)` -> `e mail pro`: letters and digits without accents."""
    bare = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return " ".join(re.findall("[a-z0-9]+", bare))


KNOWN_NAMES = {plain_name(name): target for target, names in NAMES.items() for name in names.split(",")}
