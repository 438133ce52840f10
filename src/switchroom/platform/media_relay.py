"""The relay that this machine runs for the media of telephone calls."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path

from switchroom.engines.ports import free_port
from switchroom.engines.rtpengine.configuration import RtpengineConfiguration
from switchroom.engines.rtpengine.engine import RtpengineEngine
from switchroom.platform.engines import EngineEntry
from switchroom.platform.sip_server import local_address, wanted
from switchroom.settings import Settings


def directory(settings: Settings) -> Path:
    """Directory of the relay's files."""
    return settings.data_directory / "rtpengine"


def interface(settings: Settings) -> str:
    """The local address of media, and after a `!` what phones are told in its place."""
    telephony, here = settings.telephony, local_address(settings)
    told = telephony.media_advertised_address
    if not told and _is_number(telephony.advertised_address):
        told = telephony.advertised_address
    return f"{here}!{told}" if told and told != here else here


def _is_number(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _make(settings: Settings) -> RtpengineEngine:
    media = settings.telephony.media_ports
    configuration = RtpengineConfiguration(
        control_port=free_port(media),
        event_port=free_port(media),
        interfaces=(interface(settings),),
        rtp_port_min=media.start,
        rtp_port_max=media.stop - 1,
    )
    return RtpengineEngine(directory(settings), configuration, settings.telephony.rtpengine_executable)


ENTRY = EngineEntry(_make, wanted=wanted)
