"""Discussions and pull requests: threads of a repository, and what happens in them."""

from collections.abc import Mapping
from typing import Any

from rest_framework.response import Response

from accounts.models import User
from accounts.requests import ActorApiRequest
from hub.errors import BadRequest, HubError
from hub.wire import rate_limits
from hub.wire.describing import describe
from hub.wire.views import json_object
from models_registry.access import require_read
from models_registry.community import access
from models_registry.community.models import Discussion, Event
from models_registry.community.services import discussions, pull_requests
from models_registry.community.services.listing import Filters, page_of
from models_registry.hf_api.people import short_user
from models_registry.hf_api.shapes import discussions as shapes
from models_registry.hf_api.views import RepositoryView, is_true
from models_registry.models import Repository
from models_registry.services import comparing, diffs
from models_registry.services.proposed_changes import compared

_FILES_OF_A_DIFF = 300


class ThreadView(RepositoryView):
    """A view of one thread, or below it."""

    def thread(self, request: ActorApiRequest, plural: str, namespace: str, name: str, number: int) -> Discussion:
        """Raises RepositoryNotFound, DiscussionNotFound."""
        repository = self.repository(request, plural, namespace, name)
        found = access.discussion_for(request.actor, repository, number)
        found.repository = repository
        return found


@rate_limits.under(writes="discussion")
@rate_limits.under(writes="discussion")
class Threads(RepositoryView):
    @describe(answer=shapes.ThreadList, query=shapes.LIST_QUERY)
    def get(self, request: ActorApiRequest, plural: str, namespace: str, name: str) -> Response:
        """The threads of a repository, the newest first."""
        repository = self.repository(request, plural, namespace, name)
        query = request.query_params
        filters = Filters(
            type=_choice(query, "type", {"all", "discussion", "pull_request"}),
            status=_choice(query, "status", {"all", "open", "closed"}),
            author=query.get("author") or "",
        )
        page = page_of(repository, request.actor, filters, number=_page_number(query.get("p") or "0"))
        shown = [_thread(row, repository) for row in page.rows]
        return Response({"count": page.count, "start": page.start, "discussions": shown})

    @describe(body=shapes.NewThread, answer=shapes.MadeThread)
    def post(self, request: ActorApiRequest, plural: str, namespace: str, name: str) -> Response:
        """Open a discussion, or a pull request without commits yet: a draft.

        Its commits go to `refs/pr/<num>`, which stands at the head of the default branch at first.
        """
        repository = self.repository(request, plural, namespace, name)
        body = json_object(request)
        title, text = _text(body, "title"), _text(body, "description", "")
        if body.get("pullRequest"):
            opened = pull_requests.open_draft(actor=request.actor, repository=repository, title=title, text=text)
        else:
            opened = discussions.open_discussion(actor=request.actor, repository=repository, title=title, text=text)
        url = request.build_absolute_uri(opened.get_absolute_url())
        return Response(_thread(opened, repository) | {"url": url})


def _choice(query: Mapping[str, str], name: str, choices: set[str]) -> str:
    value = query.get(name) or "all"
    if value not in choices:
        raise BadRequest(f"{name} is one of {', '.join(sorted(choices))}, not {value[:40]!r}.")
    return value


def _page_number(written: str) -> int:
    if not (written.isascii() and written.isdecimal() and len(written) <= 9):
        raise BadRequest(f"p is the number of a page, not {written[:40]!r}.")
    return int(written)


def _text(body: Mapping[str, Any], name: str, default: str | None = None) -> str:
    value = body.get(name)
    if value is None:
        value = default
    if not isinstance(value, str):
        raise BadRequest(f"The body needs a text {name!r}.")
    return value


def _thread(row: Discussion, repository: Repository) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "num": row.number,
        "title": row.title,
        "status": row.status,
        "createdAt": row.created_at,
        "updatedAt": row.updated_at,
        "isPullRequest": row.is_pull_request,
        "locked": row.is_locked,
        "pinned": row.is_pinned,
        "numComments": row.comment_count,
        "repo": {"name": repository.full_name, "type": repository.kind},
    }
    return answer | _author(row.author)


def _author(user: User | None) -> dict[str, Any]:
    """Nothing for a deleted member: clients then say so themselves."""
    return {"author": short_user(user) | {"name": user.username}} if user else {}


class Thread(ThreadView):
    """A thread with everything that happened in it, and what a pull request changes."""

    @describe(answer=shapes.ThreadWithEvents, query=[shapes.DIFF])
    def get(self, request: ActorApiRequest, plural: str, namespace: str, name: str, number: int) -> Response:
        thread = self.thread(request, plural, namespace, name, number)
        events = [_event(event) for event in discussions.timeline(thread, request.actor)]
        answer = _thread(thread, thread.repository) | {"events": events}
        if thread.is_pull_request:
            answer |= _proposed(request, thread)
        return Response(answer)


def _proposed(request: ActorApiRequest, thread: Discussion) -> dict[str, Any]:
    """Of a pull request; names and lines of files are content, so who may not read that is not told them."""
    found = pull_requests.pull_request_of(thread)
    changes = {"base": found.base} | ({"mergeCommitId": found.merge_commit} if found.merge_commit else {})
    answer: dict[str, Any] = {"changes": changes, "filesWithConflicts": False}
    try:
        require_read(request.actor, thread.repository)
    except HubError:
        return answer
    answer["filesWithConflicts"] = pull_requests.conflicts(thread) or False
    if is_true(request.query_params.get("diff")):
        old, new = compared(found)
        comparison = diffs.between(thread.repository, old, new, limit=_FILES_OF_A_DIFF)
        answer["diff"] = "".join(line for change in comparison.changes for line in comparing.patch(change))
    return answer


def _event(event: Event) -> dict[str, Any]:
    data: dict[str, Any] = event.data
    if event.kind == Event.Kind.COMMENT:
        data = _comment(event)
    elif event.kind == Event.Kind.REFERENCE:
        data = _reference(event)
    answer = {"id": event.public_id, "type": event.kind, "createdAt": event.created_at, "data": data}
    return answer | _author(event.author)


def _comment(event: Event) -> dict[str, Any]:
    """What a hidden comment says, or said, is told to nobody."""
    edits = list(event.edits.all())
    latest = {
        "raw": "" if event.is_hidden else event.text,
        "html": "" if event.is_hidden else event.html,
        "updatedAt": event.edited_at or event.created_at,
    }
    history = [
        {"raw": "" if event.is_hidden else edit.text, "updatedAt": edit.created_at} | _author(edit.editor)
        for edit in edits
    ]
    return {
        "edited": event.edited_at is not None,
        "hidden": event.is_hidden,
        "hiddenReason": "" if event.hidden_by_staff else event.hidden_reason,
        "latest": latest | _author(event.author),
        "history": history,
        "numEdits": len(edits),
        "reactions": _reactions(event),
    }


def _reactions(event: Event) -> list[dict[str, Any]]:
    found: dict[str, list[str]] = {}
    for reaction in event.reactions.all():
        found.setdefault(reaction.sign, []).append(reaction.user.username)
    return [{"reaction": sign, "users": users, "count": len(users)} for sign, users in found.items()]


def _reference(event: Event) -> dict[str, Any]:
    """Who may not know of its origin is not shown the event at all."""
    assert event.origin is not None  # references have one
    answer = dict(event.data) | {"repo": {"name": event.origin.full_name, "type": event.origin.kind}}
    if event.origin_discussion is not None:
        answer |= {"num": event.origin_discussion.number, "title": event.origin_discussion.title}
    return answer


@rate_limits.under(writes="comment")
@rate_limits.under(writes="comment")
class Comment(ThreadView):
    """Comment."""

    @describe(body=shapes.NewComment, answer=shapes.one_event("newMessage"))
    def post(self, request: ActorApiRequest, plural: str, namespace: str, name: str, number: int) -> Response:
        thread = self.thread(request, plural, namespace, name, number)
        text = _text(json_object(request), "comment")
        made = discussions.comment(actor=request.actor, discussion=thread, text=text)
        return Response({"newMessage": _event(made)})


@rate_limits.under(writes="comment")
class _OneComment(ThreadView):
    def comment(
        self, request: ActorApiRequest, plural: str, namespace: str, name: str, number: int, event: str
    ) -> Event:
        """Raises RepositoryNotFound, DiscussionNotFound, CommentNotFound."""
        thread = self.thread(request, plural, namespace, name, number)
        found = access.comment_for(thread, event)
        found.discussion = thread
        return found


@rate_limits.under(writes="comment")
class Edit(_OneComment):
    """Give a comment another text; what it said before stays in its history."""

    @describe(body=shapes.NewContent, answer=shapes.one_event("updatedComment"), refuses=[409])
    def post(
        self, request: ActorApiRequest, plural: str, namespace: str, name: str, number: int, event: str
    ) -> Response:
        comment = self.comment(request, plural, namespace, name, number, event)
        edited = discussions.edit(actor=request.actor, event=comment, text=_text(json_object(request), "content"))
        return Response({"updatedComment": _event(edited)})


class Hide(_OneComment):
    """Hide a comment: nobody is shown what it says any more."""

    @describe(body=shapes.Hiding, answer=shapes.one_event("updatedComment"))
    def post(
        self, request: ActorApiRequest, plural: str, namespace: str, name: str, number: int, event: str
    ) -> Response:
        comment = self.comment(request, plural, namespace, name, number, event)
        reason = _text(json_object(request), "reason", "")
        return Response({"updatedComment": _event(discussions.hide(actor=request.actor, event=comment, reason=reason))})


@rate_limits.under(writes="comment")
class Title(ThreadView):
    """Give a thread another title."""

    @describe(body=shapes.NewTitle, answer=shapes.one_event("newTitle"), refuses=[409])
    def post(self, request: ActorApiRequest, plural: str, namespace: str, name: str, number: int) -> Response:
        thread = self.thread(request, plural, namespace, name, number)
        made = discussions.retitle(actor=request.actor, discussion=thread, title=_text(json_object(request), "title"))
        return Response({"newTitle": _event(made)})


@rate_limits.under(writes="comment")
class Status(ThreadView):
    """Open, close or reopen a thread; make a pull request a draft, or no longer."""

    @describe(body=shapes.NewStatus, answer=shapes.one_event("newStatus"), refuses=[409])
    def post(self, request: ActorApiRequest, plural: str, namespace: str, name: str, number: int) -> Response:
        thread = self.thread(request, plural, namespace, name, number)
        body = json_object(request)
        made = discussions.set_status(
            actor=request.actor, discussion=thread, status=_text(body, "status"), text=_text(body, "comment", ""),
            reason=_text(body, "reason", ""),
        )  # fmt: skip
        return Response({"newStatus": _event(made)})


@rate_limits.under(writes="commit")
@rate_limits.under(writes="commit")
class Merge(ThreadView):
    """Merge a pull request into its base, by a commit of two parents.

    409 where both sides have changed the same files, which the answer then names, and where it is merged already.
    """

    @describe(body=shapes.Merging, answer=shapes.MergedAs, refuses=[409, 412])
    def post(self, request: ActorApiRequest, plural: str, namespace: str, name: str, number: int) -> Response:
        thread = self.thread(request, plural, namespace, name, number)
        body = json_object(request)
        made = pull_requests.merge(
            actor=request.actor, discussion=thread, text=_text(body, "comment", ""),
            head=_text(body, "head", "") or None,
        )  # fmt: skip
        return Response({"mergeCommitId": made.data["oid"]})


class Base(ThreadView):
    """Mean a pull request for another branch."""

    @describe(body=shapes.Retargeting, answer=shapes.one_event("newBase"), refuses=[409])
    def post(self, request: ActorApiRequest, plural: str, namespace: str, name: str, number: int) -> Response:
        thread = self.thread(request, plural, namespace, name, number)
        made = pull_requests.retarget(actor=request.actor, discussion=thread, base=_text(json_object(request), "base"))
        return Response({"newBase": _event(made)})


class Pin(ThreadView):
    """Keep a thread above the others of its repository, or no longer."""

    @describe(body=shapes.Switching)
    def post(self, request: ActorApiRequest, plural: str, namespace: str, name: str, number: int) -> Response:
        thread = self.thread(request, plural, namespace, name, number)
        discussions.pin(actor=request.actor, discussion=thread, to=_switch(request))
        return Response({})


class Lock(ThreadView):
    """Let only who writes the repository comment, or all members again."""

    @describe(body=shapes.Switching)
    def post(self, request: ActorApiRequest, plural: str, namespace: str, name: str, number: int) -> Response:
        thread = self.thread(request, plural, namespace, name, number)
        discussions.lock(actor=request.actor, discussion=thread, to=_switch(request))
        return Response({})


def _switch(request: ActorApiRequest) -> bool:
    to = json_object(request).get("to", True)
    if not isinstance(to, bool):
        raise BadRequest("'to' is true or false.")
    return to
