"""Scheduling meetings: making, changing, canceling and closing them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

import msgspec
from msgspec import UNSET, structs
from sqlalchemy import bindparam, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom.accounts.models import MeetingKind
from switchroom.accounts.organizers import Actor
from switchroom.accounts.terms import lock_terms
from switchroom.db.base import now
from switchroom.db.database import Database, insert_at_once, notify
from switchroom.errors import Conflict, ErrorCode, Exhausted, Forbidden, Problems
from switchroom.events.append import append
from switchroom.events.types import MeetingCanceled, MeetingCreated, MeetingSnapshot, MeetingUpdated
from switchroom.identity.models import Person, new_calendar_token, new_hex_id, new_id
from switchroom.identity.permission_groups import require_group
from switchroom.identity.secrets import random_key
from switchroom.identity.timezones import require_timezone
from switchroom.mail.meeting_mails import MeetingMailKind
from switchroom.meetings import occurrences as occurrences
from switchroom.meetings.closing_rules import change_for, close_occurrence, fitting_changes, set_ends
from switchroom.meetings.drafts import (
    STANDARD_LENGTH,
    InviteeDraft,
    MeetingDraft,
    checked,
    require_reason,
    require_times,
)
from switchroom.meetings.invitations import Invitations
from switchroom.meetings.invitees import add_invitees, exchange_invitees
from switchroom.meetings.listing import expanded, of_organizer
from switchroom.meetings.lookup import Found, find, require_one, shown_of, side_of
from switchroom.meetings.models import Meeting
from switchroom.meetings.notices import MeetingChanged, MeetingOver
from switchroom.meetings.recordings.models import MeetingRecording
from switchroom.meetings.scheduling_context import SchedulingContext, context_of, context_of_new
from switchroom.meetings.update import (
    change_times,
    change_words,
    moved_with,
    new_times,
    random_digits,
    require_of_series,
    require_recurrence,
    set_dial_in,
)
from switchroom.meetings.views import (
    Invited,
    MeetingView,
    changes_of,
    clock_of,
    invitees_of,
    shown_as,
    snapshot,
    view,
)
from switchroom.rooms.models import Room, RoomMode, RoomType
from switchroom.rooms.quotas import Size

MOST_LISTED = 1000
_MOST_EXPANDED = 5000


Furnish = Callable[[AsyncSession, MeetingView], Awaitable[None]]
"""Addition to a new meeting and its room, in the transaction that makes it."""

Told = Callable[[AsyncSession, MeetingView], Awaitable[Sequence[Invited]]]
"""Recipients of the mail that a meeting does not take place."""


class Meetings:
    """Meetings of an organization. Every method checks what its caller may do."""

    def __init__(self, database: Database, invitations: Invitations, default_timezone: str) -> None:
        self._database = database
        self._invitations = invitations
        self._default_timezone = default_timezone

    async def schedule(
        self, actor: Actor, draft: MeetingDraft, furnish: Furnish | None = None
    ) -> MeetingView:
        """A new meeting with a room of its own; those invited get their mail. Of a series it is the first
        occurrence that is given back, also when that is past. What `furnish` raises undoes it."""
        async with self._database.write(actor.organization_id) as session:
            context, size = await context_of_new(session, actor)
            await _require_place(session, context)
            draft = await _checked(session, actor, draft, is_new=True)
            meeting = self._new_meeting(context, draft)
            if meeting.permission_group_id != draft.permission_group_id:
                await require_group(session, context.organization.id, meeting.permission_group_id)
            wanted = _with_locales(draft.invitees or (), context.organizer)
            room = _new_room(context, meeting, size)
            meeting.room_id = room.id
            set_ends(meeting, {}, now())
            await insert_at_once(session, [room])
            await insert_at_once(session, [meeting])
            invitees = await add_invitees(session, meeting, wanted, first_position=0)
            shown = view(meeting, occurrences.first(meeting), invitees, context)
            if furnish is not None:
                await furnish(session, shown)
            await self._invitations.send(session, MeetingMailKind.INVITATION, shown, {}, invitees)
            self._append(session, MeetingCreated, shown)
            return shown

    async def get(self, actor: Actor, meeting_id: str) -> MeetingView:
        """A meeting or one occurrence, by its id or the meeting's number."""
        async with self._database.read(actor.organization_id) as session:
            found = await find(session, actor, meeting_id)
            context = await side_of(session, actor, found.meeting, to_change=False)
            return await shown_of(session, found, context)

    async def list(
        self,
        actor: Actor,
        *,
        from_: datetime | None = None,
        to: datetime | None = None,
        limit: int = 100,
        offset: int = 0,
    ) -> Sequence[MeetingView]:
        """The actor's meetings in order of their start.

        With `from_` or `to` it is every occurrence that ends after the one and begins before the other;
        without both a recurring meeting is listed once.
        """
        problems = Problems()
        if not 1 <= limit <= MOST_LISTED:
            problems.add(ErrorCode.OUT_OF_RANGE, "limit", least=1, most=MOST_LISTED)
        if not 0 <= offset <= 1_000_000:
            problems.add(ErrorCode.OUT_OF_RANGE, "offset", least=0, most=1_000_000)
        if from_ is not None and to is not None and to <= from_:
            problems.add(ErrorCode.RANGE_REVERSED, "to")
        has_window = from_ is not None or to is not None
        most = offset + limit
        if has_window and most > _MOST_EXPANDED:
            problems.add(ErrorCode.TOO_MANY_LISTED, "offset", most=_MOST_EXPANDED)
        problems.require_none()
        async with self._database.read(actor.organization_id) as session:
            context = await context_of(session, actor, to_change=False)
            if has_window:
                page = (await expanded(session, actor.person_id, from_, to, most))[offset:]
            else:
                query = of_organizer(actor.person_id).limit(limit).offset(offset)
                rows = (await session.scalars(query)).all()
                changes = await changes_of(session, rows)
                page = [
                    (one, occurrences.shown(one, changes.get(one.id, {}), clock_of(one, context.terms)))
                    for one in rows
                ]
            invitees = await invitees_of(session, list({meeting.id for meeting, _ in page}))
            return [view(meeting, one, invitees.get(meeting.id, ()), context) for meeting, one in page]

    async def update(
        self,
        actor: Actor,
        meeting_id: str,
        draft: MeetingDraft,
        *,
        series: bool,
        sequence: int | None = None,
    ) -> MeetingView:
        """Change a meeting; of a recurring one the whole series or one occurrence. Those invited hear of it,
        those no longer invited get a cancellation. Raises Conflict
        (`changed_meanwhile`) for a meeting that has another `sequence` by now."""
        async with self._database.write(actor.organization_id) as session:
            found = await find(session, actor, meeting_id, to_change=True)
            context = await side_of(session, actor, found.meeting, to_change=True)
            _require_unchanged(found.meeting, sequence)
            draft = await _checked(session, actor, draft)
            if found.meeting.recurrence is not None and not series:
                require_one(found)
                return await self._update_occurrence(session, found, context, draft)
            return await self._update_whole(session, found, context, draft)

    async def cancel(
        self,
        actor: Actor,
        meeting_id: str,
        *,
        series: bool,
        reason: str = "",
        sequence: int | None = None,
        told: Told | None = None,
    ) -> None:
        """Call a meeting off; of a recurring one the whole series or one occurrence. What was recorded of a
        meeting that is called off as a whole is removed. Those invited, or `told`, are told the reason. With
        a `sequence` as for `update`."""
        reason = require_reason(reason)
        async with self._database.write(actor.organization_id) as session:
            found = await find(session, actor, meeting_id, to_change=True)
            context = await side_of(session, actor, found.meeting, to_change=True)
            _require_unchanged(found.meeting, sequence)
            meeting, moment = found.meeting, clock_of(found.meeting, context.terms)
            of_occurrence = meeting.recurrence is not None and not series
            if of_occurrence:
                require_one(found)
            shown = await shown_of(session, found, context)
            one = shown.occurrence if of_occurrence else occurrences.current(meeting, found.changes, moment)
            to_come = one is not None and not shown_as(shown, one).is_over(now())
            meeting.sequence += 1
            if of_occurrence:
                change = await change_for(session, found, shown.occurrence)
                change.canceled = True
                running = shown.is_open(now())
                set_ends(meeting, {**found.changes, change.original_start_at: change}, moment)
            else:
                meeting.canceled_at = now()
                meeting.next_end_at = None
                running = True
                # Nobody finds them by the meeting any more; the files follow.
                await session.execute(
                    delete(MeetingRecording)
                    .where(MeetingRecording.meeting_id == meeting.id)
                    .execution_options(synchronize_session=False)
                )
            if running:
                notify(session, MeetingOver(actor.organization_id, meeting.room_id))
            if to_come:
                await self._invitations.send(
                    session,
                    MeetingMailKind.CANCELLATION,
                    shown,
                    found.changes,
                    await told(session, shown) if told is not None else shown.invitees,
                    of_occurrence=of_occurrence,
                    reason=reason,
                )
            self._append(session, MeetingCanceled, shown)

    async def close(self, actor: Actor, meeting_id: str) -> MeetingView:
        """End a meeting that is on, or the occurrence that is on, before its time. Raises Forbidden
        (`meeting_not_started`, `meeting_over`) for one that is not."""
        async with self._database.write(actor.organization_id) as session:
            found = await find(session, actor, meeting_id, to_change=True)
            context = await side_of(session, actor, found.meeting, to_change=True)
            shown = await shown_of(session, found, context)
            if shown.is_over(now()):
                raise Forbidden(ErrorCode.MEETING_OVER)
            if shown.opens_at > now():
                raise Forbidden(ErrorCode.MEETING_NOT_STARTED)
            closed = await close_occurrence(session, found, shown, early=True)
            notify(session, MeetingOver(actor.organization_id, found.meeting.room_id))
            return closed

    async def check(self, actor: Actor, draft: MeetingDraft) -> None:
        """Raises Invalid with all that is wrong about a draft, whatever meeting it is for."""
        async with self._database.read(actor.organization_id) as session:
            await _checked(session, actor, draft)

    def _new_meeting(self, context: SchedulingContext, draft: MeetingDraft) -> Meeting:
        organizer, terms, moment = context.organizer, context.terms, now()
        recurrence = draft.recurrence or None
        start = draft.start or moment
        if recurrence is not None:
            start = start.replace(microsecond=0)
        end = draft.end or start + (draft.duration or STANDARD_LENGTH)
        dial_in = terms.default_dial_in if draft.dial_in is UNSET else draft.dial_in
        group = terms.default_permission_group_id
        meeting = Meeting(
            id=new_id(),
            hex_id=new_hex_id(),
            number=random_digits(16),
            calendar_token=new_calendar_token(),
            organization_id=context.organization.id,
            organizer_id=organizer.id,
            organizer_key=random_key(),
            topic=draft.topic or "",
            agenda=draft.agenda or "",
            documents=list(draft.documents or ()),
            kind=draft.kind or MeetingKind(terms.default_kind),
            start_at=start,
            end_at=end,
            timezone=require_timezone(draft.timezone or organizer.timezone or self._default_timezone),
            recurrence=msgspec.to_builtins(recurrence) if recurrence is not None else None,
            permission_group_id=group
            if draft.permission_group_id in (UNSET, None)
            else draft.permission_group_id,
            early_access_minutes=draft.early_access_minutes or 0,
            recorded=terms.default_recorded if draft.recorded is UNSET else draft.recorded,
            video_resolution="standard" if draft.video_resolution is UNSET else draft.video_resolution,
            sequence=0,
            created_at=now(),
        )
        set_dial_in(meeting, wanted=bool(dial_in))
        require_times(start, end)
        require_recurrence(recurrence, meeting)
        return meeting

    async def _update_whole(
        self, session: AsyncSession, found: Found, context: SchedulingContext, draft: MeetingDraft
    ) -> MeetingView:
        meeting, moment = found.meeting, clock_of(found.meeting, context.terms)
        before = (await invitees_of(session, [meeting.id])).get(meeting.id, ())
        at_first = (meeting.start_at, meeting.end_at, meeting.recurrence)
        old_start, old_timezone = meeting.start_at, meeting.timezone
        change_words(meeting, draft)
        if draft.permission_group_id is not UNSET:
            meeting.permission_group_id = draft.permission_group_id
        change_times(meeting, draft, found.named, occurrences.shown(meeting, found.changes, moment))
        if draft.invitees is UNSET:
            kept, added, gone = list(before), list[Invited](), list[Invited]()
        else:
            wanted = _with_locales(draft.invitees, context.organizer)
            kept, added, gone = await exchange_invitees(session, meeting, before, wanted)
        moved = moved_with(meeting, old_start, old_timezone)
        changes = await fitting_changes(session, meeting, found.changes, moved)
        meeting.sequence += 1
        rescheduled = at_first != (meeting.start_at, meeting.end_at, meeting.recurrence)
        if rescheduled and (meeting.end_at > moment or meeting.recurrence is not None):
            meeting.closed_at = None
        set_ends(meeting, changes, moment)
        room = await session.get_one(Room, meeting.room_id)
        room.display_name = meeting.topic
        await session.flush()
        invitees = sorted([*kept, *added], key=lambda one: one.position)
        shown = view(meeting, occurrences.shown(meeting, changes, moment), invitees, context)
        for kind, whom in (
            (MeetingMailKind.UPDATE, kept),
            (MeetingMailKind.INVITATION, added),
            (MeetingMailKind.CANCELLATION, gone),
        ):
            await self._invitations.send(session, kind, shown, changes, whom)
        self._append(session, MeetingUpdated, shown)
        return shown

    async def _update_occurrence(
        self, session: AsyncSession, found: Found, context: SchedulingContext, draft: MeetingDraft
    ) -> MeetingView:
        meeting, moment = found.meeting, clock_of(found.meeting, context.terms)
        shown = await shown_of(session, found, context)
        require_of_series(meeting, shown.invitees, draft)
        change = await change_for(session, found, shown.occurrence)
        if draft.topic is not UNSET:
            change.topic = draft.topic
        if draft.agenda is not UNSET:
            change.agenda = draft.agenda
        start, end = new_times(shown.occurrence.start, shown.occurrence.end, draft)
        require_times(start, end)
        if (start, end) != (shown.occurrence.start, shown.occurrence.end):
            change.start_at, change.end_at = start, end
            if end > moment:
                change.closed_at = meeting.closed_at = None
        meeting.sequence += 1
        changes = {**found.changes, change.original_start_at: change}
        set_ends(meeting, changes, moment)
        await session.flush()
        named = occurrences.occurrence_at(meeting, changes, change.original_start_at)
        changed = view(meeting, named or shown.occurrence, shown.invitees, context)
        await self._invitations.send(
            session, MeetingMailKind.UPDATE, changed, changes, shown.invitees, of_occurrence=True
        )
        self._append(session, MeetingUpdated, changed)
        return changed

    def _append(self, session: AsyncSession, kind: type[MeetingSnapshot], shown: MeetingView) -> None:
        meeting = shown.meeting
        append(session, meeting.organization_id, snapshot(kind, shown), meeting.id)
        notify(session, MeetingChanged(meeting.organization_id, meeting.room_id, meeting.next_end_at))


def _require_unchanged(meeting: Meeting, sequence: int | None) -> None:
    if sequence is not None and meeting.sequence != sequence:
        raise Conflict(ErrorCode.CHANGED_MEANWHILE)


async def _checked(
    session: AsyncSession, actor: Actor, draft: MeetingDraft, *, is_new: bool = False
) -> MeetingDraft:
    """As `drafts.checked`, with the permission group."""
    problems = Problems()
    if is_new and draft.topic is UNSET:
        problems.add(ErrorCode.EMPTY, "topic")
    with problems:
        draft = checked(draft)
    if draft.permission_group_id is not UNSET:
        with problems:
            await require_group(session, actor.organization_id, draft.permission_group_id)
    problems.require_none()
    return draft


async def _require_place(session: AsyncSession, context: SchedulingContext) -> None:
    if not context.terms.most_meetings:
        return
    most = (await lock_terms(session, context.organization.id)).most_meetings
    if most and (await session.scalar(_COUNT, {"most": most}) or 0) >= most:
        raise Exhausted(ErrorCode.MEETINGS_EXHAUSTED, most=most)


_COUNTED = select(Meeting.organization_id).where(Meeting.canceled_at.is_(None)).limit(bindparam("most"))
_COUNT = select(func.count()).select_from(_COUNTED.subquery())
"""Number of meetings that are not canceled, counted no further than to `most`."""


def _new_room(context: SchedulingContext, meeting: Meeting, size: Size) -> Room:
    return Room(
        id=new_id(),
        organization_id=context.organization.id,
        type=RoomType.MEETING,
        mode=RoomMode.SPECTATOR,
        managed=True,
        display_name=meeting.topic,
        quota_name=size.name,
        active_limit=size.active,
        passive_limit=size.passive,
        created_by=context.organizer.id,
    )


def _with_locales(drafts: Sequence[InviteeDraft], organizer: Person) -> list[InviteeDraft]:
    """Drafts of invitees; one without a language gets the organizer's."""
    locale = "de" if organizer.locale.lower().startswith("de") else "en"
    return [one if one.locale else structs.replace(one, locale=locale) for one in drafts]
