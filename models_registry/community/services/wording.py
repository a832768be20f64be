"""A notification in words: who did what, where it leads. For the page and for e-mail."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

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
    NoticeKind.EVALUATION: "bar-chart-steps",
}
_EXCERPT = 200


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
        return f"[{self.place}] {self.title}" if self.place and self.place != self.title else self.title or self.what


def of(notification: Notification) -> Line:
    """Needs a notification from `for_lists()`; asks nothing of the database."""
    notice = notification.notice
    place = notice.repository.full_name if notice.repository else ""
    if notice.organization:
        place = notice.organization.namespace.display_name
    title, url, excerpt = notice.text or place, notice.url, ""
    if notice.discussion is not None:
        title = notice.discussion.title
        url = url or notice.discussion.get_absolute_url()
        place = f"{place}#{notice.discussion.number}"
    if notice.event is not None:
        url = f"{url}#{notice.event.public_id}"
        excerpt = "" if notice.event.is_hidden else _excerpt(notice.event)
    if not url and notice.repository is not None:
        url = notice.repository.get_absolute_url()
    if not url and notice.organization is not None:
        url = notice.organization.namespace.get_absolute_url()
    return Line(_ICONS[NoticeKind(notification.kind)], title, _what(notification), place, excerpt, url or "/")


def _excerpt(event: Event) -> str:
    text = " ".join(event.text.split())
    return text if len(text) <= _EXCERPT else text[: _EXCERPT - 1] + "…"


def _what(notification: Notification) -> str:
    notice = notification.notice
    who = {"who": notice.actor.username if notice.actor else _("deleted user")}
    discussion, event = notice.discussion, notice.event
    is_proposal = discussion is not None and discussion.is_pull_request
    match NoticeKind(notification.kind):
        case NoticeKind.MENTION:
            return _("%(who)s names you") % who
        case NoticeKind.OPENED:
            return (_("%(who)s proposes a change") if is_proposal else _("%(who)s opens a discussion")) % who
        case NoticeKind.REPLY:
            return _("%(who)s replies") % who
        case NoticeKind.STATUS:
            if event is not None and event.kind == Event.Kind.MERGE:
                return _("%(who)s merges it") % who
            is_open = event is not None and event.data.get("status") == "open"
            return (_("%(who)s reopens it") if is_open else _("%(who)s closes it")) % who
        case NoticeKind.ACCESS_ASKED:
            return _("%(who)s asks for access") % who
        case NoticeKind.ACCESS_DECIDED:
            return _("Your request for access is answered")
        case NoticeKind.INVITED:
            return _("%(who)s invites you to join") % who
        case NoticeKind.VERSION:
            return _("A new version")
        case NoticeKind.MODERATION:
            return _("From the maintainers of this hub")
        case NoticeKind.SAFETY:
            return _("Found by a scan: please look at it")
        case NoticeKind.EVALUATION:
            return _("The evaluation has ended")
