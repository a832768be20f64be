"""Challenges: competitions on a suite, entered alone or as a team, with a part of the rows hidden until the end."""

from typing import Any

from django.utils import timezone
from rest_framework import serializers
from rest_framework.response import Response

from accounts.requests import ActorApiRequest
from evaluations import access
from evaluations.api import challenge_shapes as shapes
from evaluations.models import Challenge, Entry
from evaluations.services import competing, entering, submitting
from hub.errors import BadRequest
from hub.wire import rate_limits
from hub.wire.describing import describe
from hub.wire.pagination import page_by_id
from hub.wire.views import HubApiView, json_object
from models_registry.access import repository_for
from models_registry.models import Kind


class ChallengesView(HubApiView):
    """Which challenges there are, newest first."""

    @describe(answer=shapes.ListedChallenge(many=True), paged=True)
    def get(self, request: ActorApiRequest) -> Response:
        shown = Challenge.objects.visible_to(request.actor).for_lists()
        page, headers = page_by_id(request, shown, newest_first=True, default=50, most=200)
        now = timezone.now()
        return Response([shapes.listed(challenge, now) for challenge in page], headers=headers)


class ChallengeView(HubApiView):
    """One challenge: its rules, dates and limits."""

    @describe(answer=shapes.DescribedChallenge)
    def get(self, request: ActorApiRequest, challenge: str) -> Response:
        return Response(shapes.described(access.challenge_for(request.actor, challenge), timezone.now()))


class BoardView(HubApiView):
    """Who leads, and once there are results, who won."""

    @describe(answer=shapes.ChallengeBoard)
    def get(self, request: ActorApiRequest, challenge: str) -> Response:
        """The board that everybody may see, best first: `private` and empty where there is none before the end.

        `rank` is an interval where the rows cannot tell neighbours apart. Scores on the hidden rows are there once the
        challenge has its results, and not before.
        """
        found = access.challenge_for(request.actor, challenge)
        places = list(competing.places(found))
        shown = competing.runs_shown(request.actor, places) if found.results_at else set()
        return Response(
            {
                "board": competing.board_shown(found) or "private",
                "rows": [shapes.board_row(place, shown) for place in places],
                "disqualified": [shapes.disqualified(entry) for entry in competing.disqualified(found)],
            }
        )


class EntryView(HubApiView):
    """Your own entry: enter, look at it, leave it."""

    @describe(answer=shapes.OwnEntry)
    def get(self, request: ActorApiRequest, challenge: str) -> Response:
        """Your entry: who belongs to it, who is invited, and how many submissions are left."""
        return Response(_own(access.require_own_entry(request.actor, access.challenge_for(request.actor, challenge))))

    @describe(body=shapes.NewEntry, answer=shapes.OwnEntry, status=201, refuses=[409])
    def post(self, request: ActorApiRequest, challenge: str) -> Response:
        """Enter the challenge, alone at first: invite others then."""
        found = access.challenge_for(request.actor, challenge)
        name = _body(request, shapes.NewEntry).get("name", "")
        return Response(_own(entering.enter(actor=request.actor, challenge=found, name=name)), status=201)

    @describe(status=204, answer=None)
    def delete(self, request: ActorApiRequest, challenge: str) -> Response:
        """Leave the entry. After its first submission, who leaves cannot enter this challenge again."""
        found = access.challenge_for(request.actor, challenge)
        entering.leave(actor=request.actor, entry=access.require_entry(request.actor, found))
        return Response(status=204)


@rate_limits.under(writes="invitation")
class InvitationsView(HubApiView):
    """Invitations into an entry: those that wait for your answer, and yours to others."""

    @describe(answer=shapes.EntryInvitation(many=True))
    def get(self, request: ActorApiRequest, challenge: str) -> Response:
        """The invitations that wait for your answer."""
        request.actor.require_user()
        found = entering.invitations_of(request.actor, access.challenge_for(request.actor, challenge))
        return Response([shapes.invitation(entrant) for entrant in found])

    @describe(body=shapes.NewEntryInvitation, answer=shapes.EntryInvitation, status=201, refuses=[409])
    def post(self, request: ActorApiRequest, challenge: str) -> Response:
        """Invite a member of the hub into your entry."""
        entry = access.require_entry(request.actor, access.challenge_for(request.actor, challenge))
        username = _body(request, shapes.NewEntryInvitation)["username"]
        return Response(
            shapes.invitation(entering.invite(actor=request.actor, entry=entry, username=username)), status=201
        )


class InvitationView(HubApiView):
    """One invitation that your entry made."""

    @describe(status=204, answer=None)
    def delete(self, request: ActorApiRequest, challenge: str, invitation: int) -> Response:
        """Take it back."""
        entry = access.require_entry(request.actor, access.challenge_for(request.actor, challenge))
        entering.take_back(actor=request.actor, entry=entry, invitation_id=invitation)
        return Response(status=204)


class AcceptView(HubApiView):
    """Accept an invitation to you."""

    @describe(answer=shapes.OwnEntry, refuses=[409])
    def post(self, request: ActorApiRequest, challenge: str, invitation: int) -> Response:
        found = access.challenge_for(request.actor, challenge)
        return Response(_own(entering.accept(actor=request.actor, challenge=found, invitation_id=invitation)))


class DeclineView(HubApiView):
    """Decline an invitation to you."""

    @describe(status=204, answer=None)
    def post(self, request: ActorApiRequest, challenge: str, invitation: int) -> Response:
        found = access.challenge_for(request.actor, challenge)
        entering.decline(actor=request.actor, challenge=found, invitation_id=invitation)
        return Response(status=204)


@rate_limits.under(writes="evaluation")
class SubmissionsView(HubApiView):
    """What your entry has put forward, and putting a commit forward."""

    @describe(answer=shapes.OwnSubmission(many=True))
    def get(self, request: ActorApiRequest, challenge: str) -> Response:
        """Your entry's submissions, newest first, each with its score on the public rows."""
        entry = access.require_own_entry(request.actor, access.challenge_for(request.actor, challenge))
        submissions = list(competing.submissions_of(entry))
        shown = competing.repositories_shown(request.actor, submissions)
        return Response([shapes.own_submission(submission, shown) for submission in submissions])

    @describe(body=shapes.NewSubmission, answer=shapes.OwnSubmission, status=202, refuses=[409])
    def post(self, request: ActorApiRequest, challenge: str) -> Response:
        """Put forward a commit of a model that you may read, private ones included.

        409 while no phase is open, and for a commit that was submitted already; 429 with what is left of the entry's limits.
        """
        found = access.challenge_for(request.actor, challenge)
        wanted = _body(request, shapes.NewSubmission)
        access.require_entry(request.actor, found)
        submission = submitting.submit(
            actor=request.actor,
            challenge=found,
            repository=repository_for(request.actor, Kind.MODEL, wanted["repository"]),
            revision=wanted["revision"],
            hardware_class=wanted["hardware"],
        )
        return Response(shapes.own_submission(submission, {submission.repository_id or 0}), status=202)


class WithdrawView(HubApiView):
    """Withdraw a submission."""

    @describe(answer=shapes.OwnSubmission, refuses=[409])
    def post(self, request: ActorApiRequest, challenge: str, submission: int) -> Response:
        """It stands on no board any more. One that is not measured yet costs nothing of the entry's limits."""
        found = access.challenge_for(request.actor, challenge)
        made = submitting.withdraw(actor=request.actor, challenge=found, submission_id=submission)
        return Response(shapes.own_submission(made, competing.repositories_shown(request.actor, [made])))


class SelectView(HubApiView):
    """Select a submission for the final board."""

    @describe(body=shapes.Selection, answer=shapes.OwnSubmission, refuses=[409])
    def post(self, request: ActorApiRequest, challenge: str, submission: int) -> Response:
        """At most two are selected; without any, the best on the public rows stands there."""
        found = access.challenge_for(request.actor, challenge)
        made = submitting.select(
            actor=request.actor,
            challenge=found,
            submission_id=submission,
            selected=_body(request, shapes.Selection)["selected"],
        )
        return Response(shapes.own_submission(made, competing.repositories_shown(request.actor, [made])))


def _own(entry: Entry) -> dict[str, Any]:
    return shapes.own_entry(entry, competing.team(entry), submitting.remaining(entry.challenge, entry))


def _body(request: ActorApiRequest, shape: type[serializers.Serializer[Any]]) -> dict[str, Any]:
    """Raises BadRequest."""
    body = shape(data=json_object(request))
    if not body.is_valid():
        name, faults = next(iter(body.errors.items()))
        raise BadRequest(f"{name}: {faults[0]}")
    found: dict[str, Any] = body.validated_data
    return found
