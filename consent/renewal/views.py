"""The re-permission wave, made into a segment."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from consent.purposes.queries import purpose_by_key, require_channel
from portal.channels import Channel
from portal.organisations.access import MemberRequest, member_page
from portal.organisations.links import organisation_url
from portal.organisations.roles import Capability
from subscribers.segments.actions import create_segment
from subscribers.segments.errors import SegmentNameTakenError
from subscribers.segments.models import Segment


@member_page(Capability.SEGMENTS_EDIT)
@require_POST
def renewal_segment(request: MemberRequest, key: str) -> HttpResponse:
    """Save "whose agreement is due for renewal" as a segment, or find the one that is there."""
    purpose = purpose_by_key(request.organisation, key)
    channel = request.POST.get("channel", "")
    require_channel(purpose, channel)
    name = _("To be renewed: %(purpose)s by %(channel)s") % {
        "purpose": purpose.name,
        "channel": Channel(channel).label,
    }
    name = name.replace("\u00a0", " ")  # French puts one before a colon; names of segments have plain spaces
    rule = {"field": f"consent.{purpose.key}.{channel}.renewal", "op": "eq", "value": "due"}
    try:
        segment = create_segment(actor=request.actor, name=name, rule={"all": [rule]})
    except SegmentNameTakenError:
        segment = Segment.objects.get(organisation=request.organisation, name=name)
    return redirect(organisation_url(request.organisation, "subscribers:segment_detail", segment_id=segment.pk))
