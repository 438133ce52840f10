"""Findings about STUN and TURN servers, each asked as a browser would ask it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

from switchroom.conference.media.ice import ice_servers
from switchroom.platform.doctor.finding import LIMIT, Finding
from switchroom.platform.doctor.stun import StunRefused, StunServer, allocate, bind, parse
from switchroom.platform.reasons import brief
from switchroom.settings import IceSettings


async def servers(settings: IceSettings) -> list[Finding]:
    """Whether TURN is complete, and every server answers and knows the secret."""
    findings = [await _asked(one, bind, "ice.stun") for one in settings.stun]
    if settings.turn and not settings.turn_secret:
        state = f"{', '.join(settings.turn)} without a secret: browsers are not told of it"
        remedy = "Set ice.turn_secret to the server's own (coturn: static-auth-secret)."
        return [*findings, Finding("TURN", False, state, remedy)]
    if settings.turn_secret and not settings.turn:
        return [*findings, Finding("TURN", False, "a secret, but no server", "Name one in ice.turn.")]
    for one in settings.turn:
        told = ice_servers(settings, "doctor")[-1]
        question = partial(allocate, username=told.username or "", password=told.credential or "")
        findings.append(await _asked(one, question, "ice.turn"))
    return findings


async def _asked(address: str, question: Callable[[StunServer], Awaitable[None]], setting: str) -> Finding:
    try:
        async with asyncio.timeout(LIMIT):
            await question(parse(address))
    except StunRefused as error:
        remedy = "Set ice.turn_secret to the server's own (coturn: use-auth-secret, static-auth-secret)."
        return Finding(address, False, f"refuses: {error}", remedy)
    except (OSError, EOFError, ValueError, OverflowError) as error:
        remedy = f"Start it, let it through the firewall, or correct {setting}."
        return Finding(address, False, f"does not answer: {brief(error)}", remedy)
    return Finding(address, True, "answers")
