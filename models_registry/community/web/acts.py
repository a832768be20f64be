"""What people do in threads: each act is one address that takes a form, and leads back to where it shows."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.requests import ActorRequest
from hub.errors import Conflict, Forbidden, HubError
from hub.wire import rate_limits
from models_registry.community import access
from models_registry.community.models import Discussion, Event
from models_registry.community.services import discussions
from models_registry.community.services.markdown import render_comment, ticked
from models_registry.community.web import timeline
from models_registry.community.web.discussions import is_swapped, thread_page
from models_registry.community.web.reading import Address, Rights, composer, frame
from models_registry.formats import text_diff

_MOST_DIGITS = 9
STATUSES = {"close": Discussion.Status.CLOSED, "reopen": Discussion.Status.OPEN}


@rate_limits.under(writes="discussion")
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: ActorRequest, kind: str, namespace: str, name: str) -> HttpResponse:
    """A new discussion."""
    repository = Address(kind, namespace, name).repository(request)
    access.require_discussing(request.actor, repository)
    title, error, status = request.POST.get("title", ""), "", 200
    if request.POST.get("act") == "open":
        text = request.POST.get("text", "")
        try:
            made = discussions.open_discussion(actor=request.actor, repository=repository, title=title, text=text)
        except HubError as refusal:
            error, status = str(refusal), refusal.status
        else:
            return redirect(made)
    context = frame(repository, title=title, composer=composer(request, repository, error=error, rows=10))
    return render(request, "community/new_discussion.html", context, status=status)


@require_POST
def preview(request: ActorRequest, kind: str, namespace: str, name: str) -> HttpResponse:
    """A text as it will look, as a piece of a page."""
    repository = Address(kind, namespace, name).repository(request)
    access.require_discussing(request.actor, repository)
    html = render_comment(request.POST.get("text", ""), repository=repository, actor=request.actor)
    return render(request, "community/_preview.html", {"html": html})


@rate_limits.under(writes="comment")
@require_POST
def comment(request: ActorRequest, kind: str, namespace: str, name: str, number: int) -> HttpResponse:
    """A comment, with which one may close or reopen the thread; or only a look at it."""
    discussion = Address(kind, namespace, name).discussion(request, number)
    act, text = request.POST.get("act", "comment"), request.POST.get("text", "")
    if act == "preview":
        access.require_commenting(request.actor, discussion)
        return thread_page(request, discussion)
    try:
        if act in STATUSES:
            made = discussions.set_status(
                actor=request.actor, discussion=discussion, status=STATUSES[act], text=text.strip() and text
            )
        else:
            made = discussions.comment(actor=request.actor, discussion=discussion, text=text)
    except HubError as refusal:
        if refusal.status in {401, 404}:
            raise
        discussion.refresh_from_db()
        return thread_page(request, discussion, error=str(refusal), status=refusal.status)
    return redirect(f"{discussion.get_absolute_url()}#{made.public_id}")


@rate_limits.under(writes="comment")
@require_POST
def retitle(request: ActorRequest, kind: str, namespace: str, name: str, number: int) -> HttpResponse:
    discussion = Address(kind, namespace, name).discussion(request, number)
    title = request.POST.get("title", "")
    if title.strip() != discussion.title:
        discussions.retitle(actor=request.actor, discussion=discussion, title=title)
    return redirect(discussion)


@rate_limits.under(writes="comment")
@require_POST
def set_status(request: ActorRequest, kind: str, namespace: str, name: str, number: int) -> HttpResponse:
    """A pull request ready for review, or a draft again."""
    discussion = Address(kind, namespace, name).discussion(request, number)
    discussions.set_status(actor=request.actor, discussion=discussion, status=request.POST.get("status", ""))
    return redirect(discussion)


@require_POST
def lock(request: ActorRequest, kind: str, namespace: str, name: str, number: int) -> HttpResponse:
    discussion = Address(kind, namespace, name).discussion(request, number)
    discussions.lock(actor=request.actor, discussion=discussion, to=_is_on(request))
    return redirect(discussion)


@require_POST
def pin(request: ActorRequest, kind: str, namespace: str, name: str, number: int) -> HttpResponse:
    discussion = Address(kind, namespace, name).discussion(request, number)
    discussions.pin(actor=request.actor, discussion=discussion, to=_is_on(request))
    return redirect(discussion)


@require_POST
def subscribe(request: ActorRequest, kind: str, namespace: str, name: str, number: int) -> HttpResponse:
    discussion = Address(kind, namespace, name).discussion(request, number)
    discussions.subscribe(actor=request.actor, discussion=discussion, to=_is_on(request))
    return redirect(discussion)


def _is_on(request: ActorRequest) -> bool:
    return request.POST.get("to") == "on"


def _comment(
    request: ActorRequest, kind: str, namespace: str, name: str, number: int, public_id: str
) -> tuple[Discussion, Event]:
    discussion = Address(kind, namespace, name).discussion(request, number)
    found = access.comment_for(discussion, public_id)
    found.discussion = discussion
    return discussion, found


def _back_to(event: Event) -> HttpResponse:
    return redirect(f"{event.discussion.get_absolute_url()}#{event.public_id}")


@rate_limits.under(writes="comment")
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: ActorRequest, kind: str, namespace: str, name: str, number: int, public_id: str) -> HttpResponse:
    discussion, event = _comment(request, kind, namespace, name, number, public_id)
    access.require_editing(request.actor, event)
    error, status = "", 200
    if request.POST.get("act") == "save":
        try:
            return _back_to(discussions.edit(actor=request.actor, event=event, text=request.POST.get("text", "")))
        except HubError as refusal:
            error, status = str(refusal), refusal.status
    field = composer(request, discussion.repository, text=event.text, error=error, rows=12)
    context = frame(discussion.repository, discussion=discussion, comment=event, composer=field)
    return render(request, "community/edit_comment.html", context, status=status)


@rate_limits.under(writes="comment")
@require_POST
def tick(request: ActorRequest, kind: str, namespace: str, name: str, number: int, public_id: str) -> HttpResponse:
    """Mark one of its tasks as done, or as not done: an edit like any other. The answer to a script is empty."""
    _discussion, event = _comment(request, kind, namespace, name, number, public_id)
    index = request.POST.get("task", "")
    text = ticked(
        event.text, int(index) if index.isdecimal() and len(index) <= _MOST_DIGITS else -1, done=_is_on(request)
    )
    if text is None:
        raise Conflict(_("This task has changed meanwhile."))
    discussions.edit(actor=request.actor, event=event, text=text)
    return HttpResponse(status=204)


@require_safe
def history(request: ActorRequest, kind: str, namespace: str, name: str, number: int, public_id: str) -> HttpResponse:
    """What a comment said before, and how each edit changed it; of a hidden one for those who may hide it."""
    discussion, event = _comment(request, kind, namespace, name, number, public_id)
    if event.is_hidden and event.pk not in Rights.of(request.actor, discussion, [event.pk]).hideable:
        raise Forbidden(_("This comment is hidden, and so is its history."))
    edits = list(event.edits.select_related("editor").order_by("pk"))
    texts = [one.text for one in edits] + [event.text]
    rows = [(one, text_diff.hunks(f"{texts[at]}\n", f"{texts[at + 1]}\n")) for at, one in enumerate(edits)]
    context = frame(discussion.repository, discussion=discussion, comment=event, edits=rows[::-1])
    return render(request, "community/comment_history.html", context)


@rate_limits.under(writes="comment")
@require_http_methods(["GET", "HEAD", "POST"])
def hide(request: ActorRequest, kind: str, namespace: str, name: str, number: int, public_id: str) -> HttpResponse:
    discussion, event = _comment(request, kind, namespace, name, number, public_id)
    access.require_hiding(request.actor, event)
    if request.method == "POST":
        return _back_to(discussions.hide(actor=request.actor, event=event, reason=request.POST.get("reason", "")))
    context = frame(discussion.repository, discussion=discussion, comment=event)
    return render(request, "community/hide_comment.html", context)


@require_POST
def show(request: ActorRequest, kind: str, namespace: str, name: str, number: int, public_id: str) -> HttpResponse:
    _discussion, event = _comment(request, kind, namespace, name, number, public_id)
    return _back_to(discussions.show(actor=request.actor, event=event))


@rate_limits.under(writes="reaction")
@require_POST
def react(request: ActorRequest, kind: str, namespace: str, name: str, number: int, public_id: str) -> HttpResponse:
    """Add a reaction of one's own, or take it back."""
    discussion, event = _comment(request, kind, namespace, name, number, public_id)
    sign = request.POST.get("sign", "")
    if not discussions.unreact(actor=request.actor, event=event, sign=sign):
        discussions.react(actor=request.actor, event=event, sign=sign)
    if not is_swapped(request):
        return _back_to(event)
    counted = timeline.reactions_to([event.pk], request.actor).get(event.pk, [])
    context = frame(discussion.repository, discussion=discussion, comment=event, reactions=counted, may_react=True)
    return render(request, "community/_reactions.html", context)
