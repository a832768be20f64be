"""Suites that members propose.

A dataset repository holds `suite.yaml`, as `/api/suites/schema` describes it, with the files of inputs and labels that it names.
A maintainer publishes or declines it; its author is told.
"""

from typing import Any

from django.conf import settings
from rest_framework import serializers
from rest_framework.response import Response

from accounts.requests import ActorApiRequest
from evaluations import suite_files
from evaluations.models import SuiteProposal
from evaluations.services import proposing
from hub.errors import BadRequest
from hub.wire import rate_limits
from hub.wire.describing import ANY_OBJECT, describe
from hub.wire.pagination import page_by_id
from hub.wire.views import HubApiView, json_object
from models_registry.access import repository_for
from models_registry.models import Kind


class ProposalRequest(serializers.Serializer[Any]):
    repository = serializers.CharField(max_length=200, help_text="namespace/name of a dataset")
    revision = serializers.CharField(max_length=255, default="main", help_text="branch, tag or commit")


class Proposal(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    suite = serializers.CharField()
    version = serializers.CharField()
    repository = serializers.CharField()
    commit = serializers.RegexField("^[0-9a-f]{40}$")
    sha256 = serializers.RegexField("^[0-9a-f]{64}$", help_text="Of the definition.")
    state = serializers.ChoiceField(SuiteProposal.State.choices)
    reason = serializers.CharField(help_text="Why it was declined.")
    created_at = serializers.DateTimeField()
    decided_at = serializers.DateTimeField(allow_null=True)
    url = serializers.CharField()


def presented(proposal: SuiteProposal) -> dict[str, Any]:
    return {
        "id": proposal.pk,
        "suite": proposal.definition["id"],
        "version": proposal.definition["version"],
        "repository": proposal.repository.full_name if proposal.repository else proposal.repository_name,
        "commit": proposal.commit,
        "sha256": proposal.digest,
        "state": proposal.state,
        "reason": proposal.reason,
        "created_at": proposal.created_at,
        "decided_at": proposal.decided_at,
        "url": f"{settings.BASE_URL}{proposal.get_absolute_url()}",
    }


class SchemaView(HubApiView):
    """What every suite keeps to, as JSON Schema."""

    @describe(answer=ANY_OBJECT)
    def get(self, request: ActorApiRequest) -> Response:
        return Response(suite_files.schema())


@rate_limits.under(writes="evaluation")
class ProposalsView(HubApiView):
    """The proposals that the asker may see, and a new one."""

    @describe(body=ProposalRequest, answer=Proposal, status=201, refuses=[404])
    def post(self, request: ActorApiRequest) -> Response:
        """Propose the suite of a commit; an open proposal of the same repository is replaced.

        What is wrong with it is told all at once, as `faults`.
        """
        request.actor.require_user()
        body = ProposalRequest(data=json_object(request))
        if not body.is_valid():
            name, faults = next(iter(body.errors.items()))
            raise BadRequest(f"{name}: {faults[0]}")
        wanted = body.validated_data
        repository = repository_for(request.actor, Kind.DATASET, wanted["repository"])
        made = proposing.propose(actor=request.actor, repository=repository, revision=wanted["revision"])
        return Response(presented(made), status=201)

    @describe(answer=Proposal(many=True), paged=True)
    def get(self, request: ActorApiRequest) -> Response:
        """Newest first."""
        request.actor.require_user()
        rows, headers = page_by_id(request, proposing.listed(request.actor), newest_first=True, default=50, most=200)
        return Response([presented(row) for row in rows], headers=headers)


class ProposalView(HubApiView):
    """One proposal, as it stands."""

    @describe(answer=Proposal)
    def get(self, request: ActorApiRequest, number: int) -> Response:
        return Response(presented(proposing.proposal_for(request.actor, number)))
