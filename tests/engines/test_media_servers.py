"""Where recordings are, as the processes of a platform see it."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec import structs

from switchroom.platform.media_servers import MediaServers
from switchroom.settings import JanusSettings, Settings

ELSEWHERE = JanusSettings(urls=["ws://media.example.org:8188"])


@pytest.mark.janus
async def test_workers_find_the_recordings_of_their_parents_media_server(tmp_path: Path) -> None:
    parent = MediaServers(Settings(data=str(tmp_path)), own=True)
    assert parent.can_record
    await parent.start_own()
    try:
        settings = Settings(data="/somewhere/else", janus=parent.as_others_see_it)
        worker = MediaServers(settings, own=False)
        assert worker.can_record
        assert worker.recordings_directory == parent.recordings_directory == tmp_path / "recordings"
    finally:
        await parent.stop_own()


def test_media_servers_elsewhere_record_only_into_a_directory_in_common() -> None:
    assert not MediaServers(Settings(janus=ELSEWHERE), own=True).can_record
    shared = structs.replace(ELSEWHERE, recordings_directory="/mnt/recordings")
    servers = MediaServers(Settings(janus=shared), own=True)
    assert servers.can_record
    assert servers.recordings_directory == Path("/mnt/recordings")
