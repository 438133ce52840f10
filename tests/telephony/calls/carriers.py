"""Carriers of tests: user agents at an address of their own, with a tone, that take calls and make them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

from switchroom.engines.sip.address import NameAddr, parse_name_addr
from switchroom.engines.sip.incoming import IncomingCall
from switchroom.engines.sip.server_transaction import ServerTransaction
from switchroom.engines.sip.uri import Uri
from tests.dialects.telephony_v3.client import Api
from tests.telephony.calls.phones import Conversation, SoftPhone, in_uri
from tests.telephony.calls.switchboards import Account

CALLER, TONE = "+3225559999", 1200
_CHALLENGE = 'Digest realm="carrier.example", nonce="1", algorithm=MD5, qop="auth"'
_numbers = count(3225550000)


def new_number() -> str:
    """A number that nobody has."""
    return f"+{next(_numbers)}"


class Carrier(SoftPhone):
    """A carrier that is known by its address. Where it `asks`, it challenges calls that come in."""

    def __init__(self, server: tuple[str, int], tone: int = TONE) -> None:
        super().__init__("carrier", "", "carrier.example", server, tone)
        self.asks = False
        self.answers: list[str] = []

    @property
    def port(self) -> int:
        return self.agent.local[1]

    async def bring(
        self, number: str, sender: str = f'"Bob" <sip:{CALLER}@carrier.example>', **others: Any
    ) -> Conversation:
        """Call a number of the platform's."""
        conversation = await self._conversation()
        host, port = self._server
        uri = Uri("sip", user=number, host=in_uri(host), port=port)
        conversation.session = self.agent.call(
            str(uri),
            conversation.listen,
            from_=parse_name_addr(sender),
            to=NameAddr(uri),
            sdp=conversation.talker.description().encode(),
            **others,
        )
        return conversation

    def ask_within(self, conversation: Conversation) -> None:
        """Challenge what comes within a call."""
        session = conversation.live
        receive = session.receive

        def challenged(transaction: ServerTransaction) -> None:
            said = transaction.request.headers.get("Proxy-Authorization")
            if said is None:
                transaction.respond(407, headers=[("Proxy-Authenticate", _CHALLENGE)])
            else:
                self.answers.append(said)
                receive(transaction)

        session.receive = challenged

    async def is_left_alone(self, seconds: float = 0.3) -> bool:
        """Whether no call comes for so long."""
        await asyncio.sleep(seconds)
        return self.incoming.empty()

    def on_call(self, call: IncomingCall) -> None:
        said = call.invite.headers.get("Proxy-Authorization")
        if self.asks and said is None:
            call.refuse(407, headers=[("Proxy-Authenticate", _CHALLENGE)])
            return
        if said is not None:
            self.answers.append(said)
        super().on_call(call)


@asynccontextmanager
async def carrier(account: Account, tone: int = TONE) -> AsyncGenerator[Carrier]:
    made = Carrier(account.server, tone)
    await made.open()
    try:
        yield made
    finally:
        made.close()


def add_shared_trunk(account: Account, port: int) -> int:
    """A trunk to a carrier that another account has too, as the operator allows."""
    operator = Api.of(account.platform, None, account_id=account.organization.id)
    return add_trunk(account, port, operator, advanced={"shared_server": True})


def add_trunk(account: Account, port: int, api: Api | None = None, **more: Any) -> int:
    """A trunk to a carrier at this port, once it is known."""
    draft = {"name": "Carrier", "server": account.server[0], "port": port, "country": "BE", **more}
    trunk = int((api or account.api)("PUT", "/trunks", draft)["id"])
    await_condition(account, trunk, "by_address")
    return trunk


def await_condition(account: Account, trunk: int, condition: str, limit: float = 60.0) -> str:
    """Wait until the status of a trunk is that; the reason that it tells."""
    deadline = time.monotonic() + limit
    while (status := account.api("GET", f"/trunks/{trunk}")["status"])["condition"] != condition:
        assert time.monotonic() < deadline, status
        time.sleep(0.02)
    return str(status["reason"])


def add_number(account: Account, trunk: int) -> str:
    """A number that comes in over the trunk."""
    number = new_number()
    account.api("PUT", "/phone_numbers", {"numbers": [number], "trunk_id": trunk, "state": "in_service"})
    return number
