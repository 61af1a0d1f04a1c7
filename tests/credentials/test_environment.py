"""ddswait.credentials.environment: families of variables, each complete or an error."""

import pytest

from ddswait import AccessKey, ConfigurationError, Password, Token
from ddswait.credentials import environment
from ddswait.credentials.settings import ExplicitSettings
from ddswait.credentials.source import Source

SDK = {"HUAWEICLOUD_SDK_AK": "SDKAK", "HUAWEICLOUD_SDK_SK": "s3cret-sdk"}
HW = {"HW_ACCESS_KEY": "HWAK", "HW_SECRET_KEY": "s3cret-hw"}
OS = {"OS_ACCESS_KEY": "OSAK", "OS_SECRET_KEY": "s3cret-os"}
HW_USER = {"HW_USER_NAME": "u", "HW_USER_PASSWORD": "s3cret", "HW_DOMAIN_NAME": "d"}
OS_USER = {"OS_USERNAME": "u", "OS_PASSWORD": "s3cret", "OS_USER_DOMAIN_NAME": "d"}


def read(env: dict[str, str]) -> Source:
    source = environment.read_source(env, ExplicitSettings())
    assert source is not None
    return source


@pytest.mark.parametrize(
    ("env", "name", "auth"),
    [
        (
            {**OS, **HW, **SDK},
            "HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK",
            AccessKey("SDKAK", "s3cret-sdk"),
        ),
        ({**OS, **HW}, "HW_ACCESS_KEY and HW_SECRET_KEY", AccessKey("HWAK", "s3cret-hw")),
        ({**OS, "HW_AUTH_TOKEN": "s3cret"}, "HW_AUTH_TOKEN", Token("s3cret")),
        (
            {**OS, "OS_AUTH_TOKEN": "s3cret"},
            "OS_ACCESS_KEY and OS_SECRET_KEY",
            AccessKey("OSAK", "s3cret-os"),
        ),
        ({"OS_TOKEN": "s3cret", **OS_USER}, "OS_TOKEN", Token("s3cret")),
        (
            {**HW, "HW_SECURITY_TOKEN": "s3cret", "HW_PROJECT_ID": "p"},
            "HW_ACCESS_KEY and HW_SECRET_KEY",
            AccessKey("HWAK", "s3cret-hw", "s3cret", "p"),
        ),
    ],
)
def test_first_complete_family_is_used(env: dict[str, str], name: str, auth: object) -> None:
    """SDK variables come first, then HW_, then OS_; in a family, a key comes before a token."""
    source = read(env)
    assert (source.name, source.auth) == (name, auth)
    assert "s3cret" not in repr(source)


def test_environment_without_credentials_is_not_a_source() -> None:
    """Settings alone, or a domain name alone, are not credentials."""
    env = {"HW_REGION_NAME": "eu-de", "HW_PROJECT_ID": "p", "HW_DOMAIN_NAME": "d"}
    assert environment.read_source(env, ExplicitSettings()) is None


@pytest.mark.parametrize(
    ("env", "message"),
    [
        ({"HW_ACCESS_KEY": "AK", **SDK, "HUAWEICLOUD_SDK_SK": ""}, "HUAWEICLOUD_SDK_SK"),
        ({"HW_ACCESS_KEY": "AK", **OS}, "HW_ACCESS_KEY is set without HW_SECRET_KEY"),
        ({"HW_SECRET_KEY": "s3cret"}, "HW_SECRET_KEY is set without HW_ACCESS_KEY"),
        ({**HW, "HW_SECRET_KEY": "s3cret\n"}, "HW_ACCESS_KEY and HW_SECRET_KEY: the secret key"),
        ({"HW_AUTH_TOKEN": "s3 cret"}, "HW_AUTH_TOKEN: the token"),
    ],
)
def test_incomplete_or_invalid_variables_are_an_error(env: dict[str, str], message: str) -> None:
    """The message names the variables, even if another family is complete."""
    with pytest.raises(ConfigurationError, match=message) as caught:
        environment.read_source(env, ExplicitSettings())
    assert "s3" not in str(caught.value)


def test_password() -> None:
    """User, password and domain are one source; IAM is that of the region or of AUTH_URL."""
    iam = "https://iam.cn-north-4.myhuaweicloud.com"
    source = read({**HW_USER, "HW_REGION_NAME": "cn-north-4"})
    assert source.auth == Password("u", "s3cret", "d", iam, "cn-north-4")
    assert source.name == "HW_USER_NAME, HW_USER_PASSWORD, HW_DOMAIN_NAME"
    assert "s3cret" not in repr(source)
    iam = "https://iam.eu-de.otc.t-systems.com"
    otc = {**OS_USER, "OS_AUTH_URL": f"{iam}/v3", "OS_PROJECT_ID": "p"}
    assert read(otc).auth == Password("u", "s3cret", "d", iam, "", "p")


@pytest.mark.parametrize("missing", ["HW_USER_NAME", "HW_USER_PASSWORD", "HW_DOMAIN_NAME"])
def test_incomplete_password_is_an_error(missing: str) -> None:
    """The message names the missing variable."""
    env = {**HW_USER, "HW_REGION_NAME": "cn-north-4", missing: ""}
    with pytest.raises(ConfigurationError, match=f"set {missing} as well"):
        environment.read_source(env, ExplicitSettings())


def test_password_without_iam_is_an_error() -> None:
    """The message names the variable of the same family that sets the endpoint of IAM."""
    with pytest.raises(ConfigurationError, match="HW_AUTH_URL"):
        environment.read_source(HW_USER, ExplicitSettings())
    with pytest.raises(ConfigurationError, match="OS_AUTH_URL"):
        environment.read_source(OS_USER, ExplicitSettings())


def test_settings_of_the_family_come_with_its_credentials() -> None:
    """Region, IAM and project are those of the family whose credentials are used."""
    env = {
        **OS,
        "OS_REGION_NAME": "eu-de",
        "OS_AUTH_URL": "https://iam.os",
        "OS_PROJECT_ID": "p",
        "OS_PROJECT_NAME": "name",
        "HW_REGION_NAME": "cn-north-4",
        "HW_PROJECT_ID": "other",
    }
    settings = read(env).settings
    assert settings.region == ("eu-de", "OS_REGION_NAME")
    assert settings.iam_endpoint == ("https://iam.os", "OS_AUTH_URL")
    assert (settings.project_id, settings.project_name) == ("p", "name")


DOMAINS = {
    "OS_DEFAULT_DOMAIN_ID": "default",
    "OS_DOMAIN_NAME": "account",
    "OS_USER_DOMAIN_ID": "7",
}


@pytest.mark.parametrize(
    ("names", "domain", "domain_id"),
    [
        (["OS_DEFAULT_DOMAIN_ID"], "", "default"),
        (["OS_DEFAULT_DOMAIN_ID", "OS_DOMAIN_NAME"], "account", ""),
        (list(DOMAINS), "", "7"),
    ],
)
def test_domain_by_any_of_its_names(names: list[str], domain: str, domain_id: str) -> None:
    """The domain of the user comes before the domain of everything, and that before the default."""
    env = {"OS_USERNAME": "u", "OS_PASSWORD": "s3cret", "OS_PROJECT_ID": "p"}
    env |= {"OS_AUTH_URL": "https://iam.test", **{name: DOMAINS[name] for name in names}}
    source = read(env)
    assert isinstance(source.auth, Password)
    assert (source.auth.domain, source.auth.domain_id) == (domain, domain_id)
    assert source.name == f"OS_USERNAME, OS_PASSWORD, {names[-1]}"
    hw = {**HW_USER, "HW_DOMAIN_NAME": "", "HW_DOMAIN_ID": "7", "HW_REGION_NAME": "eu-de"}
    assert getattr(read(hw).auth, "domain_id", "") == "7"


def test_project_by_its_older_names() -> None:
    """A tenant is a project; its domain is that of the user unless it is set."""
    env = {**OS_USER, "OS_AUTH_URL": "https://iam.test", "OS_TENANT_NAME": "mine"}
    assert read(env).auth == Password("u", "s3cret", "d", "https://iam.test", "mine")
    by_id = read({**env, "OS_TENANT_ID": "p"})
    assert (by_id.settings.project_id, getattr(by_id.auth, "project_id", "")) == ("p", "p")
    other = read({**env, "OS_PROJECT_DOMAIN_NAME": "x", "OS_PROJECT_NAME": "new"}).auth
    assert isinstance(other, Password)
    assert (other.region, other.project_domain) == ("new", "x")


def test_application_credentials_are_refused() -> None:
    """IAM does not accept them: the message names the variable and says what to set instead."""
    env = {"OS_APPLICATION_CREDENTIAL_ID": "i", "OS_APPLICATION_CREDENTIAL_SECRET": "s3cret"}
    with pytest.raises(ConfigurationError, match="OS_APPLICATION_CREDENTIAL_ID: IAM") as caught:
        read(env)
    assert "s3cret" not in str(caught.value)
    assert read({**env, **HW}).auth == AccessKey("HWAK", "s3cret-hw")
