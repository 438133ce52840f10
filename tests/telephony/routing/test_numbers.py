"""What a dialled number leads to, and whether it may be called."""

from __future__ import annotations

import sys

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from switchroom.telephony.routing.configuration import Account, Device, Permission, Restriction, User
from switchroom.telephony.routing.destinations import (
    DEFAULT_CODES,
    Destination,
    Feature,
    FeatureCall,
    FeatureCode,
    Internal,
    Nowhere,
    NumberPlan,
    Outside,
    destination_of,
)
from switchroom.telephony.routing.number_kinds import NumberKind
from switchroom.telephony.routing.numbers import operator_of, public_number
from switchroom.telephony.routing.restrictions import Payer, Refusal, refusal

ALLOW, DENY = Permission.ALLOW, Permission.DENY

PLAN = NumberPlan(
    numbers={"100": 1, "112": 2, "200": 3, "+4930123456": 4},
    feature_codes=tuple(
        FeatureCode(feature, code, 100 + index) for index, (feature, code) in enumerate(DEFAULT_CODES.items())
    ),
)


@pytest.mark.parametrize(
    ("typed", "country", "number", "kind", "of_country"),
    [
        ("030 123456", "DE", "+4930123456", NumberKind.NATIONAL, "DE"),
        ("+49 (151) 12345678", "DE", "+4915112345678", NumberKind.MOBILE, "DE"),
        ("0151/12345678", "DE", "+4915112345678", NumberKind.MOBILE, "DE"),
        ("0032 470 12 34 56", "DE", "+32470123456", NumberKind.INTERNATIONAL, "BE"),
        ("0470 12 34 56", "BE", "+32470123456", NumberKind.MOBILE, "BE"),
        ("+12125551234", "DE", "+12125551234", NumberKind.INTERNATIONAL, "US"),
        ("+1 876 555 1234", "DE", "+18765551234", NumberKind.CARIBBEAN, "JM"),
        ("1-876-555-1234", "US", "+18765551234", NumberKind.CARIBBEAN, "JM"),
        ("0800 1234567", "DE", "+498001234567", NumberKind.TOLL_FREE, "DE"),
        ("0180 5 123456", "DE", "+491805123456", NumberKind.SHARED_COST, "DE"),
        ("0900 1234567", "DE", "+499001234567", NumberKind.PREMIUM, "DE"),
        ("+33 899 12 34 56", "DE", "+33899123456", NumberKind.PREMIUM, "FR"),
        ("+44 70 1234 5678", "DE", "+447012345678", NumberKind.PREMIUM, "GB"),
        ("+979 1 2345 6789", "DE", "+979123456789", NumberKind.PREMIUM, "001"),
        ("+870 773 111 632", "DE", "+870773111632", NumberKind.SATELLITE, "001"),
        ("112", "DE", "112", NumberKind.EMERGENCY, "DE"),
        ("110", "DE", "110", NumberKind.EMERGENCY, "DE"),
        ("911", "US", "911", NumberKind.EMERGENCY, "US"),
        ("100", "BE", "100", NumberKind.EMERGENCY, "BE"),
        ("112", "", "112", NumberKind.EMERGENCY, ""),
        ("911", "XX", "911", NumberKind.EMERGENCY, "XX"),
        ("116117", "DE", "116117", NumberKind.TOLL_FREE, "DE"),
        ("115", "DE", "115", NumberKind.UNKNOWN, "DE"),
    ],
)
def test_what_a_number_is(typed: str, country: str, number: str, kind: NumberKind, of_country: str) -> None:
    found = public_number(typed, country)

    assert found is not None
    assert (found.number, found.kind, found.country) == (number, kind, of_country)


def test_digits_after_a_premium_number_do_not_make_another_of_it() -> None:
    found = public_number("0900 1234567 99999", "DE")

    assert found is not None
    assert found.kind is NumberKind.PREMIUM


@pytest.mark.parametrize(
    "typed",
    ["", "+", "00", "alice", "müller", "0800FLOWERS", "+999 123456", "٠٣٠١٢٣٤٥٦", "1" * 36, "03\n0", "9"],
)
def test_what_is_no_number(typed: str) -> None:
    assert public_number(typed, "DE") is None
    assert isinstance(destination_of(typed, "DE", PLAN), Nowhere)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("100", Internal(1, "100")),
        ("030 123456", Internal(4, "+4930123456")),
        ("+4930123456", Internal(4, "+4930123456")),
        ("*97", FeatureCall(Feature.CHECK_VOICEMAIL, "", 107)),
        ("*97200", FeatureCall(Feature.CHECK_VOICEMAIL, "200", 107)),
        ("**200", FeatureCall(Feature.DIRECT_VOICEMAIL, "200", 109)),
        ("*72", FeatureCall(Feature.FORWARD_ON, "", 100)),
        ("*720301234", FeatureCall(Feature.FORWARD_ON, "0301234", 100)),
        ("*670301234", FeatureCall(Feature.WITHHOLD, "0301234", 111)),
        ("*3", FeatureCall(Feature.PARK_AND_RETRIEVE, "", 112)),
        ("*87100", FeatureCall(Feature.PICKUP, "100", 115)),
        ("6683", FeatureCall(Feature.MOVE, "", 116)),
        ("*99", Nowhere("*99")),
        ("*73100", Nowhere("*73100")),
        ("301", Nowhere("301")),
    ],
)
def test_where_a_number_leads(typed: str, expected: Destination) -> None:
    assert destination_of(typed, "DE", PLAN) == expected


@pytest.mark.parametrize("country", ["DE", "", "XX"])
def test_an_emergency_number_is_one_whatever_extension_has_its_digits(country: str) -> None:
    found = destination_of("112", country, PLAN)

    assert isinstance(found, Outside)
    assert found.number.kind is NumberKind.EMERGENCY


@pytest.mark.parametrize("number", ["72", "*72"])
def test_a_feature_code_is_configured_with_its_star_or_without(number: str) -> None:
    plan = NumberPlan(feature_codes=(FeatureCode(Feature.FORWARD_ON, number, 1),))

    assert destination_of("*72", "DE", plan) == FeatureCall(Feature.FORWARD_ON, "", 1)
    assert destination_of("72", "DE", plan) == Nowhere("72")


def test_a_feature_code_is_one_though_it_is_among_the_numbers_too() -> None:
    codes = (FeatureCode(Feature.FORWARD_ON, "72", 1), FeatureCode(Feature.CHECK_VOICEMAIL, "97", 2))
    plan = NumberPlan(numbers={"*72": 1, "*971": 3}, feature_codes=codes)

    assert destination_of("*72", "DE", plan) == FeatureCall(Feature.FORWARD_ON, "", 1)
    assert destination_of("*971", "DE", plan) == Internal(3, "*971")


def test_codes_that_are_not_switched_on_lead_nowhere() -> None:
    assert destination_of("*97", "DE", NumberPlan()) == Nowhere("*97")


def _kinds(**kinds: Permission) -> Restriction:
    return Restriction(kinds={NumberKind(name): permission for name, permission in kinds.items()})


NOTHING = Restriction()
PREMIUM, ABROAD, JAMAICA = "0900 1234567", "+33 1 23 45 67 89", "+1 876 555 1234"


@pytest.mark.parametrize(
    ("account", "user", "device", "number", "expected"),
    [
        (NOTHING, NOTHING, NOTHING, PREMIUM, None),
        (_kinds(premium=DENY), NOTHING, NOTHING, PREMIUM, Refusal.RESTRICTED_BY_ACCOUNT),
        (_kinds(premium=DENY), _kinds(premium=ALLOW), NOTHING, PREMIUM, Refusal.RESTRICTED_BY_ACCOUNT),
        (_kinds(premium=ALLOW), _kinds(premium=DENY), NOTHING, PREMIUM, Refusal.RESTRICTED_BY_USER),
        (NOTHING, NOTHING, _kinds(premium=DENY), PREMIUM, Refusal.RESTRICTED_BY_DEVICE),
        (_kinds(premium=ALLOW), NOTHING, _kinds(premium=DENY), PREMIUM, Refusal.RESTRICTED_BY_DEVICE),
        (NOTHING, _kinds(premium=ALLOW), _kinds(premium=DENY), PREMIUM, None),
        (_kinds(premium=DENY), NOTHING, NOTHING, ABROAD, None),
        (_kinds(international=DENY), NOTHING, NOTHING, ABROAD, Refusal.RESTRICTED_BY_ACCOUNT),
        (_kinds(international=DENY), NOTHING, NOTHING, "+33 899 12 34 56", Refusal.RESTRICTED_BY_ACCOUNT),
        (_kinds(international=DENY), NOTHING, NOTHING, JAMAICA, Refusal.RESTRICTED_BY_ACCOUNT),
        (_kinds(international=DENY), NOTHING, NOTHING, "+870 773 111 632", Refusal.RESTRICTED_BY_ACCOUNT),
        (_kinds(satellite=DENY), NOTHING, NOTHING, "+870 773 111 632", Refusal.RESTRICTED_BY_ACCOUNT),
        (_kinds(international=DENY), NOTHING, NOTHING, "030 123456", None),
        (Restriction(countries={"FR": DENY}), NOTHING, NOTHING, ABROAD, Refusal.RESTRICTED_BY_ACCOUNT),
        (Restriction(countries={"FR": DENY}), NOTHING, NOTHING, "+32 2 123 45 67", None),
        (
            Restriction(kinds={NumberKind.INTERNATIONAL: DENY}, countries={"FR": ALLOW}),
            NOTHING,
            NOTHING,
            ABROAD,
            None,
        ),
        (
            Restriction(kinds={NumberKind.PREMIUM: DENY}, countries={"FR": ALLOW}),
            NOTHING,
            NOTHING,
            "+33 899 12 34 56",
            Refusal.RESTRICTED_BY_ACCOUNT,
        ),
    ],
)
def test_who_may_call_what(
    account: Restriction, user: Restriction, device: Restriction, number: str, expected: Refusal | None
) -> None:
    payer = Payer(
        Account(id=1, restriction=account), User(id=2, restriction=user), Device(id=3, restriction=device)
    )
    found = public_number(number, "DE")

    assert found is not None
    assert refusal(found, payer) is expected


def test_emergency_numbers_always_pass() -> None:
    everything = Restriction(kinds=dict.fromkeys(NumberKind, DENY), countries={"DE": DENY})
    payer = Payer(
        Account(id=1, restriction=everything),
        User(id=2, restriction=everything, no_service=True, enabled=False),
        Device(id=3, restriction=everything),
    )
    emergency, home = public_number("112", "DE"), public_number("030 123456", "DE")

    assert emergency is not None
    assert home is not None
    assert refusal(emergency, payer) is None
    assert refusal(home, payer) is Refusal.NO_SERVICE


def test_numbers_are_dialled_in_the_country_of_the_device_then_the_user_then_the_account() -> None:
    account, user, device = Account(id=1, country="DE"), User(id=2, country="FR"), Device(id=3, country="BE")

    assert Payer(account, user, device).country == "BE"
    assert Payer(account, user, Device(id=3)).country == "FR"
    assert Payer(account, User(id=2), Device(id=3)).country == "DE"
    assert Payer(account).country == "DE"


@given(st.text(), st.sampled_from(["DE", "BE", "US", "GB", "", "XX"]))
def test_whatever_is_dialled_leads_somewhere(typed: str, country: str) -> None:
    destination_of(typed, country, PLAN)


@given(st.text(alphabet="0123456789+*#", min_size=1, max_size=40), st.sampled_from(["DE", "BE", "US"]))
def test_whatever_digits_are_dialled_lead_somewhere(typed: str, country: str) -> None:
    found = destination_of(typed, country, PLAN)

    assert not isinstance(found, Outside) or len(found.number.number) <= 20


def test_operators_are_those_of_the_library() -> None:
    """As the library names them, of which only a country's are read."""
    names: dict[str, str] = {}
    for country in phonenumbers.SUPPORTED_REGIONS:
        example = phonenumbers.example_number_for_type(country, phonenumbers.PhoneNumberType.MOBILE)
        if example is not None:
            number = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)
            names[number] = operator_of(number)
    assert "phonenumbers.carrierdata" not in sys.modules, "the operators of all countries are in memory"
    from phonenumbers.carrier import name_for_number

    assert names == {number: name_for_number(phonenumbers.parse(number), "en") for number in names}
    assert len([name for name in names.values() if name]) > 100


@pytest.mark.parametrize("number", ["+4930123456", "+49110", "100", "", "+", "+999123456"])
def test_a_number_that_is_none_of_a_mobile_has_no_operator(number: str) -> None:
    assert operator_of(number) == ""
