"""Faults of real programs between the command and the service: nginx and tinyproxy.

Each listens on a free port of loopback, with a configuration in a folder of the test.
"""

from __future__ import annotations

import asyncio
import shutil
import socket
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path

TINYPROXY = shutil.which("tinyproxy")
NGINX = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/local/bin:/usr/bin")

_NGINX = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    proxy_cache_path {folder}/cache keys_zone=cache:1m;
    limit_req_zone $server_port zone=one:1m rate=2r/s;
    proxy_http_version 1.1;
    {servers}
}}
"""
_SERVER = "server {{ listen 127.0.0.1:{port} {listen}; {settings} }}"
_TINYPROXY = """
Listen 127.0.0.1
Port {port}
PidFile "{folder}/tinyproxy.pid"
LogFile "{folder}/tinyproxy.log"
MaxClients 20
Allow 127.0.0.1
{settings}
"""


class NginxFault(NamedTuple):
    """A server of nginx.

    Attributes:
        settings: of the server; `{sound}`, `{silent}`, `{cut}` and `{refused}` stand for the
            addresses of servers behind it that behave like this.
        listen: more words of its `listen` line.
    """

    settings: str
    listen: str = ""


class TinyproxyFault(NamedTuple):
    """A tinyproxy of its own.

    Attributes:
        settings: of tinyproxy; addresses as for nginx, and `{folder}`.
        is_tunnel: whether the service is reached by https.
        user: user and password in the address of the proxy, with an `@`.
    """

    settings: str
    is_tunnel: bool = False
    user: str = ""


def _passes(more: str) -> str:
    return f"location / {{{{ proxy_pass http://{{sound}}; {more} }}}}"


NGINX_FAULTS = {
    "nginx: limit_req (503)": NginxFault(_passes("limit_req zone=one;")),
    "nginx: limit_req (429)": NginxFault(
        _passes("limit_req zone=one; limit_req_status 429;"),
    ),
    "nginx: the service does not reply (504)": NginxFault(
        "location / {{ proxy_pass http://{silent}; proxy_read_timeout 200ms; }}"
    ),
    "nginx: the service is down (502)": NginxFault("location / {{ proxy_pass http://{refused}; }}"),
    "nginx: the service cuts its replies": NginxFault("location / {{ proxy_pass http://{cut}; }}"),
    "nginx: closes without a reply (444)": NginxFault("return 444;"),
    "nginx: wants a user (401)": NginxFault(
        _passes("auth_basic realm; auth_basic_user_file {folder}/users;")
    ),
    "nginx: forbids the address (403)": NginxFault(_passes("deny all;")),
    "nginx: redirects to https": NginxFault("return 301 https://$host$request_uri;"),
    "nginx: maintenance page with status 200": NginxFault(
        'error_page 502 =200 /page; location = /page {{ return 200 "<html>Maintenance</html>"; }}'
        " location / {{ proxy_pass http://{refused}; }}"
    ),
    "nginx: the headers are too long for it (400)": NginxFault(
        "connection_pool_size 112; client_header_buffer_size 112; "
        "large_client_header_buffers 1 112; " + _passes("")
    ),
    "nginx: HTTP/2 only": NginxFault(_passes(""), listen="http2"),
    "nginx: one request for each connection": NginxFault("keepalive_requests 1; " + _passes("")),
    "nginx: compresses": NginxFault(
        _passes("gzip on; gzip_min_length 1; gzip_types application/json;")
    ),
    "nginx: replies are up to a second old": NginxFault(
        _passes("proxy_cache cache; proxy_cache_valid any 1s;")
    ),
}
TINYPROXY_FAULTS = {
    "tinyproxy: http": TinyproxyFault("Upstream http {sound}"),
    "tinyproxy: https": TinyproxyFault("Upstream http {sound}", is_tunnel=True),
    "tinyproxy: wants a user, who is given": TinyproxyFault(
        "Upstream http {sound}\nBasicAuth user s3cret", user="user:s3cret@"
    ),
    "tinyproxy: http, wants a user (407)": TinyproxyFault(
        "Upstream http {sound}\nBasicAuth user s3cret"
    ),
    "tinyproxy: https, wants a user (407)": TinyproxyFault(
        "Upstream http {sound}\nBasicAuth user s3cret", is_tunnel=True
    ),
    "tinyproxy: http, the host is not allowed (403)": TinyproxyFault(
        'Upstream http {sound}\nFilter "{folder}/filter"'
    ),
    "tinyproxy: https, the port is not allowed (403)": TinyproxyFault(
        "Upstream http {sound}\nConnectPort 8443", is_tunnel=True
    ),
    "tinyproxy: http, the service is down": TinyproxyFault("Upstream http {refused}"),
    "tinyproxy: https, the service is down": TinyproxyFault(
        "Upstream http {refused}", is_tunnel=True
    ),
    "tinyproxy: https, with a user, the service is down": TinyproxyFault(
        "Upstream http {refused}\nBasicAuth user s3cret", is_tunnel=True, user="user:s3cret@"
    ),
    "tinyproxy: the service does not reply": TinyproxyFault("Upstream http {silent}\nTimeout 1"),
    "tinyproxy: closes idle tunnels": TinyproxyFault(
        "Upstream http {sound}\nTimeout 1", is_tunnel=True
    ),
}


def free_ports(count: int) -> list[int]:
    """Return ports of loopback on which nothing listens."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


@asynccontextmanager
async def _running(ports: list[int], *command: str) -> AsyncIterator[None]:
    """Run a program until the end of the block; it listens when the block begins."""
    process = await asyncio.create_subprocess_exec(*command)
    try:
        for port in ports:
            while process.returncode is None:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                except OSError:
                    await asyncio.sleep(0.01)
                    continue
                writer.close()
                break
        assert process.returncode is None, f"{command} ended at once"
        yield
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


@asynccontextmanager
async def nginx(folder: Path, places: Mapping[str, str]) -> AsyncIterator[dict[str, int]]:
    """Run one nginx; yield the port of each of its faulty servers."""
    ports = dict(zip(NGINX_FAULTS, free_ports(len(NGINX_FAULTS)), strict=True))
    (folder / "users").write_text("")
    servers = [
        _SERVER.format(
            port=ports[name],
            listen=fault.listen,
            settings=fault.settings.format(folder=folder, **places),
        )
        for name, fault in NGINX_FAULTS.items()
    ]
    path = folder / "nginx.conf"
    path.write_text(_NGINX.format(folder=folder, servers="\n    ".join(servers)))
    command = (str(NGINX), "-p", str(folder), "-c", str(path), "-e", str(folder / "start.log"))
    async with _running(list(ports.values()), *command):
        yield ports


@asynccontextmanager
async def tinyproxy(
    folder: Path, fault: TinyproxyFault, places: Mapping[str, str]
) -> AsyncIterator[int]:
    """Run a tinyproxy; yield its port."""
    [port] = free_ports(1)
    path = _configure(folder, port, fault.settings.format(folder=folder, **places))
    async with _running([port], str(TINYPROXY), "-d", "-c", str(path)):
        yield port


def _configure(folder: Path, port: int, settings: str) -> Path:
    folder.mkdir()
    (folder / "filter").write_text("invalid\n")
    path = folder / "tinyproxy.conf"
    path.write_text(_TINYPROXY.format(port=port, folder=folder, settings=settings))
    return path
