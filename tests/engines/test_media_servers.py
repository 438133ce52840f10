"""Where recordings are, as the processes of a platform see it."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec import structs

from switchroom.platform import media_servers
from switchroom.platform.engines import Engines
from switchroom.platform.media_servers import MediaServers
from switchroom.settings import JanusSettings, Settings

ELSEWHERE = JanusSettings(urls=["ws://media.example.org:8188"])


def servers(settings: Settings) -> MediaServers:
    return MediaServers(settings, Engines(settings, (media_servers.ENTRY,)))


@pytest.mark.janus
async def test_workers_find_the_recordings_of_their_parents_media_server(tmp_path: Path) -> None:
    settings = Settings(data=str(tmp_path))
    engines = Engines(settings, (media_servers.ENTRY,))
    parent = MediaServers(settings, engines)
    assert parent.can_record
    await engines.start()
    try:
        shared = engines.shared(settings)
        assert shared.janus.urls
        for_worker = structs.replace(shared, data="/somewhere/else")
        worker = MediaServers(for_worker, Engines(for_worker, ()))
        assert worker.can_record
        assert worker.recordings_directory == parent.recordings_directory == tmp_path / "recordings"
    finally:
        await engines.stop()


def test_media_servers_elsewhere_record_only_into_a_directory_in_common() -> None:
    assert not servers(Settings(janus=ELSEWHERE)).can_record
    shared = structs.replace(ELSEWHERE, recordings_directory="/mnt/recordings")
    sharing = servers(Settings(janus=shared))
    assert sharing.can_record
    assert sharing.recordings_directory == Path("/mnt/recordings")
