"""What a call over a trunk says on the wire: by the trunk, the caller id, and where the server is."""

from __future__ import annotations

import pytest

from switchroom.telephony.calls.loaded import Secret, TrunkAccess
from switchroom.telephony.calls.outbound import outbound_call
from switchroom.telephony.carriers import Hop
from switchroom.telephony.routing.trunks import TrunkRequest

HOP = Hop("192.0.2.9", 5060)
REGISTERING = TrunkAccess("sip.carrier.example", 0, "", "3225550100", Secret("secret"))
SHOWN = TrunkRequest(
    request_user="+3225550199",
    from_name='Ada "A" Lovelace',
    from_user="+3225550100",
    asserted_name="Ada",
    asserted_user="+3225550100",
)


def test_a_registering_trunk_is_called_in_the_carriers_name() -> None:
    call = outbound_call(SHOWN, REGISTERING, HOP, "pbx.example.org")
    assert str(call.uri) == "sip:+3225550199@sip.carrier.example"
    assert str(call.from_) == '"Ada \\"A\\" Lovelace" <sip:+3225550100@sip.carrier.example>'
    assert dict(call.headers) == {
        "X-SR-Next-Hop": "sip:192.0.2.9:5060;transport=udp",
        "P-Asserted-Identity": '"Ada" <sip:+3225550100@sip.carrier.example>',
    }
    assert call.credentials is not None
    assert (call.credentials.username, call.credentials.password) == ("3225550100", "secret")


def test_another_is_called_in_our_own() -> None:
    access = TrunkAccess("192.0.2.9", 5080, "tls")
    call = outbound_call(SHOWN, access, Hop("192.0.2.9", 5080, "tls"), "2001:db8::1")
    assert str(call.uri) == "sip:+3225550199@192.0.2.9:5080;transport=tls"
    assert call.from_.uri.host == "[2001:db8::1]"
    assert dict(call.headers)["X-SR-Next-Hop"] == "sip:192.0.2.9:5080;transport=tls"
    assert call.credentials is None


def test_who_is_not_shown_is_asserted_to_the_network_only() -> None:
    hidden = TrunkRequest(
        request_user="+3225550199",
        from_name="Anonymous",
        from_user="anonymous",
        from_domain="anonymous.invalid",
        asserted_user="+3225550100",
        privacy="id",
    )
    call = outbound_call(hidden, REGISTERING, HOP, "pbx.example.org")
    assert str(call.from_) == '"Anonymous" <sip:anonymous@anonymous.invalid>'
    assert dict(call.headers)["Privacy"] == "id"
    assert dict(call.headers)["P-Asserted-Identity"] == "<sip:+3225550100@sip.carrier.example>"


@pytest.mark.parametrize("user", ["1@evil.example;x=", "1>\r\nX: y", "1 2"])
def test_nothing_that_is_dialled_leaves_its_place(user: str) -> None:
    call = outbound_call(TrunkRequest(user, "", user), REGISTERING, HOP, "pbx.example.org")
    assert call.uri.host == call.from_.uri.host == "sip.carrier.example"
    assert not set("\r\n <>") & set(str(call.uri))
    assert str(call.uri).count("@") == 1
