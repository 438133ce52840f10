"""`streamTaskProgress`, which two services have: where a task is, a line whenever that changes."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from switchroom import texts
from switchroom.accounts.task_progress import TaskProgress
from switchroom.dialects.alfaview_v1.errors import PROBLEMS
from switchroom.dialects.alfaview_v1.messages import business_logic, guest
from switchroom.dialects.alfaview_v1.messages.business_logic import State, TaskProgressRequest
from switchroom.dialects.alfaview_v1.messages.common import Reply, TrackingInfo
from switchroom.dialects.alfaview_v1.operations import Context, required
from switchroom.dialects.services import Services
from switchroom.errors import ErrorCode, Invalid
from switchroom.jobs.batches import BatchFailure
from switchroom.texts import Language


class TaskStreams:
    def __init__(self, services: Services) -> None:
        self._tasks = services.tasks

    async def of_business_logic(
        self, context: Context, request: TaskProgressRequest
    ) -> AsyncGenerator[Reply]:
        task_id = _task_id(request)

        async def replies() -> AsyncGenerator[Reply]:
            async with aclosing(self._tasks.follow(context.caller, task_id)) as following:
                async for progress in following:
                    yield business_logic.TaskProgressReply(
                        taskProgress=_progress(task_id, progress, context.language)
                    )

        return replies()

    async def of_guests(self, context: Context, request: TaskProgressRequest) -> AsyncGenerator[Reply]:
        task_id = _task_id(request)

        async def replies() -> AsyncGenerator[Reply]:
            async with aclosing(self._tasks.follow(context.caller, task_id)) as following:
                async for progress in following:
                    told = guest.GuestTaskProgress(
                        trackingInfo=TrackingInfo(task_id),
                        state=State[progress.state],
                        progress=_share(progress),
                    )
                    yield guest.GuestTaskProgressReply(taskProgress=told)

        return replies()


def _task_id(request: TaskProgressRequest) -> str:
    if request.trackingInfo is None:
        raise Invalid(ErrorCode.REQUIRED, "trackingInfo")
    return required(request.trackingInfo.taskId, "trackingInfo.taskId")


def _progress(task_id: str, progress: TaskProgress, language: Language) -> business_logic.TaskProgress:
    counts = {"total": progress.total, "done": progress.done, "failed": progress.failed}
    return business_logic.TaskProgress(
        trackingInfo=TrackingInfo(task_id),
        state=State[progress.state],
        execution=progress.execution,
        maxRetries=progress.retries,
        nextRun=progress.next_run.isoformat(timespec="seconds").replace("+00:00", "Z")
        if progress.next_run
        else "",
        metadata={
            **{name: str(count) for name, count in counts.items()},
            **{_place(one): _reason(one, language) for one in progress.failures},
        },
        progress=_share(progress),
    )


def _share(progress: TaskProgress) -> float:
    return round(progress.done / progress.total, 4) if progress.total else 1.0


def _place(failure: BatchFailure) -> str:
    whole = f"{PROBLEMS.name_of('invitations')}[{failure.number}]"
    return f"{whole}.{PROBLEMS.name_of(failure.path)}" if failure.path else whole


def _reason(failure: BatchFailure, language: Language) -> str:
    code = ErrorCode(failure.code)
    return texts.text(code, language, PROBLEMS.name_of(failure.path), failure.facts)
