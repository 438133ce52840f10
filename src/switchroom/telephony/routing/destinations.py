"""Destinations: what a dialled number leads to in an account."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct

from switchroom.telephony.routing.number_kinds import NumberKind, PublicNumber
from switchroom.telephony.routing.numbers import dialled, e164, public_number


class Feature(StrEnum):
    """Feature codes by the names that callflows give them."""

    FORWARD_ON = "call_forward[action=activate]"
    FORWARD_OFF = "call_forward[action=deactivate]"
    FORWARD_TOGGLE = "call_forward[action=toggle]"
    FORWARD_UPDATE = "call_forward[action=update]"
    HOTDESK_LOGIN = "hotdesk[action=login]"
    HOTDESK_LOGOUT = "hotdesk[action=logout]"
    HOTDESK_TOGGLE = "hotdesk[action=toggle]"
    CHECK_VOICEMAIL = "voicemail[action=check]"
    OWN_VOICEMAIL = "voicemail[single_mailbox_login]"
    DIRECT_VOICEMAIL = 'voicemail[action="direct"]'
    INTERCOM = "intercom"
    WITHHOLD = "privacy[mode=full]"
    PARK_AND_RETRIEVE = "park_and_retrieve"
    VALET = "valet"
    RETRIEVE = "retrieve"
    PICKUP = "directed_ext_pickup"
    MOVE = "move"
    GROUP_LOGIN = "group[action=login]"
    GROUP_LOGOUT = "group[action=logout]"


DEFAULT_CODES: Mapping[Feature, str] = {
    Feature.FORWARD_ON: "*72",
    Feature.FORWARD_OFF: "*73",
    Feature.FORWARD_TOGGLE: "*74",
    Feature.FORWARD_UPDATE: "*56",
    Feature.HOTDESK_LOGIN: "*11",
    Feature.HOTDESK_LOGOUT: "*12",
    Feature.HOTDESK_TOGGLE: "*13",
    Feature.CHECK_VOICEMAIL: "*97",
    Feature.OWN_VOICEMAIL: "*98",
    Feature.DIRECT_VOICEMAIL: "**",
    Feature.INTERCOM: "*0",
    Feature.WITHHOLD: "*67",
    Feature.PARK_AND_RETRIEVE: "*3",
    Feature.VALET: "*4",
    Feature.RETRIEVE: "*5",
    Feature.PICKUP: "*87",
    Feature.MOVE: "6683",
    Feature.GROUP_LOGIN: "*61",
    Feature.GROUP_LOGOUT: "*62",
}
"""Codes as they are dialled where an account has not chosen others. None is active unless a callflow says
so."""

WITHOUT_DIGITS = frozenset(
    {
        Feature.FORWARD_OFF,
        Feature.FORWARD_UPDATE,
        Feature.HOTDESK_LOGIN,
        Feature.HOTDESK_LOGOUT,
        Feature.HOTDESK_TOGGLE,
        Feature.VALET,
        Feature.MOVE,
    }
)
_WITHOUT_STAR = frozenset({Feature.MOVE})


class FeatureCode(Struct, frozen=True):
    """Feature code of an account: `number` is what is configured, with its star or without."""

    feature: Feature
    number: str
    callflow_id: int

    @property
    def code(self) -> str:
        """The code as it is dialled."""
        if self.feature in _WITHOUT_STAR:
            return self.number
        if self.feature is Feature.DIRECT_VOICEMAIL:
            return f"*{self.number.removeprefix('*') or '*'}"
        return f"*{self.number.removeprefix('*')}"


class NumberPlan(Struct, frozen=True):
    """The numbers of an account, each with the id of its callflow: extensions as they are dialled, numbers of
    the public network in E.164. It need not hold more than the numbers that are asked for."""

    numbers: Mapping[str, int] = {}
    feature_codes: tuple[FeatureCode, ...] = ()


class Internal(Struct, frozen=True, tag="internal"):
    """A callflow of the account, by an extension or by a number that the account owns."""

    callflow_id: int
    number: str


class FeatureCall(Struct, frozen=True, tag="feature"):
    """A feature code and the digits after it."""

    feature: Feature
    digits: str
    callflow_id: int


class Outside(Struct, frozen=True, tag="outside"):
    """A number of the public network, emergency numbers among them."""

    number: PublicNumber


class Nowhere(Struct, frozen=True, tag="nowhere"):
    """Nothing has that number."""

    number: str


Destination = Internal | FeatureCall | Outside | Nowhere


def destination_of(number: str, country: str, plan: NumberPlan) -> Destination:
    """Destination of the number when it is dialled in the country (ISO 3166).

    Emergency numbers come before everything, also before an extension of the same digits; then the account's
    own numbers, feature codes, and the public network.
    """
    plain = dialled(number)
    if plain is None:
        return Nowhere(number)
    public = public_number(plain, country)
    if public is not None and public.kind is NumberKind.EMERGENCY:
        return Outside(public)
    own, feature = own_number(plain, country, plan), _feature_call(plain, plan)
    # The code of a feature may be listed among the numbers too.
    if feature is not None and (own is None or own.callflow_id == feature.callflow_id):
        return feature
    if own is not None:
        return own
    return Outside(public) if public is not None else Nowhere(plain)


def own_number(number: str, country: str, plan: NumberPlan) -> Internal | None:
    """The callflow that has the number, as an extension or as a number of the public network."""
    for form in (number, e164(number, country)):
        if form is not None and form in plan.numbers:
            return Internal(plan.numbers[form], form)
    return None


def _feature_call(plain: str, plan: NumberPlan) -> FeatureCall | None:
    fitting = [one for one in plan.feature_codes if _fits(one, plain)]
    if not fitting:
        return None
    longest = max(fitting, key=lambda one: len(one.code))
    return FeatureCall(longest.feature, plain[len(longest.code) :], longest.callflow_id)


def _fits(entry: FeatureCode, plain: str) -> bool:
    if entry.feature in WITHOUT_DIGITS:
        return plain == entry.code
    return plain.startswith(entry.code) and (plain == entry.code or plain[len(entry.code) :].isdecimal())
