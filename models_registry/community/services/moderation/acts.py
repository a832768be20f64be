"""What moderators do. Each act needs the permission of its kind, has a reason, and is recorded for good with it.

An act that answers a report settles it; who was slower than another moderator is told so, and nothing is done twice.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

from django.core.exceptions import ObjectDoesNotExist
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.models import Actor, AuditEntry, Namespace, User
from accounts.services import renaming
from accounts.services import standing as members
from hub.errors import Conflict, Invalid
from hub.jobs.models import Job
from models_registry.community.models import (
    Act,
    Collection,
    Discussion,
    Event,
    ModerationAction,
    Picture,
    Report,
    ReportState,
)
from models_registry.community.services import discussions
from models_registry.community.services.moderation import reports, subjects
from models_registry.community.services.moderation.subjects import Subject
from models_registry.models import Repository, Standing
from models_registry.services import standing as repositories

Hideable = TypeVar("Hideable", Collection, Picture)
TELL = "tell_of_act"
MOST_HIDDEN_WITH_A_BAN = 10_000


class DoneAlready(Conflict):
    says = gettext_noop("Another moderator was quicker: this is done already.")


class CannotBeUndone(Conflict):
    says = gettext_noop("This act cannot be taken back.")


@dataclass(frozen=True)
class Order:
    """By whom, and why. reason: those concerned read it. report: which this answers, and settles."""

    actor: Actor
    reason: str
    report: Report | None = None
    reverses: ModerationAction | None = None
    because_of: ModerationAction | None = None


def _record(order: Order, kind: Act, subject: Subject, **more: Any) -> ModerationAction:
    """Within the transaction of the act itself."""
    if not order.reason.strip():
        raise Invalid(_("An act needs a reason: those concerned read it."))
    if order.report is not None and order.because_of is None:
        report = reports.locked(order.report)
        reports.settle(actor=order.actor, report=report, state=ReportState.RESOLVED, reason=order.reason)
    made = ModerationAction.objects.create(
        kind=kind,
        moderator=order.actor.require_user(),
        moderator_name=str(order.actor),
        reason=order.reason[:500],
        report=order.report,
        reverses=order.reverses,
        because_of=order.because_of,
        subject_kind=subject.kind,
        subject_id=subject.id,
        subject_name=subject.name[:200],
        owner=subject.owner,
        author=subject.author,
        **more,
    )
    if order.because_of is None:
        Job.objects.add(TELL, str(made.pk))
    return made


@transaction.atomic
def close_repository(
    order: Order, repository: Repository, *, standing: Standing, notice: str = "", legal_basis: str = ""
) -> ModerationAction:
    """Hide it, put it in quarantine, or take it down with a public notice. Raises Forbidden, StandsSo, Settled, Invalid."""
    if standing == Standing.TAKEN_DOWN and not notice.strip():
        raise Invalid(_("What is taken down needs a notice: everybody who asks for it reads that."))
    kind = {Standing.HIDDEN: Act.HIDE, Standing.QUARANTINED: Act.QUARANTINE, Standing.TAKEN_DOWN: Act.TAKE_DOWN}
    repositories.close(
        actor=order.actor,
        repository=repository,
        standing=standing,
        reason=order.reason,
        notice=notice,
        legal_basis=legal_basis,
    )
    subject = subjects.of_repository(repository)
    return _record(order, kind[standing], subject, notice=notice, legal_basis=legal_basis)


@transaction.atomic
def restore_repository(order: Order, repository: Repository) -> ModerationAction:
    """Raises Forbidden, StandsSo, Settled."""
    repositories.reopen(actor=order.actor, repository=repository, reason=order.reason)
    subject = subjects.of_repository(repository)
    return _record(_undoing(order, subject, Act.HIDE, Act.QUARANTINE, Act.TAKE_DOWN), Act.RESTORE, subject)


@transaction.atomic
def hide_comment(order: Order, comment: Event) -> ModerationAction:
    """Its text is shown to moderators alone. Raises Forbidden, DoneAlready, Settled."""
    order.actor.require_permission("community.hide_comment")
    row = _held_comment(comment)
    if row.is_hidden and discussions.is_moderated(row):
        raise DoneAlready(_("This comment is hidden already."))
    row.hidden_at = None  # whoever hid it, or held it back: who did may not show it again
    discussions.conceal(actor=order.actor, event=row, reason=order.reason)
    AuditEntry.objects.record(order.actor, "comment.hidden", str(row.discussion), id=row.public_id, reason=order.reason)
    return _record(order, Act.HIDE_COMMENT, subjects.of_comment(row))


@transaction.atomic
def show_comment(order: Order, comment: Event) -> ModerationAction:
    """Raises Forbidden, DoneAlready, Settled."""
    order.actor.require_permission("community.hide_comment")
    row = _held_comment(comment)
    if not row.is_hidden:
        raise DoneAlready(_("This comment is shown already."))
    discussions.reveal(actor=order.actor, event=row)
    AuditEntry.objects.record(order.actor, "comment.shown", str(row.discussion), id=row.public_id, reason=order.reason)
    subject = subjects.of_comment(row)
    return _record(_undoing(order, subject, Act.HIDE_COMMENT), Act.SHOW_COMMENT, subject)


def _held_comment(comment: Event) -> Event:
    """As it is now; nobody else changes its thread until the end of the transaction."""
    discussion = discussions.held(comment.discussion)
    row = Event.objects.select_related("author__namespace", "hidden_by").get(pk=comment.pk, kind=Event.Kind.COMMENT)
    row.discussion = discussion
    return row


@transaction.atomic
def set_lock(order: Order, discussion: Discussion, *, is_locked: bool) -> ModerationAction:
    """Raises Forbidden, DoneAlready, Settled."""
    order.actor.require_permission("community.lock_discussion")
    row = discussions.held(discussion)
    if discussions.set_locked(actor=order.actor, discussion=row, to=is_locked) is None:
        raise DoneAlready(_("This thread is locked already.") if is_locked else _("This thread is open already."))
    what = "thread.locked" if is_locked else "thread.unlocked"
    AuditEntry.objects.record(order.actor, what, str(row), reason=order.reason)
    subject = subjects.of_discussion(row)
    if is_locked:
        return _record(order, Act.LOCK, subject)
    return _record(_undoing(order, subject, Act.LOCK), Act.UNLOCK, subject)


@transaction.atomic
def hide_collection(order: Order, collection: Collection) -> ModerationAction:
    """Its owners alone see it, and nobody changes it. Raises Forbidden, DoneAlready, Settled."""
    order.actor.require_permission("community.hide_collection")
    row = _hidden(order, Collection.objects.select_related("namespace__user"), collection.pk)
    AuditEntry.objects.record(order.actor, "collection.hidden", row.slug, reason=order.reason)
    return _record(order, Act.HIDE_COLLECTION, subjects.of_collection(row))


@transaction.atomic
def show_collection(order: Order, collection: Collection) -> ModerationAction:
    """Raises Forbidden, DoneAlready, Settled."""
    order.actor.require_permission("community.hide_collection")
    row = _shown(Collection.objects.select_related("namespace__user"), collection.pk)
    AuditEntry.objects.record(order.actor, "collection.shown", row.slug, reason=order.reason)
    subject = subjects.of_collection(row)
    return _record(_undoing(order, subject, Act.HIDE_COLLECTION), Act.SHOW_COLLECTION, subject)


@transaction.atomic
def hide_picture(order: Order, picture: Picture) -> ModerationAction:
    """Its address opens nothing any more, in whatever comment it stands. Raises Forbidden, DoneAlready, Settled."""
    order.actor.require_permission("community.hide_picture")
    row = _hidden(order, Picture.objects.select_related("uploader__namespace"), picture.pk)
    AuditEntry.objects.record(order.actor, "picture.hidden", row.name, reason=order.reason)
    return _record(order, Act.HIDE_PICTURE, subjects.of_picture(row))


@transaction.atomic
def show_picture(order: Order, picture: Picture) -> ModerationAction:
    """Raises Forbidden, DoneAlready, Settled."""
    order.actor.require_permission("community.hide_picture")
    row = _shown(Picture.objects.select_related("uploader__namespace"), picture.pk)
    AuditEntry.objects.record(order.actor, "picture.shown", row.name, reason=order.reason)
    subject = subjects.of_picture(row)
    return _record(_undoing(order, subject, Act.HIDE_PICTURE), Act.SHOW_PICTURE, subject)


def _hidden(order: Order, rows: QuerySet[Hideable], pk: int) -> Hideable:
    row = rows.select_for_update(of=("self",)).get(pk=pk)
    if row.hidden_reason:
        raise DoneAlready(_("It is hidden already."))
    row.hidden_reason = order.reason[:500]
    row.save(update_fields=["hidden_reason"])
    return row


def _shown(rows: QuerySet[Hideable], pk: int) -> Hideable:
    row = rows.select_for_update(of=("self",)).get(pk=pk)
    if not row.hidden_reason:
        raise DoneAlready(_("It is shown already."))
    row.hidden_reason = ""
    row.save(update_fields=["hidden_reason"])
    return row


@transaction.atomic
def warn(order: Order, user: User) -> ModerationAction:
    """Raises Forbidden, Settled."""
    members.warn(actor=order.actor, user=user, reason=order.reason)
    return _record(order, Act.WARN, subjects.of_namespace(user.namespace))


@transaction.atomic
def suspend(order: Order, user: User, *, until: datetime | None = None) -> ModerationAction:
    """Raises Forbidden, Settled, Invalid."""
    members.suspend(actor=order.actor, user=user, reason=order.reason, until=until)
    return _record(order, Act.SUSPEND, subjects.of_namespace(user.namespace), until=until)


@transaction.atomic
def lift_suspension(order: Order, user: User) -> ModerationAction:
    """Raises Forbidden, StandsSo, Settled."""
    members.lift_suspension(actor=order.actor, user=user, reason=order.reason)
    subject = subjects.of_namespace(user.namespace)
    return _record(_undoing(order, subject, Act.SUSPEND), Act.LIFT, subject)


@transaction.atomic
def ban(order: Order, user: User, *, with_content: bool = False) -> ModerationAction:
    """with_content: hide all that stands under their name, and their comments; lifting the ban shows them again.

    Raises Forbidden, StandsSo, Settled.
    """
    members.ban(actor=order.actor, user=user, reason=order.reason)
    comments: list[int] = []
    if with_content:
        shown = Event.objects.filter(author=user, kind=Event.Kind.COMMENT, hidden_at=None).order_by("-pk")
        comments = list(shown.values_list("pk", flat=True)[:MOST_HIDDEN_WITH_A_BAN])
        Event.objects.filter(pk__in=comments).update(
            hidden_at=timezone.now(), hidden_by=order.actor.user, hidden_reason=order.reason[:500]
        )
    made = _record(order, Act.BAN, subjects.of_namespace(user.namespace), data={"comments": comments})
    if with_content:
        along = replace(order, because_of=made)
        for repository in Repository.objects.filter(namespace=user.namespace, disabled_reason=""):
            close_repository(along, repository, standing=Standing.HIDDEN)
        for collection in Collection.objects.filter(namespace=user.namespace, hidden_reason=""):
            hide_collection(along, collection)
    return made


@transaction.atomic
def lift_ban(order: Order, user: User) -> ModerationAction:
    """What was hidden with it is shown again. Raises Forbidden, StandsSo, Settled."""
    members.lift_ban(actor=order.actor, user=user, reason=order.reason)
    subject = subjects.of_namespace(user.namespace)
    order = _undoing(order, subject, Act.BAN)
    made = _record(order, Act.UNBAN, subject)
    if (banned := order.reverses) is not None:
        Event.objects.filter(pk__in=banned.data.get("comments", [])).update(
            hidden_at=None, hidden_by=None, hidden_reason=""
        )
        along = replace(order, reverses=None, because_of=made)
        hidden = banned.consequences.filter(reversed_by=None)
        repositories_hidden = hidden.filter(kind=Act.HIDE).values("subject_id")
        for repository in Repository.objects.filter(pk__in=repositories_hidden, disabled_as=Standing.HIDDEN).exclude(
            disabled_reason=""
        ):
            restore_repository(along, repository)
        collections_hidden = hidden.filter(kind=Act.HIDE_COLLECTION).values("subject_id")
        for collection in Collection.objects.filter(pk__in=collections_hidden).exclude(hidden_reason=""):
            show_collection(along, collection)
    return made


@transaction.atomic
def rename(order: Order, namespace: Namespace, *, name: str) -> ModerationAction:
    """Take a name from who holds it without a right to it: anybody can have it at once.

    Raises Forbidden, Invalid, NameTaken, Settled.
    """
    old_name = namespace.name
    renaming.rename_by_maintainer(actor=order.actor, namespace=namespace, name=name, reason=order.reason, free=True)
    renamed = Namespace.objects.select_related("user", "organization").get(pk=namespace.pk)
    return _record(order, Act.RENAME, subjects.of_namespace(renamed), data={"from": old_name, "to": name})


def _undoing(order: Order, subject: Subject, *kinds: Act) -> Order:
    """The order, with the act that it takes back: the latest of these kinds that still stands."""
    if order.reverses is not None:
        return order
    standing = ModerationAction.objects.filter(
        subject_kind=subject.kind, subject_id=subject.id, kind__in=kinds, reversed_by=None
    )
    return replace(order, reverses=standing.order_by("-pk").first())


def undo(order: Order, action: ModerationAction) -> ModerationAction:
    """Take an act back, with a reason of its own. Raises Forbidden, DoneAlready, CannotBeUndone, StandsSo, Settled."""
    if ModerationAction.objects.filter(reverses=action).exists():
        raise DoneAlready(_("This act was taken back already."))
    take_back = _TAKE_BACK.get(Act(action.kind))
    if take_back is None:
        raise CannotBeUndone(_("“%(kind)s” cannot be taken back.") % {"kind": action.get_kind_display()})
    return take_back(replace(order, reverses=action), action.subject_id)


def _user(namespace_id: int) -> User:
    user = Namespace.objects.select_related("user__namespace").get(pk=namespace_id).user
    if user is None:
        raise CannotBeUndone(_("This member has left."))
    return user


@transaction.atomic
def _give_name_back(order: Order, namespace: Namespace) -> ModerationAction:
    """If nobody has taken it meanwhile. Raises Forbidden, NameTaken."""
    assert order.reverses is not None
    name = order.reverses.data["from"]
    was = namespace.name
    renaming.rename_by_maintainer(actor=order.actor, namespace=namespace, name=name, reason=order.reason)
    renamed = Namespace.objects.select_related("user", "organization").get(pk=namespace.pk)
    return _record(order, Act.RENAME, subjects.of_namespace(renamed), data={"from": was, "to": name})


def _gone(undo: Callable[[Order, int], ModerationAction]) -> Callable[[Order, int], ModerationAction]:
    def undo_if_there(order: Order, pk: int) -> ModerationAction:
        try:
            return undo(order, pk)
        except ObjectDoesNotExist:
            raise CannotBeUndone(_("What this was done to is there no more.")) from None

    return undo_if_there


_TAKE_BACK: dict[Act, Callable[[Order, int], ModerationAction]] = {
    Act.HIDE: _gone(lambda order, pk: restore_repository(order, Repository.objects.get(pk=pk))),
    Act.HIDE_COMMENT: _gone(lambda order, pk: show_comment(order, Event.objects.get(pk=pk))),
    Act.HIDE_COLLECTION: _gone(lambda order, pk: show_collection(order, Collection.objects.get(pk=pk))),
    Act.HIDE_PICTURE: _gone(lambda order, pk: show_picture(order, Picture.objects.get(pk=pk))),
    Act.LOCK: _gone(lambda order, pk: set_lock(order, Discussion.objects.get(pk=pk), is_locked=False)),
    Act.RENAME: _gone(lambda order, pk: _give_name_back(order, Namespace.objects.get(pk=pk))),
    Act.SUSPEND: _gone(lambda order, pk: lift_suspension(order, _user(pk))),
    Act.BAN: _gone(lambda order, pk: lift_ban(order, _user(pk))),
}
_TAKE_BACK[Act.QUARANTINE] = _TAKE_BACK[Act.TAKE_DOWN] = _TAKE_BACK[Act.HIDE]


def history(
    subject_kind: str, subject_id: int, *, author: User | None, owner: Namespace | None
) -> list[ModerationAction]:
    """Earlier acts against the same thing, its author, and what is in the same namespace; newest first."""
    rows = ModerationAction.objects.select_related("report")
    same = rows.filter(subject_kind=subject_kind, subject_id=subject_id)
    if author is not None:
        same = same | rows.filter(author=author)
    if owner is not None:
        same = same | rows.filter(owner=owner)
    return list(same.order_by("-pk")[:20])
