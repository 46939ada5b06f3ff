"""Pictures and documents of notices: Wagtail's rows, what versions freeze of them, and who may edit them."""

from typing import Any

import django.db.models.deletion
import modelsearch.index
import taggit.managers
import wagtail.fields
import wagtail.images.models
import wagtail.models.media
from django.conf import settings
from django.db import migrations, models

import consent.notices.wagtail_files
from portal.append_only import append_only

PERMISSIONS = {
    ("wagtailimages", "image"): ("add_image", "change_image", "choose_image"),
    ("wagtaildocs", "document"): ("add_document", "change_document", "choose_document"),
}


def admit_editors(apps: Any, schema_editor: Any) -> None:
    """Organisations that have their corner of Wagtail already: their editors' group, on their own collection."""
    Group = apps.get_model("auth", "Group")
    Permission = apps.get_model("auth", "Permission")
    ContentType = apps.get_model("contenttypes", "ContentType")
    Collection = apps.get_model("wagtailcore", "Collection")
    GroupCollectionPermission = apps.get_model("wagtailcore", "GroupCollectionPermission")
    for organisation in apps.get_model("consent", "NoticeRoot").objects.values_list("organisation_id", flat=True):
        group = Group.objects.filter(name=f"accord:{organisation}:editors").first()
        collection = Collection.objects.filter(name=f"accord:{organisation}").first()
        if group is None or collection is None:
            continue
        for (app, model), codenames in PERMISSIONS.items():
            content_type, _ = ContentType.objects.get_or_create(app_label=app, model=model)
            for codename in codenames:
                permission, _ = Permission.objects.get_or_create(
                    content_type=content_type, codename=codename, defaults={"name": codename}
                )
                GroupCollectionPermission.objects.get_or_create(
                    group=group, collection=collection, permission=permission
                )


class Migration(migrations.Migration):
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("consent", "0012_texts_in_the_log"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("portal", "0009_branding"),
        ("taggit", "0006_rename_taggeditem_content_type_object_id_taggit_tagg_content_8fc721_idx"),
        ("wagtailcore", "0097_baselogentry_uuid_action_timestamp_indexes"),
        ("wagtaildocs", "0014_alter_document_file_size"),
        ("wagtailimages", "0027_image_description"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name="noticepage",
            name="wordings",
            field=wagtail.fields.StreamField(
                [("information", 44), ("legal", 48), ("cookies", 50)],
                blank=True,
                block_lookup={
                    0: (
                        "wagtail.blocks.ChoiceBlock",
                        [],
                        {"choices": [("en", "English"), ("fr", "French")], "label": "Language"},
                    ),
                    1: ("wagtail.blocks.CharBlock", (), {"label": "Title", "max_length": 200, "required": False}),
                    2: (
                        "wagtail.blocks.TextBlock",
                        (),
                        {
                            "help_text": "Two or three sentences: who, what for, and that one can stop at any time.",
                            "label": "First screen",
                            "required": False,
                            "rows": 3,
                        },
                    ),
                    3: (
                        "wagtail.blocks.TextBlock",
                        (),
                        {
                            "help_text": "Name and address of the company. 13(1)(a)",
                            "label": "Who is responsible",
                            "required": False,
                            "rows": 2,
                        },
                    ),
                    4: (
                        "wagtail.blocks.TextBlock",
                        (),
                        {
                            "help_text": "13(1)(b)",
                            "label": "How to reach the data protection officer",
                            "required": False,
                            "rows": 2,
                        },
                    ),
                    5: ("consent.notices.blocks.PurposeKeyBlock", (), {"label": "Purpose"}),
                    6: (
                        "wagtail.blocks.TextBlock",
                        (),
                        {
                            "help_text": "What the data is used for, so that everybody understands it. 13(1)(c)",
                            "label": "What it is for",
                            "required": False,
                            "rows": 2,
                        },
                    ),
                    7: (
                        "wagtail.blocks.TextBlock",
                        (),
                        {
                            "help_text": "A duration and since when: “3 years after your last click”. R-01",
                            "label": "Kept for how long",
                            "required": False,
                            "rows": 2,
                        },
                    ),
                    8: ("wagtail.blocks.StructBlock", [[("purpose", 5), ("text", 6), ("retention", 7)]], {}),
                    9: ("wagtail.blocks.ListBlock", (8,), {"default": [], "label": "Purposes"}),
                    10: (
                        "wagtail.blocks.TextBlock",
                        (),
                        {
                            "help_text": "Where a purpose rests on them: which ones. 13(1)(d)",
                            "label": "Legitimate interests",
                            "required": False,
                            "rows": 2,
                        },
                    ),
                    11: (
                        "wagtail.blocks.TextBlock",
                        (),
                        {
                            "help_text": "When the data did not come from the person. 14(1)(d)",
                            "label": "Kinds of data",
                            "required": False,
                            "rows": 2,
                        },
                    ),
                    12: (
                        "wagtail.blocks.TextBlock",
                        (),
                        {
                            "help_text": "The very source, by its name. 14(2)(f)",
                            "label": "Where the data comes from",
                            "required": False,
                            "rows": 2,
                        },
                    ),
                    13: (
                        "wagtail.blocks.TextBlock",
                        (),
                        {"help_text": "13(1)(e)", "label": "Who receives the data", "required": False, "rows": 2},
                    ),
                    14: (
                        "wagtail.blocks.TextBlock",
                        (),
                        {
                            "help_text": "To where and under which safeguard; or none. 13(1)(f)",
                            "label": "Transfers outside the European Union",
                            "required": False,
                            "rows": 2,
                        },
                    ),
                    15: (
                        "wagtail.blocks.TextBlock",
                        (),
                        {
                            "help_text": "And what happens if not. 13(2)(e)",
                            "label": "Must the data be given?",
                            "required": False,
                            "rows": 2,
                        },
                    ),
                    16: (
                        "wagtail.blocks.TextBlock",
                        (),
                        {
                            "help_text": "Profiling with effects on people; or none. 13(2)(f)",
                            "label": "Automated decisions",
                            "required": False,
                            "rows": 2,
                        },
                    ),
                    17: (
                        "wagtail.blocks.TextBlock",
                        (),
                        {
                            "help_text": "Access, rectification, erasure, restriction, portability. 13(2)(b)",
                            "label": "Rights",
                            "required": False,
                            "rows": 3,
                        },
                    ),
                    18: (
                        "wagtail.blocks.TextBlock",
                        (),
                        {
                            "help_text": "Apart from all else, and clearly. 21(4)",
                            "label": "Right to object",
                            "required": False,
                            "rows": 2,
                        },
                    ),
                    19: (
                        "wagtail.blocks.TextBlock",
                        (),
                        {
                            "help_text": "At any time, and how. 13(2)(c)",
                            "label": "Withdrawing consent",
                            "required": False,
                            "rows": 2,
                        },
                    ),
                    20: (
                        "wagtail.blocks.TextBlock",
                        (),
                        {
                            "help_text": "To the supervisory authority. 13(2)(d)",
                            "label": "Complaint",
                            "required": False,
                            "rows": 2,
                        },
                    ),
                    21: (
                        "consent.notices.blocks.PurposeKeyBlock",
                        (),
                        {"help_text": "One purpose, one choice.", "label": "Purpose"},
                    ),
                    22: (
                        "wagtail.blocks.TextBlock",
                        (),
                        {
                            "help_text": "What a person agrees to, in one plain sentence.",
                            "label": "The question",
                            "required": False,
                            "rows": 2,
                        },
                    ),
                    23: (
                        "wagtail.blocks.CharBlock",
                        (),
                        {"label": "Button for yes", "max_length": 60, "required": False},
                    ),
                    24: (
                        "wagtail.blocks.CharBlock",
                        (),
                        {
                            "help_text": "As short and as plain as the yes.",
                            "label": "Button for no",
                            "max_length": 60,
                            "required": False,
                        },
                    ),
                    25: (
                        "wagtail.blocks.BooleanBlock",
                        (),
                        {
                            "help_text": "Never for messages people may refuse.",
                            "label": "The form can't be sent without it",
                            "required": False,
                        },
                    ),
                    26: (
                        "wagtail.blocks.StructBlock",
                        [[("purpose", 21), ("text", 22), ("accept", 23), ("refuse", 24), ("required", 25)]],
                        {},
                    ),
                    27: ("wagtail.blocks.ListBlock", (26,), {"default": [], "label": "Choices"}),
                    28: ("wagtail.blocks.CharBlock", (), {"label": "Heading", "max_length": 120, "required": False}),
                    29: (
                        "wagtail.blocks.TextBlock",
                        (),
                        {"help_text": "", "label": "Text", "required": False, "rows": 3},
                    ),
                    30: (
                        "consent.notices.file_blocks.PictureChooserBlock",
                        (),
                        {"label": "Picture", "required": False},
                    ),
                    31: (
                        "wagtail.blocks.CharBlock",
                        (),
                        {
                            "help_text": "What the picture says, for people who don't see it. Read aloud, and kept in the proof.",
                            "label": "Alternative text",
                            "max_length": 300,
                            "required": False,
                        },
                    ),
                    32: (
                        "wagtail.blocks.BooleanBlock",
                        (),
                        {
                            "help_text": "It says nothing that the words don't say.",
                            "label": "Only decoration",
                            "required": False,
                        },
                    ),
                    33: (
                        "wagtail.blocks.StructBlock",
                        [[("picture", 30), ("alternative", 31), ("decorative", 32)]],
                        {"label": "Picture", "required": False},
                    ),
                    34: ("wagtail.blocks.StructBlock", [[("heading", 28), ("text", 29), ("picture", 33)]], {}),
                    35: ("wagtail.blocks.ListBlock", (34,), {"default": [], "label": "Further sections"}),
                    36: (
                        "wagtail.blocks.ChoiceBlock",
                        [],
                        {
                            "choices": [
                                ("summary", "First screen"),
                                ("controller", "Who is responsible"),
                                ("purposes", "Purposes"),
                                ("withdrawal", "Withdrawing consent"),
                                ("objection", "Right to object"),
                                ("choices", "Choices"),
                                ("retention", "How long"),
                                ("dpo", "How to reach the data protection officer"),
                                ("legitimate_interests", "Legitimate interests"),
                                ("categories", "Kinds of data"),
                                ("source", "Where the data comes from"),
                                ("recipients", "Who receives the data"),
                                ("transfers", "Transfers outside the European Union"),
                                ("obligation", "Must the data be given?"),
                                ("automated", "Automated decisions"),
                                ("rights", "Rights"),
                                ("complaint", "Complaint"),
                                ("publisher", "Publisher"),
                                ("director", "Director of publication"),
                                ("host", "Host"),
                                ("cookies", "Cookies"),
                            ],
                            "label": "Where",
                        },
                    ),
                    37: (
                        "wagtail.blocks.BooleanBlock",
                        (),
                        {
                            "help_text": "Small, in the line of the heading.",
                            "label": "As an icon, beside the heading",
                            "required": False,
                        },
                    ),
                    38: (
                        "wagtail.blocks.StructBlock",
                        [[("picture", 30), ("alternative", 31), ("decorative", 32), ("place", 36), ("small", 37)]],
                        {},
                    ),
                    39: ("wagtail.blocks.ListBlock", (38,), {"default": [], "label": "Pictures and icons"}),
                    40: ("consent.notices.file_blocks.FileChooserBlock", (), {"label": "Document", "required": False}),
                    41: (
                        "wagtail.blocks.CharBlock",
                        (),
                        {
                            "help_text": "What it is, in plain words: “Our privacy policy”.",
                            "label": "Title",
                            "max_length": 200,
                            "required": False,
                        },
                    ),
                    42: ("wagtail.blocks.StructBlock", [[("document", 40), ("title", 41)]], {}),
                    43: ("wagtail.blocks.ListBlock", (42,), {"default": [], "label": "Documents to download"}),
                    44: (
                        "wagtail.blocks.StructBlock",
                        [
                            [
                                ("language", 0),
                                ("title", 1),
                                ("summary", 2),
                                ("controller", 3),
                                ("dpo", 4),
                                ("purposes", 9),
                                ("legitimate_interests", 10),
                                ("categories", 11),
                                ("source", 12),
                                ("recipients", 13),
                                ("transfers", 14),
                                ("obligation", 15),
                                ("automated", 16),
                                ("rights", 17),
                                ("objection", 18),
                                ("withdrawal", 19),
                                ("complaint", 20),
                                ("choices", 27),
                                ("sections", 35),
                                ("pictures", 39),
                                ("documents", 43),
                            ]
                        ],
                        {},
                    ),
                    45: (
                        "wagtail.blocks.TextBlock",
                        (),
                        {
                            "help_text": "Name, legal form, address, registration number, e-mail and phone.",
                            "label": "Publisher",
                            "required": False,
                            "rows": 3,
                        },
                    ),
                    46: (
                        "wagtail.blocks.TextBlock",
                        (),
                        {"help_text": "", "label": "Director of publication", "required": False, "rows": 2},
                    ),
                    47: (
                        "wagtail.blocks.TextBlock",
                        (),
                        {
                            "help_text": "Name, address and phone of whoever hosts the site.",
                            "label": "Host",
                            "required": False,
                            "rows": 2,
                        },
                    ),
                    48: (
                        "wagtail.blocks.StructBlock",
                        [
                            [
                                ("language", 0),
                                ("title", 1),
                                ("summary", 2),
                                ("publisher", 45),
                                ("director", 46),
                                ("host", 47),
                                ("sections", 35),
                                ("pictures", 39),
                                ("documents", 43),
                            ]
                        ],
                        {},
                    ),
                    49: (
                        "wagtail.blocks.TextBlock",
                        (),
                        {
                            "help_text": "Each with its name, what for and for how long; or that there are none.",
                            "label": "Cookies",
                            "required": False,
                            "rows": 3,
                        },
                    ),
                    50: (
                        "wagtail.blocks.StructBlock",
                        [
                            [
                                ("language", 0),
                                ("title", 1),
                                ("summary", 2),
                                ("cookies", 49),
                                ("sections", 35),
                                ("pictures", 39),
                                ("documents", 43),
                            ]
                        ],
                        {},
                    ),
                },
                verbose_name="languages",
            ),
        ),
        migrations.CreateModel(
            name="NoticeDocument",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("title", models.CharField(max_length=255, verbose_name="title")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created at")),
                ("file_size", models.PositiveBigIntegerField(editable=False, null=True)),
                ("file_hash", models.CharField(blank=True, editable=False, max_length=40)),
                ("file", models.FileField(upload_to=consent.notices.wagtail_files.draft_path, verbose_name="file")),
                ("sha256", models.BinaryField(max_length=32)),
                (
                    "collection",
                    models.ForeignKey(
                        default=wagtail.models.media.get_root_collection_id,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="wagtailcore.collection",
                        verbose_name="collection",
                    ),
                ),
                (
                    "tags",
                    taggit.managers.TaggableManager(
                        blank=True, help_text=None, through="taggit.TaggedItem", to="taggit.Tag", verbose_name="tags"
                    ),
                ),
                (
                    "uploaded_by_user",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="uploaded by user",
                    ),
                ),
            ],
            options={
                "verbose_name": "document",
                "verbose_name_plural": "documents",
                "abstract": False,
                "default_permissions": (),
            },
            bases=(modelsearch.index.Indexed, models.Model),
        ),
        migrations.CreateModel(
            name="NoticePicture",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("title", models.CharField(max_length=255, verbose_name="title")),
                (
                    "file",
                    wagtail.images.models.WagtailImageField(
                        height_field="height",
                        upload_to=wagtail.images.models.get_upload_to,
                        verbose_name="file",
                        width_field="width",
                    ),
                ),
                ("description", models.CharField(blank=True, default="", max_length=255, verbose_name="description")),
                ("width", models.IntegerField(editable=False, verbose_name="width")),
                ("height", models.IntegerField(editable=False, verbose_name="height")),
                ("created_at", models.DateTimeField(auto_now_add=True, db_index=True, verbose_name="created at")),
                ("focal_point_x", models.PositiveIntegerField(blank=True, null=True)),
                ("focal_point_y", models.PositiveIntegerField(blank=True, null=True)),
                ("focal_point_width", models.PositiveIntegerField(blank=True, null=True)),
                ("focal_point_height", models.PositiveIntegerField(blank=True, null=True)),
                ("file_size", models.PositiveIntegerField(editable=False, null=True)),
                ("file_hash", models.CharField(blank=True, db_index=True, editable=False, max_length=40)),
                ("sha256", models.BinaryField(max_length=32)),
                (
                    "collection",
                    models.ForeignKey(
                        default=wagtail.models.media.get_root_collection_id,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="wagtailcore.collection",
                        verbose_name="collection",
                    ),
                ),
                (
                    "tags",
                    taggit.managers.TaggableManager(
                        blank=True, help_text=None, through="taggit.TaggedItem", to="taggit.Tag", verbose_name="tags"
                    ),
                ),
                (
                    "uploaded_by_user",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="uploaded by user",
                    ),
                ),
            ],
            options={
                "verbose_name": "picture",
                "verbose_name_plural": "pictures",
                "abstract": False,
                "default_permissions": (),
            },
            bases=(wagtail.images.models.ImageFileMixin, modelsearch.index.Indexed, models.Model),
        ),
        migrations.CreateModel(
            name="NoticeFile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("digest", models.BinaryField(max_length=32)),
                ("name", models.CharField(max_length=100)),
                ("media_type", models.CharField(max_length=100)),
                ("size", models.PositiveIntegerField()),
                ("file", models.FileField(max_length=200, upload_to="")),
                ("frozen_at", models.DateTimeField()),
                (
                    "organisation",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="portal.organisation",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("organisation", "digest"), name="one_notice_file_a_digest")
                ],
            },
        ),
        migrations.CreateModel(
            name="NoticeRendition",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("filter_spec", models.CharField(db_index=True, max_length=255)),
                (
                    "file",
                    wagtail.images.models.WagtailImageField(
                        height_field="height",
                        storage=wagtail.images.models.get_rendition_storage,
                        upload_to=wagtail.images.models.get_rendition_upload_to,
                        width_field="width",
                    ),
                ),
                ("width", models.IntegerField(editable=False)),
                ("height", models.IntegerField(editable=False)),
                ("focal_point_key", models.CharField(blank=True, default="", editable=False, max_length=16)),
                (
                    "image",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="renditions",
                        to="consent.noticepicture",
                    ),
                ),
            ],
            options={
                "default_permissions": (),
                "constraints": [
                    models.UniqueConstraint(fields=("image", "filter_spec", "focal_point_key"), name="unique_rendition")
                ],
            },
            bases=(wagtail.images.models.ImageFileMixin, models.Model),
        ),
        append_only("consent_noticefile"),
        migrations.RunPython(admit_editors, migrations.RunPython.noop),
    ]
