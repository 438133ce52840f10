"""Sounds on a platform whose data directory is named as from the working directory, as `make run` does."""

from __future__ import annotations

import io
import wave
from pathlib import Path

import pytest

from switchroom.platform.build import Platform
from switchroom.settings import Settings, TelephonySettings


async def test_a_sound_is_converted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    platform = Platform(Settings(data="var", telephony=TelephonySettings(enabled=False)))
    content = io.BytesIO()
    with wave.open(content, "wb") as written:
        written.setnchannels(1)
        written.setsampwidth(2)
        written.setframerate(8000)
        written.writeframes(bytes(8000))
    try:
        stored = await platform.telephony.sounds.store(content.getvalue())
    finally:
        await platform.storage.database.close()
        platform.identity.passwords.close()
    assert 500 <= stored.milliseconds < 510
    played = platform.telephony.sounds.played(stored.version)
    assert played.is_absolute()
    assert played.is_file()
