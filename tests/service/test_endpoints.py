"""ddswait.service.endpoints: regions to hosts, and what can be an endpoint."""

import pytest

from ddswait.errors import ConfigurationError
from ddswait.service.endpoints import check_endpoint, check_proxy, check_region, endpoint_of
from ddswait.service.regions import region_of


@pytest.mark.parametrize(
    ("region", "cloud", "endpoint"),
    [
        ("ap-southeast-1", "", "https://dds.ap-southeast-1.myhuaweicloud.com"),
        ("eu-west-101", "", "https://dds.eu-west-101.myhuaweicloud.eu"),
        ("eu-west-0", "", "https://dds.eu-west-0.myhuaweicloud.com"),
        ("eu-de", "otc.t-systems.com", "https://dds.eu-de.otc.t-systems.com"),
    ],
)
def test_endpoints(region: str, cloud: str, endpoint: str) -> None:
    """A region's endpoint ends in .com, .eu in Europe's own cloud, or in the cloud's domain."""
    assert endpoint_of("dds", region, cloud) == endpoint


@pytest.mark.parametrize(
    ("service", "region", "host"),
    [
        ("rds", "cn-north-4", "rds.cn-north-4.myhuaweicloud.com"),
        ("taurusdb", "cn-north-4", "gaussdb.cn-north-4.myhuaweicloud.com"),
        ("taurusdb", "ap-southeast-1", "gaussdbformysql.ap-southeast-1.myhuaweicloud.com"),
        ("taurusdb", "af-south-1", "gaussdb-mysql.af-south-1.myhuaweicloud.com"),
        ("gaussdb", "cn-north-4", "gaussdb-opengauss.cn-north-4.myhuaweicloud.com"),
        ("gaussdb", "tr-west-1", "gaussdb.tr-west-1.myhuaweicloud.com"),
        ("geminidb", "eu-west-101", "gaussdb-nosql.eu-west-101.myhuaweicloud.eu"),
        ("ddm", "cn-north-4", "ddm.cn-north-4.myhuaweicloud.com"),
        ("iam", "cn-north-4", "iam.cn-north-4.myhuaweicloud.com"),
    ],
)
def test_service_has_its_host_in_each_region(service: str, region: str, host: str) -> None:
    """The host has another name than the service for some, and in some regions a third one."""
    endpoint = endpoint_of(service, region)
    assert endpoint == f"https://{host}"
    assert region_of(endpoint) == region


def test_example_of_an_endpoint_is_that_of_the_service() -> None:
    """A message about a bad endpoint shows the host that the service has in most regions."""
    with pytest.raises(ConfigurationError, match=r"https://gaussdb-nosql\.REGION\.my"):
        check_endpoint("x", service="geminidb")


@pytest.mark.parametrize(
    ("region", "cloud"), [("", ""), ("evil.example/", ""), ("CN", ""), ("cn-north-4", "evil/")]
)
def test_names_that_cannot_be_one(region: str, cloud: str) -> None:
    """A region or cloud that would change the host is refused by name."""
    with pytest.raises(ConfigurationError, match=r"invalid region|invalid domain"):
        endpoint_of("dds", region, cloud)


@pytest.mark.parametrize(
    "endpoint",
    ["", "dds.example", "ftp://x", "https://", "https://x:99999", "https://x/?a", "https://x y"],
)
def test_bad_endpoints_are_named(endpoint: str) -> None:
    """An endpoint that is no plain URL is refused by name, with an example."""
    with pytest.raises(ConfigurationError, match="use a URL such as https://dds"):
        check_endpoint(endpoint)


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://u:s3cret@dds.example",
        "https://u:s3cret@dds.example:99999",
        "https://u:s3cret@[bad",
        "u:s3cret@dds.example",
        "https//u:s3cret@dds.example",
        "https://u:s3/cret@dds.example",
    ],
)
def test_endpoint_that_may_hold_a_password_is_not_repeated(endpoint: str) -> None:
    """Whatever holds an `@` is refused without being shown, and its source is named."""
    with pytest.raises(ConfigurationError, match=r"HW_AUTH_URL .* https://iam") as caught:
        check_endpoint(endpoint, source="HW_AUTH_URL", service="iam")
    assert "s3" not in str(caught.value)


@pytest.mark.parametrize(
    "rest",
    [
        "/v3",
        "/v3/",
        "/v3.1",
        "/v3/$(project_id)s",
        "/v3/%(project_id)s/",
        "/v3/{project_id}",
        "/v3/$(tenant_id)s",
        "/v3/0549b4a43100d4f32f51c01c2fe4acdb",
    ],
)
def test_version_and_project_at_the_end_are_dropped(rest: str) -> None:
    """What the catalogue of a cloud has behind the host is added by every request anyway."""
    assert check_endpoint(f"https://dds.example{rest}") == "https://dds.example"
    assert check_endpoint(f"https://dds.example/base{rest}") == "https://dds.example/base"


def test_proxy_without_a_scheme_is_taken_as_http() -> None:
    """`proxy:3128` is what curl accepts, with user name and password as well."""
    assert check_proxy("proxy:3128", "https_proxy") == "http://proxy:3128"
    assert check_proxy("pu:s3cret@proxy:3128", "https_proxy") == "http://pu:s3cret@proxy:3128"


def test_slash_at_the_end_is_dropped() -> None:
    """A path is kept, the slash at its end is not."""
    assert check_endpoint("https://dds.example/base/") == "https://dds.example/base"


def test_http_beyond_this_machine_is_refused_unless_allowed() -> None:
    """Credentials cross no network in the clear, but to loopback or when it is asked for."""
    for endpoint in ("http://127.0.0.1:80", "http://[::1]:80", "http://localhost"):
        assert check_endpoint(endpoint) == endpoint
    with pytest.raises(ConfigurationError, match="--insecure-http"):
        check_endpoint("http://dds.example")
    assert check_endpoint("http://dds.example", insecure_http=True) == "http://dds.example"


@pytest.mark.parametrize(
    "proxy",
    [
        "http://[::1]8hx%259:@1",
        "http://pu:s3c/ret@127.0.0.1:3128",
        "http://pu:3128/s3cret@127.0.0.1",
        "http://pu:s3?cret@127.0.0.1",
        "http://pu:s3 cret@127.0.0.1",
        "socks5://pu:s3cret@127.0.0.1:3128",
        "http://",
        "",
        "http://proxy:0",
        "http://[bad",
        "http://[::1]@[:::]:3128",
        "http://u]:s3cret@[::1]:3128",
        "http://u[:s3cret@[::1]:3128",
    ],
)
def test_proxy_that_is_no_url_is_not_shown(proxy: str) -> None:
    """The variable and the hint are told; the URL, which may hold a password, is not."""
    with pytest.raises(ConfigurationError) as caught:
        check_proxy(proxy, "https_proxy")
    assert str(caught.value) == (
        "https_proxy is not the URL of an HTTP proxy: use http://HOST:PORT, and percent-encode "
        "the password"
    )


def test_proxy_with_an_escaped_password_is_taken() -> None:
    """User name and password may stand in a proxy's URL."""
    for proxy in ("http://pu:s3c%2Fret@proxy:3128", "https://proxy", "http://[::1]:3128/"):
        assert check_proxy(proxy, "https_proxy") == proxy


@pytest.mark.parametrize(
    ("endpoint", "problem"),
    [
        ("https://[bad", "is not a URL"),
        ("https://x:99999", "is not a URL"),
        ("ftp://x", "is not an http(s) URL"),
        ("https://x:0", "is not an http(s) URL"),
        ("https://x/?a", "has more than scheme, host and path"),
        ("https://x/#a", "has more than scheme, host and path"),
        ("https://x/\x7f", "has more than scheme, host and path"),
        ("https://x/a b", "has more than scheme, host and path"),
        ("https://x..y", "has an invalid host"),
    ],
)
def test_message_says_why_a_text_is_not_an_endpoint(endpoint: str, problem: str) -> None:
    """The message names the source, quotes the text, and shows what to use."""
    with pytest.raises(ConfigurationError) as caught:
        check_endpoint(endpoint)
    assert str(caught.value) == (
        f"the endpoint: {endpoint!r} {problem}: use a URL such as "
        "https://dds.REGION.myhuaweicloud.com"
    )


def test_message_says_why_a_region_is_not_one() -> None:
    """The message names the source, quotes the text, and shows a region."""
    with pytest.raises(ConfigurationError) as caught:
        check_region("CN")
    assert str(caught.value) == (
        "the region: invalid region 'CN': use a name such as ap-southeast-1"
    )
    assert endpoint_of("iam", "cn-north-4") == "https://iam.cn-north-4.myhuaweicloud.com"


def test_any_port_but_zero_is_accepted() -> None:
    """1 is a port, for the service as for a proxy."""
    assert check_endpoint("https://x:1") == "https://x:1"
    assert check_proxy("http://x:1", "https_proxy") == "http://x:1"
    with pytest.raises(ConfigurationError):
        check_proxy("http://x:99999", "https_proxy")


def test_capital_letter_at_the_end_of_an_endpoint_stays() -> None:
    """Only slashes are dropped."""
    assert check_endpoint("https://x/X") == "https://x/X"


_NO_HOSTS = [
    *("[::]]", "[::1]x", "[::1", "[v1.a]", "[1.2.3.4]", "[fe80::1%eth0]", "[::1]:", "x:"),
    *("x\\y", "ex..ample", ".", ".example", "example.", "x%00", ";", "$(x)", "b\u00fccher.example"),
    *(f"{'a' * 64}.example", f"{'a.' * 126}aa", f"[::1]{'a' * 9}:80"),
]


@pytest.mark.parametrize("host", _NO_HOSTS)
def test_host_that_no_request_can_name_is_refused(host: str) -> None:
    """A host is labels of letters, digits, `-` and `_`, or an IP address; nothing else is sent."""
    endpoint = f"https://{host}"
    with pytest.raises(ConfigurationError, match=r"is not a URL|has an invalid host"):
        check_endpoint(endpoint)
    with pytest.raises(ConfigurationError, match="https_proxy is not the URL"):
        check_proxy(f"http://user:s3cret@{host}", "https_proxy")


@pytest.mark.parametrize(
    "host",
    [
        *("x", "x:65535", "a_b.example", "1.2.3.4:80", "[::1]", "[2001:db8::1]:8443"),
        *(f"{'a' * 63}.example", f"{'a.' * 126}a", "A.Example", "xn--bcher-kva.example"),
    ],
)
def test_every_other_host_is_accepted(host: str) -> None:
    """Up to the longest labels and the longest name that there are."""
    assert check_endpoint(f"https://{host}") == f"https://{host}"
    assert check_proxy(f"http://user:s3cret@{host}", "https_proxy").endswith(host)


@pytest.mark.parametrize(("region", "cloud"), [("a" * 64 + "-1", ""), ("cn-1", "a." * 130 + "b")])
def test_region_and_cloud_make_a_host(region: str, cloud: str) -> None:
    """Their names may have the right letters and still make no host; the message quotes both."""
    with pytest.raises(ConfigurationError) as caught:
        endpoint_of("dds", region, cloud)
    origin = f"HW_CLOUD {cloud!r} and " if cloud else ""
    assert str(caught.value) == (
        f"{origin}the region {region!r} make an invalid host name: use the names that the "
        "documentation of the cloud gives, such as ap-southeast-1"
    )


def test_host_called_as_the_version_stays() -> None:
    """Only the path of an endpoint is changed."""
    assert check_endpoint("https://v3") == "https://v3"
    assert check_endpoint("https://v3/v3.1/") == "https://v3"
    assert check_endpoint("https://x/a://v3") == "https://x/a:"
