"""ddswait.service.endpoints: credentials of one cloud are not sent to another."""

import pytest

from ddswait.errors import ConfigurationError
from ddswait.service.endpoints import check_same_cloud

HUAWEI, EUROPE = "cn-north-4.myhuaweicloud.com", "eu-west-101.myhuaweicloud.eu"
DIFFERENT = [
    (HUAWEI, EUROPE),
    ("eu-de.otc.t-systems.com", "eu-ch2.sc.otc.t-systems.com"),
]
UNKNOWN = [
    ("a.example", "b.example"),
    ("x.a.example", "x.b.example"),
    (HUAWEI, "gateway.example"),
]


def check(iam: str, dds: str, *, by_region: bool) -> None:
    check_same_cloud(f"https://iam.{iam}", f"https://dds.{dds}:8443/base", by_region=by_region)


@pytest.mark.parametrize("by_region", [True, False])
@pytest.mark.parametrize(("iam", "dds"), DIFFERENT)
def test_known_clouds_that_differ_are_refused(iam: str, dds: str, by_region: bool) -> None:
    """The message names both hosts and says what to set, whoever chose the endpoints."""
    with pytest.raises(ConfigurationError) as caught:
        check(iam, dds, by_region=by_region)
    assert str(caught.value) == (
        f"IAM is at iam.{iam} and DDS at dds.{dds}, which are different clouds, so the "
        "credentials of one would be sent to the other: set HW_CLOUD to the domain of your "
        "cloud, such as otc.t-systems.com, or set both endpoints"
    )


@pytest.mark.parametrize(("iam", "dds"), UNKNOWN)
def test_other_domains_may_differ_when_the_user_set_both(iam: str, dds: str) -> None:
    """A gateway of the user is known by no domain; an endpoint of a region does not go with it."""
    check_same_cloud(f"https://iam.{iam}", f"https://dds.{dds}")
    with pytest.raises(ConfigurationError, match="which are different clouds"):
        check(iam, dds, by_region=True)


@pytest.mark.parametrize(
    ("iam", "dds"),
    [
        (HUAWEI, HUAWEI),
        (HUAWEI, "af-south-1.myhuaweicloud.com"),
        ("eu-de.otc.t-systems.com", "eu-nl.otc.t-systems.com"),
        ("example", "example"),
        ("a.example", "a.example"),
        ("eu.a.example", "us.a.example"),
        ("x.eu.a.example", "us.a.example"),
    ],
)
def test_regions_and_services_of_one_cloud_go_together(iam: str, dds: str) -> None:
    """Neither the service nor the region in a host makes it another cloud."""
    check(iam, dds, by_region=True)


@pytest.mark.parametrize("other", ["10.0.0.2", "11.0.0.1", "[2001:db8::1]", "iam"])
def test_host_without_a_domain_is_its_own_cloud(other: str) -> None:
    """Two addresses, or names of one label, are one cloud only when they are the same."""
    check_same_cloud(f"https://{other}", f"https://{other}:8443", by_region=True)
    check_same_cloud(f"https://{other}", "https://10.0.0.1")
    with pytest.raises(ConfigurationError, match="DDS at 10\\.0\\.0\\.1, which"):
        check_same_cloud(f"https://{other}", "https://10.0.0.1", by_region=True)


@pytest.mark.parametrize("local", ["http://127.0.0.1:80", "http://[::1]", "http://localhost:1"])
def test_this_machine_goes_with_every_cloud(local: str) -> None:
    """What is sent to this machine leaves it to no other cloud."""
    check_same_cloud(local, f"https://dds.{EUROPE}", by_region=True)
    check_same_cloud(f"https://iam.{EUROPE}", local, by_region=True)
