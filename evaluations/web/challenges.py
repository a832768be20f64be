"""Challenges in the browser: which there are, one of them with its board, and the member's own entry."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.requests import ActorRequest
from evaluations import access
from evaluations.models import Challenge, ChallengeState, Entry, FinalBy
from evaluations.services import competing, entering, submitting
from evaluations.templatetags.scores import axis_of
from evaluations.web.forms import EnterForm, InviteForm, SubmitForm
from hub.errors import HubError, Invalid
from hub.wire import rate_limits
from models_registry.access import repository_for
from models_registry.models import Kind
from models_registry.services.cards import render as render_markdown
from models_registry.services.markdown import Place

PAGE_SIZE = 30
BOARD_SIZE = 100


@require_safe
def challenges(request: ActorRequest) -> HttpResponse:
    page = Paginator(competing.challenges(request.actor), PAGE_SIZE).get_page(request.GET.get("page"))
    now = timezone.now()
    rows = [{"challenge": challenge, "state": challenge.state_at(now)} for challenge in page]
    return render(request, "evaluations/challenges.html", {"section": "leaderboards", "page": page, "rows": rows})


@require_safe
def challenge(request: ActorRequest, slug: str) -> HttpResponse:
    found = access.challenge_for(request.actor, slug)
    page = Paginator(competing.places(found), BOARD_SIZE).get_page(request.GET.get("page"))
    reached = [place.reached for place in page if place.reached is not None]
    context = _context(request, found) | {
        "page": page,
        "axis": axis_of(reached),
        "total": page.paginator.count,
        "shown": competing.runs_shown(request.actor, list(page)) if found.results_at else set(),
        "disqualified": competing.disqualified(found),
        "texts": {name: _html(found, name) for name in ("summary", "rules", "prizes")},
        "phases": _phases(found),
    }
    return render(request, "evaluations/challenge.html", context)


@rate_limits.under(writes="evaluation")
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def entry(request: ActorRequest, slug: str) -> HttpResponse:
    """The member's entry; what is posted is a submission. Who has none may enter here, or answer an invitation."""
    found = access.challenge_for(request.actor, slug)
    own = access.entry_of(request.actor, found)
    context = _context(request, found) | {"entry": own}
    if own is None:
        context |= {
            "form": EnterForm(),
            "invitations": entering.invitations_of(request.actor, found),
        }
        return render(request, "evaluations/challenge_enter.html", context)
    form = SubmitForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            submitting.submit(
                actor=request.actor,
                challenge=found,
                repository=repository_for(request.actor, Kind.MODEL, form.cleaned_data["repository"]),
                revision=form.cleaned_data["revision"],
            )
        except HubError as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Submitted. Its score on the public rows shows here when it is measured."))
            return _to_entry(found)
    page = Paginator(competing.submissions_of(own), PAGE_SIZE).get_page(request.GET.get("page"))
    context |= {
        "form": form,
        "invite_form": InviteForm(),
        "team": competing.team(own),
        "remaining": submitting.remaining(found, own),
        "page": page,
        "shown": competing.repositories_shown(request.actor, list(page)),
        "selects": found.final_by == FinalBy.SELECTED,
    }
    return render(request, "evaluations/challenge_entry.html", context)


@login_required
@require_POST
def enter(request: ActorRequest, slug: str) -> HttpResponse:
    form = EnterForm(request.POST)
    name = form.cleaned_data["name"] if form.is_valid() else request.POST.get("name", "")

    def act(found: Challenge) -> str:
        made = entering.enter(actor=request.actor, challenge=found, name=name)
        return _("You compete as %(name)s.") % {"name": made.name}

    return _act(request, slug, act)


@rate_limits.under(writes="invitation")
@login_required
@require_POST
def invite(request: ActorRequest, slug: str) -> HttpResponse:
    form = InviteForm(request.POST)

    def act(found: Challenge) -> str:
        if not form.is_valid():
            raise Invalid(_("Say whom to invite, by their name here."))
        username = form.cleaned_data["username"]
        invited = entering.invite(actor=request.actor, entry=_own(request, found), username=username)
        return _("%(name)s is invited.") % {"name": invited.user.username}

    return _act(request, slug, act)


@login_required
@require_POST
def take_back(request: ActorRequest, slug: str, pk: int) -> HttpResponse:
    def act(found: Challenge) -> str:
        entering.take_back(actor=request.actor, entry=_own(request, found), invitation_id=pk)
        return _("The invitation is taken back.")

    return _act(request, slug, act)


@login_required
@require_POST
def answer(request: ActorRequest, slug: str, pk: int) -> HttpResponse:
    """An invitation is accepted by `answer=yes`, else declined."""

    def act(found: Challenge) -> str:
        if request.POST.get("answer") == "yes":
            joined = entering.accept(actor=request.actor, challenge=found, invitation_id=pk)
            return _("You compete as %(name)s.") % {"name": joined.name}
        entering.decline(actor=request.actor, challenge=found, invitation_id=pk)
        return _("The invitation is declined.")

    return _act(request, slug, act)


@login_required
@require_POST
def leave(request: ActorRequest, slug: str) -> HttpResponse:
    def act(found: Challenge) -> str:
        entering.leave(actor=request.actor, entry=_own(request, found))
        return _("You have left the entry.")

    return _act(request, slug, act)


@login_required
@require_POST
def withdraw(request: ActorRequest, slug: str, pk: int) -> HttpResponse:
    def act(found: Challenge) -> str:
        submitting.withdraw(actor=request.actor, challenge=found, submission_id=pk)
        return _("The submission is withdrawn.")

    return _act(request, slug, act)


@login_required
@require_POST
def select(request: ActorRequest, slug: str, pk: int) -> HttpResponse:
    """For the final board by `selected=yes`, else no longer."""
    selected = request.POST.get("selected") == "yes"

    def act(found: Challenge) -> str:
        submitting.select(actor=request.actor, challenge=found, submission_id=pk, selected=selected)
        return _("It is selected for the final board.") if selected else _("It is no longer selected.")

    return _act(request, slug, act)


def _act(request: ActorRequest, slug: str, act: Callable[[Challenge], str]) -> HttpResponse:
    """Do it, and back to the entry's page with what came of it. A challenge that is not there answers so."""
    found = access.challenge_for(request.actor, slug)
    try:
        done = act(found)
    except HubError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, done)
    return _to_entry(found)


def _own(request: ActorRequest, found: Challenge) -> Entry:
    return access.require_entry(request.actor, found)


def _to_entry(found: Challenge) -> HttpResponse:
    return redirect(f"{found.get_absolute_url()}/entry")


def _context(request: ActorRequest, found: Challenge) -> dict[str, Any]:
    state = found.state_at(timezone.now())
    return {
        "section": "leaderboards",
        "challenge": found,
        "state": state,
        "suite": found.suite_version.suite,
        "takes_entries": state in {ChallengeState.UPCOMING, ChallengeState.OPEN},
        "is_open": state == ChallengeState.OPEN,
        "board": competing.board_shown(found),
        "own": access.entry_of(request.actor, found),
    }


def _phases(found: Challenge) -> list[dict[str, Any]]:
    now = timezone.now()
    return [
        {"phase": phase, "is_over": phase.ends_at <= now, "is_current": phase.starts_at <= now < phase.ends_at}
        for phase in found.phases.all()
    ]


def _html(found: Challenge, name: str) -> str:
    """Of one of its texts, cleaned."""
    text = getattr(found, name)
    here = f"{found.get_absolute_url()}/"
    return render_markdown(text, Place(blob=here, resolve=here, id_prefix=f"{name}-")) if text.strip() else ""
