"""Evaluations of one repository, the form that asks for one, and the page of a run."""

import hashlib
import json
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import patch_cache_control
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import condition, require_http_methods, require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from accounts.requests import ActorRequest
from evaluations import access
from evaluations.models import Run, State, SuiteVersion
from evaluations.services.differences import compared
from evaluations.services.identical_weights import twins_of
from evaluations.services.listing import rivals_of, runs_of
from evaluations.services.queueing import turns_of
from evaluations.services.requesting import cancel, quota_left, request_evaluation
from evaluations.services.sealing import withheld_until
from evaluations.services.suites import current_versions
from evaluations.templatetags.scores import axis_of
from evaluations.web import speeds
from evaluations.web.forms import EvaluateForm
from hub.errors import HubError
from hub.wire import rate_limits
from models_registry.access import repository_for, require_read
from models_registry.models import Commit, Kind, Repository

PAGE_SIZE = 30
REPEAT = "grove-eval fetch {address} run\ngrove-eval repeat run"
SAME_MODELS = {
    "text-generation": ["multiple-choice"],
    "feature-extraction": ["sentence-similarity"],
}  # by other tasks' suites
STEPS = (State.QUEUED, State.FETCHING, State.RUNNING, State.SCORING, State.SCORED)


@require_safe
def of_repository(request: ActorRequest, namespace: str, name: str) -> HttpResponse:
    repository = repository_for(request.actor, Kind.MODEL, f"{namespace}/{name}")
    page = Paginator(runs_of(request.actor, repository), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "repository": repository,
        "section": "models",
        "page": page,
        "are_explained": Repository.objects.readable_by(request.actor).filter(pk=repository.pk).exists(),
        "is_live": any(not run.is_final for run in page),
        "suites": current_versions(),
    }
    return render(request, "evaluations/repository_runs.html", context)


@rate_limits.under(writes="evaluation")
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def evaluate(request: ActorRequest, namespace: str, name: str) -> HttpResponse:
    repository = repository_for(request.actor, Kind.MODEL, f"{namespace}/{name}")
    require_read(request.actor, repository)
    versions = _likely_first(repository)
    initial = {
        "revision": request.GET.get("revision", repository.default_branch),
        "suite": request.GET.get("suite", versions[0].suite.name if versions else ""),
        "hardware": request.GET.get("hardware", settings.HARDWARE_CLASSES[0]),
    }
    form = EvaluateForm(request.POST or None, initial=initial, versions=versions)
    if request.method == "POST" and form.is_valid():
        try:
            asked = request_evaluation(
                actor=request.actor,
                repository=repository,
                revision=form.cleaned_data["revision"],
                suite=form.cleaned_data["suite"],
                hardware_class=form.cleaned_data.get("hardware", settings.HARDWARE_CLASSES[0]),
            )
        except HubError as refusal:
            form.add_error(None, str(refusal))
        else:
            return redirect(asked)
    chosen = next((version for version in versions if version.suite.name == form["suite"].value()), None)
    context = {
        "repository": repository,
        "section": "models",
        "form": form,
        "versions": versions,
        "chosen": chosen,
        "left": quota_left(request.actor.user, repository, chosen) if chosen and request.actor.user else None,
    }
    return render(request, "evaluations/evaluate.html", context)


def _likely_first(repository: Repository) -> list[SuiteVersion]:
    """The suites: those on which it was measured before, then those of its task."""
    before = set(
        Run.objects.filter(repository=repository, state=State.SCORED).values_list("suite_version__suite", flat=True)
    )
    fitting = {repository.task, *SAME_MODELS.get(repository.task, ())}
    return sorted(
        current_versions(), key=lambda version: (version.suite_id not in before, version.suite.task not in fitting)
    )


def _etag_of_live(request: ActorRequest, pk: UUID) -> str | None:
    """Of what the page asks for again and again while the run goes on: nothing is rendered until something has changed."""
    if "HX-Request" not in request.headers:
        return None
    live = Run.objects.visible_to(request.actor).filter(pk=pk).first()
    if live is None:
        return None
    turn = turns_of([live]).get(live.pk)
    facts = (
        live.state, live.attempt, live.progress_done, live.progress_total, live.cancel_requested, live.log_tail, turn,
        request.user.pk, get_language(),
    )  # fmt: skip
    return f'"{hashlib.sha256(repr(facts).encode()).hexdigest()[:32]}"'


@require_safe
@vary_on_headers("HX-Request", "Accept-Language")
@condition(etag_func=_etag_of_live)
def run(request: ActorRequest, pk: UUID) -> HttpResponse:
    shown = access.run_for(request.actor, pk)
    document = json.loads(shown.result.document) if hasattr(shown, "result") else {}
    scores = sorted(shown.scores.all(), key=lambda score: (not score.primary, score.name))
    turn = turns_of([shown]).get(shown.pk)
    earlier = _earlier(shown)
    context = {
        "run": shown,
        "repository": shown.repository,
        "section": "models",
        "steps": _steps(shown),
        "scores": scores,
        "split": getattr(shown, "split_score", None),
        "axis": axis_of(scores),
        "turn": turn,
        "seconds_to_start": turn.starts_in.total_seconds() if turn and turn.starts_in is not None else None,
        "result_command": f"curl -O {settings.BASE_URL}/api/evaluations/{shown.pk}/result",
        "repeat_command": REPEAT.format(address=f"{settings.BASE_URL}{shown.get_absolute_url()}"),
        "document": document,
        "speeds": speeds.shown(document),
        "load_steps": speeds.steps(document),
        "peaks": speeds.peaks(document),
        "energy": speeds.energy(document),
        "commit": Commit.objects.filter(repository=shown.repository, oid=shown.commit).first(),
        "is_explained": Run.objects.explained_to(request.actor).filter(pk=shown.pk).exists(),
        "may_cancel": not shown.is_final and access.may_cancel(request.actor, shown),
        "compared": compared(shown),
        "twin": twins_of(request.actor, [shown]).get(shown.pk),
        "rivals": rivals_of(shown) if scores else [],
        "earlier": earlier,
        "withheld": withheld_until(shown.challenge) if shown.is_withheld and shown.challenge else "",
        "spread": _spread([shown, *earlier]) if earlier and scores else None,
    }
    response = render(request, "evaluations/run.html", context)
    patch_cache_control(response, private=True, no_cache=True)
    return response


def _steps(shown: Run) -> list[dict[str, Any]]:
    """The run's way, as far as it has come."""
    reached = STEPS.index(State(shown.state)) if shown.state in STEPS else -1
    return [
        {
            "key": step.value,
            "is_done": index < reached or shown.state == State.SCORED,
            "is_current": index == reached and shown.state != State.SCORED,
        }
        for index, step in enumerate(STEPS)
    ]


def _earlier(shown: Run) -> list[Run]:
    """Other scored runs of the same commit on the same version: do they agree?"""
    same = Run.objects.filter(
        repository=shown.repository, commit=shown.commit, suite_version=shown.suite_version, state=State.SCORED
    )
    return list(same.exclude(pk=shown.pk).for_lists().order_by("-created_at")[:10])


def _spread(runs: list[Run]) -> dict[str, Any]:
    """Of what the suite ranks by, over these runs."""
    values = [score.value for run in runs for score in run.scores.all() if score.primary]
    return {"count": len(values), "low": min(values), "high": max(values)}


@login_required
@require_POST
def cancel_run(request: ActorRequest, pk: UUID) -> HttpResponse:
    shown = access.run_for(request.actor, pk)
    try:
        cancel(actor=request.actor, run=shown)
    except HubError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("It will be stopped."))
    return redirect(shown)
