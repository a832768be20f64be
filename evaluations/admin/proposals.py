"""Suites as those see them who decide: each version, and what members propose."""

from collections.abc import Callable
from typing import Any

import yaml
from django.contrib import admin
from django.http import HttpResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext, pgettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.enums import ActionVariant

from accounts.requests import ActorRequest
from evaluations.models import SuiteProposal, SuiteVersion
from evaluations.proposal_words import in_words
from evaluations.services import hosting, previewing, proposing
from hub.administration import ConfirmForm, ReasonForm, ShowOnly, done, holding, refused
from hub.errors import HubError


class _SuitePreview:
    """How a definition is shown to who decides: as YAML, its metrics, its hashes, the first rows."""

    @display(description=_("Definition"))
    def definition_in_words(self, row: Any) -> str:
        text = yaml.safe_dump(row.definition, allow_unicode=True, sort_keys=False, width=110)
        return format_html("<pre>{}</pre>", text)

    @display(description=_("Metrics"))
    def metrics(self, row: Any) -> str:
        return ", ".join(
            gettext("%(name)s (%(ci)s, ranks)") % metric if metric["primary"] else f"{metric['name']} ({metric['ci']})"
            for metric in row.definition["metrics"]
        )

    @display(description=_("SHA-256 of the data"))
    def hashes(self, row: Any) -> str:
        (data,) = row.definition["data"]
        return gettext("inputs %(sha256)s, labels %(labels_sha256)s") % data


@admin.register(SuiteVersion)
class SuiteVersionAdmin(_SuitePreview, ShowOnly):
    list_display = ["__str__", "current", "created_at"]
    list_filter = ["current", "suite__task", "suite__tier"]
    search_fields = ["suite__name"]
    list_select_related = ["suite"]
    ordering = ["-created_at"]
    fields = readonly_fields = [
        "suite", "version", "current", "digest", "metrics", "hashes", "data_repository", "data_revision", "data_path",
        "data_standing", "first_inputs", "definition_in_words", "created_at",
    ]  # fmt: skip

    @display(description=_("Data"))
    def data_standing(self, version: SuiteVersion) -> str:
        if not version.data_revision:
            return gettext("not stored yet: the command sync_suites, or a worker that starts, stores them")
        if hosting.is_hosted(version):
            return gettext("there")
        return gettext("gone: runs of this version fail until they are stored again")

    @display(description=_("First rows"))
    def first_inputs(self, version: SuiteVersion) -> str:
        return format_html("<pre>{}</pre>", "\n".join(previewing.first_inputs(version)))


@admin.register(SuiteProposal)
class SuiteProposalAdmin(_SuitePreview, ShowOnly):
    has_publishing_permission = holding("evaluations.publish_suite")

    list_display = ["__str__", "state", "author", "created_at", "decided_by"]
    list_filter = ["state"]
    search_fields = ["repository_name"]
    list_select_related = ["author", "decided_by"]
    ordering = ["-created_at"]
    fields = readonly_fields = [
        "repository_name", "commit", "author", "state", "reason", "validation", "metrics", "digest", "hashes", "first_inputs",
        "first_labels", "definition_in_words", "version", "decided_by", "decided_at", "created_at",
    ]  # fmt: skip
    actions_detail = ["publish", "decline"]

    @display(description=_("Check"))
    def validation(self, proposal: SuiteProposal) -> str:
        """Anew, of the commit as it is to be had now."""
        if proposal.state != SuiteProposal.State.PROPOSED:
            return pgettext("a proposed suite is", "decided")
        faults = proposing.faults_now(proposal)
        if not faults:
            return gettext("It can be published.")
        return format_html_join("", "<p>{}</p>", ((in_words(fault),) for fault in faults))

    @display(description=_("First rows"))
    def first_inputs(self, proposal: SuiteProposal) -> str:
        return format_html("<pre>{}</pre>", "\n".join(proposal.preview.get("inputs", [])))

    @display(description=_("Their labels"))
    def first_labels(self, proposal: SuiteProposal) -> str:
        return ", ".join(proposal.preview.get("labels", []))

    @action(
        description=_("Publish"),
        permissions=["publishing"],
        dialog={
            "title": _("Publish this suite"),
            "description": _("Everybody sees its inputs and may have models measured on it. Its labels are put apart."),
            "form_class": ConfirmForm,
            "form_submit_text": _("Publish"),
        },
    )
    def publish(self, request: ActorRequest, form: ConfirmForm, object_id: str) -> HttpResponse:
        return self._decide(request, object_id, proposing.publish, gettext("%(proposal)s is published."))

    @action(
        description=_("Decline"),
        permissions=["publishing"],
        variant=ActionVariant.DANGER,
        dialog={
            "title": _("Decline this suite"),
            "description": _("Its author reads your reason, and may propose it again."),
            "form_class": ReasonForm,
            "form_submit_text": _("Decline"),
        },
    )
    def decline(self, request: ActorRequest, form: ReasonForm, object_id: str) -> HttpResponse:
        said = gettext("%(proposal)s is declined.")
        return self._decide(request, object_id, proposing.decline, said, reason=form.cleaned_data["reason"])

    def _decide(
        self, request: ActorRequest, object_id: str, act: Callable[..., Any], said: str, **arguments: Any
    ) -> HttpResponse:
        page = reverse("admin:evaluations_suiteproposal_change", args=[object_id])
        proposal = SuiteProposal.objects.select_related("repository__namespace", "author").get(pk=object_id)
        try:
            act(actor=request.actor, proposal=proposal, **arguments)
        except HubError as refusal:
            return refused(request, page, refusal)
        return done(request, page, said % {"proposal": proposal})
