"""How often each kind of request is answered: the table, and how an operator changes it. Imports nothing of Django.

A bucket holds what one member, or one address of visitors, may do within a window of time.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_RULE = re.compile(r"(?P<name>[a-z_]+)(?P<visitors>:visitors)?=(?:(?P<count>\d{1,9})/(?P<times>\d{0,4})[smhd]|off)")


class Limit(NamedTuple):
    requests: int
    seconds: int


class Policy(NamedTuple):
    """None: no limit."""

    members: Limit | None
    visitors: Limit | None


def limit(text: str) -> Limit:
    """`300/5m`: so many within five minutes."""
    count, _, window = text.partition("/")
    return Limit(int(count), int(window[:-1] or 1) * _UNITS[window[-1]])


def _policy(members: str, visitors: str) -> Policy:
    return Policy(limit(members), limit(visitors))


# Names are one word each: the stock client reads no other.
DEFAULTS: Mapping[str, Policy] = {
    # what is read
    "api": _policy("5000/5m", "1500/5m"),
    "pages": _policy("3000/5m", "1500/5m"),
    "search": _policy("1500/5m", "500/5m"),
    "resolve": _policy("30000/5m", "15000/5m"),
    "git": _policy("3000/5m", "1000/5m"),
    # what is written
    "write": _policy("2000/5m", "300/5m"),
    "commit": _policy("1000/h", "50/h"),
    "upload": _policy("5000/5m", "1000/5m"),
    "xet": _policy("60000/5m", "20000/5m"),
    "repository": _policy("300/h", "30/h"),
    "evaluation": _policy("120/h", "30/h"),
    "discussion": _policy("60/h", "20/h"),
    "comment": _policy("200/h", "20/h"),
    "picture": _policy("60/h", "5/h"),
    "collection": _policy("60/h", "5/h"),
    "reaction": _policy("600/h", "20/h"),
    "like": _policy("600/h", "20/h"),
    "follow": _policy("300/h", "20/h"),
    "report": _policy("30/h", "10/h"),
    "access": _policy("200/h", "20/h"),
    "webhook": _policy("120/h", "20/h"),
    # accounts
    "sign_in": _policy("300/5m", "100/5m"),
    "sign_up": _policy("30/h", "30/h"),
    "wrong_token": _policy("100/5m", "100/5m"),
    "invitation": _policy("100/d", "20/d"),
    "export": _policy("6/d", "6/d"),
}


def parsed(text: str) -> dict[str, Policy]:
    """The table as HUB_RATE_LIMITS changes it: `api=5000/5m, search:visitors=100/m, comment=off`; `off` alone: none at all.

    Raises ValueError, which names the rule that is wrong.
    """
    if text.strip().lower() == "off":
        return {}
    policies = dict(DEFAULTS)
    for rule in filter(None, (part.strip() for part in text.split(","))):
        match = _RULE.fullmatch(rule)
        if match is None or match["name"] not in DEFAULTS or (match["times"] == "0"):
            raise ValueError(f"{rule!r} is no rule such as api=5000/5m, for one of {', '.join(DEFAULTS)}.")
        found = limit(rule.partition("=")[2]) if match["count"] else None
        policy = policies[match["name"]]
        policies[match["name"]] = (
            policy._replace(visitors=found) if match["visitors"] else policy._replace(members=found)
        )
    return policies
