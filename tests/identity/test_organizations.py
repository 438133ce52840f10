"""Organizations, their people and their API keys."""

from __future__ import annotations

import pytest

from switchroom.errors import Conflict, DomainError, Invalid, NotFound
from switchroom.identity.permissions import Standing
from tests.platform import RunningPlatform, Tenant


def test_an_organization_is_found_by_id_and_by_name(running: RunningPlatform):
    tenant = running.organization("Only one of this name")
    find = running.platform.identity.organizations.find

    assert running.run(find(tenant.company_id)).id == tenant.organization.id
    assert running.run(find("Only one of this name")).id == tenant.organization.id
    with pytest.raises(NotFound):
        running.run(find("nobody"))
    running.organization("Only one of this name")
    with pytest.raises(Conflict):
        running.run(find("Only one of this name"))


@pytest.mark.parametrize(
    ("username", "password", "error"),
    [
        ("", "long enough", Invalid),
        ("x" * 255, "long enough", Invalid),
        ("short-password@example.org", "1234567", Invalid),
        ("no-password@example.org", None, Invalid),
    ],
)
def test_a_person_is_refused(tenant: Tenant, username: str, password: str | None, error: type[DomainError]):
    with pytest.raises(error):
        tenant.running.run(
            tenant.running.platform.identity.organizations.add_person(
                tenant.organization, username=username, password=password, standing=Standing.PARTICIPANT
            )
        )


def test_somebody_known_keeps_their_password(tenant: Tenant, running: RunningPlatform):
    person, second = tenant.person(), running.organization()
    add = running.platform.identity.organizations.add_person

    with pytest.raises(Conflict):
        running.run(
            add(
                second.organization,
                username=person.username,
                password="another password",
                standing=Standing.MODERATOR,
            )
        )
    with pytest.raises(Conflict):
        running.run(
            add(
                tenant.organization,
                username=person.username,
                password=None,
                standing=Standing.MODERATOR,
            )
        )


def test_an_api_key_has_a_name_of_its_own(tenant: Tenant, running: RunningPlatform):
    with pytest.raises(Conflict):
        running.run(running.platform.identity.api_keys.create(tenant.organization, tenant.api_key.client_id))
    other = running.organization()
    assert other.api_key.client_id == tenant.api_key.client_id
    assert other.api_key.code != tenant.api_key.code
