"""Simulcast: who shows somebody small is sent a small picture."""

from __future__ import annotations

import pytest

from tests.browser.people import BOTH, PHONE, Join
from tests.platform import Tenant

pytestmark = [pytest.mark.browser, pytest.mark.janus]

LOW = 320
"""The width of the lowest layer of a camera of 1280 x 720."""


def test_a_large_tile_gets_a_larger_picture_than_a_small_one(tenant: Tenant, join: Join) -> None:
    room = tenant.room()
    join(room, "Anna", on=BOTH)
    wide, narrow = join(room, "Walter", screen=(1600, 1000)), join(room, "Nina", screen=PHONE)
    narrow.sees("Anna")
    wide.sees("Anna")
    # A phone's pixels are counted as CSS pixels here: its tile is under 200 of them high.
    narrow.until(lambda: narrow.frame_width("Anna"), lambda width: width == LOW, "the lowest layer")
    wide.until(lambda: wide.frame_width("Anna"), lambda width: width >= 2 * LOW, "a higher layer")
    assert narrow.frame_width("Anna") == LOW


def test_a_tile_that_grows_gets_a_larger_picture(tenant: Tenant, join: Join) -> None:
    room = tenant.room()
    join(room, "Anna", on=BOTH)
    ben = join(room, "Ben", screen=(640, 340))
    ben.until(lambda: ben.frame_width("Anna"), lambda width: width == LOW, "the lowest layer")
    ben.page.set_viewport_size({"width": 1600, "height": 1000})
    ben.until(lambda: ben.frame_width("Anna"), lambda width: width >= 2 * LOW, "a higher layer")


def test_a_layer_that_nobody_looks_at_is_not_sent(tenant: Tenant, join: Join) -> None:
    room = tenant.room()
    anna = join(room, "Anna", on=BOTH)
    anna.until(anna.sent_layers, lambda rids: rids == {"m", "l"}, "all but the largest layer")
    nina = join(room, "Nina", screen=PHONE)
    nina.sees("Anna")
    anna.until(anna.sent_layers, lambda rids: rids == {"l"}, "nothing but the smallest layer")
    walter = join(room, "Walter", screen=(2400, 1500))
    anna.until(anna.sent_layers, lambda rids: rids == {"h", "m", "l"}, "all layers")
    walter.until(lambda: walter.frame_width("Anna"), lambda width: width == 4 * LOW, "the largest layer")
    walter.leaves()
    anna.until(anna.sent_layers, lambda rids: rids == {"l"}, "nothing but the smallest layer")
    nina.sees("Anna")


def test_a_tile_out_of_view_gets_no_picture(tenant: Tenant, join: Join) -> None:
    room = tenant.room()
    join(room, "Anna", on=BOTH)
    join(room, "Ben", on=("camera",))
    cem = join(room, "Cem", screen=(640, 400))
    cem.sees("Anna")
    cem.sees("Ben")
    # The way Anna's tile goes when somebody scrolls.
    cem.page.add_style_tag(content='[data-testid="tile"][data-name="Anna"] { position: fixed; left: -999px }')
    cem.until(cem.wanted, lambda wanted: wanted == {cem.id_of("Ben")}, "a wish without Anna's picture")
    cem.gets_nothing("Anna", "camera", while_seeing="Ben")
