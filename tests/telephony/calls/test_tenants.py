"""Two accounts with the same extensions: nobody of the one watches, calls or transfers in the other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from switchroom.engines.sip.address import NameAddr
from switchroom.engines.sip.digest import Credentials
from switchroom.engines.sip.errors import Refused
from switchroom.engines.sip.session import Session
from switchroom.engines.sip.uri import parse_uri
from tests.engines.kamailio.phones import Message, Phone, udp
from tests.platform import RunningPlatform
from tests.telephony.calls.boxes import Box
from tests.telephony.calls.phones import Conversation, SoftPhone
from tests.telephony.calls.switchboards import PASSWORD, Account

pytestmark = [pytest.mark.kamailio, pytest.mark.rtpengine]


@pytest.fixture
def other(exchange: RunningPlatform) -> Account:
    """The account of strangers."""
    return Account(exchange, "Strangers")


def watched(account: Account) -> Sequence[tuple[str, str]]:
    """What there is to watch of 202, who has a mailbox."""
    username = account.usernames["202"]
    prefixed = f"{account.realm.partition('.')[0]}.{username}"
    return [
        *((user, event) for user in ("202", username, prefixed) for event in ("dialog", "presence")),
        *((user, "message-summary") for user in ("202", "*98202", username)),
        ("*98202", "dialog"),
    ]


class Watcher:
    """A phone that watches all of that in the account of `watched`, and what it is told."""

    def __init__(self, own: Account, watched: Account) -> None:
        self._own, self._watched = own, watched
        self._tasks: list[asyncio.Task[None]] = []
        self.bodies: list[str] = []

    @asynccontextmanager
    async def watching(self) -> AsyncGenerator[Watcher]:
        async with AsyncExitStack() as stack:
            for user, event in watched(self._watched):
                wire = await stack.enter_async_context(udp(self._own.server))
                phone = Phone(wire, self._own.usernames["201"], PASSWORD, self._own.realm)
                await self._subscribe(phone, f"sip:{user}@{self._watched.realm}", event)
                self._tasks.append(asyncio.create_task(self._listen(phone)))
            try:
                yield self
            finally:
                for task in self._tasks:
                    task.cancel()
                await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _subscribe(self, phone: Phone, uri: str, event: str) -> None:
        said = {"Event": event, "Expires": "600"}
        challenge = await phone.ask(phone.request("SUBSCRIBE", uri=uri, to=f"<{uri}>", more=said))
        credentials = phone.authorization(challenge, "SUBSCRIBE", uri)
        request = phone.request("SUBSCRIBE", uri=uri, to=f"<{uri}>", more={**said, **credentials})
        await phone.wire.send(request)

    async def _listen(self, phone: Phone) -> None:
        while True:
            message = Message(await phone.wire.receive())
            if message.start.startswith("NOTIFY"):
                self.bodies.append(message.body)
                await phone.wire.send(message.reply(200, "OK"))

    async def is_told(self, *texts: str) -> None:
        """Wait until it is told all of this."""
        deadline = asyncio.get_running_loop().time() + 60
        while not all(any(one in body for body in self.bodies) for one in texts):
            assert asyncio.get_running_loop().time() < deadline, self.bodies
            await asyncio.sleep(0.05)


async def test_nobody_watches_another_account(account: Account, other: Account, tmp_path: Path) -> None:
    (tmp_path / "strangers").mkdir()
    box = Box(account, tmp_path)
    Box(other, tmp_path / "strangers")
    message = await box.leave(1.0)
    async with (
        account.phones("201", "202") as (ada, grace),
        Watcher(account, account).watching() as mine,
        Watcher(other, account).watching() as theirs,
    ):
        await mine.is_told("Messages-Waiting: yes", "<basic>open")
        call = await ada.call("202")
        answering = await grace.rung()
        answering.answer()
        await call.answered()
        await mine.is_told(">confirmed<")
        await asyncio.to_thread(box.api, "DELETE", f"{box.path}/{message['id']}")
        await mine.is_told("Voice-Message: 0/0")
        call.hang_up()
        await answering.ended()
        assert not [one for one in theirs.bodies if "<basic>open" in one]
        # What comes of their own shows that they watch, and comes last.
        async with other.phones("202"):
            await theirs.is_told("<basic>open", other.realm)
        for hidden in (account.realm, ">confirmed<", "Messages-Waiting: yes"):
            assert not [one for one in theirs.bodies if hidden in one], hidden


def called_as(phone: SoftPhone, uri: str, sender: NameAddr, made: Conversation, **others: object) -> Session:
    """An INVITE to this URI, with the phone's own credentials."""
    made.session = phone.agent.call(
        uri,
        made.listen,
        from_=sender,
        sdp=made.talker.description().encode(),
        credentials=Credentials(phone.username, PASSWORD),
        headers=others.get("headers", ()),  # type: ignore[arg-type]
    )
    return made.session


async def test_nobody_calls_another_account(account: Account, other: Account) -> None:
    for one in (account, other):
        one.person("201")
        one.person("202")
    async with account.phones("202") as (grace,), other.phones("201", "202") as (mallory, own):

        async def call(user: str, sender: NameAddr, **others: object) -> Conversation:
            made = await mallory._conversation()  # pyright: ignore[reportPrivateUsage]
            called_as(mallory, f"sip:{user}@{account.realm}", sender, made, **others)
            return made

        # The extension is that of their own colleague, whatever domain they write.
        made = await call("202", mallory.address)
        ringing = await own.rung()
        ringing.answer()
        await made.answered()
        made.hang_up()
        await ringing.ended()
        for user in (account.usernames["202"], str(account.devices["202"])):
            assert await (await call(user, mallory.address)).failed() == 404
        # Who says to be of the other account has no credentials there.
        as_ada = NameAddr(parse_uri(f"sip:{account.usernames['201']}@{account.realm}"))
        assert await (await call("202", as_ada)).failed() in (401, 407)
        assert grace.incoming.empty()
        assert own.incoming.empty()


async def test_nobody_transfers_in_another_account(account: Account, other: Account) -> None:
    for one in (account, other):
        one.person("201")
        one.person("202")
    async with (
        account.phones("201", "202") as (ada, grace),
        other.phones("201", "202") as (mallory, own),
    ):
        call = await ada.call("202")
        answered = await grace.rung()
        answered.answer()
        await call.answered()
        live = call.live
        replaces = f"{live.call_id};to-tag={live.remote_tag};from-tag={live.local_tag}"

        # Outside of a dialog.
        for user in ("202", account.usernames["202"]):
            with pytest.raises(Refused):
                await mallory.agent.request(
                    "REFER",
                    f"sip:{user}@{account.realm}",
                    from_=mallory.address,
                    to=NameAddr(parse_uri(f"sip:{user}@{account.realm}")),
                    headers=[("Refer-To", f"<sip:201@{other.realm}>")],
                    credentials=Credentials(mallory.username, PASSWORD),
                )
        # In the place of a phone of the account.
        made = await mallory._conversation()  # pyright: ignore[reportPrivateUsage]
        called_as(
            mallory, f"sip:202@{account.realm}", mallory.address, made, headers=[("Replaces", replaces)]
        )
        assert await made.failed() == 481
        assert own.incoming.empty()
        # By a transfer in a call of their own, with a call of the account or to somebody there.
        for refer_to in (
            f"<sip:202@{account.realm}?Replaces={replaces.replace(';', '%3B')}>",
            f"<sip:{account.usernames['202']}@{account.realm}>",
        ):
            theirs = await mallory.call("202")
            talking = await own.rung()
            talking.answer()
            await theirs.answered()
            with pytest.raises(Refused):
                await theirs.live.refer(refer_to)
            theirs.hang_up()  # of one that was refused with 481 nothing is left on its own side
            talking.hang_up()

        await call.talker.hears(grace.tone)
        await answered.talker.hears(ada.tone)
        assert grace.incoming.empty()
        call.hang_up()
        await answered.ended()
