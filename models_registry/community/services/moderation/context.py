"""What a moderator should know of a report or an act, in a number of queries that does not grow."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from accounts.models import User
from hub.kept_sentences import in_words
from models_registry.community.models import (
    Collection,
    CommentEdit,
    Complaint,
    Discussion,
    Event,
    ModerationAction,
    Picture,
    Report,
    SubjectKind,
)
from models_registry.community.models.moderation import OfSubject
from models_registry.community.services.moderation import acts, subjects
from models_registry.community.services.moderation.subjects import Subject
from models_registry.models import Repository

MOST = 20


@dataclass(frozen=True)
class Known:
    """`subject`: None if it is deleted. `facts`, `author_facts`: (what, how much). `said_before`: a comment's edits."""

    about: OfSubject
    subject: Subject | None
    facts: list[tuple[str, Any]]
    author_facts: list[tuple[str, Any]]
    said_before: list[CommentEdit]
    complaints: list[Complaint]
    earlier_reports: list[Report]
    history: list[ModerationAction]


def of(about: Report | ModerationAction) -> Known:
    subject = subjects.find(about.subject_kind, about.subject_id)
    same = Q(subject_kind=about.subject_kind, subject_id=about.subject_id)
    if about.author_id is not None:
        same |= Q(author=about.author_id)
    earlier = Report.objects.filter(same).select_related("settled_by").order_by("-pk")
    if isinstance(about, Report):
        earlier = earlier.exclude(pk=about.pk)
    is_comment = about.subject_kind == SubjectKind.COMMENT
    edits = CommentEdit.objects.filter(event=about.subject_id if is_comment else None).order_by("-pk")
    complaints = Complaint.objects.filter(report=about if isinstance(about, Report) else None)
    return Known(
        about=about,
        subject=subject,
        facts=_facts(about, subject),
        author_facts=_of_author(about.author) if about.author else [],
        said_before=list(edits[:MOST]),
        complaints=list(complaints.select_related("reporter").order_by("pk")[: 5 * MOST]),
        earlier_reports=list(earlier[:MOST]),
        history=acts.history(about.subject_kind, about.subject_id, author=about.author, owner=about.owner),
    )


def _facts(about: OfSubject, subject: Subject | None) -> list[tuple[str, Any]]:
    if subject is None:
        return [(_("Now"), _("deleted"))]
    if about.subject_kind == SubjectKind.REPOSITORY:
        repository = Repository.objects.get(pk=about.subject_id)
        return [
            (_("Standing"), repository.standing.label.lower()),
            (_("Visibility"), _("private") if repository.private else _("public")),
            (_("Made"), repository.created_at),
            (_("Downloads in 30 days"), repository.downloads),
            (_("Likes"), repository.likes),
            (_("Reason it is closed for"), in_words(repository.disabled_reason) or "–"),
        ]
    if about.subject_kind == SubjectKind.COMMENT:
        comment = Event.objects.get(pk=about.subject_id)
        hidden = _("no")
        if comment.hidden_at:
            known = {"moment": f"{comment.hidden_at:%Y-%m-%d %H:%M}", "reason": in_words(comment.hidden_reason)}
            hidden = _("since %(moment)s: %(reason)s") % known
        return [
            (_("Written"), comment.created_at),
            (_("Edited"), comment.edited_at or pgettext("of what happens", "never")),
            (_("Hidden"), hidden),
        ]
    if about.subject_kind == SubjectKind.COLLECTION:
        collection = Collection.objects.get(pk=about.subject_id)
        return [
            (_("Made"), collection.created_at),
            (_("Visibility"), _("private") if collection.private else _("public")),
            (_("Hidden"), in_words(collection.hidden_reason) or _("no")),
        ]
    if about.subject_kind == SubjectKind.PICTURE:
        picture = Picture.objects.get(pk=about.subject_id)
        shown_in = picture.shown_in.select_related("discussion__repository__namespace").order_by("pk")[:MOST]
        return [
            (_("Sent"), picture.created_at),
            (_("Hidden"), in_words(picture.hidden_reason) or _("no")),
            *((_("In a comment of"), str(comment.discussion)) for comment in shown_in),
        ]
    if about.subject_kind == SubjectKind.DISCUSSION:
        thread = Discussion.objects.get(pk=about.subject_id)
        return [
            (_("Opened"), thread.created_at),
            (_("Status"), thread.get_status_display().lower()),
            (_("Locked"), _("yes") if thread.is_locked else _("no")),
        ]
    return []


def _of_author(user: User) -> list[tuple[str, Any]]:
    standing = _("good")
    if user.is_suspended:
        standing = _("suspended: %(reason)s") % {"reason": in_words(user.suspended_reason)}
    if not user.is_active:
        standing = _("banned: %(reason)s") % {"reason": in_words(user.banned_reason)}
    return [
        (_("Joined"), user.date_joined),
        (_("Last signed in"), user.last_login or pgettext("of what happens", "never")),
        (_("Standing"), standing),
        (_("Repositories"), Repository.objects.filter(creator=user).count()),
        (_("Comments"), Event.objects.filter(author=user, kind=Event.Kind.COMMENT).count()),
        (_("Reports against them"), Report.objects.filter(author=user).count()),
    ]
