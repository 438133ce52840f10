"""Who a call says that it is from, and what goes out over a trunk."""

from __future__ import annotations

from msgspec import structs
from msgspec.structs import replace

from switchroom.telephony.routing.caller_id import (
    Identity,
    Purpose,
    external_identity,
    forwarded_identity,
    incoming_identity,
    internal_identity,
    known,
)
from switchroom.telephony.routing.configuration import (
    Account,
    CallerId,
    CallerIdEntry,
    CallerIdUsed,
    Device,
    Permission,
    Restriction,
    Trunk,
    TrunkAdvanced,
    TrunkDirection,
    TrunkIncoming,
    User,
)
from switchroom.telephony.routing.number_kinds import NumberKind, PublicNumber
from switchroom.telephony.routing.numbers import public_number
from switchroom.telephony.routing.restrictions import Payer
from switchroom.telephony.routing.trunks import incoming_number, outgoing_request, usable

MAIN, DIRECT, EMERGENCY = "+4930123450", "+4930123451", "+4930123459"

ACCOUNT = Account(
    id=1,
    numbers=frozenset({MAIN, DIRECT, EMERGENCY}),
    caller_id=CallerId(
        external=CallerIdEntry(name="Müller & Söhne GmbH", number=MAIN),
        emergency=CallerIdEntry(number=EMERGENCY),
    ),
)
ANNA = User(id=2, first_name="Anna", last_name="Schäfer", extension="100")
PHONE = Device(id=3, name="Anna's desk", owner_id=2)


def _payer(user: User = ANNA, device: Device = PHONE, account: Account = ACCOUNT) -> Payer:
    return Payer(account, user, device)


def test_colleagues_see_name_and_extension() -> None:
    assert _shown(internal_identity(_payer())) == ("Anna Schäfer", "100")


def test_the_devices_entries_come_before_the_users_and_the_accounts() -> None:
    user = replace(ANNA, caller_id=_external("Anna", DIRECT))
    device = replace(PHONE, caller_id=_external("", MAIN))

    assert _shown(external_identity(_payer())) == ("Müller & Söhne GmbH", MAIN)
    assert _shown(external_identity(_payer(user))) == ("Anna", DIRECT)
    assert _shown(external_identity(_payer(user, device))) == ("Anna", MAIN)


def test_a_number_is_configured_as_people_write_it() -> None:
    user = replace(ANNA, caller_id=_external("Anna", "030 / 123 451"))

    assert external_identity(_payer(user)).number == "+4930123451"


def test_a_number_that_is_not_the_accounts_is_not_told() -> None:
    user = replace(ANNA, caller_id=_external("Bank", "+49691234567"))

    identity = external_identity(_payer(user))

    assert (identity.number, identity.asserted_number) == (MAIN, MAIN)
    assert external_identity(_payer(user, account=Account(id=1))).number == ""


def test_an_anonymous_call_shows_nothing_and_tells_the_network() -> None:
    user = replace(ANNA, caller_id=CallerId(external=CallerIdEntry(anonymous=True)))

    for identity in (external_identity(_payer(user)), external_identity(_payer(), withheld=True)):
        assert _shown(identity) == ("Anonymous", "anonymous")
        assert identity.asserted_number == MAIN
        assert identity.is_anonymous

    device = replace(PHONE, caller_id=CallerId(external=CallerIdEntry(anonymous=False)))
    assert not external_identity(_payer(user, device)).is_anonymous


def test_an_emergency_call_has_its_own_number_and_is_never_anonymous() -> None:
    user = replace(ANNA, caller_id=CallerId(external=CallerIdEntry(anonymous=True)))

    identity = external_identity(_payer(user), Purpose.EMERGENCY, withheld=True)

    assert (identity.number, identity.asserted_number) == (EMERGENCY, EMERGENCY)
    assert not identity.is_anonymous


def test_a_fax_falls_back_to_the_external_number() -> None:
    user = replace(ANNA, caller_id=CallerId(fax=CallerIdEntry(number=DIRECT)))

    assert external_identity(_payer(user), Purpose.FAX).number == DIRECT
    assert external_identity(_payer(), Purpose.FAX).number == MAIN


def test_names_are_cut_and_cannot_end_a_header() -> None:
    user = replace(ANNA, caller_id=_external('Ä\r\nX-Evil: "1"' + "x" * 50, DIRECT))

    name = external_identity(_payer(user)).name

    assert name.startswith('ÄX-Evil: "1"xxx')
    assert len(name) == 35


def test_a_forwarded_call_keeps_the_caller_and_asserts_who_forwards() -> None:
    caller = incoming_identity("Kunde", "0151 12345678", "DE")

    kept = forwarded_identity(caller, _payer(), keep_caller_id=True)
    own = forwarded_identity(caller, _payer(), keep_caller_id=False)

    assert (*_shown(kept), kept.asserted_number) == ("Kunde", "+4915112345678", MAIN)
    assert (*_shown(own), own.asserted_number) == ("Müller & Söhne GmbH", MAIN, MAIN)


def test_the_name_of_a_contact_is_for_people_of_the_account() -> None:
    caller = known(incoming_identity("Kunde", "0151 12345678", "DE"), "Der Nörgler\r\n" + "x" * 50)

    assert caller.name_inside.startswith("Der Nörglerxx")
    assert len(caller.name_inside) == 35
    assert "Nörgler" not in str(structs.asdict(forwarded_identity(caller, _payer(), keep_caller_id=True)))
    assert known(caller, "").name_inside == "Kunde"


def test_a_caller_who_hides_stays_hidden_when_forwarded() -> None:
    caller = incoming_identity("Kunde", "anonymous", "DE")

    assert forwarded_identity(caller, _payer(), keep_caller_id=True).is_anonymous


def test_a_trunk_is_told_the_asserted_number_and_privacy() -> None:
    shown = outgoing_request(Trunk(id=1), _number("030 99999"), external_identity(_payer()))
    hidden = outgoing_request(Trunk(id=1), _number("030 99999"), external_identity(_payer(), withheld=True))

    assert (shown.from_user, shown.asserted_user, shown.privacy) == (MAIN, MAIN, "")
    assert (hidden.from_user, hidden.from_domain) == ("anonymous", "anonymous.invalid")
    assert (hidden.asserted_user, hidden.privacy) == (MAIN, "id")


def test_a_trunk_overrides_user_and_domain_of_from() -> None:
    advanced = TrunkAdvanced(override_from_user="konto17", override_from_domain="sip.carrier.example")

    request = outgoing_request(
        Trunk(id=1, advanced=advanced), _number("030 99999"), external_identity(_payer())
    )

    assert (request.from_user, request.from_domain) == ("konto17", "sip.carrier.example")
    assert request.asserted_user == MAIN


def test_a_trunk_to_a_telephone_system_is_told_the_extension() -> None:
    trunk = Trunk(id=1, caller_id_used=CallerIdUsed.INTERNAL)
    external, internal = external_identity(_payer()), internal_identity(_payer())

    assert outgoing_request(trunk, _number("030 99999"), external, internal).from_user == "100"


def test_an_emergency_number_goes_out_as_dialled_or_with_the_country() -> None:
    prefixed = Trunk(id=1, advanced=TrunkAdvanced(add_country_prefix_for_emergency_calls=True))
    identity = external_identity(_payer(), Purpose.EMERGENCY)

    assert outgoing_request(Trunk(id=1), _number("112"), identity).request_user == "112"
    assert outgoing_request(prefixed, _number("112"), identity).request_user == "+49112"
    assert outgoing_request(prefixed, _number("030 99999"), identity).request_user == "+493099999"


def test_trunks_are_taken_in_their_order_and_left_out_when_full_or_closed() -> None:
    trunks = [
        Trunk(id=1, trunk_order=2),
        Trunk(id=2, trunk_order=1),
        Trunk(id=3, enabled=False),
        Trunk(id=4, calls_direction=TrunkDirection.INCOMING),
        Trunk(id=5, concurrent_calls=2),
        Trunk(id=6, restriction=Restriction(kinds={NumberKind.NATIONAL: Permission.DENY})),
    ]

    found = usable(trunks, _number("030 99999"), {5: 2})

    assert [trunk.id for trunk in found] == [2, 1]
    assert [trunk.id for trunk in usable(trunks, _number("112"), {5: 2})] == [5, 6, 2, 1]


def test_numbers_of_incoming_calls_are_changed_and_put_into_e164() -> None:
    def incoming(called: str, strip: int = 0, prepend: str = "") -> str | None:
        rules = TrunkIncoming(strip_numbers=strip, prepend_numbers=prepend)
        return incoming_number(Trunk(id=1, advanced=TrunkAdvanced(incoming=rules)), called, "DE")

    assert incoming("030123456") == "+4930123456"
    assert incoming("+4930123456") == "+4930123456"
    assert incoming("4930123456", prepend="+") == "+4930123456"
    assert incoming("99123456", strip=2, prepend="030") == "+4930123456"
    assert incoming("17", strip=0) == "17"
    assert incoming("müller") is None
    assert incoming("12", strip=5) is None


def _number(typed: str) -> PublicNumber:
    found = public_number(typed, "DE")
    assert found is not None
    return found


def _external(name: str, number: str) -> CallerId:
    return CallerId(external=CallerIdEntry(name=name, number=number))


def _shown(identity: Identity) -> tuple[str, str]:
    return identity.name, identity.number
