"""What people and tools call the columns of their tables, in six languages."""

import re
import unicodedata

# One line a language or two; names are compared without accents, marks and capitals. Tools whose exports are meant:
# Mailchimp, Brevo, listmonk, HubSpot, Mautic, Klaviyo, MailerLite, Shopify, address books.
NAMES: dict[str, str] = {
    "email": "email, e mail, mail, email address, e mail address, mail address, emailaddress, subscriber email,"
    "subscriber, email 1, e mail 1, e mail 1 value, email 1 value, primary email, billing email, contact email,"
    "courriel, adresse email, adresse e mail, adresse mail, adresse courriel, adresse electronique, adel, mel,"
    "adresse de messagerie, adresse de courriel, email client, email contact, mail contact, courrier electronique,"
    "correo, correo electronico, direccion de correo, direccion email, e mail adresse, email adresse, emailadresse,"
    "mailadresse, e mail empfanger, indirizzo email, indirizzo e mail, indirizzo di posta, posta elettronica,"
    "e mailadres, emailadres, mailadres",
    "phone": "phone, phone number, telephone, tel, mobile, mobile phone, mobile number, mobile phone number, cell,"
    "cell phone, cellphone, sms, gsm, phone 1, phone 1 value, primary phone, billing phone, mobilephone, telephone 1,"
    "portable, tel portable, telephone portable, telephone mobile, tel mobile, numero de telephone, no telephone,"
    "num tel, n tel, numero de portable, numero mobile, n de telephone, telefon, telefonnummer, handy, handynummer,"
    "mobil, mobilnummer, mobiltelefon, rufnummer, telefono, numero de telefono, movil, telefono movil, celular,"
    "cellulare, numero di telefono, telefono cellulare, telefoon, telefoonnummer, mobiel, mobiel nummer, gsm nummer",
    "external_id": "external id, ext id, customer id, client id, user id, contact id, member id, customer number,"
    "customer no, crm id, uid, record id, record id contact, subscriber id, identifiant, id client, identifiant client,"
    "numero client, no client, n client, num client, code client, ref client, reference client, matricule,"
    "numero adherent, kundennummer, kunden id, kundennr, id cliente, numero de cliente, codigo cliente, numero cliente,"
    "codice cliente, klantnummer, klant id",
    "first_name": "first name, firstname, given name, givenname, forename, fname, billing first name, prenom, prenoms,"
    "vorname, nombre, nombre de pila, nome, voornaam",
    "last_name": "last name, lastname, surname, family name, familyname, lname, billing last name, nom, nom de famille,"
    "nom usage, nom d usage, name, nachname, familienname, zuname, apellido, apellidos, cognome, achternaam,"
    "familienaam",
    "language": "language, lang, locale, preferred language, preferred locale, langue, langue preferee,"
    "langue de correspondance, sprache, bevorzugte sprache, korrespondenzsprache, idioma, idioma preferido, lingua,"
    "lingua preferita, taal, voorkeurstaal",
    "country": "country, country code, country region, billing country, mailing country, default address country code,"
    "pays, code pays, pays region, pays de residence, land, landercode, pais, codigo pais, paese, codice paese,"
    "nazione, stato di residenza, nation, landcode",
    "tags": "tags, tag, labels, label, etiquettes, etiquette, mots cles, categories, groups, groupes, group membership,"
    "schlagworte, schlagworter, etiquetas, etichette, kategorien, categorie, groepen, grupos, gruppi, gruppen",
    "consent.occurred_at": "consent date, consented at, consent at, consent time, consent timestamp, opt in date,"
    "optin date, opt in time, optin time, opt in timestamp, opted in at, confirm time, confirmed at, confirmation date,"
    "subscribed at, subscribed on, subscription date, subscribe date, signup date, sign up date, signed up at,"
    "date subscribed, email marketing consent timestamp, email optin date, date consentement, date de consentement,"
    "date du consentement, date recueil consentement, date optin, date opt in, date inscription, date d inscription,"
    "inscrit le, abonne le, date abonnement, date d abonnement, date de collecte, date collecte, consent occurred at,"
    "einwilligungsdatum, datum der einwilligung, anmeldedatum, angemeldet am, opt in datum, eingewilligt am,"
    "fecha consentimiento, fecha de consentimiento, fecha de alta, fecha de suscripcion, data consenso,"
    "data del consenso, data iscrizione, data di iscrizione, iscritto il, datum toestemming, toestemmingsdatum,"
    "inschrijfdatum, aanmelddatum, ingeschreven op",
    "consent.ip": "consent ip, optin ip, opt in ip, confirm ip, signup ip, sign up ip, subscribe ip, ip optin,"
    "ip opt in, ip consentement, ip inscription, adresse ip inscription, ip adresse anmeldung, anmelde ip, ip de alta,"
    "ip suscripcion, ip iscrizione, ip inschrijving, consent ip address, optin ip address",
    "consent.status": "status, statut, subscription status, subscriber status, email status, consent status,"
    "email marketing consent, sms marketing consent, email marketing status, sms marketing status,"
    "email blacklisted, sms blacklisted, email blocklisted, sms blocklisted, blacklisted,"
    "blocklisted, blacklist, double opt in, opt in, optin, opt out, optout, opted in, opted out, email opt out,"
    "email opt in, sms opt in, sms opt out, has opted out of email, unsubscribed, unsubscribed from all email,"
    "is unsubscribed, subscribed, is subscribed, do not contact, do not email, donotcontact, donotemail, dnc,"
    "accepts marketing, accepts email marketing, accepts sms marketing, consent, newsletter, bounced, hard bounced,"
    "complained, optin email, optin sms, optin mail, optout email, optout sms, optin newsletter, consentement,"
    "consentement email, consentement sms, accord, statut abonnement, statut de l abonne, etat abonnement,"
    "statut d abonnement, abonne, inscrit, inscrit newsletter, abonne newsletter, inscription newsletter,"
    "accepte newsletter, desabonne, desinscrit, liste noire, npai, plainte, einwilligung, newsletter status,"
    "anmeldestatus, abonniert, abgemeldet, gesperrt, widerspruch, werbeeinwilligung, consentimiento, suscrito, baja,"
    "estado, estado de suscripcion, acepta publicidad, consenso, consenso marketing, iscritto, disiscritto,"
    "stato iscrizione, toestemming, ingeschreven, uitgeschreven, nieuwsbrief, inschrijfstatus",
    "consent.withdrawn_at": "unsub time, unsubscribed at, unsubscribe date, unsubscribed date, unsubscribe time,"
    "unsubscribed on, date unsubscribed, opt out date, optout date, opt out time, opted out at, withdrawn at,"
    "withdrawal date, consent withdrawn at, date desabonnement, date de desabonnement, date desinscription,"
    "date de desinscription, desabonne le, desinscrit le, date optout, date opt out, date de retrait, date opposition,"
    "abgemeldet am, abmeldedatum, widerrufen am, widerrufsdatum, fecha de baja, fecha baja, data disiscrizione,"
    "data di disiscrizione, disiscritto il, data revoca, uitgeschreven op, uitschrijfdatum, afmelddatum",
    "consent.form_url": "form url, signup url, sign up url, consent url, consent form url, optin url, opt in url,"
    "subscription url, url formulaire, url du formulaire, url inscription, url d inscription, url de collecte,"
    "page inscription, formular url, anmeldeseite, url formulario, url del formulario, url modulo, url iscrizione,"
    "formulier url, inschrijfpagina",
    "consent.text": "consent text, consent wording, optin text, opt in text, legal text, texte consentement,"
    "texte du consentement, texte de consentement, mention legale, mention consentement, texte optin,"
    "einwilligungstext, wortlaut der einwilligung, texto consentimiento, texto del consentimiento, testo consenso,"
    "testo del consenso, toestemmingstekst",
    "consent.purpose": "consent purpose, consent purposes, purpose, purposes, finalite, finalites,"
    "finalite consentement, zweck, zwecke, finalidad, finalidades, finalita, doel, doeleinde, doeleinden",
    "consent.channel": "consent channel, consent channels, channel, channels, canal, canaux, canal consentement, kanal,"
    "kanale, canales, canale, canali, kanaal, kanalen",
    "suppression.sha256": "sha256, sha 256, email sha256, sha256 email, email hash sha256, sha256 hash, hash sha256,"
    "suppression sha256, sha256 emails",
    "suppression.md5": "md5, email md5, md5 email, email hash md5, md5 hash, hash md5, suppression md5, md5 emails",
}
# Names that often mean it, and often something else.
WEAK_NAMES: dict[str, str] = {
    "external_id": "id, identifier, identifiant unique, reference, ref, no, numero, nr, nummer, codigo, codice, code",
    "consent.ip": "ip, ip address, adresse ip, ip adresse, direccion ip, indirizzo ip, ip adres, remote addr,remote ip",
    "consent.occurred_at": "date consent, inscription, anmeldung, signup, sign up",
    "consent.form_url": "url, source url, landing page, page, page url, referer, referrer, webpage, form",
    "suppression.sha256": "hash, email hash, hash email, hashed email",
    "suppression.md5": "hash, email hash, hash email, hashed email",
    "language": "sprachcode, langcode, language code, code langue, lang code",
}
FULL_NAMES = (
    "full name, fullname, display name, name and surname, nom complet, nom et prenom, nom prenom, prenom nom,"
    "prenom et nom, vollstandiger name, vor und nachname, name vorname, nombre completo, nombre y apellidos,"
    "nome completo, nome e cognome, nome cognome, volledige naam, naam, contact name, customer name, nom du contact,"
    "nom client, contact"
)
# What a name says besides what it names: `Adresse e-mail du client`, `E-mail 1 (work)`.
NOISE = frozenset(
    "de du des d la le les l of the your my votre vos ihre ihr su tu il tuo uw jouw client clients customer "
    "contact subscriber abonne user utilisateur kunde cliente klant main principal principale primary perso "
    "personal personnel personnelle pro professionnel professionnelle work home business privat geschaftlich "
    "value field 1 adresse address shipping billing delivery attributes".split()
)


def plain_name(name: str) -> str:
    """`E-mail (pro)` -> `e mail pro`: letters and digits without accents."""
    bare = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return " ".join(re.findall("[a-z0-9]+", bare))


def spaced_name(name: str) -> str:
    """`hasOptedOutOfEmail` -> `has opted out of email`."""
    return plain_name(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name))


def core_name(name: str) -> str:
    """A plain name without its noise: `adresse e mail du client` -> `e mail`."""
    return " ".join(word for word in name.split() if word not in NOISE)


def named(names: dict[str, str]) -> dict[str, list[str]]:
    """Plain name -> the targets it may mean."""
    known: dict[str, list[str]] = {}
    for target, listed in names.items():
        for name in listed.split(","):
            known.setdefault(plain_name(name), []).append(target)
    return known


KNOWN_NAMES = {name: targets[0] for name, targets in named(NAMES).items()}
POSSIBLE_NAMES = named(WEAK_NAMES)
KNOWN_FULL_NAMES = frozenset(plain_name(name) for name in FULL_NAMES.split(","))
