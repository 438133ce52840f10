"""Callflows as integrators send them: what is wrong is named by its path."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from switchroom.errors import ErrorCode, Invalid
from switchroom.telephony.routing.flow import (
    DEEPEST,
    MOST_NODES,
    Module,
    decode,
    decode_stored,
    normalized,
    references,
)

MENU: dict[str, Any] = {
    "module": "menu",
    "id": "n1",
    "data": {"id": 7, "caption": "Hauptmenü"},
    "children": {
        "1": {"module": "user", "data": {"id": "12", "timeout": 30}, "children": []},
        "_": {"module": "external", "data": {"number": "+4930123456", "trunk_id": 3}, "children": {}},
    },
}


def test_a_flow_names_what_it_uses() -> None:
    found = [(one.resource, one.id, one.path) for one in references(decode(MENU))]

    assert found == [
        ("menus", 7, "flow.data.id"),
        ("users", 12, "flow.children.1.data.id"),
        ("trunks", 3, "flow.children._.data.trunk_id"),
    ]


def test_a_flow_is_stored_in_one_form() -> None:
    stored = normalized(MENU)

    assert stored["id"] == "n1"
    assert stored["data"] == {"id": 7, "caption": "Hauptmenü"}
    assert stored["children"]["1"] == {"module": "user", "data": {"id": 12, "timeout": 30}, "children": {}}
    assert decode(stored) == decode(MENU)
    assert normalized(stored) == stored


@pytest.mark.parametrize(
    ("flow", "problems"),
    [
        (None, {"flow": ErrorCode.TYPE_EXPECTED}),
        ("menu", {"flow": ErrorCode.TYPE_EXPECTED}),
        ({}, {"flow.module": ErrorCode.REQUIRED}),
        ({"module": "teleport"}, {"flow.module": ErrorCode.VALUE_UNKNOWN}),
        ({"module": 5}, {"flow.module": ErrorCode.VALUE_UNKNOWN}),
        ({"module": ["user"]}, {"flow.module": ErrorCode.VALUE_UNKNOWN}),
        ({"module": "feature_code", "data": {"feature": "x"}}, {"flow.module": ErrorCode.VALUE_UNKNOWN}),
        ({"module": "user"}, {"flow.data.id": ErrorCode.REQUIRED}),
        ({"module": "user", "data": None}, {"flow.data.id": ErrorCode.REQUIRED}),
        ({"module": "user", "data": 5}, {"flow.data": ErrorCode.TYPE_EXPECTED}),
        ({"module": "user", "data": {"id": "Anna"}}, {"flow.data.id": ErrorCode.TYPE_MISMATCH}),
        ({"module": "user", "data": {"id": -1}}, {"flow.data.id": ErrorCode.OUT_OF_RANGE}),
        ({"module": "user", "data": {"id": 2**70}}, {"flow.data.id": ErrorCode.OUT_OF_RANGE}),
        ({"module": "external", "data": {}}, {"flow.data.number": ErrorCode.REQUIRED}),
        (
            {"module": "external", "data": {"number": "Anna"}},
            {"flow.data.number": ErrorCode.PHONE_NUMBER_INVALID},
        ),
        ({"module": "queue"}, {"flow.data.id": ErrorCode.REQUIRED}),
        ({"module": "conference"}, {"flow.data.id": ErrorCode.REQUIRED}),
        (
            {"module": "user", "data": {"id": 1, "timeout": 2**40}},
            {"flow.data.timeout": ErrorCode.NUMBER_ABOVE},
        ),
        ({"module": "hangup", "children": "x"}, {"flow.children": ErrorCode.TYPE_EXPECTED}),
        ({"module": "hangup", "children": {"ä": 1}}, {"flow.children.ä": ErrorCode.TYPE_EXPECTED}),
        (
            {"module": "user", "data": {"id": "x", "timeout": []}, "children": {"1": {"module": "menu"}}},
            {
                "flow.data.id": ErrorCode.TYPE_MISMATCH,
                "flow.data.timeout": ErrorCode.TYPE_MISMATCH,
                "flow.children.1.data.id": ErrorCode.REQUIRED,
            },
        ),
    ],
)
def test_what_is_wrong_is_named_by_its_path(flow: object, problems: dict[str, ErrorCode]) -> None:
    with pytest.raises(Invalid) as refused:
        decode(flow)

    assert {one.path: one.code for one in refused.value.problems} == problems


@pytest.mark.parametrize("module", [one for one in Module if one is not Module.FEATURE_CODE])
def test_every_module_can_be_configured(module: Module) -> None:
    node = decode({"module": module.value, "data": {"id": 1, "number": "100", "anything": {"else": [1]}}})

    assert node.module is module


def test_a_flow_has_a_limited_size() -> None:
    deep: dict[str, Any] = {"module": "hangup"}
    for _ in range(DEEPEST):
        deep = {"module": "hangup", "children": {"_": deep}}
    wide = {"module": "hangup", "children": {str(n): {"module": "hangup"} for n in range(MOST_NODES)}}

    for flow, code in ((deep, ErrorCode.FLOW_TOO_DEEP), (wide, ErrorCode.FLOW_TOO_LARGE)):
        with pytest.raises(Invalid) as refused:
            decode(flow)
        assert refused.value.code is code
    assert decode(deep["children"]["_"]).module is Module.HANGUP


@pytest.mark.parametrize("child", [True, {}, {"module": "hangup"}])
@pytest.mark.parametrize("key", ["{}", "{:0200}"])
def test_of_a_hundred_thousand_children_few_are_looked_at(key: str, child: object) -> None:
    with pytest.raises(Invalid) as refused:
        decode({"module": "hangup", "children": {key.format(n): child for n in range(100_000)}})
    assert len(refused.value.problems) <= MOST_NODES + 1


def test_a_stored_flow_is_used_as_far_as_it_is_right() -> None:
    broken = {"module": "teleport", "children": {"_": {"module": "user", "data": {"id": 5}}, "1": 7}}

    node = decode_stored({**MENU, "children": {"1": broken, "2": {"module": "user"}}})

    assert node.module is Module.MENU
    assert [one.path for one in references(node)] == ["flow.data.id", "flow.children.1.children._.data.id"]
    assert decode_stored(None).module is Module.HANGUP


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["module", "data", "children", "id", "1", "ü", ""]), inner, max_size=4
        )
        | st.fixed_dictionaries({"module": st.sampled_from([*Module]), "data": inner, "children": inner})
    ),
    max_leaves=20,
)


@given(_JSON)
def test_whatever_is_sent_is_a_flow_or_invalid(flow: object) -> None:
    with suppress(Invalid):
        assert decode_stored(flow) == decode(flow) == decode(normalized(flow))
