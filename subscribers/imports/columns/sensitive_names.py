"""What columns of sensitive data are called, in English, French, German, Spanish, Italian and Dutch."""

# A name is one of these when the words stand in it one after the other; with `=` when they are the whole name.
SENSITIVE_NAMES: dict[str, str] = {
    "card_number": "card number, credit card, debit card, creditcard, cc number, card no, cvv, cvc, =pan, card expiry, "
    "carte bancaire, numero de carte, numero carte, n de carte, carte bleue, cryptogramme, carte de "
    "credit, kreditkarte, kreditkartennummer, kartennummer, tarjeta, carta di credito, numero carta, "
    "numero della carta, kaartnummer, kredietkaart, bankpas",
    "iban": "iban, bank account, bankaccount, =rib, compte bancaire, numero de compte, coordonnees bancaires, "
    "bankverbindung, kontonummer, bankkonto, cuenta bancaria, numero de cuenta, conto corrente, "
    "coordinate bancarie, rekeningnummer, bankrekening, bankgegevens",
    "national_id": "social security, ssn, =nino, national insurance, national id, national number, identity card, id "
    "card, identity number, passport, tax id, =nir, numero insee, n insee, securite sociale, num secu, "
    "numero secu, n secu, carte d identite, carte identite, =cni, passeport, carte vitale, numero fiscal, "
    "registre national, numero national, niss, sozialversicherungsnummer, sozialversicherung, =svnr, "
    "personalausweis, personalausweisnummer, ausweisnummer, reisepass, reisepassnummer, steuer id, "
    "steueridentifikationsnummer, steuernummer, ahv, =dni, =nie, =nif, dni nie, numero dni, pasaporte, "
    "seguridad social, codice fiscale, carta d identita, passaporto, tessera sanitaria, bsn, "
    "burgerservicenummer, sofinummer, paspoort, paspoortnummer, rijksregisternummer, rijksregister, "
    "identiteitskaart, pesel, personnummer, =cpr",
    "health": "health, medical, disease, diseases, illness, diagnosis, allergy, allergies, allergen, allergens, "
    "disability, disabilities, handicap, handicapped, blood type, blood group, pregnancy, pregnant, "
    "medication, medications, vaccination, vaccinated, dietary, food intolerance, intolerances, sante, "
    "maladie, maladies, pathologie, pathologies, allergie, invalidite, groupe sanguin, grossesse, "
    "enceinte, medicament, medicaments, vaccin, regime alimentaire, handicape, gesundheit, "
    "gesundheitszustand, krankheit, krankheiten, allergien, behinderung, schwerbehinderung, blutgruppe, "
    "schwangerschaft, schwanger, medikamente, diagnose, impfung, impfstatus, unvertraglichkeiten, salud, "
    "enfermedad, enfermedades, alergia, alergias, discapacidad, minusvalia, grupo sanguineo, embarazo, "
    "embarazada, medicacion, vacunacion, intolerancias, salute, malattia, malattie, disabilita, gruppo "
    "sanguigno, gravidanza, farmaci, vaccinazione, intolleranze, gezondheid, ziekte, ziektes, allergieen, "
    "beperking, bloedgroep, zwanger, zwangerschap, medicijnen, vaccinatie, dieetwensen",
    "religion": "religion, religious, faith, church, belief, beliefs, parish, baptised, croyance, croyances, culte, "
    "confession religieuse, =confession, paroisse, bapteme, konfession, kirche, kirchensteuer, glaube, "
    "religionszugehorigkeit, gemeindezugehorigkeit, creencia, creencias, iglesia, parroquia, religione, "
    "chiesa, parrocchia, credo, religie, geloof, godsdienst, kerk, geloofsovertuiging",
    "union": "trade union, union membership, union member, labor union, labour union, =union, syndicat, syndique, "
    "syndicats, adhesion syndicale, appartenance syndicale, gewerkschaft, gewerkschaftsmitglied, "
    "gewerkschaftszugehorigkeit, sindicato, afiliacion sindical, sindacato, iscrizione sindacale, "
    "vakbond, vakbondslidmaatschap, vakvereniging",
    "ethnicity": "ethnicity, ethnic, =race, racial origin, skin color, skin colour, ethnie, origine ethnique, origine "
    "raciale, couleur de peau, ethnische herkunft, hautfarbe, rasse, etnia, origen etnico, origen racial, "
    "=raza, color de piel, origine etnica, =razza, etniciteit, etnische afkomst, etnische achtergrond, "
    "huidskleur",
    "politics": "political, politics, party membership, parti politique, opinion politique, opinions politiques, "
    "orientation politique, appartenance politique, politische, parteizugehorigkeit, parteimitglied, "
    "partido politico, opinion politica, ideologia, afiliacion politica, orientamento politico, opinione "
    "politica, partito, politieke",
    "sex_life": "sexual orientation, sexuality, sexual preference, sex life, orientation sexuelle, sexualite, vie "
    "sexuelle, preference sexuelle, sexuelle orientierung, sexualitat, sexualleben, orientacion sexual, "
    "sexualidad, vida sexual, orientamento sessuale, sessualita, vita sessuale, seksuele geaardheid, "
    "seksuele voorkeur, seksualiteit",
    "biometric": "biometric, biometrics, fingerprint, fingerprints, facial recognition, face scan, dna, genetic, "
    "genetics, biometrie, biometrique, empreinte digitale, empreintes digitales, adn, genetique, "
    "biometrisch, biometrische, fingerabdruck, genetisch, biometrico, biometria, huella dactilar, huellas "
    "dactilares, genetico, impronta digitale, impronte digitali, vingerafdruk",
    "criminal": "criminal, conviction, convictions, offence, offences, casier judiciaire, condamnation, "
    "condamnations, infractions penales, vorstrafen, vorstrafe, strafregister, fuhrungszeugnis, "
    "antecedentes, condenas, casellario giudiziale, precedenti penali, condanne, strafblad, veroordeling, "
    "veroordelingen",
}
