"""Telephones that are none of ours: baresip, told over its control port what to do.

Each plays a tone for a voice; what it hears is looked at in its spectrum. It is a program with its own SIP,
its own codecs and its own encryption: what it shares with the platform are the standards.
"""

from __future__ import annotations

import asyncio
import json
import math
import re
import tempfile
import time
import wave
from array import array
from asyncio.subprocess import DEVNULL, Process
from collections import defaultdict
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from msgspec import Struct

from tests.ports import free_port
from tests.telephony.baresip.ear import Ear
from tests.telephony.calls.switchboards import PASSWORD, TONES, Account
from tests.telephony.media.phone import RATE, WINDOW

LIMIT = 60.0
HOST = "127.0.0.1"

HEARD = 3 * WINDOW
"""Samples in which a tone must be: 0.6 s."""

_CONFIGURATION = """
sip_listen {host}:{port}
ctrl_tcp_listen {host}:{control}
module_path /usr/lib/baresip/modules
module opus.so
module g722.so
module g711.so
module srtp.so
module aufile.so
module sndfile.so
module_app account.so
module_app menu.so
module_app ctrl_tcp.so
audio_source aufile,{voice}
ausrc_srate {rate}
ausrc_channels 1
snd_path {heard}
ringback_disabled yes
"""
_VOICE_SECONDS = 60
_STAMP = "%Y-%m-%d-%H-%M-%S"
_FIELD = re.compile(r"(?m)^([\w-]+): (.*)$")
_TIME = re.compile(r"(?m)^ +time = ([\d.]+) sec")
_TAG = re.compile(r";tag=([^;\s]+)")


class Event(Struct, frozen=True):
    """What baresip tells: `call` is the Call-ID where it is of a call."""

    type: str
    call: str = ""
    peer: str = ""
    text: str = ""


class Baresip:
    """A phone that runs. Its calls are those of one desk phone: commands are for the current one."""

    def __init__(self, directory: Path, realm: str, tone: int, process: Process, port: int) -> None:
        self.realm = realm
        self.port = port
        self.tone = tone
        self.ear = Ear(directory / "heard")
        self._directory = directory
        self._process = process
        self._events: defaultdict[str, asyncio.Queue[Event]] = defaultdict(asyncio.Queue)
        self._answers: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._reading: asyncio.Task[None] | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def connect(self, port: int) -> None:
        """Reach the control port, once it is there."""
        async with asyncio.timeout(LIMIT):
            while self._writer is None:
                try:
                    reader, self._writer = await asyncio.open_connection(HOST, port)
                except ConnectionError:
                    assert self._process.returncode is None, self.log()
                    await asyncio.sleep(0.02)
                    continue
                self._reading = asyncio.create_task(self._read(reader))

    def log(self) -> str:
        """What it has printed: its messages, and all SIP."""
        return (self._directory / "log").read_text("utf-8", "replace")

    async def command(self, name: str, parameters: str = "") -> str:
        """Give a command. Returns what is answered."""
        answer = await self._ask(name, parameters)
        assert answer["ok"], f"{name} {parameters}: {answer}"
        return str(answer.get("data", ""))

    async def _ask(self, name: str, parameters: str = "") -> dict[str, Any]:
        assert self._writer is not None
        message = json.dumps({"command": name, "params": parameters}).encode()
        self._writer.write(b"%d:%b," % (len(message), message))
        async with asyncio.timeout(LIMIT):
            return await self._answers.get()

    async def until(self, type_: str, limit: float = LIMIT) -> Event:
        """The next event of a kind."""
        try:
            async with asyncio.timeout(limit):
                return await self._events[type_].get()
        except TimeoutError:
            raise AssertionError(f"{self.tone}: no {type_}\n{self.log()[-6000:]}") from None

    def told(self, type_: str) -> bool:
        """Whether it has told of something that nobody has waited for yet."""
        return not self._events[type_].empty()

    async def dial(self, number: str) -> None:
        """Call a number; what comes of it is to be waited for."""
        await self._fresh_second()
        await self.command("dial", f"sip:{quote(number, safe='*+#')}@{self.realm}")

    async def call(self, number: str, limit: float = LIMIT) -> Event:
        """Call a number that answers."""
        await self.dial(number)
        return await self.until("CALL_ESTABLISHED", limit)

    async def rung(self, limit: float = LIMIT) -> Event:
        """The next call that comes in."""
        return await self.until("CALL_INCOMING", limit)

    async def answer(self, limit: float = LIMIT) -> Event:
        """Answer the call that comes in."""
        await self.rung(limit)
        await self._fresh_second()
        await self.command("accept")
        return await self.until("CALL_ESTABLISHED")

    async def refuse(self, limit: float = LIMIT) -> None:
        """Refuse the call that comes in (486)."""
        await self.rung(limit)
        await self.command("hangup")

    async def over(self, limit: float = LIMIT) -> str:
        """Wait until a call ends. Returns why it has."""
        return (await self.until("CALL_CLOSED", limit)).text

    async def hang_up(self) -> None:
        await self.command("hangup")
        await self.over()

    async def hold(self) -> None:
        await self.command("hold")

    async def resume(self) -> None:
        await self.command("resume")

    async def transfer(self, number: str) -> None:
        """Transfer the other side of the current call to a number, blind (RFC 5589, section 6)."""
        await self.command("transfer", f"sip:{number}@{self.realm}")

    async def transfer_to_other(self, call: Event) -> None:
        """Transfer the other side of a call to the dialog that the phone's other call has, the last that it
        has made (RFC 5589, section 7)."""
        other, local, remote = self._dialogs(without=call.call)[-1]
        replaces = quote(f"{other};to-tag={remote};from-tag={local}", safe="")
        await self.command("callfind", call.call)
        await self.command("transfer", f"<sip:somebody@{self.realm}?Replaces={replaces}>")

    def _dialogs(self, without: str) -> list[tuple[str, str, str]]:
        """Call-IDs with the tags of this phone and of the other side, as it has been answered."""
        found: list[tuple[str, str, str]] = []
        for answer in self.log().split("SIP/2.0 ")[1:]:
            fields = dict(_FIELD.findall(answer.partition("\n\n")[0]))
            tags = [_TAG.search(fields.get(name, "")) for name in ("From", "To")]
            local, remote = (tag[1] if tag is not None else "" for tag in tags)
            is_made = answer.startswith(("1", "2")) and fields.get("CSeq", "").endswith("INVITE")
            if is_made and remote and fields["Call-ID"] != without:
                found.append((fields["Call-ID"], local, remote))
        return found

    async def press(self, *keys: str) -> None:
        """Press keys one after the other (RFC 4733), the next when 0.25 s of sound were sent with the one
        before. The last may end the call."""
        for key in "".join(keys):
            begin = await self._sent()
            await self.command("sndcode", key)
            async with asyncio.timeout(LIMIT):
                while await self._sent() - begin < 0.25:  # noqa: ASYNC110 - sound wakes nobody
                    await asyncio.sleep(0.05)

    async def hears(self, *tones: int, limit: float = LIMIT) -> None:
        """Wait until the phone hears these tones and no others: in 0.6 s of sound that come from now on in
        one call, however slowly. To hear nothing is to hear none for half a second of time."""
        alike: defaultdict[Path, int] = defaultdict(int)
        quiet_since: float | None = None
        self.ear.forget()
        end = time.monotonic() + limit
        while True:
            now = time.monotonic()
            if tones:
                for file, found in self.ear.heard():
                    if found and found != set(tones):
                        alike.clear()
                    alike[file] = alike[file] + WINDOW if found == set(tones) else 0
                    if alike[file] >= HEARD:
                        return
            else:
                quiet_since = None if self.ear.tones() else quiet_since or now
                if quiet_since is not None and now - quiet_since >= 0.5:
                    return
            assert now < end, f"{self.tone} hears {self.ear.tones()}, not {set(tones)}\n{self.log()[-6000:]}"
            await asyncio.sleep(0.05)

    async def receives(self, limit: float = LIMIT) -> None:
        """Wait until half a second of sound has come in. A phone that has held does not tell what it hears
        any more: baresip gives up its `sndfile` then."""
        begin = await self._received()
        async with asyncio.timeout(limit):
            while await self._received() - begin < 0.5:  # noqa: ASYNC110 - sound wakes nobody
                await asyncio.sleep(0.1)

    async def hears_something(self, limit: float = LIMIT) -> None:
        """Wait until any sound has come in during the current call."""
        async with asyncio.timeout(limit):
            while not await self._received():  # noqa: ASYNC110 - sound wakes nobody
                await asyncio.sleep(0.05)

    async def _sent(self) -> float:
        """Seconds of sound that were sent during the current call, without end once there is none."""
        answer = await self._ask("audio_debug")
        return _seconds(str(answer.get("data", "")))[0] if answer["ok"] else math.inf

    async def _received(self) -> float:
        """Seconds of sound that have come in during the current call."""
        return _seconds(await self.command("audio_debug"))[1]

    async def _fresh_second(self) -> None:
        """Wait until no sound file is named after this second, which a further call would overwrite."""
        async with asyncio.timeout(LIMIT):
            while any(time.strftime(_STAMP) in one.name for one in self.ear.directory.iterdir()):  # noqa: ASYNC110 - time wakes nobody
                await asyncio.sleep(0.02)

    async def _read(self, reader: asyncio.StreamReader) -> None:
        while True:
            length = int((await reader.readuntil(b":"))[:-1])
            message = json.loads((await reader.readexactly(length + 1))[:-1])
            if message.get("event"):
                fields = (str(message.get(name, "")) for name in ("type", "id", "peeruri", "param"))
                event = Event(*fields)
                self._events[event.type].put_nowait(event)
            else:
                self._answers.put_nowait(message)

    async def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)
        self.ear.close()


class Kind(Struct, frozen=True):
    """A kind of phone: its codecs in their order, its encryption (`srtp-mand`), and whether it registers.
    With a certificate (a PEM file with its key) one that does not listens over TLS at the next port."""

    codecs: Sequence[str] = ("PCMA/8000/1", "PCMU/8000/1")
    encryption: str = ""
    registers: bool = True
    certificate: str = ""

    @property
    def parameters(self) -> str:
        encryption = f";mediaenc={self.encryption}" if self.encryption else ""
        return f";audio_codecs={','.join(self.codecs)}{encryption};regint={60 if self.registers else 0}"


@asynccontextmanager
async def baresip(
    username: str, password: str, realm: str, server: tuple[str, int], tone: int, kind: Kind | None = None
) -> AsyncGenerator[Baresip]:
    """A phone that registers, which may have happened before it can tell."""
    with tempfile.TemporaryDirectory(prefix="baresip-") as made:
        kind, directory, control = kind or Kind(), Path(made), free_port()
        port = 0 if kind.registers else free_port()
        (directory / "heard").mkdir()
        voice = write_voice(directory / "voice.wav", tone)
        values = {
            "host": HOST,
            "port": port,
            "control": control,
            "voice": voice,
            "rate": RATE,
            "heard": directory / "heard",
        }
        configuration = _CONFIGURATION.format(**values)
        if kind.certificate:
            configuration += f"sip_certificate {kind.certificate}\n"
        (directory / "config").write_text(configuration)
        proxy = f'outbound="sip:{server[0]}:{server[1]}"'
        (directory / "accounts").write_text(
            f"<sip:{username}@{realm};transport=udp>;auth_pass={password};{proxy}{kind.parameters}\n"
        )
        with (directory / "log").open("wb") as log:
            command = ("stdbuf", "--output=L", "baresip", "-f", made, "-s")
            process = await asyncio.create_subprocess_exec(*command, stdin=DEVNULL, stdout=log, stderr=log)
        phone = Baresip(directory, realm, tone, process, port)
        try:
            await phone.connect(control)
            yield phone
        finally:
            await phone.close()
            if process.returncode is None:
                process.terminate()
            await process.wait()


def write_voice(path: Path, tone: int) -> Path:
    """A minute of a tone, which goes on where a period of 50 Hz ends."""
    period = [round(9000 * math.sin(2 * math.pi * tone * at / RATE)) for at in range(RATE // 50)]
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes(array("h", period).tobytes() * 50 * _VOICE_SECONDS)
    return path


@asynccontextmanager
async def baresips(
    account: Account, *extensions: str, kinds: Sequence[Kind] = ()
) -> AsyncGenerator[Sequence[Baresip]]:
    """A phone for each extension, in the tones 400, 550, 700 and 900 Hz, registered and known to be."""
    async with AsyncExitStack() as stack:
        starting = [
            baresip(
                account.usernames[one],
                PASSWORD,
                account.realm,
                account.server,
                TONES[place],
                kinds[place] if kinds else None,
            )
            for place, one in enumerate(extensions)
        ]
        found = await asyncio.gather(*(stack.enter_async_context(one) for one in starting))
        await asyncio.to_thread(account.until_registered, [account.devices[one] for one in extensions])
        yield found


async def connected(caller: Baresip, number: str, called: Baresip) -> None:
    """A call that is answered, both hearing each other and nobody else."""
    await caller.dial(number)
    await called.answer()
    await caller.until("CALL_ESTABLISHED")
    await caller.hears(called.tone)
    await called.hears(caller.tone)


def _seconds(printed: str) -> tuple[float, float]:
    """Seconds of sound that were sent and have come in."""
    found = _TIME.findall(printed)
    return (float(found[0]), float(found[1])) if len(found) > 1 else (0.0, 0.0)
