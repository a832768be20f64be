"""Pages on which people report, read what moderators did about them, and appeal."""

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.requests import ActorRequest
from accounts.services import standing
from hub.errors import HubError
from hub.wire import rate_limits
from models_registry.community.models import Category, ModerationAction
from models_registry.community.services.moderation import appeals, reports, subjects
from models_registry.community.services.moderation.subjects import Subject, SubjectNotFound

ON_A_PAGE = 30
IN_WORDS = {
    Category.SPAM: gettext_lazy("Spam or advertising"),
    Category.MALWARE: gettext_lazy("Malware, or a trap in a file"),
    Category.ABUSE: gettext_lazy("Insult, threat or harassment"),
    Category.ILLEGAL: gettext_lazy("Illegal content"),
    Category.LEGAL: gettext_lazy("It infringes my rights, or those of whom I represent"),
    Category.IMPERSONATION: gettext_lazy("It passes itself off as somebody else"),
    Category.SQUATTING: gettext_lazy("The name is held without being used"),
    Category.OTHER: gettext_lazy("Something else"),
}


class ReportForm(forms.Form):
    """Without an account there are fewer reasons, and a name and an address to leave. `website` is for robots alone."""

    category = forms.ChoiceField(label=gettext_lazy("What is wrong?"), widget=forms.RadioSelect)
    text = forms.CharField(
        label=gettext_lazy("What should a moderator know?"),
        max_length=reports.MOST_TEXT,
        widget=forms.Textarea(attrs={"rows": 5}),
        required=False,
    )
    name = forms.CharField(label=gettext_lazy("Your name"), max_length=120)
    email = forms.EmailField(label=gettext_lazy("Your e-mail address"), help_text=gettext_lazy("Where we answer you."))
    website = forms.CharField(required=False)

    def __init__(self, *args: object, is_member: bool, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        offered = [(key, title) for key, title in IN_WORDS.items() if is_member or key.needs_no_account]
        self.fields["category"].choices = offered  # type: ignore[attr-defined]
        if is_member:
            del self.fields["name"], self.fields["email"]
        else:
            self.fields["text"].required = True

    @property
    def is_of_a_robot(self) -> bool:
        return bool(self.data.get("website"))


def _subject(request: ActorRequest) -> Subject:
    """Raises SubjectNotFound, for what may not be seen as for what is missing."""
    for kind in subjects.NAMES:
        if name := request.GET.get(kind):
            return subjects.seen_by(request.actor, kind, name)
    raise SubjectNotFound


@rate_limits.under(writes="report")
@require_http_methods(["GET", "HEAD", "POST"])
def report(request: ActorRequest) -> HttpResponse:
    """Of what the query names: `?repository=datasets/ada/rows`, `?discussion=ada/net%2312`, `?comment=<public id>` …"""
    subject = _subject(request)
    form = ReportForm(request.POST or None, is_member=request.actor.is_known)
    if request.method == "POST" and form.is_valid():
        if form.is_of_a_robot:
            return redirect("report-thanks")
        try:
            reports.open_report(
                subject=subject,
                category=Category(form.cleaned_data["category"]),
                text=form.cleaned_data["text"],
                actor=request.actor,
                name=form.cleaned_data.get("name", ""),
                email=form.cleaned_data.get("email", ""),
            )
        except HubError as refusal:
            form.add_error(None, str(refusal))
        else:
            return redirect("report-thanks")
    status = 400 if form.errors else 200
    return render(request, "community/report.html", {"form": form, "subject": subject}, status=status)


@require_safe
def thanks(request: ActorRequest) -> HttpResponse:
    return render(request, "community/report_thanks.html")


@login_required
@never_cache
@require_safe
def about_me(request: ActorRequest) -> HttpResponse:
    """What moderators did about this member and what is theirs, and what became of their appeals."""
    acts = ModerationAction.objects.concerning(request.actor).filter(because_of=None)
    rows = acts.select_related("appeal", "reversed_by", "reverses").order_by("-pk")
    page = Paginator(rows, ON_A_PAGE).get_page(request.GET.get("page"))
    return render(request, "community/moderation_settings.html", {"page": page, "against": appeals.AGAINST})


@login_required
@require_POST
def warning_read(request: ActorRequest) -> HttpResponse:
    standing.acknowledge(actor=request.actor)
    messages.success(request, _("Thank you."))
    return redirect("settings-moderation")


class AppealForm(forms.Form):
    text = forms.CharField(
        label=gettext_lazy("Why is it wrong?"),
        max_length=appeals.MOST_TEXT,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=gettext_lazy("You can appeal once. A moderator reads it, another than who acted where there is one."),
    )


@rate_limits.under(writes="report")
@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def appeal(request: ActorRequest, pk: int) -> HttpResponse:
    action = appeals.act_for(request.actor, pk)
    form = AppealForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            appeals.make(user=request.actor.require_user(), action=action, text=form.cleaned_data["text"])
        except HubError as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("A moderator will read your appeal."))
            return redirect("settings-moderation")
    return render(request, "community/appeal.html", {"form": form, "action": action})


@rate_limits.under(writes="report")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def appeal_by_link(request: ActorRequest, signed: str) -> HttpResponse:
    """From an e-mail, for who signs in no more: the link itself says who they are."""
    action, user = appeals.named(signed)
    form = AppealForm(request.POST or None)
    is_made = False
    if request.method == "POST" and form.is_valid():
        try:
            appeals.make(user=user, action=action, text=form.cleaned_data["text"])
            is_made = True
        except HubError as refusal:
            form.add_error(None, str(refusal))
    return render(request, "community/appeal.html", {"form": form, "action": action, "is_made": is_made})
