"""A small API of each kind, to test the doors without the rooms behind them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpResponse, StreamingHttpResponse
from django.urls import include, path
from django_scopes import get_scope
from ninja import File, Query, Router, Schema, Status
from ninja.files import UploadedFile
from pydantic import EmailStr

from portal.api.authentication import ApiRequest, EngineRequest, HostApiRequest
from portal.api.composition import make_client_api, make_engine_api, make_host_api
from portal.api.doors import requires
from portal.api.pages import Page, PageQuery, paginate
from portal.errors import ConflictError, InvalidInputError
from portal.organisations.models import Membership, Organisation
from portal.organisations.roles import Capability

client_router = Router(tags=["things"])
engine_router = Router(tags=["engine"])
host_router = Router(tags=["host"])
calls: list[str] = []


class ThingIn(Schema):
    """A thing to make."""

    name: str
    size: int = 1
    email: EmailStr | None = None


class ThingOut(Schema):
    id: int
    name: str
    at: datetime | None = None


@client_router.get("/whoami")
@requires(Capability.CONTACTS_VIEW)
def whoami(request: ApiRequest) -> dict[str, Any]:
    return {
        "organisation": request.organisation.slug,
        "scope": get_scope()["organisation"].slug,
        "reference": request.actor.reference,
        "user": request.actor.user_id,
        "may": sorted(request.actor.capabilities),
        "members": Membership.objects.count(),
    }


@client_router.get("/open")
def undeclared(request: ApiRequest) -> dict[str, Any]:
    return {}


@client_router.post("/things", response={201: ThingOut})
@requires(Capability.CONTACTS_EDIT)
def make_thing(request: ApiRequest, payload: ThingIn) -> Status[dict[str, Any]]:
    """Make a thing."""
    calls.append(payload.name)
    if payload.name == "taken":
        raise ConflictError
    if payload.name == "wrong":
        raise InvalidInputError.at("name", code="wrong_name", detail="Another name, please.")
    if payload.name == "broken":
        raise RuntimeError("ada@example.org broke it")
    return Status(201, {"id": len(calls), "name": payload.name})


@client_router.post("/files")
@requires(Capability.IMPORTS_RUN)
def upload(request: ApiRequest, file: File[UploadedFile]) -> dict[str, Any]:
    calls.append(file.name or "")
    return {"size": file.size, "kind": type(file.file).__name__}


@client_router.post("/streams")
@requires(Capability.CONTACTS_EDIT)
def stream(request: ApiRequest) -> StreamingHttpResponse:
    calls.append("stream")
    return StreamingHttpResponse([b"{}\n"], content_type="application/x-ndjson")


@client_router.get("/groups", response=Page[ThingOut])
@requires(Capability.CONTACTS_VIEW)
def groups(request: ApiRequest, page: Query[PageQuery], sort: str = "id") -> dict[str, Any]:
    return paginate(Organisation.objects.all(), request, sort)


@engine_router.get("/mode/{slug}")
def mode(request: EngineRequest, slug: str) -> dict[str, Any]:
    organisation = Organisation.objects.get(slug=slug)
    with request.engine.entering(organisation) as actor:
        return {"mode": request.engine.mode, "actor": actor.reference, "scope": get_scope()["organisation"].slug}


@host_router.get("/whoami")
def host_whoami(request: HostApiRequest) -> HttpResponse:
    return HttpResponse(request.actor.reference)


client_api = make_client_api([client_router], "sample")
engine_api = make_engine_api([engine_router], "sample-engine")
host_api = make_host_api([host_router], "sample-host")

urlpatterns = [
    path("api/v1/", client_api.urls),
    path("api/engine/v1/", engine_api.urls),
    path("api/host/v1/", host_api.urls),
    path("", include("portal.health_urls")),
]
