"""A notification in words: who did what, where it leads. For the page and for e-mail."""

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hub.kept_sentences import in_words
from models_registry.community.models import Event, NoticeKind, Notification

_ICONS = {
    NoticeKind.MENTION: "at",
    NoticeKind.OPENED: "chat-left-text",
    NoticeKind.REPLY: "chat-left-text",
    NoticeKind.STATUS: "check2-all",
    NoticeKind.ACCESS_ASKED: "key",
    NoticeKind.ACCESS_DECIDED: "key",
    NoticeKind.INVITED: "people",
    NoticeKind.VERSION: "git",
    NoticeKind.MODERATION: "shield-exclamation",
    NoticeKind.SAFETY: "shield-exclamation",
    NoticeKind.WEBHOOK: "link-45deg",
    NoticeKind.LICENCE: "exclamation-triangle",
    NoticeKind.EVALUATION: "bar-chart-steps",
    NoticeKind.SCORED: "bar-chart-steps",
}
_EXCERPT = 200
_TOLD_BY_THE_HUB = frozenset(
    {
        NoticeKind.INVITED,
        NoticeKind.MODERATION,
        NoticeKind.SAFETY,
        NoticeKind.WEBHOOK,
        NoticeKind.EVALUATION,
        NoticeKind.SCORED,
    }
)
"""Their texts are sentences of the hub, others are written by people."""


@dataclass(frozen=True)
class Line:
    """`title`: what it is about; `what`: what happened; `place`: the repository or organisation; `excerpt` may be empty."""

    icon: str
    title: str
    what: str
    place: str
    excerpt: str
    url: str

    @property
    def subject(self) -> str:
        """Of an e-mail."""
        said = self.what if self.title == self.place else self.title or self.what
        return f"[{self.place}] {said}" if self.place else said


def of(notification: Notification) -> Line:
    """Needs a notification from `for_lists()`; asks nothing of the database."""
    notice = notification.notice
    place = notice.repository.full_name if notice.repository else ""
    if notice.organization:
        place = notice.organization.namespace.display_name
    text = in_words(notice.text) if notice.kind in _TOLD_BY_THE_HUB else notice.text
    title, url, excerpt = text or place, notice.url, ""
    if notice.kind == NoticeKind.ACCESS_DECIDED:
        title, excerpt = place, notice.text
    if notice.discussion is not None:
        title = notice.discussion.title
        url = url or notice.discussion.get_absolute_url()
        place = f"{place}#{notice.discussion.number}"
    if notice.event is not None:
        url = f"{url}?at={notice.event.public_id}#{notice.event.public_id}"  # also where a long thread is folded
        excerpt = "" if notice.event.is_hidden else _excerpt(notice.event)
    if not url and notice.repository is not None:
        url = notice.repository.get_absolute_url()
    if not url and notice.organization is not None:
        url = notice.organization.namespace.get_absolute_url()
    return Line(_ICONS[NoticeKind(notification.kind)], title, _what(notification), place, excerpt, url or "/")


def _excerpt(event: Event) -> str:
    text = " ".join(event.text.split())
    return text if len(text) <= _EXCERPT else text[: _EXCERPT - 1] + "…"


_SENTENCES = {
    NoticeKind.MENTION: gettext_lazy("%(who)s names you"),
    NoticeKind.OPENED: gettext_lazy("%(who)s opens a discussion"),
    NoticeKind.REPLY: gettext_lazy("%(who)s replies"),
    NoticeKind.STATUS: gettext_lazy("%(who)s closes it"),
    NoticeKind.ACCESS_ASKED: gettext_lazy("%(who)s asks for access"),
    NoticeKind.ACCESS_DECIDED: gettext_lazy("Your request for access is answered"),
    NoticeKind.INVITED: gettext_lazy("%(who)s invites you to join"),
    NoticeKind.VERSION: gettext_lazy("A new version"),
    NoticeKind.MODERATION: gettext_lazy("From the maintainers of this hub"),
    NoticeKind.SAFETY: gettext_lazy("Found by a scan: please look at it"),
    NoticeKind.WEBHOOK: gettext_lazy("Your webhook is disabled"),
    NoticeKind.LICENCE: gettext_lazy("Its licence contradicts that of what it was made from"),
    NoticeKind.EVALUATION: gettext_lazy("The evaluation has ended"),
    NoticeKind.SCORED: gettext_lazy("A new score"),
}


def _what(notification: Notification) -> str:
    notice, kind = notification.notice, NoticeKind(notification.kind)
    sentence = str(_SENTENCES[kind])
    if kind == NoticeKind.OPENED and notice.discussion is not None and notice.discussion.is_pull_request:
        sentence = _("%(who)s proposes a change")
    if kind == NoticeKind.MENTION and notice.kind != NoticeKind.MENTION:
        sentence = _("You are named there, and %(who)s goes on")
    if kind == NoticeKind.ACCESS_DECIDED and notice.outcome == "accepted":
        sentence = _("Your request for access is accepted")
    if kind == NoticeKind.ACCESS_DECIDED and notice.outcome == "rejected":
        sentence = _("Your request for access is declined")
    if kind == NoticeKind.EVALUATION and notice.outcome == "refused":
        sentence = _("A commit was not evaluated")
    if kind == NoticeKind.EVALUATION and notice.outcome == "off":
        sentence = _("Automatic evaluation is switched off")
    if kind == NoticeKind.STATUS and notice.event is not None:
        if notice.event.kind == Event.Kind.MERGE:
            sentence = _("%(who)s merges it")
        elif notice.event.data.get("status") == "open":
            sentence = _("%(who)s reopens it")
    return sentence % {"who": notice.actor.username if notice.actor else _("deleted user")}
