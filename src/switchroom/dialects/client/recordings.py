"""Operations on recordings, for those who organize their meetings or moderate their rooms."""

from __future__ import annotations

from msgspec import UNSET, structs

from switchroom.db.base import time_of
from switchroom.dialects.client.context import Context
from switchroom.dialects.client.messages import scheduling as messages
from switchroom.dialects.client.operations import operation
from switchroom.dialects.operation import Operation
from switchroom.dialects.services import Services
from switchroom.meetings.recordings.archive import RecordingArchive, content_type
from switchroom.meetings.recordings.listing import ListedRecording, RecordingFilter, RecordingPlace
from switchroom.meetings.recordings.models import MeetingRecording, RecordingFailure, RecordingState


class RecordingOperations:
    def __init__(self, services: Services) -> None:
        self._archive = services.recordings
        self._list = services.recording_list
        self._signer = services.signer

    def operations(self) -> list[Operation]:
        return [
            operation(
                path="/recordings/list",
                summary="Recordings of one's own meetings and of rooms that one moderates, or of the whole "
                "organization, a page at a time.",
                request=messages.RecordingsQuery,
                reply=messages.RecordingsAnswer,
                handler=self.list,
            ),
            operation(
                path="/recordings/delete",
                summary="Delete a recording with its file.",
                request=messages.RecordingChoice,
                reply=None,
                status=204,
                handler=self.delete,
            ),
        ]

    async def list(self, _context: Context, request: messages.RecordingsQuery) -> messages.RecordingsAnswer:
        claims = self._signer.verify(request.access_token)
        after = request.after
        page = await self._list.page(
            claims,
            RecordingFilter(request.of_everybody, request.meeting_id or "", request.room_id or ""),
            RecordingPlace(after.started_at, after.id) if after is not UNSET else None,
        )
        following = page.following
        return messages.RecordingsAnswer(
            recordings=[self._message(claims.subject_id, one) for one in page.recordings],
            following=UNSET
            if following is None
            else messages.RecordingPlace(following.started_at, following.id),
            kept_days=page.kept_days,
        )

    async def delete(self, _context: Context, request: messages.RecordingChoice) -> None:
        await self._list.delete(self._signer.verify(request.access_token), request.id)

    def _message(self, person_id: str, one: ListedRecording) -> messages.ListedRecording:
        meeting, organizer = one.meeting, one.organizer
        return messages.ListedRecording(
            **structs.asdict(recording_entry(self._archive, one.recording)),
            title=one.title,
            meeting_id=meeting.hex_id if meeting is not None else UNSET,
            room_id=one.recording.room_id or UNSET,
            organizer_name=organizer.display_name if organizer is not None else "",
            is_own=meeting is not None and meeting.organizer_id == person_id,
        )


def recording_entry(archive: RecordingArchive, one: MeetingRecording) -> messages.RecordingEntry:
    """The recording, for a reader who may see it now."""
    ready = one.state == RecordingState.READY
    return messages.RecordingEntry(
        id=one.id,
        state=RecordingState(one.state).value,
        failure=RecordingFailure(one.failure).value if one.failure else "",
        start=time_of(one.started_at),
        end=time_of(one.ended_at) if one.ended_at is not None else None,
        seconds=round(one.duration / 1000) if ready else 0,
        bytes=one.size if ready else 0,
        content_type=content_type(one) if ready else "",
        url=archive.passing_url(one) if ready else "",
    )
