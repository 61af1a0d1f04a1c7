"""ddswait.simulator.metadata: the metadata service of an ECS."""

from ddswait.simulator import Simulator
from tests.simulator.calls import call

TOKEN = "/meta-data/latest/api/token"
KEY = "/openstack/latest/securitykey"
TTL = {"X-Metadata-Token-Ttl-Seconds": "21600"}


async def test_key_is_issued_for_a_token(dds: Simulator) -> None:
    """A token gives access to the key, which names its end; without a token there is no key."""
    reply = await call(dds, "PUT", TOKEN, headers=TTL)
    assert (reply.status, reply.body) == (200, dds.metadata_token)
    reply = await call(dds, "GET", KEY, headers={"X-Metadata-Token": reply.body})
    assert reply.body["credential"].keys() == {"access", "secret", "securitytoken", "expires_at"}
    assert reply.body["credential"]["expires_at"] == "2026-01-02T00:00:00.000000Z"
    assert (await call(dds, "GET", KEY, headers={})).status == 401


async def test_request_for_a_token_names_its_life(dds: Simulator) -> None:
    """A request for a token without a number of seconds is refused."""
    for headers in ({}, {"X-Metadata-Token-Ttl-Seconds": "long"}):
        assert (await call(dds, "PUT", TOKEN, headers=headers)).status == 400


async def test_older_service_has_no_tokens(dds: Simulator) -> None:
    """Without tokens every program on the ECS can read the key."""
    dds.metadata_token = ""
    assert (await call(dds, "PUT", TOKEN, headers=TTL)).status == 404
    assert (await call(dds, "GET", KEY, headers={})).status == 200


async def test_ecs_without_an_agency_has_no_key(dds: Simulator) -> None:
    """The key belongs to the agency of the ECS."""
    dds.has_agency = False
    headers = {"X-Metadata-Token": dds.metadata_token}
    assert (await call(dds, "GET", KEY, headers=headers)).status == 404
