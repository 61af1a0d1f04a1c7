"""ddswait.credentials.clouds_yaml: the clouds of clouds.yaml and secure.yaml."""

import builtins
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ddswait import AccessKey, ConfigurationError, Password, Token
from ddswait.credentials import clouds_yaml
from ddswait.credentials.chain import resolve
from ddswait.credentials.other_services import other_endpoint
from ddswait.credentials.project import ProjectByName
from ddswait.credentials.settings import ExplicitSettings
from ddswait.credentials.source import Source
from tests.nobody import as_nobody

OTC = """
clouds:
  otc:
    region_name: eu-de
    cacert: /etc/ca.pem
    auth:
      auth_url: https://iam.eu-de.otc.t-systems.com/v3
      username: u
      user_domain_name: OTC00000000001000000447
      project_name: eu-de_mine
      password: s3cret
  keys:
    region_name: eu-de
    dds_endpoint_override: https://dds.internal
    auth: {auth_url: https://iam.internal/v3, ak: AK, sk: s3cret, project_id: p}
  token:
    auth: {token: s3cret-token, project_id: 7}
  half:
    auth: {ak: AK}
  nothing:
    auth: {username: u}
  flat: s3cret
  bare: {}
"""


def read(env: dict[str, str], name: str) -> Source:
    return clouds_yaml.read_source(env, ExplicitSettings(), name)


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    path = tmp_path / "clouds.yaml"
    path.write_text(OTC)
    path.chmod(0o600)
    return {"OS_CLIENT_CONFIG_FILE": str(path), "HOME": str(tmp_path)}


def test_password_of_a_cloud(env: dict[str, str]) -> None:
    """Everything comes from the cloud: user, region, project, IAM, CA file."""
    target = resolve({**env, "OS_CLOUD": "otc", "HW_CLOUD": "otc.t-systems.com"})
    iam = "https://iam.eu-de.otc.t-systems.com"
    domain = "OTC00000000001000000447"
    assert target.source.auth == Password("u", "s3cret", domain, iam, "eu-de_mine")
    assert (target.region, target.ca_file) == ("eu-de", "/etc/ca.pem")
    assert "cloud 'otc'" in target.source.name
    assert "s3cret" not in repr(target)


def test_other_kinds_of_credentials(env: dict[str, str]) -> None:
    """An access key, a token, and an endpoint of its own."""
    target = resolve(env, ExplicitSettings(cloud="keys"))
    assert target.source.auth == AccessKey("AK", "s3cret", None, "p")
    assert (target.endpoint, target.project_id) == ("https://dds.internal", "p")
    token = read(env, "token")
    assert (token.auth, token.settings.project_id) == (Token("s3cret-token"), "7")


def test_named_cloud_wins_over_variables_and_os_cloud_does_not(env: dict[str, str]) -> None:
    """--cloud comes before the variables of Terraform, and OS_CLOUD after them."""
    dds = {"DDSWAIT_ENDPOINT": "https://dds.test", "HW_PROJECT_ID": "p"}
    hw = {**env, **dds, "HW_ACCESS_KEY": "HWAK", "HW_SECRET_KEY": "x", "OS_CLOUD": "token"}
    assert resolve(hw).source.name.startswith("HW_ACCESS_KEY")
    assert "cloud 'keys'" in resolve(hw, ExplicitSettings(cloud="keys")).source.name


def test_secrets_may_be_in_secure_yaml(env: dict[str, str], tmp_path: Path) -> None:
    """secure.yaml in the same folder completes clouds.yaml."""
    (tmp_path / "secure.yaml").write_text("clouds: {half: {auth: {sk: s3cret}}}")
    assert read(env, "half").auth == AccessKey("AK", "s3cret")


def test_file_with_a_secret_that_others_can_read_is_a_warning(
    env: dict[str, str], tmp_path: Path
) -> None:
    """A file with a secret that others can read is a warning; a file without secrets is not."""
    shared, secure = tmp_path / "clouds.yaml", tmp_path / "secure.yaml"
    shared.write_text("clouds: {half: {auth: {ak: AK}}, flat: x}")
    secure.write_text("clouds: {half: {auth: {sk: s3cret}}}")
    for mode, advice in ((0o644, [f"run chmod 600 {secure}"]), (0o600, [])):
        shared.chmod(0o644)
        secure.chmod(mode)
        warnings = read(env, "half").warnings
        assert [warning.partition(": ")[2] for warning in warnings] == advice
    shared.write_text(OTC)
    assert read(env, "half").warnings == (f"other users can read {shared}: run chmod 600 {shared}",)


def test_folders_of_the_file(
    env: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The working directory comes first, then ~/.config/openstack."""
    monkeypatch.chdir(tmp_path)
    here = {"HOME": str(tmp_path)}
    assert read(here, "keys").name.startswith("clouds.yaml")
    folder = tmp_path / ".config" / "openstack"
    folder.mkdir(parents=True)
    (tmp_path / "clouds.yaml").rename(folder / "clouds.yaml")
    (folder / "clouds.yaml").chmod(0o644)
    assert "chmod 600" in read(here, "keys").warnings[0]
    (folder / "clouds.yaml").unlink()
    with pytest.raises(ConfigurationError, match="OS_CLIENT_CONFIG_FILE"):
        read(here, "keys")


def test_project_of_a_key_is_looked_up_where_the_cloud_says(
    env: dict[str, str], tmp_path: Path
) -> None:
    """Without project_id, the project is looked up at auth_url."""
    path = tmp_path / "clouds.yaml"
    path.write_text(OTC.replace(", project_id: p", ""))
    key = resolve(env, ExplicitSettings(cloud="keys")).source.auth
    assert isinstance(key, ProjectByName)
    assert (key.iam_endpoint, key.name) == ("https://iam.internal", "eu-de")


def test_domain_of_a_password(env: dict[str, str], tmp_path: Path) -> None:
    """The domain of the user comes before that of the cloud; an ID comes before a name."""
    auth = Password("u", "s3cret", "", "https://i", "", "p", domain_id="7")
    for names, expected in (
        ("domain_name: d", replace(auth, domain="d", domain_id="")),
        (
            "domain_name: d, user_domain_name: mine",
            replace(auth, domain="mine", domain_id=""),
        ),
        ("user-domain-id: 7", auth),
        ("domain_id: 7", auth),
        ("default_domain_id: 7", auth),
        ("domain_name: d, user_domain_id: 7", auth),
        ("user_domain_id: 7, project_domain_name: x", replace(auth, project_domain="x")),
        ("user_domain_id: 7, project_domain_id: 8", replace(auth, project_domain_id="8")),
    ):
        (tmp_path / "clouds.yaml").write_text(
            "clouds: {a: {auth: {auth_url: 'https://i', username: u, password: s3cret, "
            f"project_id: p, {names}}}}}}}"
        )
        assert read(env, "a").auth == expected


@pytest.mark.parametrize("place", ["auth", "cloud"])
def test_project_by_the_older_names(env: dict[str, str], tmp_path: Path, place: str) -> None:
    """tenant_name and tenant_id are the project, in the section auth and beside it."""
    for name, expected in (("tenant_name", ("7", "")), ("tenant_id", ("", "7"))):
        setting = f"{name}: 7"
        inside, beside = (setting, "x: y") if place == "auth" else ("x: y", setting)
        (tmp_path / "clouds.yaml").write_text(
            f"clouds: {{a: {{{beside}, auth: {{auth_url: 'https://i', token: t, {inside}}}}}}}"
        )
        settings = read(env, "a").settings
        assert (settings.project_name, settings.project_id) == expected


@pytest.mark.parametrize("key", ["profile", "cloud"])
def test_profile_of_a_vendor_sets_the_cloud(env: dict[str, str], tmp_path: Path, key: str) -> None:
    """`profile: otc` and a region are enough: IAM and DDS are Open Telekom Cloud's."""
    (tmp_path / "clouds.yaml").write_text(
        f"clouds: {{a: {{{key}: otc, region_name: eu-de, auth: {{username: u, password: s3cret, "
        "user_domain_name: d}}}"
    )
    sdk = {"HUAWEICLOUD_SDK_IAM_ENDPOINT": "https://iam.myhuaweicloud.com"}
    for others in ({}, sdk, {"HW_CLOUD": "myhuaweicloud.com"}):
        target = resolve({**env, **others}, ExplicitSettings(cloud="a"))
        iam = "https://iam.eu-de.otc.t-systems.com"
        assert target.source.auth == Password("u", "s3cret", "d", iam, "eu-de")
        assert target.endpoint == "https://dds.eu-de.otc.t-systems.com"


def test_unknown_profile_of_a_vendor_is_refused(env: dict[str, str], tmp_path: Path) -> None:
    """Its endpoints are not known, so the cloud must set both."""
    path = tmp_path / "clouds.yaml"
    path.write_text("clouds: {a: {profile: ovh, region_name: eu-de, auth: {token: s3cret}}}")
    with pytest.raises(ConfigurationError, match=r"unknown profile 'ovh': use otc, or set both"):
        read(env, "a")
    path.write_text(
        "clouds: {a: {profile: ovh, dds_endpoint_override: https://dds.x, "
        "auth: {auth_url: https://iam.x, token: s3cret}}}"
    )
    assert read(env, "a").auth == Token("s3cret")


def test_application_credentials_are_refused(env: dict[str, str], tmp_path: Path) -> None:
    """IAM does not accept them; the message says what to set instead, and shows no secret."""
    (tmp_path / "clouds.yaml").write_text(
        "clouds: {a: {auth: {auth_url: 'https://i', application_credential_id: i, "
        "application_credential_secret: s3cret}}}"
    )
    with pytest.raises(ConfigurationError, match="application credentials: set an access") as no:
        read(env, "a")
    assert "s3cret" not in str(no.value)


def test_home_in_paths_is_expanded(env: dict[str, str], tmp_path: Path) -> None:
    """`~` in OS_CLIENT_CONFIG_FILE is the home of the user."""
    here = {"HOME": str(tmp_path), "OS_CLIENT_CONFIG_FILE": "~/clouds.yaml"}
    assert read(here, "keys").auth == read(env, "keys").auth


@pytest.mark.parametrize("text", ["0123456", "0x1F", "1_000", "2024-13-45", "1e3", "yes", "7"])
def test_values_stay_as_they_are_written(env: dict[str, str], tmp_path: Path, text: str) -> None:
    """Passwords and IDs are text, even if YAML would read them as numbers or dates."""
    (tmp_path / "clouds.yaml").write_text(
        "clouds: {7: &base {auth: {auth_url: 'https://i', username: u, user_domain_name: d, "
        f"password: {text}, project_id: {text}, project_name: ~}}}}, 8: {{<<: *base}}}}"
    )
    for name in ("7", "8"):
        source = read(env, name)
        assert source.auth == Password("u", text, "d", "https://i", "", text)
        assert source.settings.project_id == text


def test_folders_without_search_permission_are_skipped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The home of another user, mode 0700, has no clouds.yaml."""
    monkeypatch.chdir("/")
    with as_nobody(tmp_path), pytest.raises(ConfigurationError, match="there is no clouds"):
        read({"HOME": str(tmp_path)}, "a")
    with pytest.raises(ConfigurationError, match="there is no clouds"):
        read({}, "a")
    named = {"OS_CLIENT_CONFIG_FILE": str(tmp_path / "clouds.yaml")}
    with as_nobody(tmp_path), pytest.raises(ConfigurationError, match="cannot be read"):
        read(named, "a")


def test_named_cloud_comes_before_the_environment(env: dict[str, str]) -> None:
    """Endpoint and CA file of an explicit cloud win over variables; those of OS_CLOUD do not."""
    other = {"DDSWAIT_ENDPOINT": "https://dds.env", "OS_CACERT": "/env.pem"}
    assert (
        resolve({**env, **other}, ExplicitSettings(cloud="keys")).endpoint == "https://dds.internal"
    )
    assert resolve({**env, **other}, ExplicitSettings(cloud="otc")).ca_file == "/etc/ca.pem"
    by_variable = resolve({**env, **other, "OS_CLOUD": "keys"})
    assert (by_variable.endpoint, by_variable.ca_file) == ("https://dds.env", "/env.pem")
    given = ExplicitSettings("https://dds.given", ca_file="/given.pem", cloud="keys")
    target = resolve({**env, **other}, given)
    assert (target.endpoint, target.ca_file) == ("https://dds.given", "/given.pem")


@pytest.mark.parametrize("secret", ["ak: AK, sk: s3cret", "token: s3cret"])
def test_project_of_a_cloud_is_looked_up_by_its_name(
    env: dict[str, str], tmp_path: Path, secret: str
) -> None:
    """project_name without project_id is looked up, whatever the environment contains."""
    (tmp_path / "clouds.yaml").write_text(
        "clouds: {a: {dds_endpoint_override: https://dds.a, auth: {auth_url: 'https://iam.a/v3', "
        f"project_name: mine, {secret}}}}}}}"
    )
    others = {"HW_PROJECT_ID": "p", "HW_PROJECT_NAME": "n", "HUAWEICLOUD_SDK_IAM_ENDPOINT": "http"}
    target = resolve({**env, **others}, ExplicitSettings(cloud="a"))
    assert isinstance(target.source.auth, ProjectByName)
    assert (target.source.auth.iam_endpoint, target.source.auth.name) == ("https://iam.a", "mine")
    assert target.project_id == ""


def test_invalid_setting_is_an_error(env: dict[str, str], tmp_path: Path) -> None:
    """The message names the file, the cloud and the setting."""
    for key in ("region_name: EU", "dds_endpoint_override: dds"):
        (tmp_path / "clouds.yaml").write_text(
            f"clouds: {{a: {{{key}, auth: {{project_id: p, token: t}}}}}}"
        )
        message = rf"{key.partition(':')[0]} of .*clouds.yaml, cloud 'a': "
        with pytest.raises(ConfigurationError, match=message):
            resolve({**env, "HW_REGION_NAME": "eu-de"}, ExplicitSettings(cloud="a"))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("other", "has no cloud 'other': use the name of one of its clouds: bare, flat, half"),
        ("half", "ak is set without sk"),
        ("nothing", "no credentials: add username, password"),
        ("flat", "is not a section"),
        ("bare", "no section auth"),
    ],
)
def test_invalid_cloud_is_an_error(env: dict[str, str], name: str, message: str) -> None:
    """The message names the file and the cloud and says what to do; it shows no secret."""
    with pytest.raises(ConfigurationError, match=message) as caught:
        read(env, name)
    assert env["OS_CLIENT_CONFIG_FILE"] in str(caught.value)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("clouds: [s3cret", r"not valid YAML \(line 1\)"),
        ("clouds:\n  a: !!python/object:os.system s3cret", "not valid YAML"),
        (b"\xff\xfe\x00s3cret", "not UTF-8"),
        ("clouds: !!int s3cret", "not valid YAML"),
        ("clouds: {a: !!bool s3cret}", "not valid YAML"),
        ("clouds: {a: !!timestamp s3cret}", "not valid YAML"),
        ("clouds: {a: !!float s3cret}", "not valid YAML"),
        ("{" * 500, "not valid YAML"),
        ("x: 2024-13-45", "no section clouds"),
        ("x: 0x_", "no section clouds"),
        ("s3cret", "no section clouds"),
        ("clouds: 7", "no section clouds"),
    ],
)
def test_invalid_file_is_an_error(
    env: dict[str, str], tmp_path: Path, text: str | bytes, message: str
) -> None:
    """The message names the line of a YAML error, and does not repeat it."""
    path = tmp_path / "clouds.yaml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(ConfigurationError, match=message) as caught:
        read(env, "a")
    assert "s3cret" not in str(caught.value)


def test_unreadable_file_and_missing_library(
    env: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message says so, or how to install PyYAML."""
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read({**env, "OS_CLIENT_CONFIG_FILE": str(tmp_path / "none")}, "a")
    real = builtins.__import__

    def without_yaml(name: str, *rest: Any, **named: Any) -> Any:
        if name == "yaml":
            raise ImportError(name)
        return real(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", without_yaml)
    with pytest.raises(ConfigurationError, match=r"pip install 'ddswait\[yaml\]'"):
        read(env, "keys")


def test_endpoint_in_clouds_yaml_is_that_of_its_service(tmp_path: Path) -> None:
    """An endpoint of DDS there says nothing about that of RDS."""
    path = tmp_path / "clouds.yaml"
    path.write_text(
        "clouds: {a: {region_name: cn-north-4, dds_endpoint_override: https://dds.internal, "
        "rds_endpoint_override: https://rds.internal, auth: {ak: AK, sk: s3cret, project_id: p, "
        "auth_url: 'https://iam.cn-north-4.myhuaweicloud.com/v3'}}}"
    )
    env = {"OS_CLIENT_CONFIG_FILE": str(path)}
    endpoints = {
        service: resolve(env, ExplicitSettings(cloud="a", service=service)).endpoint
        for service in ("dds", "rds", "ddm")
    }
    assert endpoints == {
        "dds": "https://dds.internal",
        "rds": "https://rds.internal",
        "ddm": "https://ddm.cn-north-4.myhuaweicloud.com",
    }


def test_clouds_yaml_has_the_endpoints_of_services_beside_the_first(tmp_path: Path) -> None:
    """One run may ask several of them, each at its own."""
    path = tmp_path / "clouds.yaml"
    path.write_text(
        "clouds: {a: {region_name: cn-north-4, rds_endpoint_override: https://rds.internal, "
        "auth: {ak: AK, sk: s3cret, project_id: p}}}"
    )
    env, explicit = {"OS_CLIENT_CONFIG_FILE": str(path)}, ExplicitSettings(cloud="a")
    source = resolve(env, explicit).source
    others = {name: other_endpoint(env, explicit, source, name) for name in ("rds", "ddm")}
    assert others == {
        "rds": "https://rds.internal",
        "ddm": "https://ddm.cn-north-4.myhuaweicloud.com",
    }
