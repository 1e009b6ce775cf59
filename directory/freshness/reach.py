"""Whether a link opens, asked politely and without letting anybody use this server to reach into its own network.

Links come from outside, so each hop is checked: http or https, default port, no user name, a host name and no address in
numbers; all addresses of the name are public; and the connection goes to the very address that was checked, so a name that
changes its mind between the check and the visit gains nothing. Nothing of a page is read but its headers.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field

import httpx
from aiolimiter import AsyncLimiter
from django.core.exceptions import ValidationError

from directory.models import LinkCheck
from directory.validators import validate_host

__all__ = ["Policy", "Reached", "is_public", "reach_all"]

Result = LinkCheck.Result
TIMEOUT = 10.0
REDIRECTS = 3
AT_ONCE = 8
_ADDRESSES = 3
"""So many addresses of one name are tried."""
_HEADERS = {"User-Agent": "Waypost-link-check/1.0", "Accept": "*/*"}
_LETS_NO_PROGRAM_IN = {401, 403, 405, 406, 407, 429, 451, 999}
_GONE = {404, 410}
_PERMANENT = {301, 308}
_REDIRECTS = {301, 302, 303, 307, 308}
_EMBEDDING = (  # IPv6 networks whose addresses hold an IPv4 address, and its position in bits from the right
    (ipaddress.IPv6Network("::ffff:0:0/96"), 0),
    (ipaddress.IPv6Network("::/96"), 0),
    (ipaddress.IPv6Network("64:ff9b::/96"), 0),
    (ipaddress.IPv6Network("64:ff9b:1::/48"), 0),
    (ipaddress.IPv6Network("2002::/16"), 80),
)


class Refused(Exception):
    """The link leads where this server must not go."""


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the public internet; False for what is no address."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        for network, shift in _EMBEDDING:
            if ip in network and not is_public(str(ipaddress.IPv4Address((int(ip) >> shift) & 0xFFFFFFFF))):
                return False
        if ip.teredo is not None or ip.is_site_local:
            return False
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified or ip.is_loopback)


async def _resolve(host: str, port: int) -> list[str]:
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(row[4][0]) for row in found))


def _default_port(url: httpx.URL) -> bool:
    return url.port in (None, 443 if url.scheme == "https" else 80)


@dataclass(frozen=True)
class Policy:
    """Where a check may go. Production uses the defaults; tests reach a server of their own."""

    address: Callable[[str], bool] = is_public
    port: Callable[[httpx.URL], bool] = _default_port
    resolve: Callable[[str, int], Awaitable[list[str]]] = _resolve
    verify: ssl.SSLContext | bool = True
    per_second: float = 1.0
    """Requests to one host."""
    timeout: float = TIMEOUT


@dataclass(frozen=True)
class Reached:
    """What came of one link: the result, the last HTTP status if there was any, and the new address if it moved for good."""

    result: str
    status: int | None = None
    leads_to: str = ""
    ours: bool = False
    """The failure is of this server's own name service: says nothing about the link."""


@dataclass
class _Visit:
    """The state of one round: the client, and how fast each host may be asked."""

    client: httpx.AsyncClient
    policy: Policy
    places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    pace: dict[str, AsyncLimiter] = field(default_factory=dict)

    def __post_init__(self) -> None:
        seconds = 1.0 / self.policy.per_second
        self.pace = defaultdict(lambda: AsyncLimiter(1, seconds))


async def _addresses(url: httpx.URL, policy: Policy) -> list[str]:
    """The checked addresses of a link's host. Raises Refused, and OSError if there are none."""
    host = url.raw_host.decode("ascii")
    if url.scheme not in ("http", "https") or url.userinfo or not policy.port(url):
        raise Refused
    try:
        validate_host(host.lower())
    except ValidationError as error:
        raise Refused from error
    found = await policy.resolve(host, url.port or (443 if url.scheme == "https" else 80))
    if not found or not all(policy.address(address) for address in found):
        raise Refused
    return found[:_ADDRESSES]


async def _ask(method: str, url: httpx.URL, addresses: Iterable[str], visit: _Visit) -> httpx.Response:
    """The headers of one answer, from the first of the addresses that takes the connection."""
    refused: Exception | None = None
    host = url.raw_host.decode("ascii")
    headers = {**_HEADERS, "Host": url.netloc.decode("ascii")}
    for address in addresses:
        target = url.copy_with(host=address, fragment=None)
        request = visit.client.build_request(method, target, headers=headers, extensions={"sni_hostname": host})
        request.extensions["timeout"] = httpx.Timeout(visit.policy.timeout).as_dict()
        async with visit.pace[host.lower()]:
            pass
        try:
            # the clock stops also a server that sends one letter of its headers every nine seconds
            response = await asyncio.wait_for(visit.client.send(request, stream=True), 2 * visit.policy.timeout)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            if _tls(error):
                raise
            refused = error
            continue
        await response.aclose()
        return response
    assert refused is not None  # there is at least one address
    raise refused


def _tls(error: BaseException) -> bool:
    """Whether an error comes from the certificate or the handshake."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, ssl.SSLError):
            return True
        seen = seen.__cause__ or seen.__context__
    return False


async def _open(url: httpx.URL, visit: _Visit) -> httpx.Response:
    """HEAD, then GET where a server does not answer HEAD as it should."""
    addresses = await _addresses(url, visit.policy)
    try:
        response = await _ask("HEAD", url, addresses, visit)
        if response.status_code < 400:
            return response
    except (httpx.ConnectError, httpx.ConnectTimeout):
        raise
    except (httpx.TransportError, asyncio.TimeoutError):
        pass
    return await _ask("GET", url, addresses, visit)


def _judged(status: int) -> str:
    if status in _LETS_NO_PROGRAM_IN:
        return Result.UNCLEAR
    if status in _GONE:
        return Result.GONE
    return Result.FAILING if status >= 400 else Result.OK


def _same_page(one: httpx.URL, other: httpx.URL) -> bool:
    """Whether two addresses differ only in https and a last slash."""
    return (one.host, one.path.rstrip("/"), one.query) == (other.host, other.path.rstrip("/"), other.query)


async def _reach(link: str, visit: _Visit) -> Reached:
    status: int | None = None
    permanent = True
    try:
        start = url = httpx.URL(link)
        for _hop in range(REDIRECTS + 1):
            response = await _open(url, visit)
            status = response.status_code
            location = response.headers.get("Location")
            if status not in _REDIRECTS or not location:
                break
            permanent = permanent and status in _PERMANENT
            url = url.join(location)
        else:
            return Reached(Result.LOOP, status)
    except (Refused, httpx.InvalidURL, UnicodeError, ValueError):
        return Reached(Result.REFUSED, status)
    except socket.gaierror as error:
        return Reached(Result.NAME, ours=error.errno == socket.EAI_AGAIN)
    except (httpx.HTTPError, asyncio.TimeoutError, OSError) as error:
        return Reached(Result.TLS if _tls(error) else Result.NO_ANSWER)
    result = _judged(status)
    if result == Result.OK and url != start and permanent and not _same_page(start, url):
        return Reached(Result.MOVED, status, str(url)[:400])
    return Reached(result, status)


async def _all(links: Iterable[str], policy: Policy) -> dict[str, Reached]:
    limits = httpx.Limits(max_keepalive_connections=0)
    async with httpx.AsyncClient(
        verify=policy.verify, trust_env=False, follow_redirects=False, limits=limits
    ) as client:
        visit = _Visit(client, policy)

        async def one(link: str) -> Reached:
            async with visit.places:
                return await _reach(link, visit)

        wanted = list(dict.fromkeys(links))
        return dict(zip(wanted, await asyncio.gather(*(one(link) for link in wanted))))


def reach_all(links: Iterable[str], policy: Policy | None = None) -> dict[str, Reached]:
    """Try the links, a few at a time and one request a second to each host."""
    return asyncio.run(_all(links, policy or Policy()))
