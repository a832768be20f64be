"""Which addresses a webhook may have: the hub stands inside a network that members must not reach through it.

A URL is checked when it is entered. What its name means is asked once, when something is sent; those very addresses are
checked, and connected to: a name that means something else a moment later gains nothing.
"""

import re
import socket
import threading
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from hub.errors import Invalid
from hub.kept_sentences import sentence

MAX_URL = 2000
_NAME = re.compile(
    r"(?=.{1,253}\Z)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.?"
)
_NUMBER = re.compile(r"(?:0x[0-9a-f]*|[0-9]+)\.?")
_UNICAST = IPv6Network("2000::/3")
# Public by their numbers, and the inside of some network all the same: Azure's host agent, protocol assignments (among them
# a cloud's metadata), relays of a tunnel.
_INSIDE = [IPv4Network(network) for network in ("168.63.129.16/32", "192.0.0.0/24", "192.88.99.0/24")]

# Kept with the attempt, for its page.
_PRIVATE = sentence(
    gettext_noop("The address leads into a private network, where this hub does not send: its operator can allow it.")
)
_SILENT = sentence(gettext_noop("Its name server did not answer in time."))
_NO_ADDRESS = sentence(gettext_noop("The name %(host)s means no address: %(problem)s."))
_NONE_GIVEN = sentence(gettext_noop("none given"))


class AddressRefused(Exception):
    """The hub does not send there; the text says why, for the webhook's owner."""


@dataclass(frozen=True)
class Endpoint:
    """`target`: path and query. `host`: as it stands in the Host header's name, in ASCII."""

    is_secure: bool
    host: str
    port: int
    target: str

    @property
    def host_header(self) -> str:
        name = f"[{self.host}]" if ":" in self.host else self.host
        return name if self.port == (443 if self.is_secure else 80) else f"{name}:{self.port}"


def endpoint_of(url: str) -> Endpoint:
    """Raises Invalid for what no webhook may have."""
    if len(url) > MAX_URL or not url.isprintable() or any(sign in url for sign in " \\"):
        raise Invalid(
            _("The address must be a URL of at most %(most)s characters, without spaces.") % {"most": MAX_URL}
        )
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise Invalid(_("The address is not a URL.")) from None
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise Invalid(_("The address must begin with https:// or http:// and name a host."))
    if parts.username is not None or parts.password is not None:
        raise Invalid(_("The address must not hold a user name or password: use the secret."))
    is_secure = parts.scheme == "https"
    port = port if port is not None else 443 if is_secure else 80
    if port not in {80, 443} and port < 1024:
        raise Invalid(_("The hub does not send to port %(port)s: use 80, 443, or one from 1024 on.") % {"port": port})
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    endpoint = Endpoint(is_secure, _checked_host(parts.hostname), port, _quoted(target))
    try:
        for address in _literal(endpoint.host):
            check(address)
    except AddressRefused as error:
        raise Invalid(str(error)) from None
    return endpoint


def _checked_host(host: str) -> str:
    if _literal(host):
        return host
    try:
        name = host.encode("idna").decode().lower()
    except UnicodeError:
        raise Invalid(_("The address names no host.")) from None
    last = name.rstrip(".").rpartition(".")[2]
    if not _NAME.fullmatch(name) or _NUMBER.fullmatch(last):  # 2130706433, 0x7f.1 and 127.1 are 127.0.0.1 to some
        raise Invalid(_("The address names no host."))
    return name


def _literal(host: str) -> list[str]:
    try:
        return [str(ip_address(host))]
    except ValueError:
        return []


def _quoted(target: str) -> str:
    return "".join(sign if sign.isascii() else "".join(f"%{byte:02X}" for byte in sign.encode()) for sign in target)


def check(address: str) -> None:
    """Raises AddressRefused for an address of no public network, unless the operator allows those."""
    if settings.WEBHOOK_PRIVATE_ADDRESSES == "allow":
        return
    if not is_public(address):
        raise AddressRefused(_(_PRIVATE))


def is_public(address: str) -> bool:
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, IPv6Address):
        inner = found.ipv4_mapped
        if inner is not None:
            return is_public(str(inner))
        # Without tunnels and translators, behind which any IPv4 address may stand (6to4, Teredo, NAT64).
        if found not in _UNICAST or found.sixtofour is not None or found.teredo is not None:
            return False
    if isinstance(found, IPv4Address) and any(found in network for network in _INSIDE):
        return False
    return found.is_global and not found.is_multicast and not found.is_reserved


def resolved(endpoint: Endpoint, *, seconds: float) -> list[str]:
    """The addresses that the host has just now, all of which the hub may send to.

    Raises AddressRefused if it may not send to one of them, or there is none.
    """
    found: list[str] = []
    problem: list[str] = []

    def ask() -> None:
        try:
            answers = socket.getaddrinfo(endpoint.host, endpoint.port, type=socket.SOCK_STREAM)
            found.extend(dict.fromkeys(str(answer[4][0]) for answer in answers))
        except (OSError, UnicodeError) as error:
            problem.append(str(error))

    asking = threading.Thread(target=ask, daemon=True, name="resolve")  # a name server's silence cannot be cut short
    asking.start()
    asking.join(seconds)
    if asking.is_alive():
        raise AddressRefused(_(_SILENT))
    if not found:
        raise AddressRefused(
            _(_NO_ADDRESS) % {"host": endpoint.host, "problem": problem[0] if problem else _(_NONE_GIVEN)}
        )
    for address in found:
        check(address)
    return found
