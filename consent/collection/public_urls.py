"""Sign-up forms and the links that confirm them. A slash that some program adds at the end does no harm."""

from __future__ import annotations

from django.urls import re_path

from consent.collection import public

FORM = r"^s/(?P<organisation>[a-z0-9-]{1,50})/(?P<key>[a-z0-9-]{1,40})"

urlpatterns = [
    re_path(rf"{FORM}/?$", public.hosted_form, name="public_form"),
    re_path(rf"{FORM}/challenge/?$", public.challenge, name="public_form_challenge"),
    re_path(rf"{FORM}/fragment/?$", public.fragment, name="public_form_fragment"),
    re_path(rf"{FORM}/embed\.js$", public.embed, name="public_form_script"),
    re_path(rf"{FORM}/style\.css$", public.style, name="public_form_style"),
    re_path(r"^c/(?P<token>[^/]+)/?$", public.confirm, name="public_confirm"),
]
