"""What the hub sends goes where it may go alone, ends in time, and holds little in memory, whatever answers."""

import resource
import socket
import ssl
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from hub.errors import Invalid
from models_registry.community.services.webhooks import addresses, sending
from models_registry.community.services.webhooks.addresses import AddressRefused, endpoint_of
from tests.kept import is_known
from tests.models_registry.community.webhooks import receivers
from tests.models_registry.community.webhooks.receivers import Behaviour, receiver


@pytest.fixture
def loopback_allowed(settings: Any) -> None:
    settings.WEBHOOK_PRIVATE_ADDRESSES = "allow"


def post(url: str, seconds: float = 1.5) -> sending.Answer:
    return sending.post(url, headers={"X-Test": "1"}, body=b"{}", seconds=seconds)


PRIVATE = [
    "127.0.0.1", "127.9.9.9", "0.0.0.0", "10.0.0.1", "172.16.3.4", "172.31.255.255", "192.168.1.1", "169.254.169.254",
    "100.64.0.1", "100.100.100.200", "192.0.0.192", "198.18.0.1", "224.0.0.1", "239.255.255.250", "240.0.0.1",
    "255.255.255.255", "168.63.129.16", "192.0.2.1", "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254",
    "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b:1::1",
    "2002:7f00:1::", "2002:a00:1::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:db8::1", "100::1", "fec0::1", "no address",
]  # fmt: skip
PUBLIC = ["93.184.216.34", "1.1.1.1", "172.32.0.1", "2606:4700:4700::1111", "::ffff:93.184.216.34"]


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_of_no_public_network_is_refused(address: str) -> None:
    assert not addresses.is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_not_refused(address: str) -> None:
    assert addresses.is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "", "example.org/hook", "ftp://example.org/", "file:///etc/passwd", "gopher://example.org:70/_x", "javascript:alert(1)",
        "http://", "http:///path", "https://user:secret@example.org/", "https://user@example.org/", "http://2130706433/",
        "http://0x7f000001/", "http://0177.0.0.1/", "http://127.1/", "http://0/", "http://127.0.0.1/", "http://[::1]/",
        "http://[::ffff:127.0.0.1]/", "http://[fe80::1%25eth0]/", "http://169.254.169.254/latest/meta-data/",
        "http://exa mple.org/", "http://example.org\\@127.0.0.1/", "http://example.org:22/", "http://example.org:25/", "http://example.org:99999/",
        "http://example.org:port/", "http://-.org/", "http://a..b/", "http://exam\nple.org/", "http://example.org/\r\nHost: x",
        "https://example.org/" + "a" * 2000, "http://[::1", "http://1.2.3.4.5/", "http://0x.0x.0x.0x/",
    ],
)  # fmt: skip
def test_a_url_that_no_webhook_may_have_is_refused_when_it_is_entered(url: str) -> None:
    with pytest.raises(Invalid):
        endpoint_of(url)


@pytest.mark.parametrize(
    ("url", "host", "port", "target", "header"),
    [
        ("https://example.org", "example.org", 443, "/", "example.org"),
        ("http://Example.org:8080/a?b=c#d", "example.org", 8080, "/a?b=c", "example.org:8080"),
        ("https://93.184.216.34/x", "93.184.216.34", 443, "/x", "93.184.216.34"),
        ("https://[2606:4700:4700::1111]:8443/", "2606:4700:4700::1111", 8443, "/", "[2606:4700:4700::1111]:8443"),
        ("https://bücher.example/größe", "xn--bcher-kva.example", 443, "/gr%C3%B6%C3%9Fe", "xn--bcher-kva.example"),
    ],
)
def test_a_url_is_read_as_browsers_read_it(url: str, host: str, port: int, target: str, header: str) -> None:
    found = endpoint_of(url)
    assert (found.host, found.port, found.target, found.host_header) == (host, port, target, header)


def test_a_name_that_means_a_private_address_is_refused_before_anything_is_sent() -> None:
    with receiver() as private:
        answer = post(f"http://localhost:{private.port}/")
    assert (answer.status, private.connections) == (None, 0)
    assert "private network" in answer.error
    assert is_known(answer.error)


def test_a_name_with_one_private_address_among_public_ones_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, 80)) for ip in ("93.184.216.34", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_a, **_k: found)  # the name server is another's
    with pytest.raises(AddressRefused):
        addresses.resolved(endpoint_of("http://example.org/"), seconds=1)


def test_a_name_is_looked_up_once_and_that_address_connected_to(
    monkeypatch: pytest.MonkeyPatch, loopback_allowed: None
) -> None:
    asked: list[str] = []
    look_up = socket.getaddrinfo

    def rebound(host: str, *rest: Any, **more: Any) -> Any:
        if host == "example.org":
            asked.append(host)
            return look_up("127.0.0.1" if len(asked) == 1 else "127.0.0.2", *rest, **more)
        return look_up(host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", rebound)
    with receiver() as there:
        answer = post(f"http://example.org:{there.port}/hook?a=1")
    assert (answer.status, answer.body, asked) == (200, "ok", ["example.org"])
    assert there.received[0].request_line == "POST /hook?a=1 HTTP/1.1"
    assert there.received[0].headers["host"] == f"example.org:{there.port}"


def test_a_name_server_that_is_silent_does_not_hold_the_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_a, **_k: time.sleep(2) or [])
    started = time.monotonic()
    answer = post("http://example.org/", seconds=0.3)
    assert "in time" in answer.error
    assert is_known(answer.error)
    assert time.monotonic() - started < 2


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(status: int, loopback_allowed: None) -> None:
    with receiver() as inside:
        answer_there = f"HTTP/1.1 {status} Elsewhere\r\nLocation: {inside.url}\r\nContent-Length: 0\r\n\r\n".encode()
        with receiver(answer=answer_there) as there:
            answer = post(there.url)
    assert (answer.status, answer.has_arrived, inside.connections) == (status, False, 0)
    assert answer.headers["Location"] == inside.url


@pytest.mark.parametrize(
    "behaviour",
    [
        receivers.says_nothing, receivers.reads_nothing, receivers.drips_its_headers, receivers.drips_its_body,
        receivers.goes_on_and_on,
    ],
)  # fmt: skip
def test_an_address_that_dawdles_is_left_when_its_time_is_over(behaviour: Behaviour, loopback_allowed: None) -> None:
    started = time.monotonic()
    with receiver(behaviour) as there:
        answer = post(there.url, seconds=0.7)
    assert time.monotonic() - started < 2
    assert (answer.status, answer.error) == (None, "It took more than 1 seconds.")
    assert is_known(answer.error)


def test_who_takes_the_connection_may_think_as_long_as_the_request_may_take(
    monkeypatch: pytest.MonkeyPatch, loopback_allowed: None
) -> None:
    monkeypatch.setattr(sending, "_SECONDS_TO_CONNECT", 0.2)
    with receiver(receivers.thinks_first) as there:
        answer = post(there.url, seconds=5)
    assert (answer.status, answer.error) == (204, "")


@pytest.mark.parametrize("behaviour", [receivers.sends_endless_headers, receivers.sends_one_endless_header])
def test_headers_without_end_are_no_answer(behaviour: Behaviour, loopback_allowed: None) -> None:
    with receiver(behaviour) as there:
        answer = post(there.url, seconds=5)
    assert answer.status is None
    assert answer.error
    assert answer.milliseconds < 4000


@pytest.mark.parametrize("behaviour", [receivers.sends_a_gigabyte, receivers.sends_endless_chunks])
def test_of_an_answer_without_end_the_beginning_is_kept(behaviour: Behaviour, loopback_allowed: None) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with receiver(behaviour) as there:
        answer = post(there.url, seconds=5)
    assert (answer.status, len(answer.body), answer.is_cut) == (200, sending.MOST_BODY, True)
    assert answer.milliseconds < 4000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000  # KiB; the server's buffer is in it


def test_a_packed_answer_is_not_unpacked(loopback_allowed: None) -> None:
    with receiver(receivers.sends_a_bomb) as there:
        answer = post(there.url, seconds=5)
    assert answer.status == 200
    assert len(answer.body) <= sending.MOST_BODY
    assert "\0" not in answer.body  # PostgreSQL keeps none


@pytest.mark.parametrize("behaviour", [receivers.speaks_no_http, receivers.hangs_up])
def test_what_is_no_http_is_said_to_be_none(behaviour: Behaviour, loopback_allowed: None) -> None:
    with receiver(behaviour) as there:
        answer = post(there.url)
    assert answer.status is None
    assert answer.error


def test_nobody_listens(loopback_allowed: None) -> None:
    with receiver() as there:
        url = there.url
    assert "refused" in post(url).error.lower()


def _certificate(folder: Path, name: str) -> ssl.SSLContext:
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout",
         folder / "key.pem", "-out", folder / "cert.pem", "-days", "2", "-subj", f"/CN={name}", "-addext",
         f"subjectAltName=DNS:{name}"],
        check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context


@pytest.mark.parametrize(("name", "arrives"), [("localhost", True), ("elsewhere.example", False)])
def test_the_certificate_must_be_the_names_though_an_address_is_connected_to(
    name: str, arrives: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, loopback_allowed: None
) -> None:
    tls = _certificate(tmp_path, name)
    trusting = ssl.create_default_context(cafile=str(tmp_path / "cert.pem"))
    monkeypatch.setattr(sending, "_tls", lambda: trusting)  # else no certificate made here is trusted
    with receiver(tls=tls) as there:
        answer = post(f"https://localhost:{there.port}/")
    assert answer.has_arrived == arrives
    assert bool(there.received) == arrives


def test_a_certificate_that_nobody_vouches_for_is_not_trusted(tmp_path: Path, loopback_allowed: None) -> None:
    with receiver(tls=_certificate(tmp_path, "localhost")) as there:
        answer = post(f"https://localhost:{there.port}/")
    assert answer.status is None
    assert "certificate" in answer.error.lower()
    assert not there.received


def test_a_handshake_that_never_ends_is_left(loopback_allowed: None) -> None:
    started = time.monotonic()
    with receiver(receivers.reads_nothing) as there:
        answer = post(f"https://localhost:{there.port}/", seconds=1)
    assert answer.status is None
    assert time.monotonic() - started < 3
