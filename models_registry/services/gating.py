"""Gated repositories: who asks to be let in, what they are asked, and what the owners say."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Count, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django_countries import countries

from accounts.models import Actor, AuditEntry, User
from accounts.services.accounts import user_named, verified_addresses
from hub.errors import BadRequest, Forbidden, NotFound
from models_registry import access
from models_registry.errors import AnswersNeeded, DecisionStands
from models_registry.events import access_asked, access_decided
from models_registry.formats import gate_form
from models_registry.formats.gate_form import BadAnswers, FieldType, GateWords, Question
from models_registry.models import AccessRequest, Commit, Gate, GateForm, Repository
from models_registry.services.card_editing import edit_card

Status = AccessRequest.Status
LONGEST_REASON = 500
MOST_AT_ONCE = 500
_ID = re.compile(r"[0-9]{1,18}")


def state_of(actor: Actor, repository: Repository) -> AccessRequest | None:
    """What the actor has asked for, if anything."""
    if actor.user is None:
        return None
    return AccessRequest.objects.filter(repository=repository, user=actor.user).first()


def form_of(repository: Repository) -> GateForm:
    """What is asked of who wants in; an empty one where its card asks nothing."""
    return GateForm.objects.filter(repository=repository).first() or GateForm(repository=repository)


def questions_of(form: GateForm) -> tuple[Question, ...]:
    return tuple(Question.of_json(row) for row in form.fields)


def _require_gate(repository: Repository) -> None:
    if not repository.gated:
        raise BadRequest(
            _("%(repository)s is not gated: everybody who may see it may read it.")
            % {"repository": repository.full_name}
        )


def _require_scope(actor: Actor, repository: Repository) -> None:
    """Who asks accepts terms: a token for other repositories does not speak for its owner here. Raises Forbidden."""
    if not Repository.objects.filter(actor.scope_of("read"), pk=repository.pk).exists():
        raise Forbidden(_("This token is not for %(repository)s.") % {"repository": repository.full_name})


@transaction.atomic
def ask(
    *, actor: Actor, repository: Repository, answers: Mapping[str, Any] | None = None, terms: str = ""
) -> AccessRequest:
    """Ask to read a gated repository: an automatic gate opens at once. Asking again changes nothing, but that an automatic
    gate opens for who still waits.

    answers: by question. terms: the SHA-256 of the text of the terms that the asker accepts. Raises Unauthenticated,
    Suspended, ReadOnlyToken, Forbidden; AnswersNeeded; BadRequest if it is not gated, or the actor may read it anyway.
    """
    user = actor.require_writer()
    _require_scope(actor, repository)
    _require_gate(repository)
    access.keep(repository)
    known = AccessRequest.objects.filter(repository=repository, user=user).first()
    opens = repository.gated == Gate.AUTO
    if known is not None:
        if known.status == Status.PENDING and opens:
            _set(known, Status.ACCEPTED, "", timezone.now(), None)
        return known
    if Repository.objects.filter(pk=repository.pk).readable_by(actor).exists():
        raise BadRequest(_("You may read %(repository)s already.") % {"repository": repository.full_name})
    form = form_of(repository)
    made = AccessRequest.objects.create(
        repository=repository,
        user=user,
        status=Status.ACCEPTED if opens else Status.PENDING,
        decided_at=timezone.now() if opens else None,
        fields=_checked(form, repository, answers or {}, terms),
        terms_sha256=form.terms_sha256,
        terms_commit=form.commit if form.terms_sha256 else "",
    )
    AuditEntry.objects.record(
        actor,
        "access.asked",
        repository.full_name,
        namespace=repository.namespace,
        kind=repository.kind,
        status=made.status,
    )
    access_asked.send(sender=AccessRequest, request=made, actor=actor)
    return made


def _checked(form: GateForm, repository: Repository, answers: Mapping[str, Any], terms: str) -> dict[str, Any]:
    """The answers, as they are kept. Raises AnswersNeeded."""
    questions, faults = questions_of(form), {}
    checked: dict[str, Any] = {}
    try:
        checked = gate_form.checked(questions, answers)
    except BadAnswers as error:
        faults = error.faults
    for question in questions:
        if question.type == FieldType.COUNTRY and checked.get(question.label, "DE") not in dict(countries):
            faults[question.label] = "is the code of no country"
    if faults or terms != form.terms_sha256:
        raise AnswersNeeded(
            f"{repository.get_absolute_url()}/access",
            faults,
            terms_missing=terms != form.terms_sha256,
        )
    return checked


@transaction.atomic
def withdraw(*, actor: Actor, repository: Repository) -> None:
    """Ask no longer, or give an access back. Raises NotFound without a request; DecisionStands if it was rejected."""
    user = actor.require_writer()
    _require_scope(actor, repository)
    access.keep(repository)
    request = AccessRequest.objects.filter(repository=repository, user=user).first()
    if request is None:
        raise NotFound(_("You have not asked for access."))
    if request.status == Status.REJECTED:
        raise DecisionStands(
            _("The owners of %(repository)s have declined: that cannot be taken back by asking anew.")
            % {"repository": repository.full_name}
        )
    request.delete()
    AuditEntry.objects.record(
        actor,
        "access.withdrawn",
        repository.full_name,
        namespace=repository.namespace,
        kind=repository.kind,
        status=request.status,
    )


def requests_by(actor: Actor) -> QuerySet[AccessRequest]:
    """All that the actor has asked for, newest first, of what they may still know of."""
    visible = Repository.objects.visible_to(actor).values("pk")
    found = AccessRequest.objects.filter(user=actor.require_user(), repository__in=visible)
    return found.select_related("repository__namespace").order_by("-created_at", "-pk")


def requests(*, actor: Actor, repository: Repository, status: str) -> QuerySet[AccessRequest]:
    """Those in that state, for who may write the repository. Raises BadRequest, Forbidden, NotFound for no such state."""
    access.require_write(actor, repository)
    _require_gate(repository)
    return kept_requests(actor=actor, repository=repository, status=status)


def kept_requests(*, actor: Actor, repository: Repository, status: str) -> QuerySet[AccessRequest]:
    """As `requests`, also while the gate is open: they are kept for when it closes again."""
    access.require_write(actor, repository)
    if status not in Status.values:
        raise NotFound(_("Requests are pending, accepted or rejected, not %(status)r.") % {"status": status[:40]})
    rows = AccessRequest.objects.filter(repository=repository, status=status)
    return rows.select_related("user__namespace", "decided_by")


def counts(repository: Repository) -> dict[str, int]:
    """How many requests are in each state."""
    found = AccessRequest.objects.filter(repository=repository).order_by().values_list("status").annotate(Count("pk"))
    return dict.fromkeys(Status.values, 0) | dict(found)


def addresses_of(rows: Sequence[AccessRequest]) -> dict[int, str]:
    """{user id: address} as the owners may see it: of who has shown that it is theirs, and has asked themselves."""
    return verified_addresses(row.user for row in rows if not row.granted_by_hand)


@transaction.atomic
def decide(
    *,
    actor: Actor,
    repository: Repository,
    status: str,
    username: str | None = None,
    request_id: str | None = None,
    reason: str = "",
) -> AccessRequest:
    """Accept a request, reject it, or set it back to pending; named by who asked or by its id.

    Raises Forbidden; BadRequest if the repository is not gated or the words are none; NotFound if there is no such user or
    request, or it is in that state already.
    """
    access.require_write(actor, repository)
    _require_gate(repository)
    if status not in Status.values:
        raise BadRequest(_("status must be pending, accepted or rejected."))
    if reason and (status != Status.REJECTED or len(reason) > LONGEST_REASON):
        raise BadRequest(
            _("A rejection, and nothing else, may give a reason of at most %(most)s characters.")
            % {"most": LONGEST_REASON}
        )
    request = _request_of(repository, username, request_id)
    if request.status == status:
        raise NotFound(
            {
                Status.PENDING: _("The request of %(user)s is pending already."),
                Status.ACCEPTED: _("The request of %(user)s is accepted already."),
                Status.REJECTED: _("The request of %(user)s is rejected already."),
            }[Status(status)]
            % {"user": request.user.username}
        )
    _set(request, Status(status), reason, timezone.now(), actor.user)
    AuditEntry.objects.record(
        actor,
        f"access.{status}",
        repository.full_name,
        namespace=repository.namespace,
        kind=repository.kind,
        user=request.user.username,
        reason=reason,
    )
    access_decided.send(sender=AccessRequest, request=request, actor=actor)
    return request


def _request_of(repository: Repository, username: str | None, request_id: str | None) -> AccessRequest:
    asked = AccessRequest.objects.select_for_update(of=("self",)).select_related("user").filter(repository=repository)
    if username is not None:
        found = asked.filter(user=user_named(username)).first()
    elif request_id is not None and _ID.fullmatch(request_id):
        found = asked.filter(pk=int(request_id)).first()
    else:
        found = None
    if found is None:
        raise NotFound(_("There is no such request for access."))
    return found


def _set(
    request: AccessRequest, status: AccessRequest.Status, reason: str, now: datetime, decided_by: User | None
) -> None:
    request.status, request.rejection_reason, request.decided_by = status, reason, decided_by
    request.decided_at = None if status == Status.PENDING else now
    request.save(update_fields=["status", "rejection_reason", "decided_at", "decided_by"])


@transaction.atomic
def accept_all(*, actor: Actor, repository: Repository, ids: Collection[int] | None = None) -> int:
    """Let in all who wait, or those of them with these ids, at most 500 at once; how many. Raises Forbidden, BadRequest."""
    access.require_write(actor, repository)
    _require_gate(repository)
    waiting = AccessRequest.objects.select_for_update(of=("self",)).filter(repository=repository, status=Status.PENDING)
    if ids is not None:
        waiting = waiting.filter(pk__in=list(ids)[:MOST_AT_ONCE])
    rows = list(waiting.select_related("user").order_by("pk")[:MOST_AT_ONCE])
    now = timezone.now()
    for row in rows:
        row.status, row.decided_at, row.decided_by = Status.ACCEPTED, now, actor.user
    AccessRequest.objects.bulk_update(rows, ["status", "decided_at", "decided_by"])
    for row in rows:
        row.repository = repository
        AuditEntry.objects.record(
            actor,
            "access.accepted",
            repository.full_name,
            namespace=repository.namespace,
            kind=repository.kind,
            user=row.user.username,
            reason="",
        )
        access_decided.send(sender=AccessRequest, request=row, actor=actor)
    return len(rows)


@transaction.atomic
def grant(*, actor: Actor, repository: Repository, username: str) -> AccessRequest:
    """Let somebody in, asked or unasked. Raises Forbidden, NotFound, BadRequest if not gated or granted already."""
    access.require_write(actor, repository)
    _require_gate(repository)
    user: User = user_named(username)
    access.keep(repository)
    request = AccessRequest.objects.filter(repository=repository, user=user).first()
    if request is not None and request.status == Status.ACCEPTED:
        raise BadRequest(
            _("%(user)s has access to %(repository)s already.")
            % {"user": user.username, "repository": repository.full_name}
        )
    if request is None:
        request = AccessRequest(repository=repository, user=user, granted_by_hand=True)
        request.save()
    _set(request, Status.ACCEPTED, "", timezone.now(), actor.user)
    AuditEntry.objects.record(
        actor,
        "access.granted",
        repository.full_name,
        namespace=repository.namespace,
        kind=repository.kind,
        user=user.username,
    )
    access_decided.send(sender=AccessRequest, request=request, actor=actor)
    return request


def exported(*, actor: Actor, repository: Repository) -> Iterator[list[str]]:
    """Every request as rows of text, the first one the titles: for a table of the owners' own. Raises Forbidden."""
    access.require_write(actor, repository)
    AuditEntry.objects.record(
        actor, "access.exported", repository.full_name, namespace=repository.namespace, kind=repository.kind
    )
    kept = AccessRequest.objects.filter(repository=repository).order_by("pk")
    labels = list(
        dict.fromkeys(label for fields in kept.values_list("fields", flat=True).iterator() for label in fields)
    )
    return _rows(kept, labels)


def _rows(kept: QuerySet[AccessRequest], labels: list[str]) -> Iterator[list[str]]:
    yield ["user", "full name", "e-mail", "status", "asked", "decided", "reason", "terms (SHA-256)", *labels]
    last = 0
    while some := list(kept.filter(pk__gt=last).select_related("user")[:MOST_AT_ONCE]):
        last = some[-1].pk
        addresses = addresses_of(some)
        for row in some:
            yield [
                row.user.username,
                row.user.get_full_name(),
                addresses.get(row.user_id, ""),
                row.status,
                row.created_at.isoformat(timespec="seconds"),
                row.decided_at.isoformat(timespec="seconds") if row.decided_at else "",
                row.rejection_reason,
                row.terms_sha256,
                *(_written(row.fields.get(label, "")) for label in labels),
            ]


def _written(answer: object) -> str:
    return str(answer).lower() if isinstance(answer, bool) else str(answer)


def change_words(*, actor: Actor, repository: Repository, words: GateWords) -> Commit:
    """Let the card ask this of who wants in: a commit. Raises Forbidden, Invalid, BranchMoved."""
    access.require_administration(actor, repository)
    values: dict[str, Any] = {
        "extra_gated_heading": words.heading or None,
        "extra_gated_description": words.description or None,
        "extra_gated_button_content": words.button or None,
        "extra_gated_prompt": words.prompt or None,
        "extra_gated_fields": {question.label: _as_written(question) for question in words.questions} or None,
        "extra_gated_license_file": words.terms_file or None,
        "extra_gated_license_text": words.terms or None,
    }
    return edit_card(
        actor=actor, repository=repository, values=values, title="Change what is asked of who wants access"
    )


def _as_written(question: Question) -> str | dict[str, Any]:
    """As other hubs write it, where they can."""
    if question.required and not question.options:
        return question.type.value
    more: dict[str, Any] = {"type": question.type.value}
    if question.options:
        more["options"] = list(question.options)
    return more if question.required else more | {"required": False}
