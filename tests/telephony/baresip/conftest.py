"""Fixtures: one platform for all tests with real phones, whose prompts are short."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from switchroom.telephony.prompts.texts import LANGUAGES, MUSIC
from tests.platform import RunningPlatform, running_platform
from tests.ports import free_port, telephones
from tests.telephony.calls.switchboards import Account
from tests.telephony.test_carrier_certificates import Authority
from tests.telephony.voicemail.tones import write_tone

PROMPT = 1200
"""The tone of every prompt."""

MUSIC_ON_HOLD = 900
"""The tone of the music on hold."""

_SECONDS = 0.3


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPlatform]:
    """A platform whose operator has recorded all prompts, briefly."""
    data = tmp_path_factory.mktemp("house")
    recorded = data / "telephony" / "prompts" / "en"
    recorded.mkdir(parents=True)
    sound = write_tone(data / "prompt.wav", PROMPT, _SECONDS)
    for name in LANGUAGES["en"].texts():
        shutil.copy(sound, recorded / f"{name}.wav")
    write_tone(recorded / f"{MUSIC}.wav", MUSIC_ON_HOLD, 10)
    certificate, key = Authority(data, "authority").certify("pbx.example")
    tls = {"tls_certificate": certificate, "tls_private_key": key, "sip_tls_port": free_port()}
    with (
        telephones(trunk_networks=["127.0.0.0/8"], **tls) as telephony,
        running_platform(data, engines=True, telephony=telephony) as platform,
    ):
        yield platform


@pytest.fixture
def account(house: RunningPlatform) -> Account:
    """A new account."""
    return Account(house)
