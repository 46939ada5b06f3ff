"""What the demo organisation is, before anything happens: its fields, purposes, particulars and segments."""

from __future__ import annotations

from consent.purposes.actions import PurposeValues
from subscribers.fields.actions import FieldValues

FIELDS = (
    FieldValues(key="ville", label="Ville", type="text", justification="Inviter aux événements près de chez soi."),
    FieldValues(
        key="points", label="Points de fidélité", type="number", justification="Tenir le programme de fidélité."
    ),
)
PURPOSES = {
    "newsletter": PurposeValues(
        name="Lettre du mois",
        basis="consent",
        channels=["email"],
        description="Nos nouveautés, une fois par mois.",
        valid_for_days=1095,
        renew_before_days=90,
        texts={"en": {"name": "Monthly letter", "description": "What is new, once a month."}},
        data_categories=["Adresse e-mail", "Prénom", "Langue"],
        recipients=["Atelier Lumière", "Envoi Express SAS (routeur)"],
        retention="3 ans",
        retention_from="la dernière ouverture, le dernier clic ou achat",
    ),
    "offres": PurposeValues(
        name="Offres de nos boutiques",
        basis="consent",
        channels=["email", "sms"],
        description="Les promotions près de chez vous, deux fois par mois au plus.",
        valid_for_days=730,
        renew_before_days=60,
        texts={"en": {"name": "Offers of our shops", "description": "Offers near you, twice a month at most."}},
        data_categories=["Adresse e-mail", "Téléphone", "Ville", "Points de fidélité"],
        recipients=["Atelier Lumière", "Envoi Express SAS (routeur)"],
        retention="2 ans",
        retention_from="le dernier achat",
    ),
    "clients": PurposeValues(
        name="Conseils aux clients",
        basis="soft_opt_in",
        channels=["email"],
        description="Entretien de vos lampes et nouveautés du même rayon, quatre fois par an.",
        parent="offres",
        data_categories=["Adresse e-mail", "Achats"],
        recipients=["Atelier Lumière", "Envoi Express SAS (routeur)"],
        retention="3 ans",
        retention_from="le dernier achat",
        soft_opt_in={
            "collected_directly": True,
            "sale": "Commandes en boutique et sur le site",
            "similar": "Lampes et mobilier, comme ce qui a été acheté",
            "same_legal_person": True,
            "objection_text": "Cochez ici si vous ne souhaitez pas recevoir nos conseils.",
            "free_accounts": False,
            "free_accounts_reason": "",
        },
    ),
    "pros": PurposeValues(
        name="Architectes et décorateurs",
        basis="legitimate_interest",
        channels=["email"],
        description="Le catalogue professionnel, deux fois par an.",
        public=False,
        data_categories=["Adresse e-mail professionnelle", "Société"],
        recipients=["Atelier Lumière"],
        retention="3 ans",
        retention_from="le dernier échange",
        balance={
            "date": "2025-09-15",
            "author": "Claire Delmas, DPO",
            "summary": "Intérêt : faire connaître le catalogue aux prescripteurs. Deux messages par an, à l'adresse "
            "professionnelle, sur leur métier ; opposition en un clic.",
            "document": "MIL-2025-03",
        },
        profession_note="Des prescripteurs, à propos de leurs chantiers.",
    ),
    "tracking": PurposeValues(
        name="Mesure des ouvertures et des clics",
        basis="consent",
        kind="tracking",
        channels=["email"],
        description="Savoir si vous ouvrez nos messages, pour ne plus écrire à qui ne les lit pas.",
        texts={
            "en": {
                "name": "Measuring opens and clicks",
                "description": "To know whether you open our messages, and stop writing to who does not read them.",
            }
        },
        valid_for_days=395,
        renew_before_days=30,
        data_categories=["Ouvertures", "Clics"],
        recipients=["Atelier Lumière", "Envoi Express SAS (routeur)"],
        retention="13 mois",
        retention_from="l'ouverture ou le clic",
    ),
    "service": PurposeValues(
        name="Suivi de commande",
        basis="contract",
        channels=["email", "sms", "phone"],
        description="Ce qu'il faut savoir d'une commande en cours.",
        public=False,
        data_categories=["Adresse e-mail", "Téléphone", "Commandes"],
        recipients=["Atelier Lumière", "Le transporteur de la commande"],
        retention="5 ans",
        retention_from="la livraison",
    ),
}
DETAILS = {
    "postal_address": "12 rue des Lampistes\n69001 Lyon",
    "dpo_name": "Claire Vidal",
    "dpo_email": "dpo@demo.example",
}
RECIPIENTS = {
    "fr": " Depuis octobre 2026, l'imprimeur Papier & Cie prépare nos envois postaux.",
    "en": " Since October 2026 the printer Papier & Cie prepares our letters.",
}
SEGMENTS: dict[str, dict[str, object]] = {
    "Abonnés à la lettre": {"all": [{"field": "consent.newsletter.email", "op": "eq", "value": "granted"}]},
    "Clients fidèles en France": {
        "all": [
            {"field": "country", "op": "eq", "value": "FR"},
            {"field": "tags", "op": "has_any", "value": ["client", "vip"]},
            {"field": "attributes.points", "op": "gte", "value": 500},
        ]
    },
    "Belgique et Luxembourg": {
        "all": [
            {"any": [{"field": "country", "op": "in", "value": ["BE", "LU"]}]},
            {"field": "consent.offres.email", "op": "eq", "value": "granted"},
        ]
    },
    "Presse et professionnels": {"all": [{"field": "tags", "op": "has_any", "value": ["presse", "professionnel"]}]},
}
