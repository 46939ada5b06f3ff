"""The composition root: which apps there are and how they are wired, for every profile.

Operators choose through the environment alone (:mod:`portal.settings.environment`); start-up checks in
:mod:`portal.settings.checks` refuse what would be unsafe in production and say how to mend it.
"""

from __future__ import annotations

import os
from email.utils import parseaddr
from typing import Any
from urllib.parse import urlsplit

import django_stubs_ext
import environ
from django.utils.translation import gettext_lazy as _

from portal.settings.environment import ROOT, read_environment
from portal.settings.logs import logging_settings

django_stubs_ext.monkeypatch()  # `ModelForm[Organisation]` is for the type checker; Django itself does not know it

# Numpy sorts and searches here, and multiplies nothing: it need not start a thread a core, which waits busily at first.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

ACCORD = read_environment()

BASE_DIR = ROOT
SECRET_KEY = ACCORD.secret_key
DEBUG = ACCORD.debug and not ACCORD.production
BASE_HOST = urlsplit(ACCORD.base_url).hostname or "127.0.0.1"
ALLOWED_HOSTS = [BASE_HOST, *ACCORD.allowed_hosts]
if not ACCORD.production:
    ALLOWED_HOSTS += ["127.0.0.1", "localhost", "[::1]", "testserver"]
ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "portal.User"

INSTALLED_APPS = [
    "compliance.apps.ComplianceConfig",
    "consent.apps.ConsentConfig",
    "subscribers.apps.SubscribersConfig",
    "portal.apps.PortalConfig",
    "allauth",
    "allauth.account",
    "django_htmx",
    "ninja",
    # Notices are written in Wagtail (docs/decisions/0010); redirects, forms and sites stay out.
    "wagtail.images",
    "wagtail.documents",
    "wagtail.users",
    "wagtail.search",
    "consent.notices.wagtail_apps.QuietAdminConfig",
    "wagtail",
    "modelcluster",
    "taggit",
    "whitenoise.runserver_nostatic",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django.forms",
]

MIDDLEWARE = [
    "portal.ui.security.SecurityHeadersMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "portal.public_doors.PublicDoorsMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "portal.ui.errors.UploadLimitMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "portal.ui.errors.DomainErrorMiddleware",
    "consent.notices.fence.CmsFenceMiddleware",
]

# Pages opened from a link in an e-mail: no session, no cookie, no account. `portal.public_doors` serves them.
PUBLIC_URLCONF = "portal.public_urls"
PUBLIC_PREFIXES = ("/u/", "/p/", "/w/", "/s/", "/c/", "/n/", "/v/", "/b/")

# Stands before Django in `portal.wsgi`, for the one POST that comes by the million.
ONE_CLICK_DOOR = "consent.preferences.one_click_door.OneClickDoor"

API_ROUTERS = [
    "consent.purposes.api.router",
    "consent.notices.api.router",
    "consent.notices.draft_api.router",
    "subscribers.fields.api.router",
    "subscribers.contacts.api.router",
    "consent.collection.api.router",
    "consent.rates.api.router",
    "consent.ledger.api.router",
    "consent.proofs.api.router",
    "subscribers.imports.api.router",
    "subscribers.imports.lots_api.router",
    "subscribers.segments.api.router",
    "subscribers.suppression.api.router",
    "consent.audiences.api.router",
    "portal.seals.api.router",
    "portal.audit.api.router",
]
ENGINE_API_ROUTERS = ["consent.engine.api.router"]
HOST_API_ROUTERS = ["portal.organisations.host_api.router"]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portal.ui.context.portal_context",
            ],
            "builtins": ["django.templatetags.i18n", "django.templatetags.static", "portal.templatetags.ui"],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

DATABASES: dict[str, dict[str, Any]] = {
    "default": {
        **ACCORD.database,
        "ENGINE": "django.db.backends.postgresql",
        "CONN_HEALTH_CHECKS": False,
        "OPTIONS": {
            **ACCORD.database.get("OPTIONS", {}),
            "pool": {"min_size": 1, "max_size": 10, "timeout": 10},
            "server_side_binding": False,
            "options": "-c idle_in_transaction_session_timeout=60000 -c statement_timeout=0",
        },
    }
}
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": ACCORD.valkey_url,
        "KEY_PREFIX": "accord",
    }
}
SESSION_ENGINE = "django.contrib.sessions.backends.db"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "portal.accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"  # people come by invitation, which proves the address
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_SESSION_REMEMBER = True

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("fr", _("French"))]
LOCALE_PATHS = [ROOT / "portal" / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"
# The `number` filter groups digits; here it would also group them in ids and form values.
USE_THOUSAND_SEPARATOR = False

STATIC_URL = "/static/"
STATICFILES_DIRS = [ROOT / "static"]
# Elsewhere the files are served from where they lie, and there is nothing to collect.
STATIC_ROOT = ACCORD.var / "static" if ACCORD.production else None
WHITENOISE_USE_FINDERS = not ACCORD.production
WHITENOISE_AUTOREFRESH = False
MEDIA_ROOT = ACCORD.var / "files"
STORAGES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": (
            "whitenoise.storage.CompressedManifestStaticFilesStorage"
            if ACCORD.production
            else "django.contrib.staticfiles.storage.StaticFilesStorage"
        )
    },
}
# Uploads go to a sealed temporary file on disk, never to memory; the size limit is ACCORD.upload_limit.
FILE_UPLOAD_HANDLERS = ["portal.uploads.SealingUploadHandler"]
# Beside the stored files, so that keeping one is a rename, whatever its size.
FILE_UPLOAD_TEMP_DIR = ACCORD.var / "uploads"
FILE_UPLOAD_TEMP_DIR.mkdir(parents=True, exist_ok=True, mode=0o700)
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700
DATA_UPLOAD_MAX_MEMORY_SIZE = 16 * 1024**2
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000

EMAIL: dict[str, Any] = environ.Env.email_url_config(ACCORD.email_url) if ACCORD.email_url else {}
EMAIL_BACKEND = EMAIL.get("EMAIL_BACKEND", "django.core.mail.backends.filebased.EmailBackend")
EMAIL_FILE_PATH = str(ACCORD.var / "mail")
EMAIL_HOST = EMAIL.get("EMAIL_HOST", "localhost")
EMAIL_PORT = EMAIL.get("EMAIL_PORT", 25)
EMAIL_HOST_USER = EMAIL.get("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = EMAIL.get("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS = EMAIL.get("EMAIL_USE_TLS", False)
EMAIL_USE_SSL = EMAIL.get("EMAIL_USE_SSL", False)
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = parseaddr(EMAIL.get("OPTIONS", {}).get("from", ""))[1] or f"accord@{BASE_HOST}"

# Wagtail, below /cms/ only: our accounts, our addresses, nothing fetched from elsewhere (T-02).
WAGTAIL_SITE_NAME = "Accord"
WAGTAILADMIN_BASE_URL = ACCORD.base_url
WAGTAILADMIN_LOGIN_URL = "/accounts/login/"
WAGTAILADMIN_PERMITTED_LANGUAGES = LANGUAGES
WAGTAIL_CONTENT_LANGUAGES = LANGUAGES
WAGTAIL_I18N_ENABLED = False
WAGTAIL_ENABLE_UPDATE_CHECK = False
WAGTAIL_ENABLE_WHATS_NEW_BANNER = False
WAGTAIL_GRAVATAR_PROVIDER_URL = None
WAGTAIL_PASSWORD_MANAGEMENT_ENABLED = False
WAGTAIL_PASSWORD_RESET_ENABLED = False
WAGTAIL_EMAIL_MANAGEMENT_ENABLED = False
WAGTAILADMIN_NOTIFICATION_INCLUDE_SUPERUSERS = False
WAGTAILADMIN_COMMENTS_ENABLED = False  # they would mail past our queue
WAGTAIL_ALLOW_UNICODE_SLUGS = False
WAGTAIL_FINISH_WORKFLOW_ACTION = "consent.notices.finishing.publish_approved"
# Pictures and documents of notices: our rows and checks, no address that a site would serve them at.
WAGTAILIMAGES_IMAGE_MODEL = "consent.NoticePicture"
WAGTAILIMAGES_IMAGE_FORM_BASE = "consent.notices.file_forms.PictureForm"
WAGTAILDOCS_DOCUMENT_MODEL = "consent.NoticeDocument"
WAGTAILDOCS_DOCUMENT_FORM_BASE = "consent.notices.file_forms.DocumentForm"
WAGTAILSEARCH_BACKENDS = {"default": {"BACKEND": "wagtail.search.backends.database", "AUTO_UPDATE": False}}

CELERY: dict[str, Any] = {
    "broker_url": ACCORD.broker_url,
    "task_ignore_result": True,
    "task_acks_late": True,
    "task_reject_on_worker_lost": True,
    "task_default_queue": "default",
    "task_soft_time_limit": 6 * 3600,
    "task_time_limit": 6 * 3600 + 60,
    "worker_prefetch_multiplier": 1,
    "worker_disable_prefetch": True,  # what one worker holds back while it is busy, another could do
    "worker_hijack_root_logger": False,
    "broker_connection_retry_on_startup": True,
    "broker_transport_options": {"visibility_timeout": 12 * 3600},
    "task_always_eager": False,
    "timezone": "UTC",
}

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "portal.ui.errors.csrf_failure"
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
if ACCORD.production:
    SECURE_SSL_REDIRECT = True
    # A one-click POST must never meet a redirect (RFC 8058 section 3.2); probes speak plain HTTP inside.
    SECURE_REDIRECT_EXEMPT = [r"^u/", r"^healthz$", r"^readyz$", r"^metrics$"]
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
    SESSION_COOKIE_NAME = "__Host-accord"

LOGGING = logging_settings(production=ACCORD.production)
LOGGING_CONFIG = "logging.config.dictConfig"
SILENCED_SYSTEM_CHECKS = [
    "security.W002",  # frame-ancestors in portal.ui.security says it to every browser of the last ten years
    "security.W009",  # accord.E006 refuses a weak secret key, where this only warns
]
