"""ddswait.credentials.chain: the order of the sources, and the configuration made of them."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from ddswait import AccessKey, ConfigurationError, EcsMetadata, Lease, Password, Token, Waiter
from ddswait.credentials.chain import first_source, resolve
from ddswait.credentials.project import ProjectByName
from ddswait.credentials.settings import ExplicitSettings
from ddswait.simulator import Simulator

SDK = {"HUAWEICLOUD_SDK_AK": "SDKAK", "HUAWEICLOUD_SDK_SK": "s3cret-sdk"}
HW = {"HW_ACCESS_KEY": "HWAK", "HW_SECRET_KEY": "s3cret-hw"}
NO_ECS = {"DDSWAIT_METADATA": "off"}
USER = {"OS_USERNAME": "u", "OS_PASSWORD": "s3cret", "OS_USER_DOMAIN_NAME": "d"}
DDS = {"DDSWAIT_ENDPOINT": "https://dds.test"}
OS = {"OS_ACCESS_KEY": "OSAK", "OS_SECRET_KEY": "s3cret-os"}


def profile(home: Path, text: str, mode: int = 0o600) -> dict[str, str]:
    path = home / ".huaweicloud" / "credentials"
    path.parent.mkdir()
    path.write_text(text)
    path.chmod(mode)
    return {"HOME": str(home)}


def test_order_of_the_sources(tmp_path: Path) -> None:
    """Each source is used only when all sources before it are empty."""
    clouds = tmp_path / "clouds.yaml"
    clouds.write_text("clouds: {a: {auth: {token: a}}, b: {auth: {token: b}}}")
    env = {
        **profile(tmp_path, "[basic]\nak = A\nsk = B\n"),
        "OS_CLIENT_CONFIG_FILE": str(clouds),
        "OS_CLOUD": "b",
        **NO_ECS,
        **OS,
        **HW,
        **SDK,
    }

    def name(**explicit: str) -> str:
        source = first_source(env, ExplicitSettings(**explicit))  # type: ignore[arg-type]
        return source.name if source else ""

    assert name(source="metadata", cloud="a") == "the metadata service of this ECS"
    assert name(source="auto", cloud="a").endswith("cloud 'a'")
    for variables, expected in ((SDK, "HUAWEICLOUD_SDK_AK"), (HW, "HW_ACC"), (OS, "OS_ACC")):
        assert name().startswith(expected)
        for each in variables:
            del env[each]
    assert name().endswith("cloud 'b'")
    del env["OS_CLOUD"]
    assert name().endswith("section [basic]")
    del env["HOME"]
    assert name() == ""


@pytest.mark.parametrize(
    "env", [{**OS, "HW_ACCESS_KEY": "AK"}, {**OS, "HW_USER_NAME": "u", "HW_DOMAIN_NAME": "d"}]
)
def test_incomplete_source_does_not_select_the_next_one(env: dict[str, str]) -> None:
    """Parts of two sources are never combined."""
    with pytest.raises(ConfigurationError, match=r"HW_SECRET_KEY|HW_USER_PASSWORD"):
        first_source(env)


def test_environment_completes_explicit_settings() -> None:
    """Region, project and credentials come from the environment; explicit settings win."""
    env = {"HW_REGION_NAME": "eu-west-101", "HW_PROJECT_ID": "p", "OS_AUTH_TOKEN": "t"}
    assert resolve(env)[:2] == ("https://dds.eu-west-101.myhuaweicloud.eu", "p")
    given = resolve(
        {**env, "HW_AUTH_TOKEN": "u"}, ExplicitSettings(region="ap-southeast-1", project_id="q")
    )
    assert given[:2] == ("https://dds.ap-southeast-1.myhuaweicloud.com", "q")
    assert given[2].auth == Token("u")
    assert (
        resolve({**env, "DDSWAIT_ENDPOINT": "https://y"}, ExplicitSettings("https://x"))[0]
        == "https://x"
    )


def test_everything_missing_is_named_at_once(tmp_path: Path) -> None:
    """The message names each missing setting, and the ways to set it."""
    with pytest.raises(ConfigurationError) as caught:
        resolve({"HOME": str(tmp_path), **NO_ECS})
    for name in ("--region", "HW_REGION_NAME", "--project-id", "HW_PROJECT_ID", "HW_ACCESS_KEY"):
        assert name in str(caught.value)


def test_explicit_settings_apply_to_a_password() -> None:
    """Project and IAM endpoint of the caller win over those of the password's source."""
    user = {"HW_USER_NAME": "u", "HW_USER_PASSWORD": "s3cret", "HW_DOMAIN_NAME": "d"}
    env = {**user, "HW_REGION_NAME": "cn-north-4", "HW_PROJECT_NAME": "cn-north-4_mine"}
    given = ExplicitSettings(
        region="eu-west-101",
        iam_endpoint="https://iam.mine.myhuaweicloud.eu/v3/",
        project_id="p",
    )
    iam = "https://iam.mine.myhuaweicloud.eu"
    expected = Password("u", "s3cret", "d", iam, "cn-north-4_mine", "p")
    assert resolve(env, given).source.auth == expected
    sdk = {**env, "HUAWEICLOUD_SDK_IAM_ENDPOINT": "https://iam.myhuaweicloud.com"}
    key = resolve(sdk).source.auth
    assert isinstance(key, Password)
    assert (key.iam_endpoint, key.region) == (
        "https://iam.myhuaweicloud.com",
        "cn-north-4_mine",
    )


@pytest.mark.parametrize(
    ("env", "iam", "name"),
    [
        ({**HW, "HW_REGION_NAME": "cn-north-4"}, "iam.cn-north-4.myhuaweicloud.com", "cn-north-4"),
        (
            {**HW, "HW_REGION_NAME": "cn-north-4", "HW_PROJECT_NAME": "mine"},
            "iam.cn-north-4.myhuaweicloud.com",
            "mine",
        ),
        (
            {"OS_TOKEN": "t", "OS_AUTH_URL": "https://iam.test/v3", "OS_TENANT_NAME": "mine"},
            "iam.test",
            "mine",
        ),
    ],
)
def test_project_is_looked_up_by_name(env: dict[str, str], iam: str, name: str) -> None:
    """Without a project ID, the project is looked up by the name of the project or region."""
    target = resolve({**env, "DDSWAIT_ENDPOINT": f"https://{iam.replace('iam', 'dds')}"})
    key = target.source.auth
    assert isinstance(key, ProjectByName)
    assert (key.iam_endpoint, key.name, target.project_id) == (f"https://{iam}", name, "")
    assert "s3cret" not in repr(key)


def test_profile_file_sets_the_endpoint_of_iam(tmp_path: Path) -> None:
    """The project is looked up at the iam_endpoint of the profile file."""
    env = profile(
        tmp_path, "[basic]\nak = A\nsk = B\niam_endpoint = https://iam.myhuaweicloud.com\n"
    )
    key = resolve({**env, "HW_REGION_NAME": "eu-de"}).source.auth
    assert getattr(key, "iam_endpoint", "") == "https://iam.myhuaweicloud.com"


def test_iam_of_the_source_comes_before_that_of_others() -> None:
    """A password is sent to the IAM of its source; the SDK's variable comes after that."""
    sdk_iam = {"HUAWEICLOUD_SDK_IAM_ENDPOINT": "https://iam.sdk", **DDS}
    own = {**USER, **sdk_iam, "OS_AUTH_URL": "https://iam.os/v3", "OS_REGION_NAME": "eu-de"}
    for env, given, iam in (
        (own, ExplicitSettings(), "https://iam.os"),
        (own, ExplicitSettings(iam_endpoint="https://iam.mine/v3/"), "https://iam.mine"),
        ({**own, "OS_AUTH_URL": ""}, ExplicitSettings(), "https://iam.sdk"),
        ({**SDK, **sdk_iam, "HW_REGION_NAME": "eu-de"}, ExplicitSettings(), "https://iam.sdk"),
    ):
        key = resolve(env, given).source.auth
        assert getattr(key, "iam_endpoint", "") == iam


def test_project_of_another_family_is_not_used_with_a_password() -> None:
    """Tokens of a password are valid for its own project, and so are the requests."""
    env = {**USER, "OS_REGION_NAME": "eu-de", "HW_PROJECT_ID": "other"}
    target = resolve(env)
    assert (target.project_id, getattr(target.source.auth, "project_id", "")) == ("", "")
    assert resolve({**env, "OS_PROJECT_ID": "p"}).project_id == "p"
    given = resolve(env, ExplicitSettings(project_id="q"))
    assert (given.project_id, getattr(given.source.auth, "project_id", "")) == ("q", "q")
    mine = Password("u", "s3cret", "d", "https://iam.myhuaweicloud.com", "eu-de")
    assert resolve(env, auth=mine).project_id == ""
    assert resolve(env, auth=replace(mine, project_id="r")).project_id == "r"
    assert resolve({**env, **HW, "HW_PROJECT_ID": "", "OS_PROJECT_ID": "p"}).project_id == "p"


def test_name_of_the_sources_project_comes_before_the_id_of_another() -> None:
    """A family that sets a project name has it looked up, despite the ID of another family."""
    env = {**OS, "OS_REGION_NAME": "eu-de", "OS_PROJECT_NAME": "mine", "HW_PROJECT_ID": "p"}
    target = resolve({**env, "HW_PROJECT_NAME": "other"})
    assert (target.project_id, getattr(target.source.auth, "name", "")) == ("", "mine")


def test_signed_header_has_the_project_that_is_used() -> None:
    """X-Project-Id has the project of the requests, not that of the environment."""
    env = {**HW, **DDS, "HW_PROJECT_ID": "p"}
    for given, project_id in ((ExplicitSettings(), "p"), (ExplicitSettings(project_id="q"), "q")):
        target = resolve(env, given)
        assert isinstance(target.source.auth, AccessKey)
        assert target.source.auth.headers() == {"X-Project-Id": project_id}
        assert target.project_id == project_id


def test_region_of_the_sources_family_comes_first() -> None:
    """OS_ credentials are used in OS_REGION_NAME, HW_ ones in HW_REGION_NAME."""
    regions = {"HW_REGION_NAME": "cn-north-4", "OS_REGION_NAME": "eu-de", "HW_PROJECT_ID": "p"}
    assert resolve({**OS, **regions}).region == "eu-de"
    assert resolve({**HW, **regions}).region == "cn-north-4"
    assert resolve({**OS, **regions, "OS_REGION_NAME": ""}).region == "cn-north-4"


@pytest.mark.parametrize(
    ("env", "explicit", "message"),
    [
        ({"HW_REGION_NAME": "CN"}, ExplicitSettings(), "HW_REGION_NAME: invalid region 'CN'"),
        ({"DDSWAIT_ENDPOINT": "dds"}, ExplicitSettings(), "DDSWAIT_ENDPOINT: 'dds' .* https://dds"),
        ({"HW_AUTH_URL": "iam"}, ExplicitSettings(), "HW_AUTH_URL: 'iam' .* https://iam"),
        ({}, ExplicitSettings(iam_endpoint="iam"), "--iam-endpoint: 'iam' .* https://iam"),
        (
            {"HW_REGION_NAME": "eu-de", "HUAWEICLOUD_SDK_REGION_IAM_EU_DE": "iam"},
            ExplicitSettings(),
            "HUAWEICLOUD_SDK_REGION_IAM_EU_DE: 'iam'",
        ),
        ({}, ExplicitSettings(source="metdata"), "invalid source 'metdata': use auto or metadata"),
        ({"DDSWAIT_METADATA": "on"}, ExplicitSettings(source="metadata"), "DDSWAIT_METADATA: 'on'"),
    ],
)
def test_invalid_setting_is_an_error(
    env: dict[str, str], explicit: ExplicitSettings, message: str
) -> None:
    """The message names the variable or option, with an example for the right service."""
    with pytest.raises(ConfigurationError, match=message):
        resolve({**HW, **DDS, "HW_PROJECT_NAME": "n", **env}, explicit)


def test_metadata_endpoint_that_is_not_a_url_is_an_error(tmp_path: Path) -> None:
    """DDSWAIT_METADATA is checked as soon as the service is detected."""
    with pytest.raises(ConfigurationError, match="DDSWAIT_METADATA: '127'"):
        first_source({"HOME": str(tmp_path), "DDSWAIT_METADATA": "127"})


def test_credentials_of_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    """The project of a user's own provider is looked up; anything else is an error."""

    class Vault:
        async def obtain(self, send: object) -> Lease:
            return Lease(Token("t"))

    vault = Vault()
    key = resolve({"HW_REGION_NAME": "eu-de"}, auth=vault).source.auth
    assert isinstance(key, ProjectByName)
    assert (key.auth, key.name) == (vault, "eu-de")
    assert resolve(DDS, auth=vault).source.auth is vault
    monkeypatch.setenv("HW_REGION_NAME", "eu-de")
    for auth in ("metadata", "s3cret", EcsMetadata):
        with pytest.raises(ConfigurationError, match="source='metadata'") as caught:
            Waiter.from_env(auth=auth)  # type: ignore[arg-type]
        assert "s3cret" not in str(caught.value)
    with pytest.raises(ConfigurationError, match="invalid source 'metdata': use auto or metadata"):
        Waiter.from_env(source="metdata")  # type: ignore[arg-type]
    clear = Waiter.from_env(
        endpoint="http://dds.test", project_id="p", auth=Token("t"), insecure_http=True
    )
    assert clear._engine._parts.client.endpoint == "http://dds.test"
    with pytest.raises(ConfigurationError, match="auth is of type str"):
        Waiter(endpoint="https://dds.test", project_id="p", auth="s3cret")  # type: ignore[arg-type]


async def test_refusal_names_the_source(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message names the variable that contains the wrong credentials."""
    async with Simulator() as dds:
        monkeypatch.setenv("OS_TOKEN", "s3cret")
        monkeypatch.setenv("OS_PROJECT_ID", dds.project_id)
        async with Waiter.from_env(endpoint=dds.endpoint) as waiter:
            [outcome] = await waiter.wait_all([dds.add_job()])
    assert "credentials from OS_TOKEN" in outcome.message


def test_warnings_are_logged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """`from_env` logs what the user should correct, although it works."""
    for name, value in {**profile(tmp_path, "[basic]\nak = A\nsk = B\n", 0o644), **DDS}.items():
        monkeypatch.setenv(name, value)
    Waiter.from_env(project_id="p")
    [record] = caplog.records
    assert (record.levelname, vars(record)["event"]) == ("WARNING", "ddswait.configuration_warning")
    assert "chmod 600" in str(vars(record)["message_text"])


def test_metadata_is_used_on_request() -> None:
    """`--auth metadata` comes before all other sources, and sends no request."""
    explicit = ExplicitSettings(source="metadata", project_id="p")
    assert resolve({**HW, **DDS}, explicit).source.auth == EcsMetadata()
    elsewhere = {**HW, **DDS, "DDSWAIT_METADATA": "http://127.0.0.1:9"}
    assert resolve(elsewhere, explicit).source.auth == EcsMetadata("http://127.0.0.1:9")
    with pytest.raises(ConfigurationError, match="missing  project"):
        resolve({**HW, "DDSWAIT_ENDPOINT": "https://dds.test"}, ExplicitSettings(source="metadata"))


async def test_metadata_is_the_last_resort(tmp_path: Path) -> None:
    """When all other sources are empty, the metadata service is used if it has a key."""
    async with Simulator() as dds:
        env = {"HOME": str(tmp_path), "DDSWAIT_METADATA": dds.endpoint}
        for dds.metadata_token in ("simulated-metadata-token", ""):
            source = await asyncio.to_thread(first_source, env)
            assert source is not None
            assert source.auth == EcsMetadata(dds.endpoint)
        with_file = {**env, **profile(tmp_path, "[basic]\nak = A\nsk = B\n")}
        source = await asyncio.to_thread(first_source, with_file)
        assert source is not None
        assert source.auth == AccessKey("A", "B")
        (tmp_path / ".huaweicloud" / "credentials").unlink()
        dds.has_agency = False
        assert await asyncio.to_thread(first_source, env) is None
    assert await asyncio.to_thread(first_source, env) is None


OTC_IAM = "https://iam.eu-de.otc.t-systems.com/v3"
OTC_DDS = "https://dds.eu-de.otc.t-systems.com"
HUAWEI_IAM = "https://iam.eu-de.myhuaweicloud.com"
REGION = {"HW_REGION_NAME": "eu-de", "OS_REGION_NAME": "eu-de", "OS_PROJECT_ID": "p"}


@pytest.mark.parametrize(
    ("env", "given"),
    [
        ({**USER, **REGION, "OS_AUTH_URL": OTC_IAM}, ExplicitSettings()),
        ({"OS_TOKEN": "s3cret", **REGION, "OS_AUTH_URL": OTC_IAM}, ExplicitSettings()),
        ({**OS, **REGION, "OS_AUTH_URL": OTC_IAM}, ExplicitSettings()),
        ({**USER, **REGION}, ExplicitSettings(endpoint=OTC_DDS)),
        ({**USER, **REGION, "DDSWAIT_ENDPOINT": OTC_DDS}, ExplicitSettings()),
        ({**USER, **REGION, "DDSWAIT_ENDPOINT": "https://dds.partner.example"}, ExplicitSettings()),
        ({**USER, **REGION}, ExplicitSettings(endpoint=OTC_DDS, iam_endpoint=HUAWEI_IAM)),
        ({**USER, **REGION, "HW_CLOUD": "otc.t-systems.com", "OS_AUTH_URL": HUAWEI_IAM}, None),
    ],
)
def test_credentials_of_one_cloud_never_go_to_another(
    env: dict[str, str], given: ExplicitSettings | None
) -> None:
    """Whichever of IAM and DDS the region sets: both hosts and HW_CLOUD are named."""
    with pytest.raises(
        ConfigurationError, match=r"IAM is at iam\..* DDS at dds\..* HW_CLOUD"
    ) as no:
        resolve(env, given or ExplicitSettings())
    assert "s3cret" not in str(no.value)


def test_password_of_the_caller_never_goes_to_another_cloud() -> None:
    """Credentials that a program passes are checked as those of a source are."""
    auth = Password("u", "s3cret", "d", OTC_IAM, "eu-de")
    with pytest.raises(ConfigurationError, match="different clouds"):
        resolve({}, ExplicitSettings(region="eu-de"), auth=auth)
    with pytest.raises(ConfigurationError, match="different clouds"):
        Waiter(endpoint="https://dds.eu-de.myhuaweicloud.com", auth=auth)


@pytest.mark.parametrize(
    ("env", "given"),
    [
        ({**USER, **REGION, "OS_AUTH_URL": OTC_IAM, "HW_CLOUD": "otc.t-systems.com"}, {}),
        ({**USER, **REGION, "OS_AUTH_URL": OTC_IAM}, {"endpoint": OTC_DDS}),
        ({**USER, **REGION, "OS_AUTH_URL": "https://iam.myhuaweicloud.com/v3"}, {}),
        ({**USER, **REGION, "OS_AUTH_URL": OTC_IAM}, {"endpoint": "https://gateway.corp.example"}),
        ({**USER, **REGION}, {"endpoint": "http://127.0.0.1:8080"}),
        ({**OS, **REGION}, {"endpoint": "https://gateway.corp.example"}),
    ],
)
def test_endpoints_of_one_cloud_are_accepted(env: dict[str, str], given: dict[str, str]) -> None:
    """One cloud, a gateway that the user sets beside IAM, this machine, or no request to IAM."""
    assert resolve(env, ExplicitSettings(**given)).endpoint  # type: ignore[arg-type]
