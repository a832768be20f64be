"""Proposing a suite, and how a proposal stands."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.requests import ActorRequest
from evaluations import proposals
from evaluations.errors import InvalidProposal
from evaluations.proposal_words import in_words
from evaluations.services import proposing
from evaluations.web.forms import ProposeForm
from hub.errors import HubError
from hub.wire import rate_limits
from models_registry.access import repository_for
from models_registry.models import Kind

PAGE_SIZE = 20
EXAMPLE = """id: tea-classification
version: 1.0.0
title: Kinds of tea
summary: Which kind of tea is it? 400 measurements of leaves.
license: CC-BY-4.0
source: Who measured it, where and when.
tier: standard
task: tabular-classification
engine: native
accepts: {formats: [safetensors, onnx], max_params: 1000000, max_bytes: 100000000}
io:
  input: {name: x, dtype: float32, shape: [N, 6]}
  output: {name: logits, dtype: float32, shape: [N, 3]}
data:
  - name: tea
    split: test
    n: 400
    inputs: data/tea.inputs.npy
    sha256: (of the array's bytes, without the header of the .npy file)
    labels: data/tea.labels.npy
    labels_sha256: (likewise; int64, from 0)
    hidden_labels: true
metrics:
  - {name: accuracy, primary: true, higher_is_better: true, chance: 0.34, ci: wilson}
run: {seed: 0, dtype: float32, batch_size: 64, deterministic: true, threads: 2}
limits: {wall_s: 600, idle_s: 120, memory_gb: 8}
resources: {queue: any, gpus: 0}
quota: {per_user_day: 10, per_repository_day: 5}
"""


@rate_limits.under(writes="evaluation")
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def propose(request: ActorRequest) -> HttpResponse:
    form = ProposeForm(request.POST or None, initial={"repository": request.GET.get("repository", "")})
    if request.method == "POST" and form.is_valid():
        try:
            made = proposing.propose(
                actor=request.actor,
                repository=repository_for(request.actor, Kind.DATASET, form.cleaned_data["repository"]),
                revision=form.cleaned_data["revision"],
            )
        except InvalidProposal as refusal:
            for fault in refusal.faults:
                form.add_error(None, in_words(fault))
        except HubError as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("It is proposed: a maintainer looks at it, and you are told."))
            return redirect(made)
    own = proposing.listed(request.actor).filter(author=request.actor.user)
    context = {
        "section": "leaderboards",
        "form": form,
        "example": EXAMPLE,
        "most_mib": proposals.MOST_BYTES // 2**20,
        "most_rows": proposals.MOST_ROWS,
        "page": Paginator(own, PAGE_SIZE).get_page(request.GET.get("page")),
    }
    return render(request, "evaluations/propose.html", context, status=422 if form.errors else 200)


@login_required
@require_safe
def proposal(request: ActorRequest, pk: int) -> HttpResponse:
    found = proposing.proposal_for(request.actor, pk)
    context = {"section": "leaderboards", "proposal": found, "data": found.definition["data"][0]}
    return render(request, "evaluations/proposal.html", context)
