"""Appeals: who is concerned by an act asks once that somebody look again."""

from django.core import signing
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.models import Actor, AuditEntry, User
from hub.errors import Conflict, Forbidden, Invalid, NotFound
from hub.jobs.models import Job
from models_registry.community.models import Act, Appeal, ModerationAction
from models_registry.community.services.moderation import acts

MOST_TEXT = 4000
AGAINST = frozenset(
    {
        Act.HIDE_COMMENT,
        Act.HIDE_COLLECTION,
        Act.HIDE_PICTURE,
        Act.LOCK,
        Act.HIDE,
        Act.QUARANTINE,
        Act.TAKE_DOWN,
        Act.WARN,
        Act.SUSPEND,
        Act.BAN,
        Act.RENAME,
    }
)
TELL = "tell_of_decision"
_LINK_DAYS = 180
_signer = signing.TimestampSigner(salt="moderation-appeal")


class NoSuchAct(NotFound):
    says = gettext_noop("There is no such act, or it does not concern you.")


class AppealedAlready(Conflict):
    says = gettext_noop("An appeal against this act was made already: there is one.")


def act_for(actor: Actor, pk: int) -> ModerationAction:
    """An act that concerns this member. Raises NoSuchAct."""
    found = ModerationAction.objects.concerning(actor).filter(pk=pk).select_related("appeal", "reversed_by").first()
    if found is None:
        raise NoSuchAct
    return found


def signed(action: ModerationAction, user: User) -> str:
    """What stands in an e-mail, for who can sign in no more."""
    return _signer.sign_object([action.pk, user.pk], compress=False)


def named(value: str) -> tuple[ModerationAction, User]:
    """Whom such a link names. Raises NoSuchAct."""
    try:
        action_id, user_id = _signer.unsign_object(value, max_age=_LINK_DAYS * 24 * 3600)
    except signing.BadSignature:
        raise NoSuchAct(_("This link is wrong or older than half a year.")) from None
    user = User.objects.filter(pk=user_id).first()
    if user is None:
        raise NoSuchAct
    return act_for(Actor(user=user), action_id), user


@transaction.atomic
def make(*, user: User, action: ModerationAction, text: str) -> Appeal:
    """The act concerns the member, who may be suspended or banned. Raises AppealedAlready, Invalid."""
    if not text.strip() or len(text) > MOST_TEXT:
        raise Invalid(_("Say in at most %(most)s characters why the act is wrong.") % {"most": MOST_TEXT})
    if action.kind not in AGAINST:
        raise Invalid(_("There is no appeal against this: it restores something."))
    if ModerationAction.objects.filter(reverses=action).exists():
        raise AppealedAlready(_("This act was taken back already."))
    try:
        with transaction.atomic():
            appeal = Appeal.objects.create(action=action, user=user, text=text)
    except IntegrityError:
        raise AppealedAlready from None
    AuditEntry.objects.record(Actor(user=user), "appeal.made", action.subject_name, act=action.pk)
    return appeal


@transaction.atomic
def decide(*, actor: Actor, appeal: Appeal, reverse: bool, reason: str) -> None:
    """Uphold the act, or take it back. Raises Forbidden, DoneAlready, Invalid, and what taking it back raises."""
    user = actor.require_permission("community.decide_appeal")
    if not reason.strip():
        raise Invalid(_("A decision needs a reason: the member reads it."))
    row = Appeal.objects.select_for_update(of=("self",)).select_related("action").get(pk=appeal.pk)
    if row.state != Appeal.State.OPEN:
        raise acts.DoneAlready(
            (
                _("%(name)s has decided this appeal already: the act stays.")
                if row.state == Appeal.State.UPHELD
                else _("%(name)s has decided this appeal already: the act was taken back.")
            )
            % {"name": row.decided_by or _("Somebody")}
        )
    if row.user == user:
        raise Forbidden(_("Nobody decides their own appeal."))
    if reverse and row.action.kind == Act.WARN:  # it cannot be unsaid; who has not read it yet need not
        User.objects.filter(pk=row.action.author_id or 0, warning=row.action.reason).update(warning="")
    elif reverse:
        acts.undo(acts.Order(actor=actor, reason=reason), row.action)
    row.state = Appeal.State.REVERSED if reverse else Appeal.State.UPHELD
    row.decided_by, row.decided_at, row.decision = user, timezone.now(), reason[:500]
    row.save(update_fields=["state", "decided_by", "decided_at", "decision"])
    Job.objects.add(TELL, str(row.pk))
    own = row.action.moderator_id == user.pk
    AuditEntry.objects.record(
        actor, f"appeal.{row.state}", row.action.subject_name, act=row.action_id, reason=reason, own_act=own
    )
