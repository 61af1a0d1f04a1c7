"""ddswait.endpoints: regions to hosts."""

import pytest

from ddswait.endpoints import endpoint_of
from ddswait.errors import ConfigurationError


@pytest.mark.parametrize(
    ("region", "cloud", "endpoint"),
    [
        ("ap-southeast-1", "", "https://dds.ap-southeast-1.myhuaweicloud.com"),
        ("eu-west-101", "", "https://dds.eu-west-101.myhuaweicloud.eu"),
        ("eu-west-0", "", "https://dds.eu-west-0.myhuaweicloud.com"),
        ("eu-de", "otc.t-systems.com", "https://dds.eu-de.otc.t-systems.com"),
    ],
)
def test_endpoints(region: str, cloud: str, endpoint: str) -> None:
    """A region's endpoint ends in .com, .eu in Europe's own cloud, or in the cloud's domain."""
    assert endpoint_of("dds", region, cloud) == endpoint


@pytest.mark.parametrize(
    ("region", "cloud"), [("", ""), ("evil.example/", ""), ("CN", ""), ("cn-north-4", "evil/")]
)
def test_names_that_cannot_be_one(region: str, cloud: str) -> None:
    """A region or cloud that would change the host is refused by name."""
    with pytest.raises(ConfigurationError, match=r"is none|is no domain"):
        endpoint_of("dds", region, cloud)
