"""The card editor: Markdown beside a form for the metadata. Plain posts do all of it; htmx saves the way to a new page.

What travels is the card in its parts: `matter` (the YAML, as it is written), `text` (the Markdown below it), and the form's
fields. Each post works the fields into the YAML, which touches nothing but what was changed.
"""

from dataclasses import dataclass, field
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.requests import ActorRequest
from hub.errors import HubError, Invalid, NotFound
from hub.wire import rate_limits
from models_registry import access
from models_registry.errors import BranchMoved
from models_registry.formats import card_review, tasks, text_diff
from models_registry.formats.card import CardError, facts, parse, split, validate
from models_registry.formats.eval_results import of_card
from models_registry.formats.front_matter import joined, with_values
from models_registry.models import Commit, Kind, PullRequest, Repository
from models_registry.page_addresses import page_url, resolve_url
from models_registry.services import card_editing, editing, licences, references
from models_registry.services.browsing import matching
from models_registry.services.card_editing import README
from models_registry.services.cards import render as render_markdown
from models_registry.services.format_words import in_words
from models_registry.services.markdown import Place
from models_registry.web import licence_words
from models_registry.web.addressing import of_address
from models_registry.web.card_forms import FORMS, CardForm
from models_registry.web.commit_forms import CommitForm

NAMES_OFFERED = 20
POINTS: dict[str, str | Promise] = {
    "license": gettext_lazy("Licence"),
    "task": gettext_lazy("Task"),
    "datasets": gettext_lazy("Datasets it was trained on"),
    "base_model": gettext_lazy("Base model, if it has one"),
    "language": gettext_lazy("Language, if it holds text"),
    "size": gettext_lazy("Number of rows"),
    "uses": gettext_lazy("Intended use"),
    "limitations": gettext_lazy("Limitations and bias"),
    "example": gettext_lazy("An example that runs"),
    "training": gettext_lazy("Training"),
    "evaluation": gettext_lazy("Evaluation"),
    "structure": gettext_lazy("Structure: columns and splits"),
    "source": gettext_lazy("Source and collection"),
}


@dataclass
class Draft:
    """A card being written. `form` is None while its YAML is edited as text; `is_sound`: nothing in it stops a commit."""

    repository: Repository
    original: str
    matter: str
    body: str
    form: CardForm | None = None
    errors: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return joined(self.original, self.matter, self.body)

    @property
    def is_sound(self) -> bool:
        return not self.errors and (self.form is None or not self.form.errors)

    def show_fields(self) -> None:
        """The form, filled with what the YAML says now; or why it cannot be shown."""
        try:
            metadata = parse(self.text).metadata
        except CardError as error:
            self.errors.append(in_words(str(error)))
        else:
            self.form = FORMS[self.repository.kind](metadata=metadata)

    def take_fields(self, data: Any) -> None:
        """Work what was sent into the YAML."""
        try:
            form = FORMS[self.repository.kind](data, metadata=parse(self.text).metadata)
            self.form = form
            if form.is_valid():
                text = with_values(self.text, form.changes())
                matter, self.body = split(text)
                self.matter = matter or ""
                self.show_fields()
        except (CardError, Invalid) as error:
            self.errors.append(in_words(str(error)))

    def check(self) -> list[str]:
        """The hub's own rules; returns what they warn of."""
        errors, warnings = ([in_words(told) for told in found] for found in validate(self.text))
        self.errors += [error for error in errors if error not in self.errors]
        return [] if errors else warnings


def _draft_sent(request: ActorRequest, repository: Repository, original: str) -> Draft:
    sent = request.POST
    matter, text = (_lines(editing.typed(sent.get(name, ""))) for name in ("matter", "text"))
    draft = Draft(repository, original, matter, text)
    if sent.get("mode") == "fields":
        draft.take_fields(sent)
    return draft


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


@rate_limits.under(writes="commit")
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: ActorRequest, kind: str, namespace: str, name: str, rest: str) -> HttpResponse:
    """`parent` is the commit at which it was opened: who changes the card meanwhile is not overwritten unseen."""
    change = CommitForm.of(request, kind, namespace, name, rest)
    if change.path:
        raise NotFound(_("There is no branch %(rest)s.") % {"rest": rest})
    repository, commit, branch, context = change.repository, change.commit, change.branch, change.context
    written = card_editing.read_readme(repository, commit)
    original, sent = _lines(written or ""), request.POST
    act = sent.get("act", "check")
    if request.method == "POST":
        draft = _draft_sent(request, repository, original)
    else:
        matter, body = split(original)
        draft = Draft(repository, original, matter or "", body)
        draft.show_fields()
    _do(draft, act)
    back = repository.get_absolute_url() if branch.short_name == repository.default_branch else ""
    context |= _shown(request, draft, commit) | {
        "placeholder": "Update the card" if written else "Write the card",
        "back": back or page_url(repository, "blob", context["revision"], README if written is not None else ""),
        "preview": _html(draft, context["revision"]) if act == "preview" else None,
        "is_new": written is None,
    }
    status = 200
    if act == "save" and not draft.is_sound:
        status = Invalid.status
    elif act == "save":
        try:
            made = editing.give_back(
                path=README, parent=change.parent, text=draft.text, **change.said(context["placeholder"])
            )
        except BranchMoved as refusal:
            context |= {
                "moved": str(refusal),
                "parent": commit.oid,
                "hunks": text_diff.hunks(original, draft.text),
            }
            status = refusal.status
        except HubError as refusal:
            context["error"], status = str(refusal), refusal.status
        else:
            return redirect(made if isinstance(made, PullRequest) else context["back"])
    return render(request, "models_registry/edit_card.html", context, status=status)


@rate_limits.under(writes="write")
@require_POST
def parts(request: ActorRequest, kind: str, namespace: str, name: str) -> HttpResponse:
    """A piece of the editor, drawn again for what was sent: `?part=` preview, review, or text or fields after `?act=`."""
    repository = of_address(request, kind, namespace, name)
    access.require_read(request.actor, repository)
    request.actor.require_writer()
    draft, part = _draft_sent(request, repository, ""), request.GET.get("part", "")
    branch = request.POST.get("branch") or repository.default_branch
    if part == "preview":
        return HttpResponse(_html(draft, branch))
    if part not in {"fields", "text", "review"}:
        raise NotFound(_("The editor has no such part."))
    _do(draft, request.GET.get("act", ""))
    context = _shown(request, draft, references.resolve(repository, branch)) | {"part": part}
    return render(request, "models_registry/_card_parts.html", context)


@rate_limits.under(reads="search")
@require_safe
def names(request: ActorRequest) -> HttpResponse:
    """`?kind=&q=`: repositories whose names fit what is being typed, as options of a list."""
    kind = Kind.DATASET if request.GET.get("kind") == Kind.DATASET else Kind.MODEL
    typed = next((value for key, value in request.GET.items() if key == "q" or key.endswith("-new")), "")
    return render(request, "models_registry/_names.html", {"names": _names(request, kind, str(typed))})


def _names(request: ActorRequest, kind: Kind, text: str = "") -> list[str]:
    visible = Repository.objects.visible_to(request.actor).filter(kind=kind)
    found = matching(visible, text.strip()[:200]).select_related("namespace").order_by("-trending_score", "-pk")
    return [repository.full_name for repository in found[:NAMES_OFFERED]]


def _do(draft: Draft, act: str) -> None:
    """What a button asks for, but to save."""
    kind = draft.repository.kind
    if act == "yaml":
        draft.form = None
    elif act == "fields" and draft.form is None:
        draft.errors.clear()
        draft.show_fields()
    elif act == "template" and not draft.body.strip():
        draft.body = card_editing.template(draft.repository.name, kind)
    elif act.startswith("section:") and (words := card_review.SECTIONS[kind].get(act.partition(":")[2])):
        draft.body = card_review.with_section(
            draft.body, card_editing.template(draft.repository.name, kind), words.search
        )


def _shown(request: ActorRequest, draft: Draft, commit: Commit) -> dict[str, Any]:
    """What the editor's templates need of a draft, which is to stand beside the other files of this commit."""
    warnings = draft.check()
    metadata: dict[str, Any] = draft.form.metadata if draft.form else {}
    if draft.form is None and not draft.errors:
        metadata = parse(draft.text).metadata
    points = card_review.review(draft.repository.kind, metadata, draft.body)
    found = facts(metadata)
    against = licences.findings_of_card(request.actor, draft.repository, found)
    written = ", ".join(card_editing.words_of(metadata.get("license")) or [])
    named = str(metadata.get("license_name") or "") if written == "other" else written
    return {
        "repository": draft.repository,
        "draft": draft,
        "form": draft.form,
        "parts_url": page_url(draft.repository, "card-parts"),
        "warnings": warnings,
        "licence_warnings": licence_words.warnings([finding for finding in against if finding.is_contradiction]),
        "licence_doubts": licence_words.doubts(
            found, link=metadata.get("license_link"), text=licences.text_in(draft.repository, commit)
        ),
        "points": [(point, POINTS[point.key]) for point in points],
        "done": sum(point.is_done for point in points),
        "counted": sum(point.is_done or point.is_missed for point in points),
        "written": named,
        "licence_choices": licence_words.summary(named.replace(", ", " AND ")),
        "licence_groups": licence_words.grouped(),
        "results": of_card(metadata),
        "libraries": tasks.LIBRARIES,
        "model_names": _names(request, Kind.MODEL) if draft.repository.kind == Kind.MODEL else [],
        "dataset_names": _names(request, Kind.DATASET),
    }


def _html(draft: Draft, revision: str) -> SafeString:
    repository = draft.repository
    place = Place(blob=page_url(repository, "blob", revision) + "/", resolve=resolve_url(repository, revision, ""))
    html = render_markdown(draft.body, place)
    return html if html.strip() else SafeString(f'<p class="quiet">{_("Nothing to preview yet.")}</p>')
