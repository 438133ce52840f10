from tests.platform import Tenant


def test_a_room_is_created_and_listed(tenant: Tenant):
    room_id = tenant.room("Lounge")

    rooms = tenant.api("roomService/list")["rooms"]

    print(rooms)
    assert rooms[room_id]["displayName"] == "Lounge"
