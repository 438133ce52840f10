"""Behind a NAT phones are told the address by which they come, and what they send to that is taken."""

from __future__ import annotations

from pathlib import Path

import pytest

from switchroom.engines.kamailio.configuration import Limits
from tests.engines.kamailio.conftest import Edge
from tests.engines.kamailio.phones import Phone
from tests.engines.kamailio.test_calls import received
from tests.engines.kamailio.test_targets import ring_device

pytestmark = pytest.mark.kamailio


@pytest.mark.parametrize("told", ["203.0.113.7", "localhost"])
async def test_phones_are_told_another_address(tmp_path: Path, limits: Limits, told: str) -> None:
    edge = Edge(tmp_path, limits, advertise=told)
    place = f"{told}:{edge.configuration.port}"
    await edge.engine.start()
    try:
        async with edge.wire() as wire, edge.worker() as worker:
            phone = Phone(wire)
            await phone.invite()
            call = await received(worker)
            host, port = worker.address
            await worker.send(call.reply(200, "OK", f"Contact: <sip:call@{host}:{port}>"))
            answer = await phone.answer()
            routes = answer.all("Record-Route")[::-1]
            assert f"<sip:{place};" in routes[0]
            more = {"Route": ", ".join(routes)}
            await wire.send(
                phone.request("BYE", uri=f"sip:call@{host}:{port}", to=answer.header("To"), more=more)
            )
            got = await received(worker, "BYE")
            assert got.header("Call-ID") == phone.call_id
            await worker.send(got.reply(200, "OK"))
            assert (await phone.answer()).status == 200

            assert (await phone.register()).status == 200
            ring_device(edge, worker)
            invite = await phone.receive()
            while not invite.start.startswith("INVITE "):
                invite = await phone.receive()
            assert f"SIP/2.0/UDP {place};" in invite.header("Via")
            assert f"<sip:{place};" in invite.all("Record-Route")[0]
    finally:
        await edge.engine.stop()
