"""Sound and pictures through the real media server, between real browsers."""

from __future__ import annotations

import pytest

from tests.conference.browser import Browsers
from tests.conference.room import House

pytestmark = [pytest.mark.janus, pytest.mark.browser]

ALL_ON = {"microphone": True, "camera": True, "screen": False}


async def test_two_people_see_and_hear_each_other(media_house: House, browsers: Browsers) -> None:
    ada = await media_house.join(media_house.admit("Ada"), media=ALL_ON)
    ben = await media_house.join(media_house.admit("Ben"), media=ALL_ON)
    ada_page, ben_page = await browsers.peer(ada), await browsers.peer(ben)
    await ada_page.wants((ben.id, "camera", "high"))
    await ben_page.wants((ada.id, "camera", "high"))
    directions = await ada_page.publish("microphone", "camera", "screen", "screen-audio")
    assert directions == ["sendonly"] * 4
    await ben_page.publish("microphone", "camera", "screen", "screen-audio")
    await ada_page.sees_frames(ben.id)
    await ben_page.sees_frames(ada.id)
    await ada_page.hears_sound(ben.id)
    await ben_page.hears_sound(ada.id)
