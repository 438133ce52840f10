"""The AudioBridge plugin: rooms that mix sound, and participants who send and receive plain RTP.

Follows the page "AudioBridge plugin documentation" of Janus 1.1. The plugin must run with `string_ids`. A
participant hears nothing before Janus has had a first packet from it; packets of G.711 that are not of 20 ms
are dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec import Struct

from switchroom.engines.janus.client import (
    Detached,
    Handle,
    HandleEvent,
    Hangup,
    JanusClient,
    JanusError,
    JanusRefused,
    PluginEvent,
)

PLUGIN = "janus.plugin.audiobridge"

NO_SUCH_ROOM = 485
ROOM_EXISTS = 486
NO_SUCH_USER = 492

Codec = Literal["opus", "pcma", "pcmu"]


class BridgeOptions(Struct, frozen=True):
    """Settings of a room; names and units are the plugin's.

    `sampling_rate` is that of the mix in Hz, `default_prebuffering` how many packets of each participant are
    waited for before the first is mixed.
    """

    sampling_rate: int = 16000
    default_prebuffering: int = 3
    audiolevel_ext: bool = False
    groups: Sequence[str] = ()


class RtpAddress(Struct, frozen=True):
    """Address to which a participant's RTP is sent."""

    ip: str
    port: int


class _Joined(Struct, frozen=True):
    id: str
    rtp: RtpAddress


class AudioBridge:
    """One room of the plugin."""

    def __init__(self, client: JanusClient, handle: Handle, room_id: str, secret: str) -> None:
        self.client = client
        self.id = room_id
        self._handle = handle
        self._secret = secret

    @classmethod
    async def create(
        cls, client: JanusClient, room_id: str, secret: str, options: BridgeOptions | None = None
    ) -> AudioBridge:
        """Make a room, in the place of one of the same name and secret that an earlier process has left.

        Raises JanusRefused when there is one of another secret.
        """
        handle = await client.attach(PLUGIN, _ignore)
        bridge = cls(client, handle, room_id, secret)
        try:
            try:
                await bridge._make(options or BridgeOptions())
            except JanusRefused as error:
                if error.code != ROOM_EXISTS:
                    raise
                await bridge._ask("destroy")
                await bridge._make(options or BridgeOptions())
        except BaseException:
            await handle.detach()
            raise
        return bridge

    async def destroy(self) -> None:
        """End the room and everything in it. Silent when the server or the room is gone."""
        try:
            await self._ask("destroy")
        except JanusRefused as error:
            if error.code != NO_SUCH_ROOM:
                raise
        except JanusError:
            return
        await self._handle.detach()

    async def join(
        self,
        address: RtpAddress,
        *,
        codec: Codec,
        payload: int,
        muted: bool = False,
        on_gone: Callable[[], None],
    ) -> BridgeParticipant:
        """Let somebody in who receives at this address, in a codec with a payload type. `on_gone` is called
        when the plugin puts them out; it must not block or raise."""
        participant = BridgeParticipant(on_gone)
        participant.handle = await self.client.attach(PLUGIN, participant.receive)
        body: dict[str, Any] = {
            "request": "join",
            "room": self.id,
            "codec": codec,
            "muted": muted,
            "rtp": {"ip": address.ip, "port": address.port, "payload_type": payload},
        }
        try:
            reply = await participant.handle.request(body)
            joined = msgspec.convert(reply.data, _Joined)
        except BaseException:
            await participant.leave()
            raise
        participant.id, participant.address = joined.id, joined.rtp
        return participant

    async def mute(self, participant: str) -> None:
        """Leave what a participant sends out of the mix."""
        await self._ask("mute", id=participant)

    async def unmute(self, participant: str) -> None:
        """Take what a participant sends into the mix again."""
        await self._ask("unmute", id=participant)

    async def play(self, file: Path, *, loop: bool = False) -> str:
        """Play a file (Ogg with Opus, one channel) to everybody, beside what they say. Returns its id."""
        reply = await self._ask("play_file", filename=str(file), loop=loop)
        return str(reply["file_id"])

    async def stop_playing(self, file_id: str) -> None:
        """Stop a file. Silent when it is over."""
        try:
            await self._ask("stop_file", file_id=file_id)
        except JanusRefused:
            return

    async def _make(self, options: BridgeOptions) -> None:
        settings = msgspec.to_builtins(options)
        if not settings["groups"]:
            del settings["groups"]
        await self._ask("create", is_private=True, allow_rtp_participants=True, **settings)

    async def _ask(self, request: str, **more: Any) -> dict[str, Any]:
        body = {"request": request, "room": self.id, "secret": self._secret, **more}
        return (await self._handle.request(body)).data


class BridgeParticipant:
    """Participant of a room. `address` is where Janus waits for the RTP."""

    handle: Handle
    id: str
    address: RtpAddress

    def __init__(self, on_gone: Callable[[], None]) -> None:
        self._on_gone = on_gone
        self.is_out = False
        """Whether they have left, or have been put out."""

    async def leave(self) -> None:
        """Leave the room; to be done before the address is given up. Silent when the server is gone."""
        self.is_out = True
        await self.handle.detach()

    def receive(self, event: HandleEvent) -> None:
        match event:
            case Hangup() | Detached():
                self._gone()
            case PluginEvent(data=data) if _puts_out(data, getattr(self, "id", "")):
                self._gone()
            case _:
                pass

    def _gone(self) -> None:
        if not self.is_out:
            self.is_out = True
            self._on_gone()


def _puts_out(data: dict[str, Any], participant: str) -> bool:
    return data.get("audiobridge") == "destroyed" or participant in (data.get("kicked"), data.get("leaving"))


def _ignore(event: HandleEvent) -> None:
    pass
