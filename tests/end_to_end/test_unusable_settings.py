"""The command and settings that cannot work: exit code 2 and a message, before any poll."""

from pathlib import Path

import pytest

from tests.cli.in_process import RealCommand


@pytest.mark.parametrize(
    "host", ["[::]]", "[::1]x", "x\\y", "ex..ample", ".", "x%00", ";", "$(x)", f"{'a' * 64}.test"]
)
@pytest.mark.parametrize("variable", ["DDSWAIT_ENDPOINT", "HW_AUTH_URL"])
def test_host_that_no_request_can_name_exits_2(
    command: RealCommand, host: str, variable: str
) -> None:
    """The message names the variable and quotes its value."""
    login = {"HW_USER_NAME": "u", "HW_USER_PASSWORD": "s3cret", "HW_DOMAIN_NAME": "d"}
    target = {"DDSWAIT_ENDPOINT": "https://dds.test", "HW_REGION_NAME": "cn-north-4"}
    env = {**target, **login, "HW_AUTH_TOKEN": "", variable: f"https://{host}"}
    done = command("a", **env)
    assert done.code == 2
    assert variable in done.stderr
    assert repr(f"https://{host}") in done.stderr
    assert "waiting for" not in done.stderr


@pytest.mark.parametrize("form", ["[{}]", "{{<<: [{}]}}"])
def test_clouds_yaml_that_multiplies_exits_2(
    command: RealCommand, tmp_path: Path, form: str
) -> None:
    """Eight levels of nine aliases: 43 million values from a few lines."""
    lines = ["a0: &a0 {k: v}"]
    for level in range(1, 9):
        below = ", ".join([f"*a{level - 1}"] * 9)
        lines.append(f"a{level}: &a{level} {form.format(below)}")
    lines.append("clouds: {c: {auth: {token: t, more: *a8}}}")
    (tmp_path / "clouds.yaml").write_text("\n".join(lines))
    done = command(
        "a", HW_AUTH_TOKEN="", OS_CLOUD="c", OS_CLIENT_CONFIG_FILE=str(tmp_path / "clouds.yaml")
    )
    assert done.code == 2
    assert "its aliases (*NAME) stand for more than 100000 values" in done.stderr
