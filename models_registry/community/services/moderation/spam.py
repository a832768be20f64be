"""Whether a text is spam, asked before it is published. HUB_SPAM_CHECK names the function that judges; ours is `simple`.

The function gets the author, the text and the place, and answers at once: no network. A service of one's own is asked by
a job of one's own, which opens a report.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import cache
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models.signals import post_save
from django.dispatch import receiver
from django.utils import timezone
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.models import Actor, Profile, User
from hub.errors import Forbidden
from hub.kept_sentences import sentence
from models_registry.community.models import Category, Collection, Event
from models_registry.community.services.moderation import reports, subjects
from models_registry.community.services.moderation.subjects import Subject
from models_registry.models import Card

HELD = sentence(gettext_noop("Held back until a moderator has looked at it."))
IS_NEW = timedelta(days=7)
REPEATS_WITHIN = timedelta(days=1)
SHORTENERS = frozenset(
    "bit.ly cutt.ly goo.gl is.gd ow.ly rb.gy rebrand.ly shorturl.at t.co t.ly tiny.cc tinyurl.com".split()
)
_LINK = re.compile(r"(?:https?://|(?<![\w/.])www\.)[^\s<>()\[\]\"']+", re.IGNORECASE)
_LINKS_OF_THE_NEW, _FAR_TOO_MANY = 4, 12
_REPEATS, _FAR_TOO_OFTEN = 2, 6
_ALL_LINKS = sentence(gettext_noop("a new account's card with little but links"))
_TOO_MANY_LINKS = sentence(gettext_noop("a new account may not post that many links."))
_MANY_LINKS = sentence(gettext_noop("many links of a new account"))
_SHORTENED = sentence(gettext_noop("a shortened link of a new account"))
_TOO_OFTEN = sentence(gettext_noop("you have posted the same several times today."))
_AGAIN = sentence(gettext_noop("the same text again and again"))


class Verdict(StrEnum):
    OK = "ok"
    HOLD = "hold"  # hidden until a moderator looks; the author is told
    REFUSE = "refuse"


class Place(StrEnum):
    COMMENT = "comment"
    CARD = "card"
    PROFILE = "profile"
    COLLECTION = "collection"


@dataclass(frozen=True)
class Judgement:
    verdict: Verdict
    reason: str = ""


class SpamRefused(Forbidden):
    says = gettext_noop("This looks like spam.")


Check = Callable[[User, str, Place], Judgement]
FINE = Judgement(Verdict.OK)


def judge(*, actor: Actor, text: str, place: Place, title: str = "") -> bool:
    """Whether the text is to be held back. A title cannot be: what would be held is refused there. Raises SpamRefused.

    The hub's staff is believed.
    """
    author = actor.require_user()
    check = _check(settings.SPAM_CHECK)
    if check is None or author.is_staff:
        return False
    of_title, of_text = (check(author, said, place) if said else FINE for said in (title, text))
    for judged, refused in ((of_title, {Verdict.HOLD, Verdict.REFUSE}), (of_text, {Verdict.REFUSE})):
        if judged.verdict in refused:
            raise SpamRefused(_("This looks like spam: %(reason)s") % {"reason": _(judged.reason)})
    return of_text.verdict == Verdict.HOLD


@cache
def _check(name: str) -> Check | None:
    found: Check | None = import_string(name) if name else None
    return found


def hold(comment: Event) -> None:
    """A moderator is asked to look at a comment that was held back; within the transaction that writes it."""
    reports.open_report(subject=subjects.of_comment(comment), category=Category.SPAM, text=HELD, by_hub=True)


@receiver(post_save, sender=Card)
def look_at_card(sender: object, instance: Card, **_: object) -> None:
    """A card is part of a commit, which is made already."""
    if not instance.repository.private:
        subject = subjects.of_repository(instance.repository)
        _look_at(subject, author=instance.repository.creator, text=instance.text, place=Place.CARD)


@receiver(post_save, sender=Profile)
def look_at_profile(sender: object, instance: Profile, **_: object) -> None:
    if instance.about:
        author = instance.namespace.user
        _look_at(subjects.of_namespace(instance.namespace), author=author, text=instance.about, place=Place.PROFILE)


@receiver(post_save, sender=Collection)
def look_at_collection(sender: object, instance: Collection, **_: object) -> None:
    if not instance.private:
        subject = subjects.of_collection(instance)
        _look_at(subject, author=instance.namespace.user, text=subject.text, place=Place.COLLECTION)


def _look_at(subject: Subject, *, author: User | None, text: str, place: Place) -> None:
    """What is not held back is shown; a moderator is asked to look at what looks like spam. Organisations are believed."""
    check = _check(settings.SPAM_CHECK)
    if check is None or author is None or author.is_staff:
        return
    judged = check(author, text, place)
    if judged.verdict != Verdict.OK:
        reports.open_report(subject=subject, category=Category.SPAM, text=judged.reason, by_hub=True)


def simple(author: User, text: str, place: Place) -> Judgement:
    """Few rules that hardly ever meet the innocent: many links of a new account, shortened links, the same text again."""
    links = _links_elsewhere(text)
    is_new = timezone.now() - author.date_joined < IS_NEW
    if place == Place.CARD:  # cards of models cite papers: what counts is that there is little else
        words = len(_LINK.sub(" ", text).split())
        if is_new and len(links) >= _LINKS_OF_THE_NEW and words < 8 * len(links):
            return Judgement(Verdict.HOLD, _ALL_LINKS)
        return FINE
    if is_new and len(links) >= _FAR_TOO_MANY:
        return Judgement(Verdict.REFUSE, _TOO_MANY_LINKS)
    if is_new and len(links) >= _LINKS_OF_THE_NEW:
        return Judgement(Verdict.HOLD, _MANY_LINKS)
    if is_new and any(host in SHORTENERS for host in links):
        return Judgement(Verdict.HOLD, _SHORTENED)
    if links or (is_new and len(text) >= 40):
        return _repeated(author, text)
    return FINE


def _links_elsewhere(text: str) -> list[str]:
    """The hosts of the links that lead away from this hub."""
    hosts = []
    for link in _LINK.findall(text):
        try:
            host = urlsplit(link if "://" in link else f"https://{link}").hostname or ""
        except ValueError:  # no address after all, such as "http://["
            continue
        hosts.append(host.removeprefix("www."))
    own = urlsplit(settings.BASE_URL).hostname
    return [host for host in hosts if host and host != own]


def _repeated(author: User, text: str) -> Judgement:
    since = timezone.now() - REPEATS_WITHIN
    same = Event.objects.filter(author=author, kind=Event.Kind.COMMENT, created_at__gt=since, text=text)
    times = len(same.values_list("pk")[:_FAR_TOO_OFTEN])
    if times >= _FAR_TOO_OFTEN:
        return Judgement(Verdict.REFUSE, _TOO_OFTEN)
    return Judgement(Verdict.HOLD, _AGAIN) if times >= _REPEATS else FINE
