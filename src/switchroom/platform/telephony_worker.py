"""A process that controls calls, which `telephony_start` starts.

What it is to do comes in an environment variable. It has the calls that the SIP server gives it, on its UDP
port on loopback, and takes up those that it had before it died.
"""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import AsyncExitStack

import msgspec
import structlog

from switchroom import logs
from switchroom.collector import spare_the_collector
from switchroom.engines.kamailio.configuration import Interfaces
from switchroom.engines.kamailio.configuration import read_interfaces as read_sip_server
from switchroom.engines.rtpengine.client import NgClient
from switchroom.engines.rtpengine.configuration import RtpengineInterfaces
from switchroom.engines.rtpengine.configuration import read_interfaces as read_relay
from switchroom.engines.rtpengine.dtmf import DtmfFeed
from switchroom.engines.sip.core import AgentOptions
from switchroom.engines.sip.user_agent import UserAgent
from switchroom.platform import media_relay, sip_server
from switchroom.platform.call_control import JOB, TelephonyJob
from switchroom.platform.loop import run
from switchroom.platform.telephony_calls import CallServices
from switchroom.settings import ConfigurationError
from switchroom.telephony.calls.leg import DEVICE
from switchroom.telephony.calls.media_services import MediaServices
from switchroom.telephony.routing import numbers
from switchroom.telephony.routing.configuration import LONGEST_RINGING

log = structlog.stdlib.get_logger(__name__)

ANSWER_LIMIT = LONGEST_RINGING + 10.0
"""Seconds after which an outgoing call that nobody ends is given up: later than callflows do."""

_COLLECTOR_THRESHOLDS = (20_000, 5, 2)
"""The parts of a call hold each other, for as long as its transactions last, and only the last generation's
collection frees them: it is to come once in some thousand calls. The first's is to come seldom too, as it
goes in vain through what calls hold for half a minute."""

_LOOPBACK = "127.0.0.1"


async def work(job: TelephonyJob) -> None:
    """Control calls until told to end. Raises ConfigurationError without a SIP server or relay."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signal_number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(signal_number, stop.set)
    server, relay = _engines(job)
    numbers.load_plan()
    async with AsyncExitStack() as stack:
        calls = CallServices(job.settings, job.number)
        stack.push_async_callback(calls.close)
        await calls.open()
        ng = await stack.enter_async_context(
            NgClient.connected(_LOOPBACK, relay.control_port, phones_family=relay.phones_family)
        )
        options = AgentOptions(
            next_hop=(_LOOPBACK, server.core_port),
            answer_limit=ANSWER_LIMIT,
            kept_headers=(DEVICE,),
        )
        agent = await UserAgent.open((_LOOPBACK, server.workers[job.number - 1]), options, calls.board)
        stack.callback(agent.close)
        longest_silence = job.settings.telephony.media_timeout
        services = MediaServices(agent, ng, calls.metrics.heard, longest_silence=longest_silence)
        calls.take_up(services)
        feed = DtmfFeed(_LOOPBACK, relay.event_port, services.keys.take, services.silence.look_now)
        feed.start()
        stack.push_async_callback(feed.stop)
        services.silence.start()
        stack.push_async_callback(services.silence.stop)
        stack.push_async_callback(calls.board.stop)
        await calls.begin()
        spare_the_collector(_COLLECTOR_THRESHOLDS)
        log.info("telephony worker ready", number=job.number)
        await stop.wait()


def _engines(job: TelephonyJob) -> tuple[Interfaces, RtpengineInterfaces]:
    server = read_sip_server(sip_server.directory(job.settings))
    relay = read_relay(media_relay.directory(job.settings))
    if server is None or relay is None:
        raise ConfigurationError("no SIP server, or no relay of media, has been configured here")
    if job.number > len(server.workers):
        raise ConfigurationError(f"the SIP server knows {len(server.workers)} workers")
    return server, relay


def main() -> None:
    job = msgspec.json.decode(os.environ.pop(JOB), type=TelephonyJob)
    logs.configure(job.settings.log_format, job.settings.log_level)
    run(work(job))
