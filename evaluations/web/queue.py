"""The queue of evaluations: what workers do now, what comes next and when, and which workers there are."""

from itertools import islice
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.requests import ActorRequest
from evaluations.models import Run, Worker
from evaluations.services.listing import at_work, may_be_named
from evaluations.services.queueing import turns
from hub import clock

SHOWN = 50


@require_safe
def queue(request: ActorRequest) -> HttpResponse:
    """Everybody sees that somebody waits; whose model it is, only those who may know of it."""
    working = at_work()
    queues: list[dict[str, Any]] = []
    for hardware_class in settings.HARDWARE_CLASSES:
        places = turns(hardware_class)
        found = Run.objects.for_lists().in_bulk(list(islice(places, SHOWN)))
        waiting = [
            {
                "run": found[pk],
                "position": turn.position,
                "starts_in": turn.starts_in and turn.starts_in.total_seconds(),
            }
            for pk, turn in islice(places.items(), SHOWN)
            if pk in found
        ]
        queues.append({"name": hardware_class, "waiting": waiting, "more": max(0, len(places) - SHOWN)})
    named = may_be_named(request.actor, [*working, *(row["run"] for queue in queues for row in queue["waiting"])])
    context = {
        "section": "leaderboards",
        "working": working,
        "queues": queues,
        "named": named,
        "workers": Worker.objects.present(clock.now()),
    }
    return render(request, "evaluations/queue.html", context)
