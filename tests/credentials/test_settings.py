"""ddswait.credentials.settings: which of many origins sets region, endpoints, project and CA."""

import pytest

from ddswait import ConfigurationError
from ddswait.credentials.settings import ExplicitSettings, Settings
from ddswait.credentials.source import PasswordScope, Setting, SourceSettings

EXPLICIT = ExplicitSettings()
OWN = SourceSettings(
    region=Setting("eu-west-0", "the source"),
    iam_endpoint=Setting("https://iam.own/v3", "the source"),
    service_endpoint=Setting("https://dds.own", "the source"),
    project_id="own-id",
    project_name="own-name",
    ca_file="/own.pem",
)


def test_region() -> None:
    """The option comes first, then the source, then HW_REGION_NAME, then OS_REGION_NAME."""
    env = {"OS_REGION_NAME": "eu-de", "HW_REGION_NAME": "cn-north-4"}
    explicit = ExplicitSettings(region="cn-north-1")
    assert Settings(env, explicit, OWN).region() == ("cn-north-1", "--region")
    assert Settings(env, own=OWN).region() == ("eu-west-0", "the source")
    assert Settings(env).region() == ("cn-north-4", "HW_REGION_NAME")
    assert Settings({**env, "HW_REGION_NAME": ""}).region() == ("eu-de", "OS_REGION_NAME")
    assert not Settings({}).region()


def test_endpoints_of_a_region() -> None:
    """A region has usual endpoints; a variable of the SDK or HW_CLOUD changes them."""
    four, one = ExplicitSettings(region="cn-north-4"), ExplicitSettings(region="cn-north-1")
    override = {"HUAWEICLOUD_SDK_REGION_DDS_CN_NORTH_4": "https://dds.internal"}
    assert Settings(override, four).service_endpoint() == "https://dds.internal"
    usual = "https://dds.cn-north-1.myhuaweicloud.com"
    assert Settings(override, one).service_endpoint() == usual
    assert Settings(override, four).iam_endpoint() == "https://iam.cn-north-4.myhuaweicloud.com"
    otc = Settings({"HW_CLOUD": "otc.t-systems.com", "HW_REGION_NAME": "eu-de"})
    assert otc.service_endpoint() == "https://dds.eu-de.otc.t-systems.com"
    assert otc.iam_endpoint() == "https://iam.eu-de.otc.t-systems.com"
    assert (Settings({}).service_endpoint(), Settings({}).iam_endpoint()) == ("", "")


@pytest.mark.parametrize(
    ("explicit", "endpoint"),
    [
        (ExplicitSettings("https://dds.mine", cloud="a", region="eu-de"), "https://dds.mine"),
        (ExplicitSettings(cloud="a", region="eu-de"), "https://dds.own"),
        (ExplicitSettings(cloud="a"), "https://dds.own"),
        (ExplicitSettings(region="eu-de"), "https://dds.eu-de.myhuaweicloud.com"),
        (ExplicitSettings(), "https://dds.env"),
    ],
)
def test_dds_endpoint(explicit: ExplicitSettings, endpoint: str) -> None:
    """Explicit settings, also an explicit cloud or region, come before the environment."""
    env = {"DDSWAIT_ENDPOINT": "https://dds.env"}
    assert Settings(env, explicit, OWN).service_endpoint() == endpoint
    assert Settings({}, EXPLICIT, OWN).service_endpoint() == "https://dds.own"


def test_iam_endpoint() -> None:
    """The option comes first, then the source, then the SDK's variable, then the region."""
    env = {"HUAWEICLOUD_SDK_IAM_ENDPOINT": "https://iam.sdk", "HW_REGION_NAME": "eu-de"}
    explicit = ExplicitSettings(iam_endpoint="https://iam.mine/v3/")
    assert Settings(env, explicit, OWN).iam_endpoint() == "https://iam.mine"
    assert Settings(env, own=OWN).iam_endpoint() == "https://iam.own"
    assert Settings(env).iam_endpoint() == "https://iam.sdk"


@pytest.mark.parametrize(
    ("env", "explicit", "message"),
    [
        ({"HW_REGION_NAME": "CN"}, EXPLICIT, "HW_REGION_NAME: invalid region 'CN'"),
        ({"OS_REGION_NAME": "CN"}, EXPLICIT, "OS_REGION_NAME: invalid region 'CN'"),
        ({}, ExplicitSettings(region="CN"), "--region: invalid region 'CN'"),
        ({"DDSWAIT_ENDPOINT": "dds"}, EXPLICIT, "DDSWAIT_ENDPOINT: 'dds' .* https://dds"),
        ({}, ExplicitSettings("dds"), "--endpoint: 'dds' .* https://dds"),
        ({}, ExplicitSettings("http://dds.test"), "--endpoint: .* not https"),
    ],
)
def test_invalid_region_or_endpoint_is_an_error(
    env: dict[str, str], explicit: ExplicitSettings, message: str
) -> None:
    """The message names the origin of the setting, and shows an example."""
    with pytest.raises(ConfigurationError, match=message):
        Settings(env, explicit).service_endpoint()


@pytest.mark.parametrize(
    ("env", "explicit", "message"),
    [
        ({}, ExplicitSettings(iam_endpoint="iam"), "--iam-endpoint: 'iam' .* https://iam"),
        (
            {"HUAWEICLOUD_SDK_IAM_ENDPOINT": "http://iam.test"},
            EXPLICIT,
            "HUAWEICLOUD_SDK_IAM_ENDPOINT: .* not https",
        ),
    ],
)
def test_invalid_iam_endpoint_is_an_error(
    env: dict[str, str], explicit: ExplicitSettings, message: str
) -> None:
    """The message names the origin of the setting, and shows an example."""
    with pytest.raises(ConfigurationError, match=message):
        Settings(env, explicit).iam_endpoint()


@pytest.mark.parametrize("given", ["https://[bad", "https://", "x", "https://x:99999"])
def test_invalid_iam_endpoint_is_an_error_even_if_iam_is_not_used(given: str) -> None:
    """Before it is compared with the cloud of DDS, which would quote half of it or fail."""
    explicit = ExplicitSettings(region="cn-north-4", iam_endpoint=given)
    with pytest.raises(ConfigurationError, match=r"^--iam-endpoint: ") as caught:
        Settings({}, explicit).check_cloud("")
    assert repr(given) in str(caught.value)


def test_http_is_accepted_for_an_iam_that_is_not_used() -> None:
    """Nothing is sent there."""
    explicit = ExplicitSettings("https://dds.mine", iam_endpoint="http://iam.mine")
    Settings({}, explicit).check_cloud("")


def test_http_is_accepted_when_it_is_allowed() -> None:
    """insecure_http allows http on other machines, for DDS and for IAM."""
    explicit = ExplicitSettings("http://dds.test", iam_endpoint="http://iam", insecure_http=True)
    settings = Settings({}, explicit)
    assert (settings.service_endpoint(), settings.iam_endpoint()) == (
        "http://dds.test",
        "http://iam",
    )


def test_project() -> None:
    """An ID is explicit or of the source; variables of any source come last, in order."""
    env = {"OS_PROJECT_ID": "os", "HW_PROJECT_ID": "hw"}
    explicit = ExplicitSettings(project_id="p")
    assert Settings(env, explicit, OWN).project_id() == "p"
    assert Settings(env, own=OWN).project_id() == "own-id"
    assert Settings(env).project_id() == ""
    assert Settings(env).project_id_of_environment() == "hw"
    assert Settings({"HUAWEICLOUD_SDK_PROJECT_ID": "sdk", **env}).project_id_of_environment() == (
        "sdk"
    )
    assert Settings({}).project_id_of_environment() == ""


def test_project_name() -> None:
    """A name is that of the source, HW_PROJECT_NAME, OS_PROJECT_NAME, or the region's."""
    env = {"OS_PROJECT_NAME": "os", "HW_PROJECT_NAME": "hw", "HW_REGION_NAME": "eu-de"}
    assert Settings(env, own=OWN).project_name() == "own-name"
    assert Settings(env).project_name() == "hw"
    assert Settings({**env, "HW_PROJECT_NAME": ""}).project_name() == "os"
    assert Settings({"HW_REGION_NAME": "eu-de"}).project_name() == "eu-de"


def test_password_is_valid_in_its_own_project() -> None:
    """The scope of a password never has the project of another source."""
    env = {"HW_PROJECT_NAME": "other", "HW_PROJECT_ID": "other", "HW_REGION_NAME": "eu-de"}
    scope = Settings(env, own=OWN).password_scope()
    assert scope == PasswordScope("https://iam.own", "own-name", "own-id")
    iam = "https://iam.eu-de.myhuaweicloud.com"
    assert Settings(env).password_scope() == PasswordScope(iam, "eu-de", "")


def test_ca_file() -> None:
    """The option comes first, then an explicit cloud, then OS_CACERT, then the source."""
    env = {"OS_CACERT": "/os.pem"}
    assert Settings(env, ExplicitSettings(ca_file="/mine.pem"), OWN).ca_file() == "/mine.pem"
    assert Settings(env, ExplicitSettings(cloud="a"), OWN).ca_file() == "/own.pem"
    assert Settings(env, own=OWN).ca_file() == "/os.pem"
    assert Settings({}, own=OWN).ca_file() == "/own.pem"
    assert Settings({}).ca_file() == ""


@pytest.mark.parametrize(
    ("service", "endpoint"),
    [
        ("rds", "https://rds.cn-east-5.myhuaweicloud.com"),
        ("taurusdb", "https://gaussdb-mysql.cn-east-5.myhuaweicloud.com"),
        ("gaussdb", "https://gaussdb.cn-east-5.myhuaweicloud.com"),
        ("geminidb", "https://nosql.internal"),
    ],
)
def test_endpoint_is_that_of_the_service(service: str, endpoint: str) -> None:
    """The region and the variables of the SDK lead to the host of the service that is asked."""
    env = {"HUAWEICLOUD_SDK_REGION_GAUSSDBFORNOSQL_CN_EAST_5": "https://nosql.internal"}
    settings = Settings(env, ExplicitSettings(region="cn-east-5", service=service))
    assert settings.service_endpoint() == endpoint


def test_region_that_only_one_service_has_is_known_to_it() -> None:
    """There is no doubt about a region in which the service has a host of its own."""
    region = "cn-north-11"
    assert not Settings({}, ExplicitSettings(region=region, service="taurusdb")).doubts()
    assert Settings({}, ExplicitSettings(region=region, service="rds")).doubts()


def test_message_about_two_clouds_names_the_service() -> None:
    """IAM of one cloud and RDS of another are refused, as with DDS."""
    explicit = ExplicitSettings(
        "https://rds.eu-de.otc.t-systems.com",
        iam_endpoint="https://iam.cn-north-4.myhuaweicloud.com",
        service="rds",
    )
    with pytest.raises(ConfigurationError, match=r"and RDS at rds\.eu-de"):
        Settings({}, explicit).check_cloud("https://iam.cn-north-4.myhuaweicloud.com")


def test_endpoint_of_another_service_is_doubted() -> None:
    """A variable that was set for DDS does not serve for RDS, and the warning says what to do."""
    env = {"DDSWAIT_ENDPOINT": "https://dds.cn-north-4.myhuaweicloud.com"}
    (warning,) = Settings(env, ExplicitSettings(service="rds")).doubts()
    assert warning == (
        "DDSWAIT_ENDPOINT: 'https://dds.cn-north-4.myhuaweicloud.com' is the endpoint of dds, and "
        "the jobs are of rds: leave it out, so that the region sets it"
    )


@pytest.mark.parametrize(
    ("service", "endpoint"),
    [
        ("dds", "https://dds.cn-north-4.myhuaweicloud.com"),
        ("taurusdb", "https://gaussdb.cn-north-4.myhuaweicloud.com"),
        ("taurusdb", "https://gaussdb-mysql.cn-east-5.myhuaweicloud.com"),
        ("gaussdb", "https://gaussdb.cn-east-5.myhuaweicloud.com"),
        ("rds", "https://dds.example"),
        ("rds", "https://gateway.cn-north-4.myhuaweicloud.com"),
        ("rds", "http://127.0.0.1:1"),
    ],
)
def test_endpoint_that_may_serve_is_not_doubted(service: str, endpoint: str) -> None:
    """Each host that the service has in a region, and every host that no service has."""
    assert Settings({}, ExplicitSettings(endpoint, service=service)).doubts() == []
