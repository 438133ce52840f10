"""Privacy link of an organization: where it says what it does with what people tell it."""

from __future__ import annotations

from switchroom.errors import Invalid
from switchroom.events.webhooks.addresses import check_url
from switchroom.identity.models import Organization

PRIVACY_LINK = "privacyLink"
"""The property of an organization that has it."""


def privacy_link_of(organization: Organization) -> str:
    """The address, empty for none. Properties are open to programs: what is no address of the web is none."""
    link = organization.properties.get(PRIVACY_LINK, "")
    try:
        return check_url(link) if link else ""
    except Invalid:
        return ""
