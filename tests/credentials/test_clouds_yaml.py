"""ddswait.clouds: what clouds.yaml says, when a cloud is named."""

import builtins
from pathlib import Path
from typing import Any

import pytest

from ddswait import AccessKey, ConfigurationError, Password, Token
from ddswait.credentials.chain import discover, locate
from ddswait.credentials.iam import ProjectByName
from ddswait.credentials.settings import Given
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


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    path = tmp_path / "clouds.yaml"
    path.write_text(OTC)
    path.chmod(0o600)
    return {"OS_CLIENT_CONFIG_FILE": str(path), "HOME": str(tmp_path)}


def test_password_of_a_cloud(env: dict[str, str]) -> None:
    """Everything comes from the cloud: user, region, project, IAM, CA file."""
    target = locate({**env, "OS_CLOUD": "otc"})
    iam = "https://iam.eu-de.otc.t-systems.com"
    domain = "OTC00000000001000000447"
    assert target.found.key == Password("u", "s3cret", domain, iam, "eu-de_mine")
    assert (target.region, target.ca_file) == ("eu-de", "/etc/ca.pem")
    assert "cloud 'otc'" in target.found.source
    assert "s3cret" not in repr(target)


def test_other_kinds_of_credentials(env: dict[str, str]) -> None:
    """An access key, a token, and an endpoint of its own."""
    target = locate(env, Given(cloud="keys"))
    assert target.found.key == AccessKey("AK", "s3cret", None, "p")
    assert (target.endpoint, target.project_id) == ("https://dds.internal", "p")
    token = discover(env, Given(cloud="token"))
    assert (token.key, token.own.project_id) == (Token("s3cret-token"), "7")


def test_named_cloud_wins_over_variables_and_os_cloud_does_not(env: dict[str, str]) -> None:
    """--cloud is an argument; OS_CLOUD comes after the variables of Terraform."""
    hw = {**env, "HW_ACCESS_KEY": "HWAK", "HW_SECRET_KEY": "x", "OS_CLOUD": "token"}
    assert discover(hw).source.startswith("HW_ACCESS_KEY")
    assert "cloud 'keys'" in discover(hw, Given(cloud="keys")).source


def test_secrets_may_lie_apart(env: dict[str, str], tmp_path: Path) -> None:
    """secure.yaml beside it fills in what clouds.yaml leaves out."""
    (tmp_path / "secure.yaml").write_text("clouds: {half: {auth: {sk: s3cret}}}")
    assert discover(env, Given(cloud="half")).key == AccessKey("AK", "s3cret")


def test_the_file_that_holds_the_secret_is_warned_about(
    env: dict[str, str], tmp_path: Path
) -> None:
    """What others can read is told of a file that holds a secret, and of no other."""
    shared, secure = tmp_path / "clouds.yaml", tmp_path / "secure.yaml"
    shared.write_text("clouds: {half: {auth: {ak: AK}}, flat: x}")
    secure.write_text("clouds: {half: {auth: {sk: s3cret}}}")
    for mode, told in ((0o644, [f"chmod 600 {secure}"]), (0o600, [])):
        shared.chmod(0o644)
        secure.chmod(mode)
        warnings = discover(env, Given(cloud="half")).warnings
        assert [warning.partition(": ")[2] for warning in warnings] == told
    shared.write_text(OTC)
    assert discover(env, Given(cloud="half")).warnings == (
        f"{shared} can be read by others: chmod 600 {shared}",
    )


def test_file_is_looked_for(
    env: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the working directory first, then under ~/.config/openstack."""
    monkeypatch.chdir(tmp_path)
    here = {"HOME": str(tmp_path)}
    assert discover(here, Given(cloud="keys")).source.startswith("clouds.yaml")
    folder = tmp_path / ".config" / "openstack"
    folder.mkdir(parents=True)
    (tmp_path / "clouds.yaml").rename(folder / "clouds.yaml")
    (folder / "clouds.yaml").chmod(0o644)
    found = discover(here, Given(cloud="keys"))
    assert "chmod 600" in found.warnings[0]
    (folder / "clouds.yaml").unlink()
    with pytest.raises(ConfigurationError, match="OS_CLIENT_CONFIG_FILE"):
        discover(here, Given(cloud="keys"))


def test_project_of_a_key_is_looked_up_where_the_cloud_says(
    env: dict[str, str], tmp_path: Path
) -> None:
    """Without project_id, auth_url tells which IAM to ask."""
    path = tmp_path / "clouds.yaml"
    path.write_text(OTC.replace(", project_id: p", ""))
    key = locate(env, Given(cloud="keys")).found.key
    assert isinstance(key, ProjectByName)
    assert (key.iam_endpoint, key.name) == ("https://iam.internal", "eu-de")


@pytest.mark.parametrize("text", ["0123456", "0x1F", "1_000", "2024-13-45", "1e3", "yes", "7"])
def test_values_stay_as_they_are_written(env: dict[str, str], tmp_path: Path, text: str) -> None:
    """Passwords and IDs of digits alone are text, whatever else YAML could make of them."""
    (tmp_path / "clouds.yaml").write_text(
        "clouds: {7: &base {auth: {auth_url: 'https://i', username: u, user_domain_name: d, "
        f"password: {text}, project_id: {text}, project_name: ~}}}}, 8: {{<<: *base}}}}"
    )
    for name in ("7", "8"):
        found = discover(env, Given(cloud=name))
        assert found.key == Password("u", text, "d", "https://i", "", text)
        assert found.own.project_id == text


def test_folders_that_may_not_be_searched_are_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The home of another user, mode 0700, is a place where no clouds.yaml is."""
    monkeypatch.chdir("/")
    with as_nobody(tmp_path), pytest.raises(ConfigurationError, match="there is no clouds"):
        discover({"HOME": str(tmp_path)}, Given(cloud="a"))
    with pytest.raises(ConfigurationError, match="there is no clouds"):
        discover({}, Given(cloud="a"))
    named = {"OS_CLIENT_CONFIG_FILE": str(tmp_path / "clouds.yaml")}
    with as_nobody(tmp_path), pytest.raises(ConfigurationError, match="cannot be read"):
        discover(named, Given(cloud="a"))


def test_named_cloud_comes_before_the_environment(env: dict[str, str]) -> None:
    """--cloud is an argument: its endpoint and CA file win over variables; OS_CLOUD's do not."""
    other = {"DDSWAIT_ENDPOINT": "https://dds.env", "OS_CACERT": "/env.pem"}
    assert locate({**env, **other}, Given(cloud="keys")).endpoint == "https://dds.internal"
    assert locate({**env, **other}, Given(cloud="otc")).ca_file == "/etc/ca.pem"
    by_variable = locate({**env, **other, "OS_CLOUD": "keys"})
    assert (by_variable.endpoint, by_variable.ca_file) == ("https://dds.env", "/env.pem")
    given = Given("https://dds.given", ca_file="/given.pem", cloud="keys")
    target = locate({**env, **other}, given)
    assert (target.endpoint, target.ca_file) == ("https://dds.given", "/given.pem")


@pytest.mark.parametrize("secret", ["ak: AK, sk: s3cret", "token: s3cret"])
def test_project_of_a_cloud_is_looked_up_by_its_name(
    env: dict[str, str], tmp_path: Path, secret: str
) -> None:
    """project_name without project_id is looked up, whatever the environment says."""
    (tmp_path / "clouds.yaml").write_text(
        "clouds: {a: {region_name: eu-de, auth: {auth_url: 'https://iam.a/v3', "
        f"project_name: mine, {secret}}}}}}}"
    )
    others = {"HW_PROJECT_ID": "p", "HW_PROJECT_NAME": "n", "HUAWEICLOUD_SDK_IAM_ENDPOINT": "http"}
    target = locate({**env, **others}, Given(cloud="a"))
    assert isinstance(target.found.key, ProjectByName)
    assert (target.found.key.iam_endpoint, target.found.key.name) == ("https://iam.a", "mine")
    assert target.project_id == ""


def test_setting_that_cannot_be_used_is_named(env: dict[str, str], tmp_path: Path) -> None:
    """The file, the cloud and the setting are told."""
    for key in ("region_name: EU", "dds_endpoint_override: dds"):
        (tmp_path / "clouds.yaml").write_text(
            f"clouds: {{a: {{{key}, auth: {{project_id: p, token: t}}}}}}"
        )
        told = rf"{key.partition(':')[0]} of .*clouds.yaml, cloud 'a': "
        with pytest.raises(ConfigurationError, match=told):
            locate({**env, "HW_REGION_NAME": "eu-de"}, Given(cloud="a"))


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("other", "has no cloud 'other'; it has: bare, flat, half"),
        ("half", "ak is set without sk"),
        ("nothing", "no credentials: give username, password"),
        ("flat", "no section"),
        ("bare", "no section auth"),
    ],
)
def test_clouds_that_cannot_be_used(env: dict[str, str], name: str, told: str) -> None:
    """The file, the cloud and the mend are told; no secret is."""
    with pytest.raises(ConfigurationError, match=told) as caught:
        discover(env, Given(cloud=name))
    assert env["OS_CLIENT_CONFIG_FILE"] in str(caught.value)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("clouds: [s3cret", r"no YAML \(line 1\)"),
        ("clouds:\n  a: !!python/object:os.system s3cret", "no YAML"),
        (b"\xff\xfe\x00s3cret", "no YAML"),
        ("clouds: !!int s3cret", "no YAML"),
        ("clouds: {a: !!bool s3cret}", "no YAML"),
        ("clouds: {a: !!timestamp s3cret}", "no YAML"),
        ("clouds: {a: !!float s3cret}", "no YAML"),
        ("{" * 5000, "no YAML"),
        ("x: 2024-13-45", "no section clouds"),
        ("x: 0x_", "no section clouds"),
        ("s3cret", "no section clouds"),
        ("clouds: 7", "no section clouds"),
    ],
)
def test_files_that_are_no_clouds(
    env: dict[str, str], tmp_path: Path, text: str | bytes, told: str
) -> None:
    """A YAML error is told by its line, without repeating it."""
    path = tmp_path / "clouds.yaml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(ConfigurationError, match=told) as caught:
        discover(env, Given(cloud="a"))
    assert "s3cret" not in str(caught.value)


def test_unreadable_file_and_missing_library(
    env: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What cannot be read is told, and how to get PyYAML."""
    with pytest.raises(ConfigurationError, match="cannot be read"):
        discover({**env, "OS_CLIENT_CONFIG_FILE": str(tmp_path / "none")}, Given(cloud="a"))
    real = builtins.__import__

    def without_yaml(name: str, *rest: Any, **named: Any) -> Any:
        if name == "yaml":
            raise ImportError(name)
        return real(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", without_yaml)
    with pytest.raises(ConfigurationError, match=r"pip install 'ddswait\[yaml\]'"):
        discover(env, Given(cloud="keys"))
