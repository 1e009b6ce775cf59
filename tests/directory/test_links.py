"""Links of the directory: where a check may go, what it makes of answers, and the task for what stays broken."""

from __future__ import annotations

import contextlib
import datetime
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from directory.freshness import linkchecks
from directory.freshness.chores import links as links_chore
from directory.freshness.linkchecks import Done, check_due, collect
from directory.freshness.reach import Policy, Reached, is_public, reach_all
from directory.models import Article, ContactPoint, LinkCheck, Organisation, Service, Task

Result = LinkCheck.Result


# Where a check may go


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.215.14", True),
        ("2606:4700:4700::1111", True),
        ("127.0.0.1", False),
        ("127.8.8.8", False),
        ("0.0.0.0", False),
        ("10.0.0.1", False),
        ("172.16.0.1", False),
        ("172.31.255.255", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("192.0.2.1", False),
        ("198.18.0.1", False),
        ("224.0.0.1", False),
        ("240.0.0.1", False),
        ("255.255.255.255", False),
        ("::", False),
        ("::1", False),
        ("::127.0.0.1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:10.0.0.1", False),
        ("::ffff:169.254.169.254", False),
        ("64:ff9b::10.0.0.1", False),
        ("64:ff9b::a9fe:a9fe", False),
        ("2002:7f00:1::", False),
        ("2002:a9fe:a9fe::1", False),
        ("2001:0:53aa:64c:0:fbff:80ff:fffe", False),
        ("fe80::1", False),
        ("fe80::1%eth0", False),
        ("fec0::1", False),
        ("fc00::1", False),
        ("fd12:3456::1", False),
        ("ff02::1", False),
        ("2001:db8::1", False),
        ("localhost", False),
        ("", False),
    ],
)
def test_public_addresses(address: str, public: bool) -> None:
    assert is_public(address) is public


class Nets:
    """A name service for tests that also notes every question."""

    def __init__(self, names: dict[str, list[str]]) -> None:
        self.names, self.asked = names, list[str]()

    async def __call__(self, host: str, port: int) -> list[str]:
        self.asked.append(host)
        if host not in self.names:
            raise socket.gaierror(socket.EAI_NONAME, "unknown")
        return self.names[host]


@pytest.fixture
def no_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a test does here, it must not connect anywhere."""
    import anyio

    async def forbidden(*args: Any, **kwargs: Any) -> None:
        raise AssertionError(f"connected to {args}")

    monkeypatch.setattr(anyio, "connect_tcp", forbidden)


@pytest.mark.parametrize(
    "link",
    [
        "http://127.0.0.1/",
        "http://localhost/",
        "http://10.1.2.3/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[fe80::1]/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://0x7f.0.0.1/",
        "http://0177.0.0.1/",
        "http://127.1/",
        "http://①②⑦.⓪.⓪.①/",
        "http://0/",
        "http://93.184.215.14/",  # public, but a link names its host
        "http://inside.example/",
        "http://inside6.example/",
        "http://mapped.example/",
        "http://half.example/",
        "http://nothing.example/",
        "http://inside.example./",
        "http://public.example:22/",
        "http://public.example:8080/",
        "http://public.example:443/",
        "https://public.example:80/",
        "http://user@public.example/",
        "http://user:word@public.example/",
        "http://public.example@127.0.0.1/",
        "file:///etc/passwd",
        "ftp://public.example/",
        "gopher://public.example/",
        "data:text/html,hello",
        "javascript:alert(1)",
        "//public.example/",
        "public.example",
        "",
        "http://",
        "http:///path",
        "http://pub lic.example/",
        "http://public.example\r\nHost: inside.example/",
        "http://" + "a" * 300 + ".example/",
    ],
)
def test_where_a_check_never_goes(no_connection: None, link: str) -> None:
    nets = Nets(
        {
            "inside.example": ["10.0.0.7"],
            "inside.example.": ["10.0.0.7"],
            "inside6.example": ["fd00::1"],
            "mapped.example": ["::ffff:10.0.0.7"],
            "half.example": ["93.184.215.14", "192.168.0.1"],
            "nothing.example": [],
            "public.example": ["93.184.215.14"],
        }
    )
    assert reach_all([link], Policy(resolve=nets, per_second=1000))[link].result == Result.REFUSED


def test_names_in_numbers_are_not_even_looked_up(no_connection: None) -> None:
    nets = Nets({})
    reach_all(["http://2130706433/", "http://0x7f.1/", "http://[::1]/", "http://localhost/"], Policy(resolve=nets))
    assert nets.asked == []


# What it makes of answers


@contextlib.contextmanager
def serving(handler: type[BaseHTTPRequestHandler], context: ssl.SSLContext | None = None) -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


REQUESTS: list[tuple[str, str, str]] = []
"""(method, host, path) of what the server was asked."""


class Site(BaseHTTPRequestHandler):
    """Answers by the path: /404, /to/<percent-less address>, /drip, …"""

    protocol_version = "HTTP/1.1"

    def log_message(self, *args: Any) -> None:
        pass

    def answer(self) -> None:
        REQUESTS.append((self.command, self.headers["Host"], self.path))
        part = self.path.partition("?")[0].strip("/").split("/")
        head = self.command == "HEAD"
        if part[0] == "no-head":
            return self.plain(405 if head else 200)
        if part[0] == "head-lies":
            return self.plain(404 if head else 200)
        if part[0] == "head-hangs":
            return time.sleep(1) if head else self.plain(200)
        if part[0] == "silent":
            time.sleep(1)
            return None
        if part[0] == "drip":
            with contextlib.suppress(OSError):
                self.wfile.write(b"HTTP/1.1 200 OK\r\n")
                for _turn in range(40):
                    self.wfile.write(b"X: y\r\n")
                    self.wfile.flush()
                    time.sleep(0.1)
            return None
        if part[0] == "garbage":
            self.wfile.write(b"\x00\x01 no http at all\r\n\r\n")
            self.close_connection = True
            return None
        if part[0] == "endless":
            self.send_response(200)
            self.send_header("Content-Length", str(10**12))
            self.end_headers()
            with contextlib.suppress(OSError):
                while not head:
                    self.wfile.write(b"x" * 65536)
            return None
        if part[0] == "hop":
            return self.plain(302, f"/hop/{int(part[1]) - 1}" if part[1] != "1" else "/200")
        if part[0] in ("301", "302", "303", "307", "308") and len(part) > 1:
            return self.plain(int(part[0]), "/".join(part[1:]).replace("~", "://").replace("@@", "@"))
        return self.plain(int(part[0]))

    do_GET = do_HEAD = answer

    def plain(self, status: int, location: str | None = None) -> None:
        self.send_response(status)
        if location is not None:
            self.send_header("Location", location)
        self.send_header("Content-Length", "0")
        self.end_headers()


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with serving(Site) as number:
        yield number


@pytest.fixture
def local(port: int) -> Policy:
    """A world in which site.example is the server on this machine, and every other rule is the real one."""
    REQUESTS.clear()
    nets = Nets(
        {
            "site.example": ["127.0.0.1"],
            "other.example": ["127.0.0.1"],
            "two.example": ["127.0.0.2", "127.0.0.1"],
            "inside.example": ["10.0.0.7"],
        }
    )
    return Policy(
        address=lambda address: address in ("127.0.0.1", "127.0.0.2") or is_public(address),
        port=lambda url: url.port in (None, port),
        resolve=nets,
        per_second=10_000,
        timeout=0.4,
    )


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("200", Reached(Result.OK, 200)),
        ("204", Reached(Result.OK, 204)),
        ("304", Reached(Result.OK, 304)),
        ("no-head", Reached(Result.OK, 200)),
        ("head-lies", Reached(Result.OK, 200)),
        ("endless", Reached(Result.OK, 200)),
        ("401", Reached(Result.UNCLEAR, 401)),
        ("403", Reached(Result.UNCLEAR, 403)),
        ("429", Reached(Result.UNCLEAR, 429)),
        ("404", Reached(Result.GONE, 404)),
        ("410", Reached(Result.GONE, 410)),
        ("400", Reached(Result.FAILING, 400)),
        ("500", Reached(Result.FAILING, 500)),
        ("503", Reached(Result.FAILING, 503)),
        ("302//404", Reached(Result.GONE, 404)),
        ("hop/3", Reached(Result.OK, 200)),
        ("hop/4", Reached(Result.LOOP, 302)),
        ("silent", Reached(Result.NO_ANSWER)),
        ("drip", Reached(Result.NO_ANSWER)),
        ("garbage", Reached(Result.NO_ANSWER)),
    ],
)
def test_answers(local: Policy, port: int, path: str, expected: Reached) -> None:
    link = f"http://site.example:{port}/{path}"
    began = time.monotonic()
    assert reach_all([link], local)[link] == expected
    assert time.monotonic() - began < 4


@pytest.mark.parametrize(
    ("path", "result", "leads_to"),
    [
        ("301/http~other.example:PORT/200", Result.MOVED, "http://other.example:PORT/200"),
        ("308//200", Result.MOVED, "http://site.example:PORT/200"),
        ("302/http~other.example:PORT/200", Result.OK, ""),
        ("307//200", Result.OK, ""),
        ("301/http~other.example:PORT/404", Result.GONE, ""),
        ("301/http~inside.example/", Result.REFUSED, ""),
        ("302/http~10.0.0.7/", Result.REFUSED, ""),
        ("302/http~169.254.169.254/latest/meta-data/", Result.REFUSED, ""),
        ("302/http~[::1]/", Result.REFUSED, ""),
        ("302/http~2130706433/", Result.REFUSED, ""),
        ("302/http~127.0.0.1:PORT/200", Result.REFUSED, ""),
        ("302/http~user@@site.example:PORT/200", Result.REFUSED, ""),
        ("302/http~other.example:6379/", Result.REFUSED, ""),
        ("302/file~/etc/passwd", Result.REFUSED, ""),
        ("302/ftp~other.example/", Result.REFUSED, ""),
        ("302/http~nowhere.example/", Result.NAME, ""),
        ("302/http~[broken/", Result.REFUSED, ""),
    ],
)
def test_redirects(local: Policy, port: int, path: str, result: str, leads_to: str) -> None:
    """Each hop is checked like the first one."""
    link = f"http://site.example:{port}/{path}".replace("PORT", str(port))
    reached = reach_all([link], local)[link]
    assert (reached.result, reached.leads_to) == (result, leads_to.replace("PORT", str(port)))
    assert len(REQUESTS) == (2 if result in (Result.MOVED, Result.OK) else 3 if result == Result.GONE else 1)


def test_head_that_hangs_is_followed_by_get(local: Policy, port: int) -> None:
    link = f"http://site.example:{port}/head-hangs"
    assert reach_all([link], local)[link].result == Result.OK
    assert [method for method, _host, _path in REQUESTS] == ["HEAD", "GET"]


def test_the_connection_goes_to_the_checked_address_under_the_right_name(local: Policy, port: int) -> None:
    """The name is asked once; a second answer, which may be another one, is never used."""
    answers = [["127.0.0.1"], ["10.0.0.7"]]

    async def changing(host: str, number: int) -> list[str]:
        return answers.pop(0)

    link = f"http://site.example:{port}/200#part"
    assert reach_all([link], replace(local, resolve=changing))[link].result == Result.OK
    assert [("HEAD", f"site.example:{port}", "/200")] == REQUESTS and len(answers) == 1


def test_the_next_address_is_tried(local: Policy, port: int) -> None:
    link = f"http://two.example:{port}/200"
    assert reach_all([link], local)[link].result == Result.OK


def test_a_host_is_asked_once_a_second_and_others_meanwhile(local: Policy, port: int) -> None:
    links = [f"http://{host}.example:{port}/200?{n}" for host in ("site", "other") for n in range(3)]
    began = time.monotonic()
    reached = reach_all(links, replace(local, per_second=5))
    took = time.monotonic() - began
    assert {row.result for row in reached.values()} == {Result.OK}
    assert 0.4 <= took < 1.5  # two waits of 0.2 s for each host, at the same time


def test_no_proxy_of_the_environment_is_used(local: Policy, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    link = f"http://site.example:{port}/200"
    assert reach_all([link], local)[link].result == Result.OK


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (socket.EAI_NONAME, Reached(Result.NAME)),
        (socket.EAI_AGAIN, Reached(Result.NAME, ours=True)),
    ],
)
def test_names_that_are_not_found(no_connection: None, error: int, expected: Reached) -> None:
    async def failing(host: str, port: int) -> list[str]:
        raise socket.gaierror(error, "no")

    assert reach_all(["http://a.example/"], Policy(resolve=failing)) == {"http://a.example/": expected}


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for site.example that signs itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "site.example")])
    now = datetime.datetime.now(datetime.timezone.utc)
    names = x509.SubjectAlternativeName(
        [x509.DNSName("site.example"), x509.IPAddress(ipaddress.ip_address("192.0.2.1"))]
    )
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "site.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return file


@pytest.mark.parametrize(
    ("host", "trusted", "result"),
    [("site", True, Result.OK), ("other", True, Result.TLS), ("site", False, Result.TLS)],
)
def test_certificates_are_checked_against_the_name(
    local: Policy, certificate: Path, host: str, trusted: bool, result: str
) -> None:
    serves = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serves.load_cert_chain(certificate)
    trusts = ssl.create_default_context(cafile=str(certificate)) if trusted else ssl.create_default_context()
    with serving(Site, serves) as number:
        link = f"https://{host}.example:{number}/200"
        policy = replace(local, port=lambda url: url.port == number, verify=trusts, timeout=2)
        assert reach_all([link], policy)[link].result == result


# What is stored, and the task


@pytest.fixture
def held(service: Service) -> Organisation:
    """One organisation that is no sample, with a website."""
    return Organisation.objects.create(name="Help", kind="ngo", website="https://help.example/")


def answering(results: dict[str, Reached] | Reached) -> Callable[..., dict[str, Reached]]:
    def fake(links: Any, policy: Any = None) -> dict[str, Reached]:
        return {link: results if isinstance(results, Reached) else results[link] for link in links}

    return fake


@pytest.mark.django_db
def test_links_are_collected_from_all_records_but_samples(held: Organisation) -> None:
    kind = ContactPoint.Kind.WEB
    ContactPoint.objects.create(organisation=held, kind=kind, value="https://help.example/clinic")
    ContactPoint.objects.create(organisation=held, kind=kind, value="https://sample.example/", sample=True)
    ContactPoint.objects.create(organisation=held, kind="email", value="a@help.example")
    today = timezone.localdate()
    facts = {"topic": "info_asylum", "source_name": "Law", "checked_on": today, "review_due": today}
    Article.objects.create(source_url="https://law.example/", **facts)
    Article.objects.create(source_url="https://old.example/", status="archived", public_id="old", **facts)
    collect()
    links = {"https://help.example/", "https://help.example/clinic", "https://law.example/"}
    assert set(LinkCheck.objects.values_list("url", flat=True)) == links
    Organisation.objects.filter(pk=held.pk).update(website="https://new.example/")
    collect()
    assert set(LinkCheck.objects.values_list("url", flat=True)) == links - {"https://help.example/"} | {
        "https://new.example/"
    }


@pytest.mark.django_db
def test_the_third_failure_in_a_row_makes_one_task(held: Organisation, monkeypatch: pytest.MonkeyPatch) -> None:
    story = [404, 200, 404, 404, 404, 404, 200, 404]
    tasks, failures = [], []
    for status in story:
        result = Result.OK if status == 200 else Result.GONE
        monkeypatch.setattr(linkchecks, "reach_all", answering(Reached(result, status)))
        assert check_due(10).tried == 1
        assert check_due(10) == Done()  # its week is not over
        LinkCheck.objects.update(checked_at=timezone.now() - datetime.timedelta(days=7))
        tasks.append(Task.objects.filter(kind="broken_link").count())
        failures.append(LinkCheck.objects.get().failures)
    assert failures == [1, 0, 1, 2, 3, 4, 0, 1]
    assert tasks == [0, 0, 0, 0, 1, 1, 1, 1]
    task = Task.objects.get(kind="broken_link")
    assert task.organisation == held and task.state == "open"
    assert task.details.startswith("The page says 404: find the new page") and held.website in task.details


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("reached", "failures", "words"),
    [
        (Reached(Result.OK, 200), 0, ""),
        (Reached(Result.MOVED, 200, "https://new.example/"), 0, "put it in the place of the old one"),
        (Reached(Result.UNCLEAR, 403), 0, "open the link yourself"),
        (Reached(Result.GONE, 404), 1, "The page says 404"),
        (Reached(Result.FAILING, 500), 1, "reports an error (500)"),
        (Reached(Result.NAME), 1, "does not exist"),
        (Reached(Result.TLS), 1, "certificate"),
        (Reached(Result.NO_ANSWER), 1, "does not answer"),
        (Reached(Result.LOOP, 302), 1, "leads from one address to the next"),
        (Reached(Result.REFUSED), 1, "not on the public internet"),
    ],
)
def test_the_page_says_what_to_do(
    staff: Client, held: Organisation, monkeypatch: pytest.MonkeyPatch, reached: Reached, failures: int, words: str
) -> None:
    monkeypatch.setattr(linkchecks, "reach_all", answering(reached))
    check_due(10)
    link = LinkCheck.objects.get()
    assert (link.failures, link.result, link.status) == (failures, reached.result, reached.status)
    page = staff.get(reverse("freshness:links"), {"list": "all"}).content.decode()
    assert words in page and held.name in page and held.website in page and reached.leads_to in page
    assert reverse("admin:directory_organisation_change", args=[held.pk]) in page
    out = StringIO()
    call_command("checklinks", "--limit", "5", stdout=out)
    assert "0 links tried" in out.getvalue() and (held.website in out.getvalue()) is bool(failures)
    assert words in out.getvalue() or not failures


@pytest.mark.django_db
def test_the_lists_of_the_page(staff: Client, held: Organisation) -> None:
    made = {
        "broken": {"failures": 3, "result": "gone"},
        "failing": {"failures": 2, "result": "tls"},
        "moved": {"result": "moved"},
        "unclear": {"result": "unclear"},
        "new": {"checked_at": None},
    }
    for name, fields in made.items():
        LinkCheck.objects.create(url=f"https://{name}.example/", **{"checked_at": timezone.now(), **fields})
    for name in made:
        page = staff.get(reverse("freshness:links"), {"list": name})
        assert [row["link"].url for row in page.context["rows"]] == [f"https://{name}.example/"]
    assert [row["link"].url for row in staff.get(reverse("freshness:links")).context["rows"]] == [
        "https://broken.example/"
    ]


@pytest.mark.django_db
def test_trying_again_soon(staff: Client, editor: Any, held: Organisation) -> None:
    link = LinkCheck.objects.create(url=held.website, checked_at=timezone.now(), failures=3, result="gone")
    answer = staff.post(reverse("freshness:links") + "?list=broken", {"link": link.pk}, follow=True)
    assert "tried again within a few minutes" in answer.content.decode()
    link.refresh_from_db()
    assert link.checked_at is None and link.failures == 3
    assert staff.post(reverse("freshness:links"), {"link": "x"}).status_code == 404
    reader = editor("view_linkcheck")
    assert reader.get(reverse("freshness:links")).status_code == 200
    assert reader.post(reverse("freshness:links"), {"link": link.pk}).status_code == 403


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("count", "failures_before", "stored"),
    [(4, 0, True), (5, 0, False), (8, 0, False), (8, 1, True)],
)
def test_without_a_way_to_the_internet_nothing_is_stored(
    held: Organisation, monkeypatch: pytest.MonkeyPatch, count: int, failures_before: int, stored: bool
) -> None:
    """If nothing answers of what was fine before, this server is alone; links that have long failed are another matter."""
    for number in range(count - 1):
        Organisation.objects.create(name=f"O{number}", kind="ngo", website=f"https://o{number}.example/")
    collect()
    LinkCheck.objects.update(failures=failures_before)
    monkeypatch.setattr(linkchecks, "reach_all", answering(Reached(Result.NO_ANSWER)))
    done = check_due(20)
    assert (bool(done.tried), LinkCheck.objects.filter(checked_at=None).count()) == (stored, 0 if stored else count)
    monkeypatch.setattr(linkchecks, "reach_all", answering(Reached(Result.NAME, ours=True)))
    assert not check_due(20, again=True).tried


@pytest.mark.django_db
def test_the_chore_takes_few_at_a_time_and_the_oldest_first(
    held: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(24):
        Organisation.objects.create(name=f"O{number}", kind="ngo", website=f"https://o{number}.example/")
    collect()
    long_ago = timezone.now() - datetime.timedelta(days=9)
    LinkCheck.objects.exclude(url=held.website).update(checked_at=long_ago)
    LinkCheck.objects.filter(url="https://o5.example/").update(checked_at=long_ago - datetime.timedelta(days=1))
    asked: list[list[str]] = []

    def fake(links: list[str], policy: Any = None) -> dict[str, Reached]:
        asked.append(links)
        return {link: Reached(Result.OK, 200) for link in links}

    monkeypatch.setattr(linkchecks, "reach_all", fake)
    assert (
        links_chore() == "20 links tried, 0 fail" and links_chore() == "5 links tried, 0 fail" and links_chore() is None
    )
    assert asked[0][:2] == [held.website, "https://o5.example/"]
