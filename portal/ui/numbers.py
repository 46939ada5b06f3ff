"""Numbers, dates and durations as the reader's language writes them."""

from datetime import date, datetime

from babel import Locale
from babel.dates import format_date, format_datetime
from babel.numbers import format_compact_decimal, format_decimal, format_percent
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.translation import get_language, ngettext, to_locale
from django.utils.translation import gettext as _

NO_VALUE = "\N{EN DASH}"
# Plain English means European dates here (3 Nov 2026): both languages then agree on the order.
LOCALES = {"en": "en_GB"}
HOUR = 3600
MINUTE = 60


def current_locale() -> Locale:
    """The Babel locale of the active language."""
    name = to_locale(get_language() or "en")
    return Locale.parse(LOCALES.get(name, name))


def number(value: float | None) -> str:
    return NO_VALUE if value is None else format_decimal(value, locale=current_locale())


def compact(value: float | None) -> str:
    """1,234,567 as ``1.2M``; small numbers stay whole."""
    if value is None:
        return NO_VALUE
    return format_compact_decimal(value, locale=current_locale(), fraction_digits=1)


def percent_of(part: float | None, whole: float | None) -> str:
    """The share of ``part`` in ``whole``, one decimal; a dash when there is no whole."""
    if part is None or not whole:
        return NO_VALUE
    return format_percent(part / whole, format="#,##0.#\u202f%", locale=current_locale())


def percent(value: float | None) -> str:
    """A number of a hundred as ``42.5 %``, one decimal at most."""
    return percent_of(value, 100)


def month(value: date) -> str:
    """``November 2026``."""
    return format_date(value, format="LLLL y", locale=current_locale())


def day(value: date | None) -> str:
    if value is None:
        return NO_VALUE
    if isinstance(value, datetime) and timezone.is_aware(value):
        value = timezone.localtime(value)
    return format_date(value, format="medium", locale=current_locale())


def moment_text(value: datetime) -> str:
    local = timezone.localtime(value) if timezone.is_aware(value) else value
    pattern = "d MMM y, HH:mm" if current_locale().language == "en" else "d MMM y 'à' HH:mm"
    if current_locale().language not in {"en", "fr"}:
        return str(format_datetime(local, format="medium", locale=current_locale()))
    return str(format_datetime(local, format=pattern, locale=current_locale()))


def moment(value: datetime | None) -> str | SafeString:
    """Date and minute in the active time zone, as a ``<time>``."""
    if value is None:
        return NO_VALUE
    return format_html('<time datetime="{}">{}</time>', value.isoformat(timespec="seconds"), moment_text(value))


def ago(value: datetime | None) -> str | SafeString:
    """How long ago, as a ``<time>`` whose title says exactly when."""
    if value is None:
        return NO_VALUE
    seconds = (timezone.now() - value).total_seconds()
    words = _("just now") if abs(seconds) < MINUTE else _("%(time)s ago") % {"time": timesince(value, depth=1)}
    if seconds <= -MINUTE:
        words = _("in %(time)s") % {"time": timesince(timezone.now(), value, depth=1)}
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        value.isoformat(timespec="seconds"),
        moment_text(value),
        words,
    )


def duration(seconds: float | None) -> str:
    """``45 s``, ``2 min 5 s``, ``3 h 12 min``."""
    if seconds is None:
        return NO_VALUE
    whole = max(0, round(seconds))
    if whole < MINUTE:
        return _("%(seconds)d s") % {"seconds": whole}
    if whole < HOUR:
        return _("%(minutes)d min %(seconds)d s") % {"minutes": whole // MINUTE, "seconds": whole % MINUTE}
    return _("%(hours)d h %(minutes)d min") % {"hours": whole // HOUR, "minutes": whole % HOUR // MINUTE}


def days_left(days: int) -> str:
    """``3 days left``, ``2 days late``, ``today``."""
    if days == 0:
        return _("today")
    if days < 0:
        return ngettext("%(days)d day late", "%(days)d days late", -days) % {"days": -days}
    return ngettext("%(days)d day left", "%(days)d days left", days) % {"days": days}


def masked(address: str | None) -> str:
    """An address that its owner recognises and nobody else can use: ``a•••@e•••.com``, ``+33 • •• 78``."""
    if not address:
        return NO_VALUE
    if "@" not in address:
        return f"{address[:3]} • •• {address[-2:]}"
    local, _at, domain = address.rpartition("@")
    host, _dot, ending = domain.rpartition(".")
    return f"{local[:1]}•••@{host[:1]}•••.{ending}"
