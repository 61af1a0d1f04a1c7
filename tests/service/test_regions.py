"""ddswait.service.regions: which regions are known, and which of them a wrong name may mean."""

import pytest

from ddswait.service.endpoints import endpoint_of
from ddswait.service.regions import REGIONS, doubt, other_service, region_of, suggestion


@pytest.mark.parametrize(
    ("region", "asked"),
    [
        ("cn-nroth-9", "did you mean cn-north-9?"),
        ("cnnorth4", "did you mean cn-north-4?"),
        ("ap-southeast1", "did you mean ap-southeast-1?"),
        ("us-east-1", "did you mean me-east-1?"),
        ("cn-north-5", "did you mean cn-north-9, cn-north-4 or cn-north-2?"),
        ("mars-1", ""),
        ("cn-north-9", ""),
    ],
)
def test_wrong_region_is_asked_about_with_the_nearest_known_names(region: str, asked: str) -> None:
    """With the same letters there is one answer, else up to three; a known region has none."""
    assert suggestion(region) == asked


@pytest.mark.parametrize("region", REGIONS)
def test_region_is_read_from_the_host_of_its_own_endpoint(region: str) -> None:
    """The host of a service in a region of Huawei Cloud names the region, which is not doubted."""
    assert region_of(endpoint_of("dds", region)) == region
    assert doubt(region, "--region") == ""


@pytest.mark.parametrize(
    ("endpoint", "region"),
    [
        ("https://iam.eu-de.otc.t-systems.com/v3", "eu-de"),
        ("https://dds.eu-ch2.sc.otc.t-systems.com", "eu-ch2"),
        ("https://dds.example.com", ""),
        ("https://gateway.internal:8443", ""),
        ("http://127.0.0.1:1", ""),
    ],
)
def test_host_outside_the_known_clouds_names_no_region(endpoint: str, region: str) -> None:
    """A gateway of the user may be called as it likes."""
    assert region_of(endpoint) == region


@pytest.mark.parametrize(
    ("endpoint", "service", "other"),
    [
        ("https://dds.cn-north-4.myhuaweicloud.com", "rds", "dds"),
        ("https://gaussdb-nosql.cn-north-4.myhuaweicloud.com", "dds", "geminidb"),
        ("https://gaussdb.cn-north-4.myhuaweicloud.com", "dds", "taurusdb"),
        ("https://gaussdb-mysql.cn-east-5.myhuaweicloud.com", "dds", "taurusdb"),
        ("https://gaussdb.cn-north-4.myhuaweicloud.com", "taurusdb", ""),
        ("https://gaussdb-mysql.cn-east-5.myhuaweicloud.com", "taurusdb", ""),
        ("https://gaussdb.cn-east-5.myhuaweicloud.com", "gaussdb", ""),
        ("https://gaussdb-opengauss.cn-east-5.myhuaweicloud.com", "gaussdb", ""),
        ("https://gateway.cn-north-4.myhuaweicloud.com", "rds", ""),
        ("https://dds.example", "rds", ""),
        ("http://127.0.0.1:1", "rds", ""),
    ],
)
def test_host_names_another_service(endpoint: str, service: str, other: str) -> None:
    """Only a host that the service itself has in no region is that of another one."""
    assert other_service(endpoint, service) == other


def test_unknown_region_is_doubted_by_name_and_origin() -> None:
    """The sentence quotes the region, says where it comes from, and what to do."""
    assert doubt("cn-nroth-9", "HW_REGION_NAME") == (
        "HW_REGION_NAME: ddswait does not know the region 'cn-nroth-9': did you mean cn-north-9?"
    )
    assert doubt("mars-1", "--region") == (
        "--region: ddswait does not know the region 'mars-1': check its name in the console"
    )
