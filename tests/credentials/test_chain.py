"""ddswait.credentials: the first complete source wins, and halves are never mixed."""

import asyncio
from pathlib import Path

import pytest

from ddswait import AccessKey, ConfigurationError, EcsMetadata, Lease, Password, Token, Waiter
from ddswait.credentials.chain import discover, locate
from ddswait.credentials.iam import ProjectByName
from ddswait.credentials.settings import Given, made, region_of
from ddswait.credentials.source import Found, Said
from ddswait.simulator import Simulator
from tests.nobody import as_nobody

SDK = {"HUAWEICLOUD_SDK_AK": "SDKAK", "HUAWEICLOUD_SDK_SK": "s3cret-sdk"}
HW = {"HW_ACCESS_KEY": "HWAK", "HW_SECRET_KEY": "s3cret-hw"}
NO_ECS = {"DDSWAIT_METADATA": "off"}
OS = {"OS_ACCESS_KEY": "OSAK", "OS_SECRET_KEY": "s3cret-os"}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / ".huaweicloud").mkdir()
    return tmp_path


def profile(home: Path, text: str | bytes, mode: int = 0o600) -> dict[str, str]:
    path = home / ".huaweicloud" / "credentials"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    path.chmod(mode)
    return {"HOME": str(home)}


@pytest.mark.parametrize(
    ("env", "source", "key"),
    [
        ({**OS, **HW, **SDK}, "HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK", "SDKAK"),
        ({**OS, **HW}, "HW_ACCESS_KEY and HW_SECRET_KEY", "HWAK"),
        ({**OS, "HW_AUTH_TOKEN": "t0ken"}, "HW_AUTH_TOKEN", None),
        ({**OS, "OS_AUTH_TOKEN": "t0ken"}, "OS_ACCESS_KEY and OS_SECRET_KEY", "OSAK"),
        ({"OS_TOKEN": "t0ken"}, "OS_TOKEN", None),
    ],
)
def test_first_complete_source_wins(env: dict[str, str], source: str, key: str | None) -> None:
    """SDK variables, then HW_, then OS_; in a family a key before a token."""
    found = discover(env)
    assert found.source == source
    if key is None:
        assert found.key == Token("t0ken")
    else:
        assert isinstance(found.key, AccessKey)
        assert found.key.access_key == key
    assert "s3cret" not in repr(found)
    assert "t0ken" not in repr(found)


def test_profile_file_comes_last(home: Path) -> None:
    """The SDK's profile file is read when no variable says anything."""
    env = profile(home, "[basic]\nak = FILEAK\nsk = s3%cret\nproject_id = p\nsecurity_token = t\n")
    found = discover(env)
    assert found.key == AccessKey("FILEAK", "s3%cret", "t", "p")
    assert (found.own.project_id, found.warnings) == ("p", ())
    assert discover({**env, **HW}).source.startswith("HW_")


def test_profile_that_others_can_read_is_warned_about(home: Path) -> None:
    """It works, and the mend is told."""
    found = discover(profile(home, "[basic]\nak = A\nsk = B\n", 0o644))
    assert "chmod 600" in found.warnings[0]


@pytest.mark.parametrize(
    ("env", "named"),
    [
        ({"HW_ACCESS_KEY": "AK", **SDK, "HUAWEICLOUD_SDK_SK": ""}, "HUAWEICLOUD_SDK_SK"),
        ({"HW_ACCESS_KEY": "AK", **OS}, "HW_ACCESS_KEY is set without HW_SECRET_KEY"),
        ({"HW_SECRET_KEY": "s3cret"}, "HW_SECRET_KEY is set without HW_ACCESS_KEY"),
        ({**HW, "HW_SECRET_KEY": "s3cret\n"}, "HW_ACCESS_KEY and HW_SECRET_KEY"),
        ({"HW_AUTH_TOKEN": "s3 cret"}, "HW_AUTH_TOKEN"),
        ({}, "credentials: set HW_ACCESS_KEY"),
    ],
)
def test_halves_are_named_and_never_mixed(env: dict[str, str], named: str, home: Path) -> None:
    """Half a pair is an error that names the variable, even if another source is complete."""
    with pytest.raises(ConfigurationError, match=named) as caught:
        discover({**env, "HOME": str(home), **NO_ECS})
    assert "s3" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("sk = s3cret\n", "no INI file"),
        (b"\x80\xff", "no INI file"),
        ("[other]\nak = A\n", "no section"),
        ("[basic]\nregion = x\n", "neither ak nor sk"),
        ("[basic]\nak = A\n", "ak is set without sk"),
    ],
)
def test_profiles_that_cannot_be_used(text: str | bytes, named: str, home: Path) -> None:
    """The file, what is wrong with it and the mend are told; its text is not."""
    with pytest.raises(ConfigurationError, match=named) as caught:
        discover(profile(home, text))
    assert str(home) in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_named_profile_must_be_there(home: Path) -> None:
    """A file that the environment names, and that is absent, is an error."""
    with pytest.raises(ConfigurationError, match="cannot be read"):
        discover({"HUAWEICLOUD_SDK_CREDENTIALS_FILE": str(home / "nothing")})


def test_home_that_may_not_be_searched_holds_no_profile(home: Path) -> None:
    """The home of another user, mode 0700, is no source; a file that is named there is an error."""
    env = {**profile(home, "[basic]\nak = A\nsk = B\n"), **NO_ECS}
    with as_nobody(home), pytest.raises(ConfigurationError, match="credentials: set"):
        discover(env)
    env["HUAWEICLOUD_SDK_CREDENTIALS_FILE"] = str(home / ".huaweicloud" / "credentials")
    with as_nobody(home), pytest.raises(ConfigurationError, match="cannot be read: Permission"):
        discover(env)


@pytest.mark.parametrize("env", [{}, {"HOME": ""}])
def test_without_home_the_working_directory_is_not_taken_for_it(
    env: dict[str, str], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever lies in ./.huaweicloud/credentials is not read."""
    profile(home, "[basic]\nak = A\nsk = B\n")
    monkeypatch.chdir(home)
    with pytest.raises(ConfigurationError, match="credentials: set"):
        discover({**env, **NO_ECS})


def test_region_and_endpoint_of_the_environment() -> None:
    """HW_ before OS_; an override of the SDK wins over the region's own endpoint."""
    both = {"OS_REGION_NAME": "eu-de", "HW_REGION_NAME": "cn-north-4"}
    assert region_of(both) == ("cn-north-4", "HW_REGION_NAME")
    assert not region_of({})
    name = "HUAWEICLOUD_SDK_REGION_DDS_CN_NORTH_4"
    override = {name: "https://dds.internal"}
    four, one = Said("cn-north-4", "--region"), Said("cn-north-1", "--region")
    assert made("dds", four, override) == ("https://dds.internal", name)
    own = "https://dds.cn-north-1.myhuaweicloud.com"
    assert made("dds", one, override) == (own, "--region")
    otc = {"HW_CLOUD": "otc.t-systems.com"}
    assert made("iam", Said("eu-de"), otc).text == "https://iam.eu-de.otc.t-systems.com"


def test_environment_fills_what_is_not_given() -> None:
    """Region, project and credentials come from the environment; what is given wins."""
    env = {"HW_REGION_NAME": "eu-west-101", "HW_PROJECT_ID": "p", "OS_AUTH_TOKEN": "t"}
    assert locate(env)[:2] == ("https://dds.eu-west-101.myhuaweicloud.eu", "p")
    given = locate({**env, "HW_AUTH_TOKEN": "u"}, Given(region="ap-southeast-1", project_id="q"))
    assert given[:2] == ("https://dds.ap-southeast-1.myhuaweicloud.com", "q")
    assert given[2].key == Token("u")
    assert locate({**env, "DDSWAIT_ENDPOINT": "https://y"}, Given("https://x"))[0] == "https://x"


def test_everything_missing_is_named_at_once(home: Path) -> None:
    """Each missing thing is named, with the ways to give it."""
    with pytest.raises(ConfigurationError) as caught:
        locate({"HOME": str(home), **NO_ECS})
    for name in ("--region", "HW_REGION_NAME", "--project-id", "HW_PROJECT_ID", "HW_AUTH_TOKEN"):
        assert name in str(caught.value)


def test_password_of_the_environment(home: Path) -> None:
    """User, password and domain are one source; IAM is the region's, or where AUTH_URL says."""
    user = {"HW_USER_NAME": "u", "HW_USER_PASSWORD": "s3cret", "HW_DOMAIN_NAME": "d"}
    env = {**user, "HW_REGION_NAME": "cn-north-4"}
    endpoint, project_id, found, region, _ = locate(env)
    assert region == "cn-north-4"
    iam = "https://iam.cn-north-4.myhuaweicloud.com"
    assert found.key == Password("u", "s3cret", "d", iam, "cn-north-4")
    assert (endpoint, project_id) == ("https://dds.cn-north-4.myhuaweicloud.com", "")
    assert "s3cret" not in repr(found)
    keystone = {"OS_USERNAME": "u", "OS_PASSWORD": "s3cret", "OS_USER_DOMAIN_NAME": "d"}
    otc = {
        **keystone,
        "OS_AUTH_URL": "https://iam.eu-de.otc.t-systems.com/v3",
        "OS_PROJECT_ID": "p",
    }
    assert discover(otc).key == Password(
        "u", "s3cret", "d", "https://iam.eu-de.otc.t-systems.com", "", "p"
    )
    for missing in ("HW_USER_NAME", "HW_USER_PASSWORD", "HW_DOMAIN_NAME"):
        with pytest.raises(ConfigurationError, match=f"{missing} not set"):
            discover({**env, missing: "", "HOME": str(home)})
    with pytest.raises(ConfigurationError, match="HW_AUTH_URL"):
        discover({**user, "HOME": str(home)})


def test_what_is_given_reaches_iam() -> None:
    """Region, project and IAM endpoint of the caller win for a password too."""
    user = {"HW_USER_NAME": "u", "HW_USER_PASSWORD": "s3cret", "HW_DOMAIN_NAME": "d"}
    env = {**user, "HW_REGION_NAME": "cn-north-4", "HW_PROJECT_NAME": "cn-north-4_mine"}
    given = Given(region="eu-west-101", iam_endpoint="https://iam.test/v3/", project_id="p")
    expected = Password("u", "s3cret", "d", "https://iam.test", "cn-north-4_mine", "p")
    assert locate(env, given).found.key == expected
    sdk = {**env, "HUAWEICLOUD_SDK_IAM_ENDPOINT": "https://iam.sdk"}
    key = locate(sdk).found.key
    assert isinstance(key, Password)
    assert (key.iam_endpoint, key.region) == ("https://iam.sdk", "cn-north-4_mine")


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
            {"OS_TOKEN": "t", "OS_AUTH_URL": "https://iam.test/v3", "OS_PROJECT_NAME": "mine"},
            "iam.test",
            "mine",
        ),
    ],
)
def test_project_is_looked_up_by_name(env: dict[str, str], iam: str, name: str) -> None:
    """Without a project ID, the key comes with a look-up of the region's or the named project."""
    target = locate({**env, "DDSWAIT_ENDPOINT": "https://dds.test"})
    key = target.found.key
    assert isinstance(key, ProjectByName)
    assert (key.iam_endpoint, key.name, target.project_id) == (f"https://{iam}", name, "")
    assert "s3cret" not in repr(key)


def test_open_telekom_cloud(home: Path) -> None:
    """As documented: HW_CLOUD and a region lead to the endpoints of another cloud."""
    env = {"HW_CLOUD": "otc.t-systems.com", "HW_REGION_NAME": "eu-de", **HW}
    target = locate(env)
    assert target.endpoint == "https://dds.eu-de.otc.t-systems.com"
    assert getattr(target.found.key, "iam_endpoint", "") == "https://iam.eu-de.otc.t-systems.com"


def test_ca_file_is_found(home: Path) -> None:
    """What is given comes before OS_CACERT."""
    env = {**HW, "HW_PROJECT_ID": "p", "HW_REGION_NAME": "eu-de", "OS_CACERT": "/os.pem"}
    assert locate(env).ca_file == "/os.pem"
    assert locate(env, Given(ca_file="/mine.pem")).ca_file == "/mine.pem"


def test_profile_names_iam(home: Path) -> None:
    """The profile file's iam_endpoint is where the project is looked up."""
    env = profile(home, "[basic]\nak = A\nsk = B\niam_endpoint = https://iam.test\n")
    key = locate({**env, "HW_REGION_NAME": "eu-de"}).found.key
    assert getattr(key, "iam_endpoint", "") == "https://iam.test"


USER = {"OS_USERNAME": "u", "OS_PASSWORD": "s3cret", "OS_USER_DOMAIN_NAME": "d"}
DDS = {"DDSWAIT_ENDPOINT": "https://dds.test"}


def test_iam_of_the_source_comes_before_that_of_others() -> None:
    """A password goes to its own IAM; the SDK's is for the SDK's keys, and who has none."""
    sdk_iam = {"HUAWEICLOUD_SDK_IAM_ENDPOINT": "https://iam.sdk"}
    own = {**USER, **sdk_iam, "OS_AUTH_URL": "https://iam.os/v3", "OS_REGION_NAME": "eu-de"}
    for env, given, iam in (
        (own, Given(), "https://iam.os"),
        (own, Given(iam_endpoint="https://iam.mine/v3/"), "https://iam.mine"),
        ({**own, "OS_AUTH_URL": ""}, Given(), "https://iam.sdk"),
        ({**SDK, **sdk_iam, "HW_REGION_NAME": "eu-de"}, Given(), "https://iam.sdk"),
    ):
        key = locate(env, given).found.key
        assert getattr(key, "iam_endpoint", "") == iam


def test_project_of_another_family_is_not_for_a_password() -> None:
    """The tokens of a password are scoped by its own project, and so are the questions."""
    env = {**USER, **DDS, "OS_REGION_NAME": "eu-de", "HW_PROJECT_ID": "other"}
    target = locate(env)
    assert (target.project_id, getattr(target.found.key, "project_id", "")) == ("", "")
    assert locate({**env, "OS_PROJECT_ID": "p"}).project_id == "p"
    given = locate(env, Given(project_id="q"))
    assert (given.project_id, getattr(given.found.key, "project_id", "")) == ("q", "q")
    mine = Found("the caller", Password("u", "s3cret", "d", "https://i", "eu-de"))
    assert locate(env, found=mine).project_id == ""
    assert locate({**env, **HW, "HW_PROJECT_ID": "", "OS_PROJECT_ID": "p"}).project_id == "p"


def test_name_of_the_sources_project_comes_before_the_id_of_another() -> None:
    """A family that names its project has it looked up, whatever else there is."""
    env = {**OS, **DDS, "OS_REGION_NAME": "eu-de", "OS_PROJECT_NAME": "mine", "HW_PROJECT_ID": "p"}
    target = locate({**env, "HW_PROJECT_NAME": "other"})
    assert (target.project_id, getattr(target.found.key, "name", "")) == ("", "mine")


def test_signed_header_names_the_project_that_is_used() -> None:
    """X-Project-Id is that of the questions, not that which the environment says."""
    env = {**HW, **DDS, "HW_PROJECT_ID": "p"}
    for given, project_id in ((Given(), "p"), (Given(project_id="q"), "q")):
        target = locate(env, given)
        assert isinstance(target.found.key, AccessKey)
        assert target.found.key.headers() == {"X-Project-Id": project_id}
        assert target.project_id == project_id


def test_region_of_the_sources_family_comes_first() -> None:
    """OS_ credentials are used in OS_REGION_NAME, HW_ ones in HW_REGION_NAME."""
    regions = {"HW_REGION_NAME": "cn-north-4", "OS_REGION_NAME": "eu-de", "HW_PROJECT_ID": "p"}
    assert locate({**OS, **regions}).region == "eu-de"
    assert locate({**HW, **regions}).region == "cn-north-4"
    assert locate({**OS, **regions, "OS_REGION_NAME": ""}).region == "cn-north-4"


def test_given_region_comes_before_the_endpoint_of_the_environment() -> None:
    """An argument wins over a variable, also when it is the other of the two."""
    env = {**HW, **DDS, "HW_PROJECT_ID": "p", "HW_REGION_NAME": "eu-de"}
    assert locate(env).endpoint == "https://dds.test"
    given = locate(env, Given(region="cn-north-4"))
    assert given.endpoint == "https://dds.cn-north-4.myhuaweicloud.com"


@pytest.mark.parametrize(
    ("env", "given", "told"),
    [
        ({"HW_REGION_NAME": "CN"}, Given(), "HW_REGION_NAME: 'CN' is no region"),
        ({"OS_REGION_NAME": "CN"}, Given(), "OS_REGION_NAME: 'CN' is no region"),
        ({}, Given(region="CN"), "--region: 'CN' is no region"),
        ({"DDSWAIT_ENDPOINT": "dds"}, Given(), "DDSWAIT_ENDPOINT: 'dds' .* https://dds"),
        ({}, Given("dds"), "--endpoint: 'dds' .* https://dds"),
        ({}, Given("http://dds.test"), "--endpoint: .* not https"),
        ({"HW_AUTH_URL": "iam"}, Given(), "HW_AUTH_URL: 'iam' .* https://iam"),
        ({}, Given(iam_endpoint="iam"), "--iam-endpoint: 'iam' .* https://iam"),
        (
            {"HW_REGION_NAME": "eu-de", "HUAWEICLOUD_SDK_REGION_IAM_EU_DE": "iam"},
            Given(),
            "HUAWEICLOUD_SDK_REGION_IAM_EU_DE: 'iam'",
        ),
        ({}, Given(source="metdata"), "source 'metdata' is none"),
        ({"DDSWAIT_METADATA": "on"}, Given(source="metadata"), "DDSWAIT_METADATA: 'on' is no"),
    ],
)
def test_message_names_who_said_what_cannot_be_used(
    env: dict[str, str], given: Given, told: str
) -> None:
    """The variable or option is named, and an endpoint of the right service as an example."""
    with pytest.raises(ConfigurationError, match=told):
        locate({**HW, **DDS, "HW_PROJECT_NAME": "n", **env}, given)


def test_what_is_no_url_is_no_metadata_service(home: Path) -> None:
    """DDSWAIT_METADATA that is no URL is told, also when nobody asked for the service."""
    with pytest.raises(ConfigurationError, match="DDSWAIT_METADATA: '127' is no"):
        discover({"HOME": str(home), "DDSWAIT_METADATA": "127"})


def test_credentials_of_ones_own_are_completed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A source of one's own gets its project looked up; what is no credentials is refused."""

    class Vault:
        async def obtain(self, send: object) -> Lease:
            return Lease(Token("t"))

    vault = Vault()
    key = locate({"HW_REGION_NAME": "eu-de"}, found=Found("the caller", vault)).found.key
    assert isinstance(key, ProjectByName)
    assert (key.source, key.name) == (vault, "eu-de")
    assert locate(DDS, found=Found("the caller", vault)).found.key is vault
    monkeypatch.setenv("HW_REGION_NAME", "eu-de")
    for auth in ("metadata", "s3cret", EcsMetadata):
        with pytest.raises(ConfigurationError, match="source='metadata'") as caught:
            Waiter.from_env(auth=auth)
        assert "s3cret" not in str(caught.value)
    with pytest.raises(ConfigurationError, match="source 'metdata' is none"):
        Waiter.from_env(source="metdata")
    clear = Waiter.from_env(
        endpoint="http://dds.test", project_id="p", auth=Token("t"), insecure_http=True
    )
    assert clear._engine._client.endpoint == "http://dds.test"
    with pytest.raises(ConfigurationError, match="auth is of type str"):
        Waiter(endpoint="https://dds.test", project_id="p", auth="s3cret")  # type: ignore[arg-type]


async def test_refusal_names_the_source(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which of many variables holds the wrong credentials is told."""
    async with Simulator() as dds:
        monkeypatch.setenv("OS_TOKEN", "s3cret")
        monkeypatch.setenv("OS_PROJECT_ID", dds.project_id)
        async with Waiter.from_env(endpoint=dds.endpoint) as waiter:
            [outcome] = await waiter.wait_all([dds.add_job()])
    assert "credentials of OS_TOKEN" in outcome.message


def test_warnings_are_logged(
    home: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """`from_env` logs what should be mended although it works."""
    for name, value in {**profile(home, "[basic]\nak = A\nsk = B\n", 0o644), **DDS}.items():
        monkeypatch.setenv(name, value)
    Waiter.from_env(project_id="p")
    [record] = caplog.records
    assert (record.levelname, record.msg) == ("WARNING", "ddswait.configuration_warning")
    assert "chmod 600" in str(vars(record)["message_text"])


def test_metadata_is_taken_when_asked_for() -> None:
    """`--auth metadata` wins over everything, and without a service nothing is asked."""
    found = discover(HW, Given(source="metadata"))
    assert found.key == EcsMetadata()
    elsewhere = {**HW, "DDSWAIT_METADATA": "http://127.0.0.1:9"}
    assert discover(elsewhere, Given(source="metadata")).key == EcsMetadata("http://127.0.0.1:9")
    with pytest.raises(ConfigurationError, match="missing: --project-id"):
        locate({**HW, "DDSWAIT_ENDPOINT": "https://dds.test"}, Given(source="metadata"))


async def test_metadata_is_the_last_resort(home: Path) -> None:
    """With nothing else, the metadata service is used if it answers; else that is an error."""
    async with Simulator() as dds:
        env = {"HOME": str(home), "DDSWAIT_METADATA": dds.endpoint}
        found = await asyncio.to_thread(discover, env)
        dds.metadata_token = ""
        assert (await asyncio.to_thread(discover, env)).key == found.key
        dds.has_agency = False
        with pytest.raises(ConfigurationError, match="credentials: set"):
            await asyncio.to_thread(discover, env)
    assert found.key == EcsMetadata(dds.endpoint)
    with pytest.raises(ConfigurationError, match="credentials: set"):
        await asyncio.to_thread(discover, env)
