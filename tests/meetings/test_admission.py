"""The way into a meeting: what is seen before it, who gets in when, and as what."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from switchroom.accounts.models import MeetingKind
from switchroom.accounts.validation import AccountChange
from switchroom.conference.refusals import code_of
from switchroom.errors import DomainError, Forbidden, Invalid, LinkNotFound, NotFound, Unauthenticated
from switchroom.identity.permissions import Standing
from switchroom.mail.meeting_mails import MeetingRole
from switchroom.meetings.admission import MeetingAdmission, MeetingToken, Visit, VisitState
from switchroom.meetings.drafts import InviteeDraft
from switchroom.meetings.models import Meeting
from switchroom.meetings.recurrence import FrequencyType, Recurrence
from switchroom.rooms.admission import Admission, Visitor
from switchroom.rooms.permissions import ACTIVE, MODERATOR, PARTICIPANT, SPECTATOR, Permission
from switchroom.texts import message
from tests.meetings.planning import Planned, plan, soon
from tests.platform import RunningPlatform, Tenant

HOUR = timedelta(hours=1)
DAILY = Recurrence(frequency_type=FrequencyType.DAILY)
GUEST, HELPER = "guest@example.org", "helper@example.org"
INVITED = [
    InviteeDraft(email=GUEST, first_name="Jürgen", last_name="Groß"),
    InviteeDraft(email=HELPER, first_name="Helga", role=MeetingRole.MODERATOR),
]


@pytest.fixture
def meeting_admission(running: RunningPlatform) -> MeetingAdmission:
    return running.platform.meetings.admission


def test_what_everybody_sees(tenant: Tenant) -> None:
    planned = plan(tenant, "Übung", agenda="Alles", invitees=INVITED, timezone="Europe/Berlin")
    visit = _look(planned)

    assert (visit.state, visit.topic, visit.agenda) == (VisitState.OPEN, "Übung", "Alles")
    assert (visit.organizer_name, visit.company_name) == ("Ada Admin", tenant.organization.display_name)
    assert (visit.number, visit.room_id) == (planned.number, planned.room_id)
    assert (visit.display_name, visit.is_moderator, visit.is_member) == ("", False, False)
    assert (visit.listens, visit.waits, visit.is_recurring) == (False, False, False)
    assert visit.end - visit.start == HOUR
    dashed = "-".join(planned.number[start : start + 4] for start in range(0, 16, 4))
    assert tenant.running.run(tenant.running.platform.meetings.admission.look_up(dashed)) == visit
    assert (
        tenant.running.run(tenant.running.platform.meetings.admission.look_up(dashed.replace("-", " ")))
        == visit
    )


@pytest.mark.parametrize(
    "number", ["", "x", "1" * 16, "1" * 15, "1" * 17, "٤" * 16, "0000-0000-0000-0000", "\0", "' OR 1=1"]
)
def test_numbers_of_nothing(
    meeting_admission: MeetingAdmission, running: RunningPlatform, number: str
) -> None:
    for way in (meeting_admission.look_up(number), meeting_admission.enter(number, "", "Pat")):
        with pytest.raises(LinkNotFound):
            running.run(way)


def test_keys_of_nothing(tenant: Tenant) -> None:
    """Also those of another meeting, and ids in their place."""
    planned, other = plan(tenant, invitees=INVITED), plan(tenant, invitees=INVITED)
    (guest, _) = planned.view.invitees
    for key in ("x", "ü", other.organizer_key, other.key_of(GUEST), guest.id, planned.organizer_key[:-1]):
        with pytest.raises(LinkNotFound):
            _look(planned, key)
        with pytest.raises(LinkNotFound):
            _enter(planned, key)


@pytest.mark.parametrize(
    ("kind", "permissions", "listens", "waits"),
    [
        (MeetingKind.STANDARD, PARTICIPANT, False, False),
        (MeetingKind.WEBINAR, SPECTATOR, True, False),
        (MeetingKind.BOARDROOM, PARTICIPANT, False, True),
    ],
)
def test_as_what_people_come_in(
    tenant: Tenant, kind: MeetingKind, permissions: Permission, *, listens: bool, waits: bool
) -> None:
    planned = plan(tenant, kind=kind, invitees=INVITED)
    colleague = tenant.person(Standing.PARTICIPANT)
    others = [
        _admitted(planned, _enter(planned, name="Pat").token),
        _admitted(planned, _enter(planned, planned.key_of(GUEST)).token),
        _admitted(planned, colleague.token),
    ]
    for one in others:
        assert (one.permissions, one.waits) == (permissions, waits)
        assert one.room.meeting_id == planned.view.meeting.id
    assert [one.display_name for one in others] == ["Pat", "Jürgen Groß", "Pat Person"]
    assert [one.is_guest for one in others] == [True, True, False]
    for key in ("", planned.key_of(GUEST)):
        visit = _look(planned, key)
        assert (visit.listens, visit.waits, visit.is_moderator) == (listens, waits, False)
    for token in (
        _enter(planned, planned.organizer_key).token,
        _enter(planned, planned.key_of(HELPER)).token,
        tenant.token,
    ):
        moderator = _admitted(planned, token)
        assert (moderator.permissions, moderator.waits) == (MODERATOR, False)
    for key in (planned.organizer_key, planned.key_of(HELPER)):
        visit = _look(planned, key)
        assert (visit.listens, visit.waits, visit.is_moderator) == (False, False, True)


def test_an_organizer_is_one_person_by_account_and_by_key(tenant: Tenant) -> None:
    planned = plan(tenant)
    by_key = _admitted(planned, _enter(planned, planned.organizer_key).token)
    by_account = _admitted(planned, tenant.token)

    assert by_key.user_id == by_account.user_id == tenant.administrator.id
    assert by_key.display_name == "Ada Admin"


def test_members_before_they_enter(tenant: Tenant, running: RunningPlatform) -> None:
    invited = tenant.person(Standing.PARTICIPANT, first_name="Ines", last_name="Invited")
    draft = InviteeDraft(email=invited.username, role=MeetingRole.MODERATOR)
    planned = plan(tenant, kind=MeetingKind.WEBINAR, invitees=[draft])
    colleague, stranger = tenant.person(), running.organization("Other").administrator

    for account, moderates in ((invited, True), (tenant.administrator, True), (colleague, False)):
        visit = _look(planned, token=account.token)
        assert (visit.is_member, visit.is_moderator, visit.listens) == (True, moderates, not moderates)
    assert _look(planned, token=invited.token).display_name == "Ines Invited"
    assert _admitted(planned, invited.token).permissions == MODERATOR
    for token in (stranger.token, "nonsense", _enter(planned, name="Pat").token):
        assert _look(planned, token=token) == _look(planned)
    with pytest.raises(NotFound):
        _admitted(planned, stranger.token)


def test_before_the_start(tenant: Tenant) -> None:
    start = (datetime.now(UTC) + HOUR).replace(microsecond=0)
    planned = plan(tenant, start=start, invitees=INVITED)
    colleague = tenant.person()

    for key in ("", planned.key_of(GUEST)):
        visit = _look(planned, key)
        assert (visit.state, visit.opens_at) == (VisitState.NOT_STARTED, start)
        refused = _refused(planned, key)
        assert (refused.code, str(refused.facts["opens_at"])[:19]) == (
            "meeting_not_started",
            start.isoformat()[:19],
        )
    with pytest.raises(Forbidden) as error:
        _admitted(planned, colleague.token)
    assert error.value.code == "meeting_not_started"
    for key in (planned.organizer_key, planned.key_of(HELPER)):
        assert _look(planned, key).state is VisitState.OPEN
        assert _admitted(planned, _enter(planned, key).token).permissions == MODERATOR
    assert _look(planned, token=tenant.token).state is VisitState.OPEN


def test_some_minutes_early(tenant: Tenant) -> None:
    start = datetime.now(UTC) + timedelta(minutes=10)
    early = plan(tenant, start=start, early_access_minutes=15)
    not_yet = plan(tenant, start=start, early_access_minutes=5)

    assert _look(early).state is VisitState.OPEN
    assert _admitted(early, _enter(early, name="Pat").token).permissions == PARTICIPANT
    assert _look(not_yet).state is VisitState.NOT_STARTED


@pytest.mark.parametrize("ending", ["closed", "canceled", "over"])
def test_afterwards(tenant: Tenant, ending: str) -> None:
    planned = plan(tenant, invitees=INVITED, start=datetime.now(UTC) - HOUR / 2)
    entered = [_enter(planned, key, "Pat") for key in ("", planned.key_of(GUEST), planned.organizer_key)]
    if ending == "closed":
        planned.closes()
    elif ending == "canceled":
        planned.is_canceled()
    else:
        planned.changes(end=datetime.now(UTC) - timedelta(minutes=1))

    for key in ("", planned.key_of(GUEST), planned.organizer_key):
        if ending == "canceled":
            with pytest.raises(LinkNotFound):
                _look(planned, key)
        else:
            assert _look(planned, key).state is VisitState.OVER
            assert _refused(planned, key).code == "meeting_over"
    for token in (*(one.token for one in entered), tenant.token):
        with pytest.raises(Forbidden) as error:
            _admitted(planned, token)
        assert error.value.code == "meeting_over"


def test_between_two_occurrences(tenant: Tenant) -> None:
    planned = plan(tenant, start=datetime.now(UTC) - 2 * HOUR, duration=HOUR, recurrence=DAILY)
    visit = _look(planned)

    assert (visit.state, visit.is_recurring) == (VisitState.NOT_STARTED, True)
    assert visit.start == planned.view.occurrence.start + timedelta(days=1)


def test_an_account_that_is_not_paid_for(tenant: Tenant, running: RunningPlatform) -> None:
    planned = plan(tenant, invitees=INVITED)
    entered = _enter(planned, name="Pat")
    _agree(tenant, paid_until=datetime.now(UTC) - HOUR)

    for key in ("", planned.organizer_key):
        assert _look(planned, key).state is VisitState.UNAVAILABLE
        refused = _refused(planned, key)
        assert (code_of(refused), message(refused)) == (
            "account_unpaid",
            "the account that the meeting belongs to is not paid for",
        )
    for token in (entered.token, tenant.token):
        with pytest.raises(Forbidden) as error:
            _admitted(planned, token)
        assert code_of(error.value) == "account_unpaid"
    _agree(tenant, paid_until=datetime.now(UTC) + HOUR)
    assert _admitted(planned, entered.token).display_name == "Pat"


def test_an_account_that_is_closed(tenant: Tenant, running: RunningPlatform) -> None:
    planned = plan(tenant)
    entered, token = _enter(planned, name="Pat"), tenant.token
    running.run(running.platform.meetings.accounts.close(tenant.organization.hex_id))

    assert _look(planned).state is VisitState.UNAVAILABLE
    assert "is closed" in message(_refused(planned))
    with pytest.raises(Forbidden):
        _admitted(planned, entered.token)
    with pytest.raises(Unauthenticated):
        _admitted(planned, token)


def test_a_withdrawn_invitation(tenant: Tenant) -> None:
    """Its link and what was got by it are void; the others' stay good."""
    planned = plan(tenant, invitees=INVITED)
    tokens = {key: _enter(planned, planned.key_of(key)).token for key in (GUEST, HELPER)}
    changed = planned.changes(invitees=INVITED[1:])

    with pytest.raises(LinkNotFound):
        _look(planned, planned.key_of(GUEST))
    with pytest.raises((LinkNotFound, Unauthenticated)):
        _admitted(planned, tokens[GUEST])
    assert changed.key_of(HELPER) == planned.key_of(HELPER)
    assert _admitted(planned, tokens[HELPER]).permissions == MODERATOR
    again = planned.changes(invitees=INVITED)
    assert again.key_of(GUEST) != planned.key_of(GUEST)
    with pytest.raises((LinkNotFound, Unauthenticated)):
        _admitted(planned, tokens[GUEST])
    assert _admitted(again, _enter(again, again.key_of(GUEST)).token).display_name == "Jürgen Groß"


def test_who_missed_that_it_is_over(tenant: Tenant) -> None:
    """The word of it can be lost on its way to another process; the next look puts them out."""
    planned = plan(tenant)
    token = _enter(planned, name="Pat").token

    assert _reviewed(planned, token).room.room_name == "Standup"
    _write(planned, closed_at=soon(), next_end_at=None)
    with pytest.raises(Forbidden) as error:
        _reviewed(planned, token)
    assert error.value.code == "meeting_over"


def test_who_missed_that_an_occurrence_is_over(tenant: Tenant) -> None:
    start, end = soon(hours=-2), soon(minutes=-5)
    planned = plan(tenant, start=start, end=end, recurrence=DAILY)

    for since in (soon(hours=-14), start, soon(minutes=-30)):
        with pytest.raises(Forbidden) as error:
            _reviewed(planned, tenant.token, since)
        assert error.value.code == "meeting_over"
    assert _reviewed(planned, tenant.token, soon(minutes=-1)).room.room_name == "Standup"
    _extends(tenant)
    _write(planned, next_end_at=end)
    assert _reviewed(planned, tenant.token, start).room.room_name == "Standup"


def test_another_role_counts_at_once(tenant: Tenant) -> None:
    planned = plan(tenant, invitees=INVITED)
    token = _enter(planned, planned.key_of(HELPER)).token
    planned.changes(invitees=[INVITED[0], InviteeDraft(email=HELPER)])

    assert _admitted(planned, token).permissions == PARTICIPANT


def test_a_token_for_another_room(tenant: Tenant) -> None:
    planned, other, room_id = plan(tenant, invitees=INVITED), plan(tenant, invitees=INVITED), tenant.room()
    for entered in (_enter(planned, name="Pat"), _enter(planned, planned.organizer_key)):
        with pytest.raises((LinkNotFound, NotFound)):
            _admitted(other, entered.token)
        with pytest.raises((LinkNotFound, NotFound)):
            tenant.running.run(tenant.running.platform.meetings.admission.admit(entered.token, room_id))
    link = tenant.group_link(room_id)
    guest = tenant.running.run(
        tenant.running.platform.rooms.admissions.authenticate_guest(
            tenant.company_id, room_id, link["accessKey"], "Grace", ""
        )
    )
    with pytest.raises(LinkNotFound):
        _admitted(planned, guest.token)
    admitted = tenant.running.run(tenant.running.platform.meetings.admission.admit(guest.token, room_id))
    assert (admitted.room.room_id, admitted.room.meeting_id) == (room_id, None)


def test_a_permission_group(tenant: Tenant) -> None:
    """It says what those who do not moderate may do."""
    spectators = plan(tenant, permission_group_id=tenant.permission_group("Spectator"))
    speakers = plan(
        tenant, kind=MeetingKind.WEBINAR, permission_group_id=tenant.permission_group("Participant")
    )

    assert not _admitted(spectators, _enter(spectators, name="Pat").token).permissions & ACTIVE
    assert _look(spectators).listens is True
    assert _admitted(spectators, tenant.token).permissions == MODERATOR
    assert _admitted(speakers, _enter(speakers, name="Pat").token).permissions & ACTIVE
    assert _look(speakers).listens is False


def test_a_group_that_lets_nobody_in(tenant: Tenant) -> None:
    with pytest.raises(Invalid) as error:
        plan(tenant, permission_group_id=tenant.permission_group("No access"))

    assert error.value.path == "permission_group_id"


def test_names(tenant: Tenant) -> None:
    planned = plan(tenant, invitees=INVITED)
    for name in ("", "   ", "x" * 201, "\0"):
        with pytest.raises(Invalid) as error:
            _enter(planned, name=name)
        assert error.value.path == "display_name"
    key = planned.key_of(GUEST)
    assert _enter(planned, key).claims.display_name == "Jürgen Groß"
    assert _enter(planned, key, "J.").claims.display_name == "J."
    token = _enter(planned, name="Pat").token
    assert _admitted(planned, token, "Patricia").display_name == "Patricia"
    assert _admitted(planned, tenant.token, "Somebody else").display_name == "Ada Admin"


def test_long_names_are_cut(tenant: Tenant) -> None:
    """First and last name may be as long as what somebody is called may be together."""
    long = InviteeDraft(email=GUEST, first_name="F" * 150, last_name="L" * 150)
    planned = plan(tenant, invitees=[long])

    assert _enter(planned, planned.key_of(GUEST)).claims.display_name == f"{'F' * 150} {'L' * 49}"
    member = tenant.person(first_name="F" * 200, last_name="L" * 200)
    assert _admitted(planned, member.token).display_name == "F" * 200


def test_the_same_person_again(tenant: Tenant) -> None:
    planned, other = plan(tenant), plan(tenant)
    browser = secrets.token_hex(16)
    first, again = (_enter(planned, name="Pat", external_id=browser) for _ in range(2))

    assert first.claims.subject_id == again.claims.subject_id
    assert _enter(other, name="Pat", external_id=browser).claims.subject_id != first.claims.subject_id
    assert _enter(planned, name="Pat").claims.subject_id != _enter(planned, name="Pat").claims.subject_id


def test_its_room_goes_with_the_meeting_and_not_before(tenant: Tenant) -> None:
    """Destroyed through the other API, it would take the meeting along, and nobody would hear of it."""
    planned = plan(tenant, invitees=INVITED)
    refused = tenant.api.refused("roomService/destroy", roomId=planned.room_id)

    assert (refused["code"], refused["message"]) == (9, "the room is a meeting's: cancel the meeting")
    assert _look(planned).state is VisitState.OPEN


def _look(planned: Planned, key: str = "", token: str = "") -> Visit:
    running = planned.tenant.running
    return running.run(running.platform.meetings.admission.look_up(planned.number, key, token))


def _enter(planned: Planned, key: str = "", name: str = "", external_id: str = "") -> MeetingToken:
    running = planned.tenant.running
    return running.run(running.platform.meetings.admission.enter(planned.number, key, name, external_id))


def _admitted(planned: Planned, token: str, name: str | None = None) -> Admission:
    running = planned.tenant.running
    return running.run(running.platform.meetings.admission.admit(token, planned.room_id, name))


def _reviewed(planned: Planned, token: str, since: datetime | None = None) -> Admission:
    running, organization_id = planned.tenant.running, planned.tenant.organization.id
    admission = running.platform.meetings.admission
    visitors = [Visitor(token, "Pat", since)]
    (verdict,) = running.run(admission.review(organization_id, planned.room_id, visitors))
    if isinstance(verdict, DomainError):
        raise verdict
    return verdict


def _write(planned: Planned, **columns: datetime | None) -> None:
    """Put times into the row, as if nobody had been told."""

    async def work() -> None:
        async with planned.tenant.running.platform.storage.database.write(None) as session:
            query = update(Meeting).where(Meeting.id == planned.view.meeting.id)
            await session.execute(query.values(**columns))

    planned.tenant.running.run(work())


def _extends(tenant: Tenant) -> None:
    accounts = tenant.running.platform.meetings.accounts
    tenant.running.run(accounts.change(tenant.organization.hex_id, AccountChange(auto_extend=True)))


def _refused(planned: Planned, key: str = "") -> DomainError:
    with pytest.raises(Forbidden) as error:
        _enter(planned, key, "Pat")
    return error.value


def _agree(tenant: Tenant, *, paid_until: datetime) -> None:
    accounts = tenant.running.platform.meetings.accounts
    change = AccountChange(paid_until=paid_until)
    tenant.running.run(accounts.change(tenant.organization.hex_id, change))


def test_names_that_nobody_would_type(tenant: Tenant) -> None:
    """Control characters are left out, and a long name of an invitation is no reason to stay outside."""
    long = InviteeDraft(email=GUEST, first_name="F" * 150, last_name="L" * 150)
    planned = plan(tenant, invitees=[long])
    run, meeting_admission = tenant.running.run, tenant.running.platform.meetings.admission
    assert run(meeting_admission.enter(planned.number, "", "Pa\0t\x1b")).claims.display_name == "Pat"
    entered = _enter(planned, planned.key_of(GUEST))
    assert entered.claims.display_name == "F" * 150 + " " + "L" * 49
    admission = run(meeting_admission.admit(entered.token, planned.room_id, "Pat\r\nPerson\0"))
    assert admission.display_name == "Pat Person"
