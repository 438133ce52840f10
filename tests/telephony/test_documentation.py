"""The page of the Telephony API: its tables are what the code has."""

from __future__ import annotations

from pathlib import Path

import pytest

from switchroom.telephony.documentation import main
from switchroom.telephony.routing.actions import Answer, Finished, Log
from switchroom.telephony.routing.call import Call
from switchroom.telephony.routing.destinations import Feature
from switchroom.telephony.routing.modules.features import THERE, feature_node
from tests.telephony.routing.account import ANNA, CALLER, CallInFlow

PAGE = Path(__file__).parents[2] / "docs" / "telephony.md"


def test_the_page_is_as_the_code(tmp_path: Path) -> None:
    main(PAGE, check=True)


def test_an_old_page_is_found_and_mended(tmp_path: Path) -> None:
    old = tmp_path / "telephony.md"
    old.write_text(PAGE.read_text().replace("| `xsmall` | 2 |", "| `xsmall` | 3 |"))
    with pytest.raises(SystemExit):
        main(old, check=True)
    main(old, check=False)
    assert old.read_text() == PAGE.read_text()


@pytest.mark.parametrize("feature", Feature)
def test_what_is_said_not_to_be_there_is_not(feature: Feature) -> None:
    dialled = Call(caller=CALLER, user_id=ANNA, device_id=10, digits="100")
    call = CallInFlow(feature_node(feature), call=dialled)
    action = call.begins()
    if isinstance(action, Answer):
        action = call.then(Finished())
    is_announced = isinstance(action, Log) and "not available yet" in action.message
    assert is_announced == (feature not in THERE)
