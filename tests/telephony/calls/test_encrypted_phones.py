"""Phones that encrypt their media with keys in SDP (SDES, RFC 4568): baresip, which takes nothing else, and
those that bring no keys."""

from __future__ import annotations

import array
import asyncio
import math
import wave
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from switchroom.engines.sip.events import Failed
from switchroom.engines.sip.incoming import IncomingCall
from switchroom.telephony.media import sdp
from switchroom.telephony.media.codecs import PCMA
from tests.telephony.calls.carriers import add_number, add_trunk, carrier
from tests.telephony.calls.phones import Conversation
from tests.telephony.calls.switchboards import PASSWORD, TONES, Account
from tests.telephony.media.phone import strength

pytestmark = [pytest.mark.kamailio, pytest.mark.rtpengine]

RATE, TONE = 8000, 1200
HEARD = 0.05
"""Least strength of a tone."""

_CONFIG = """
module_path /usr/lib/baresip/modules
module g711.so
module aufile.so
module srtp.so
module sndfile.so
module_app account.so
module_app menu.so
sip_listen 127.0.0.1:0
audio_source aufile,{tone}
audio_player aufile,{directory}/played.wav
snd_path {directory}
"""


@asynccontextmanager
async def baresip(account: Account, extension: str, number: str, directory: Path) -> AsyncGenerator[None]:
    """baresip with a tone, which calls a number."""
    tone = directory / "tone.wav"
    samples = (round(9000 * math.sin(2 * math.pi * TONE * at / RATE)) for at in range(RATE * 60))
    with wave.open(str(tone), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes(array.array("h", samples).tobytes())
    (directory / "config").write_text(_CONFIG.format(tone=tone, directory=directory))
    username, (host, port) = account.usernames[extension], account.server
    (directory / "accounts").write_text(
        f"<sip:{username}@{account.realm};transport=udp>;regint=0;auth_user={username};auth_pass={PASSWORD};"
        f'outbound="sip:{host}:{port};transport=udp";mediaenc=srtp-mand;audio_codecs=PCMA\n'
    )
    dial = f"/dial sip:{number}@{account.realm}"
    process = await asyncio.create_subprocess_exec(
        "baresip", "-f", str(directory), "-e", dial, stdin=PIPE, stdout=DEVNULL, stderr=DEVNULL
    )
    try:
        yield
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def heard(directory: Path, frequency: int) -> float:
    """How much of a frequency baresip has decoded within the last half of a second."""
    for file in directory.glob("dump-*-dec.wav"):
        data = file.read_bytes()[44:]
        samples = array.array("h", data[: len(data) // 2 * 2])[-RATE // 2 :]
        if len(samples) == RATE // 2:
            return strength(list(samples), frequency)
    return 0.0


async def hears(directory: Path, frequency: int, limit: float = 60.0) -> None:
    """Wait until baresip hears a tone."""
    async with asyncio.timeout(limit):
        while await asyncio.to_thread(heard, directory, frequency) < HEARD:  # noqa: ASYNC110
            await asyncio.sleep(0.1)


def is_plain(conversation: Conversation) -> bool:
    return sdp.read(conversation.live.remote_sdp.decode()).protocol == "RTP/AVP"


async def test_an_encrypted_phone_and_a_plain_one_hear_each_other(account: Account, tmp_path: Path) -> None:
    account.person("201")
    account.person("202")
    async with account.phones("202") as (grace,), baresip(account, "201", "202", tmp_path):
        call = await grace.rung()
        call.answer()
        assert is_plain(call)
        await call.talker.hears(TONE)
        await hears(tmp_path, TONES[0])


NO_KEYS = (
    "",
    "a=crypto:1 NULL_HMAC_SHA1_80 inline:" + "A" * 40,
    "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" + "A" * 40 + " UNENCRYPTED_SRTP",
    "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:AAAA",
    "a=key-mgmt:mikey AQAFgM0XflABAAAAAAAAAAAAAAsAyO",
)


def without_keys(line: str) -> str:
    """A description of encrypted media, with a line in the place of a key."""
    return sdp.core("127.0.0.1", 4000, [PCMA]).replace("RTP/AVP", "RTP/SAVP") + (line and f"{line}\r\n")


async def test_encryption_without_a_key_that_can_be_used_is_refused(account: Account) -> None:
    """Nobody takes a call for encrypted that is not."""
    account.person("201")
    account.person("202")
    async with account.phones("201", "202") as (ada, grace):
        for line in NO_KEYS:
            refusal = await (await ada.call("202", without_keys(line))).until(Failed)
            assert refusal.status == 488, line
            assert "encryption" in refusal.response.headers.get("Warning")
        assert grace.incoming.empty()
        call = await grace.call("201")
        (await ada.rung()).refuse(488)  # it takes nothing but SRTP
        ringing = await ada.rung()
        assert isinstance(ringing.session, IncomingCall)
        ringing.session.answer(without_keys("").encode())
        await ringing.ended()
        assert await call.failed() == 488


async def test_an_encrypted_phone_and_a_carrier_hear_each_other(account: Account, tmp_path: Path) -> None:
    account.person("201")
    async with carrier(account, TONES[1]) as far:
        add_number(account, add_trunk(account, far.port))
        async with baresip(account, "201", "+3226660177", tmp_path):
            call = await far.rung()
            call.answer()
            await call.talker.hears(TONE)
            await hears(tmp_path, TONES[1])
            call.hang_up()
