"""Who competes with whom in a challenge: entering, inviting, answering, leaving."""

from __future__ import annotations

import unicodedata
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.models import Actor, User
from evaluations.errors import AlreadyEntered, ChallengeClosed, EntryNotFound, TeamIsFull
from evaluations.models import Challenge, ChallengeState, Entrant, EntrantState, Entry
from hub.errors import Conflict, Invalid, NotFound
from hub.kept_sentences import sentence
from models_registry.community.models import NoticeKind
from models_registry.community.services.notifications import notify

LONGEST_NAME = 60
MOST_INVITED = 20  # of one entry, who have not answered
_INVITED = sentence(gettext_noop("You are invited to join “%(entry)s” in %(challenge)s"))


def enter(*, actor: Actor, challenge: Challenge, name: str = "", now: datetime | None = None) -> Entry:
    """Compete, alone at first. name: shown on the boards; without one, the member's own.

    Raises Unauthenticated, Suspended, ReadOnlyToken, ChallengeClosed, AlreadyEntered, Conflict, Invalid.
    """
    user = actor.require_writer()
    _require_time(challenge, now)
    name = _name(name.strip() or user.username)
    try:
        with transaction.atomic():
            entry = Entry.objects.create(challenge=challenge, name=name)
            Entrant.objects.create(entry=entry, challenge=challenge, user=user, state=EntrantState.MEMBER)
    except IntegrityError:
        _require_free(user, challenge)
        raise Conflict(
            _("There is an entry %(name)r in this challenge: choose another name.") % {"name": name}
        ) from None
    return entry


def invite(*, actor: Actor, entry: Entry, username: str, now: datetime | None = None) -> Entrant:
    """Ask a member of the hub to join. Raises as `access.require_entry`; ChallengeClosed, NotFound, TeamIsFull, Conflict."""
    _require_member(actor, entry)
    _require_time(entry.challenge, now)
    user = User.objects.filter(username__iexact=username.strip(), is_active=True).first()
    if user is None:
        raise NotFound(_("There is no member %(username)r.") % {"username": username.strip()[:60]})
    with transaction.atomic():
        row = _locked(entry)
        if row.disqualified_at is not None:
            raise ChallengeClosed(_("The entry is disqualified."))
        if row.entrants.members().count() >= row.challenge.most_members:
            raise TeamIsFull(_full(row.challenge))
        if row.entrants.invited().count() >= MOST_INVITED:
            raise Conflict(_("%(most)s invitations wait for an answer: take one back first.") % {"most": MOST_INVITED})
        known = row.entrants.filter(user=user).first()
        if known is not None:
            raise Conflict(_("%(user)s is invited already, or was of this entry.") % {"user": user.username})
        invitation = Entrant.objects.create(
            entry=row, challenge=row.challenge, user=user, state=EntrantState.INVITED, invited_by=actor.user
        )
        names = {"entry": row.name, "challenge": row.challenge.title}
        notify(
            kind=NoticeKind.INVITED, key=f"entry:{row.pk}", users=[user], actor=actor.user,
            text=_INVITED % names,
            url=f"{row.challenge.get_absolute_url()}/entry",
        )  # fmt: skip
    return invitation


def invitations_of(actor: Actor, challenge: Challenge) -> QuerySet[Entrant]:
    """Those that wait for the actor's answer."""
    if actor.user is None:
        return Entrant.objects.none()
    waiting = Entrant.objects.invited().filter(challenge=challenge, user=actor.user, entry__disqualified_at=None)
    return waiting.select_related("entry", "invited_by")


def accept(*, actor: Actor, challenge: Challenge, invitation_id: int, now: datetime | None = None) -> Entry:
    """Join the entry. Raises EntryNotFound, ChallengeClosed, TeamIsFull, AlreadyEntered, and as `require_writer`."""
    user = actor.require_writer()
    _require_time(challenge, now)
    invitation = _mine(actor, challenge, invitation_id)
    with transaction.atomic():
        row = _locked(invitation.entry)
        if row.entrants.members().count() >= challenge.most_members:
            raise TeamIsFull(_full(challenge))
        try:
            with transaction.atomic():
                joined = row.entrants.invited().filter(pk=invitation.pk).update(state=EntrantState.MEMBER)
        except IntegrityError:
            _require_free(user, challenge)
            raise
        if not joined:
            raise EntryNotFound(_("The invitation was taken back."))
    return row


def decline(*, actor: Actor, challenge: Challenge, invitation_id: int) -> None:
    """Raises EntryNotFound, and as `require_writer`."""
    actor.require_writer()
    Entrant.objects.invited().filter(pk=_mine(actor, challenge, invitation_id).pk).delete()


def take_back(*, actor: Actor, entry: Entry, invitation_id: int) -> None:
    """By any member of the entry. Raises EntryNotFound."""
    _require_member(actor, entry)
    if not entry.entrants.invited().filter(pk=invitation_id).delete()[0]:
        raise EntryNotFound(_("There is no such invitation."))


@transaction.atomic
def leave(*, actor: Actor, entry: Entry) -> None:
    """Who leaves an entry that has submitted has had their part of the challenge, and cannot begin anew. Raises EntryNotFound."""
    entrant = _require_member(actor, entry)
    row = _locked(entry)
    if row.submissions.exists() or row.disqualified_at is not None:
        row.entrants.filter(pk=entrant.pk).update(state=EntrantState.LEFT)
        return
    row.entrants.filter(pk=entrant.pk).delete()
    if not row.entrants.members().exists():
        row.delete()


def _require_member(actor: Actor, entry: Entry) -> Entrant:
    user = actor.require_writer()
    found = entry.entrants.members().filter(user=user).first()
    if found is None:
        raise EntryNotFound
    return found


def _mine(actor: Actor, challenge: Challenge, invitation_id: int) -> Entrant:
    found = invitations_of(actor, challenge).filter(pk=invitation_id).first()
    if found is None:
        raise EntryNotFound(_("There is no such invitation to you, or it was taken back."))
    return found


def _require_time(challenge: Challenge, now: datetime | None) -> None:
    state = challenge.state_at(now or timezone.now())
    if state not in {ChallengeState.UPCOMING, ChallengeState.OPEN}:
        raise ChallengeClosed(
            _("It is not published yet.") if state == ChallengeState.DRAFT else _("It is over: teams stay as they are.")
        )


def _require_free(user: User, challenge: Challenge) -> None:
    found = Entrant.objects.filter(challenge=challenge, user=user).exclude(state=EntrantState.INVITED).first()
    if found is not None:
        raise AlreadyEntered(
            _("You left an entry that had submitted: you cannot enter this challenge again.")
            if found.state == EntrantState.LEFT
            else _("You are in an entry of this challenge already: leave it first.")
        )


def _locked(entry: Entry) -> Entry:
    found = (
        Entry.objects.select_for_update(no_key=True, of=("self",))
        .select_related("challenge")
        .filter(pk=entry.pk)
        .first()
    )
    if found is None:
        raise EntryNotFound
    return found


def _full(challenge: Challenge) -> str:
    return _("An entry has at most %(most)s members in this challenge.") % {"most": challenge.most_members}


def _name(name: str) -> str:
    if len(name) > LONGEST_NAME:
        raise Invalid(_("A name has at most %(most)s characters.") % {"most": LONGEST_NAME})
    if any(unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"} for character in name):
        raise Invalid(_("A name is one line of letters, digits, signs and spaces."))
    return name
