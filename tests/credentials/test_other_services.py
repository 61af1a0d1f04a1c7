"""ddswait.credentials.other_services: the endpoints of services beside the one that is set."""

import pytest

from ddswait import ConfigurationError, Token
from ddswait.credentials.other_services import other_endpoint
from ddswait.credentials.settings import ExplicitSettings
from ddswait.credentials.source import Setting, Source, SourceSettings

REGION = {"HW_REGION_NAME": "cn-north-4"}
USUAL = "https://rds.cn-north-4.myhuaweicloud.com"
OVERRIDE = "HUAWEICLOUD_SDK_REGION_RDS_CN_NORTH_4"


def endpoint(
    env: dict[str, str],
    explicit: ExplicitSettings = ExplicitSettings(),  # noqa: B008 - frozen
    own: SourceSettings = SourceSettings(),  # noqa: B008 - frozen
    service: str = "rds",
) -> str:
    return other_endpoint(env, explicit, Source("the caller", Token("t"), own), service)


def test_region_sets_the_endpoint_of_every_service() -> None:
    """Each has its own host, and an exception in some regions."""
    assert endpoint(REGION) == USUAL
    gaussdb = endpoint(REGION, service="taurusdb")
    assert gaussdb == "https://gaussdb.cn-north-4.myhuaweicloud.com"


def test_variable_of_the_sdk_sets_it() -> None:
    """As for the service that is asked first; a slash and a version are cut."""
    assert endpoint({**REGION, OVERRIDE: "https://rds.internal/v3/"}) == "https://rds.internal"


def test_clouds_yaml_sets_it() -> None:
    """Its setting comes before the region."""
    own = SourceSettings(other_endpoints={"rds": Setting("https://rds.own", "clouds.yaml")})
    assert endpoint(REGION, own=own) == "https://rds.own"


@pytest.mark.parametrize(
    "explicit",
    [
        ExplicitSettings("https://dds.cn-north-4.myhuaweicloud.com"),
        ExplicitSettings("https://dds.cn-north-1.myhuaweicloud.com"),
    ],
)
def test_endpoint_of_the_same_cloud_is_left_alone(explicit: ExplicitSettings) -> None:
    """An endpoint that is set is that of one service; the region sets the others."""
    assert endpoint(REGION, explicit) == USUAL


@pytest.mark.parametrize(
    "first", ["http://127.0.0.1:9", "https://dds.eu-de.otc.t-systems.com", "https://dds.mine.test"]
)
def test_credentials_of_an_endpoint_do_not_go_to_another_cloud(first: str) -> None:
    """Unless both endpoints are set; the message says how."""
    env = {**REGION, "DDSWAIT_ENDPOINT": first}
    with pytest.raises(ConfigurationError) as caught:
        endpoint(env)
    message = str(caught.value)
    assert message.startswith("DDSWAIT_ENDPOINT sets the endpoint of dds only, and https://rds.")
    assert f"set {OVERRIDE} to the endpoint of rds" in message
    assert message.endswith("; if DDSWAIT_ENDPOINT is meant for rds, use --service rds")
    assert endpoint({**env, OVERRIDE: "http://127.0.0.1:9/rds"}) == "http://127.0.0.1:9/rds"


def test_endpoint_without_a_region_says_nothing_about_other_services() -> None:
    """The message names the option, and both ways out."""
    with pytest.raises(ConfigurationError) as caught:
        endpoint({}, ExplicitSettings("https://dds.test"))
    assert str(caught.value) == (
        "no endpoint of rds is set, and --endpoint sets that of dds only: set HW_REGION_NAME, from "
        "which the endpoint of rds follows; if --endpoint is meant for rds, use --service rds"
    )


def test_endpoint_of_another_service_must_be_safe() -> None:
    """It is checked as every endpoint; the message names the variable."""
    with pytest.raises(ConfigurationError, match=f"{OVERRIDE}: 'http://rds.test' is not https"):
        endpoint({**REGION, OVERRIDE: "http://rds.test"})
