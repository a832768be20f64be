"""Moderators' acts as dialogs of the administration, for the pages of whatever they are done to.

An act is offered where it fits and to whom it is allowed; the services ask again.
"""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.enums import ActionVariant

from accounts.models import Namespace, User
from accounts.requests import ActorRequest
from hub.administration import ShowOnly, done, holding, refused
from hub.errors import HubError
from models_registry.community import moderation_forms as forms
from models_registry.community.models import Collection, Discussion, Event, Picture, Report
from models_registry.community.services.moderation import acts
from models_registry.community.services.moderation.acts import Order
from models_registry.models import Repository, Standing

ON_REPOSITORIES = ["hide_repository", "quarantine_repository", "take_down_repository", "restore_repository"]
ON_MEMBERS = ["warn_member", "suspend_member", "restore_member", "ban_member", "unban_member"]
ON_NAMES = ["take_name"]
ON_COMMENTS = ["hide_comment", "show_comment"]
ON_THREADS = ["lock_thread", "unlock_thread"]
ON_COLLECTIONS = ["hide_collection", "show_collection"]
ON_PICTURES = ["hide_picture", "show_picture"]

HIDDEN = {
    "title": _("Hide it"),
    "description": _("Only its members see that it is there, with your reason. Nobody reads or writes its content."),
    "form_class": forms.ActForm,
    "form_submit_text": _("Hide"),
}
QUARANTINED = {
    "title": _("Put it in quarantine"),
    "description": _("Whoever asks for it is told that it may be dangerous. Nobody reads or writes its content."),
    "form_class": forms.ActForm,
    "form_submit_text": _("Put in quarantine"),
}
TAKEN_DOWN = {
    "title": _("Take it down"),
    "description": _("Whoever asks for it, by page, API or git, gets your public notice instead."),
    "form_class": forms.TakeDownForm,
    "form_submit_text": _("Take down"),
}
RESTORED = {
    "title": _("Restore it"),
    "description": _("It is seen, read and written as before."),
    "form_class": forms.ActForm,
}
WARNED = {
    "title": _("Warn the member"),
    "description": _("They read your words on every page until they say that they have."),
    "form_class": forms.ActForm,
    "form_submit_text": _("Warn"),
}
SUSPENDED = {
    "title": _("Suspend the member"),
    "description": _("They keep reading, and write nothing any more until the suspension ends."),
    "form_class": forms.SuspendForm,
    "form_submit_text": _("Suspend"),
}
BANNED = {
    "title": _("Ban the member"),
    "description": _("They sign in no more; their sessions and tokens open nothing."),
    "form_class": forms.BanForm,
    "form_submit_text": _("Ban"),
}

_CLOSED = {
    Standing.HIDDEN: _("%(repository)s is hidden."),
    Standing.QUARANTINED: _("%(repository)s is quarantined."),
    Standing.TAKEN_DOWN: _("%(repository)s is taken down."),
}


class Acting(ShowOnly):
    """Pages whose acts go through the moderation's services."""

    def page(self, object_id: str) -> str:
        meta = self.opts
        return reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[object_id])

    def carry_out(
        self, request: ActorRequest, form: Any, object_id: str, act: Callable[[Order], object], said: str
    ) -> HttpResponse:
        """Back on the page, with what was done, or with why it was not."""
        try:
            act(Order(actor=request.actor, reason=form.cleaned_data["reason"], report=self.report(object_id)))
        except HubError as refusal:
            return refused(request, self.page(object_id), refusal)
        return done(request, self.page(object_id), said)

    def report(self, object_id: str) -> Report | None:
        return None


class OnRepositories(Acting):
    """What can be done to a repository. `repository_of(object_id)` says to which."""

    has_hiding_permission = holding("models_registry.hide_repository")
    has_quarantining_permission = holding("models_registry.quarantine_repository")
    has_taking_down_permission = holding("models_registry.take_down_repository")

    def repository_of(self, object_id: str) -> Repository:
        return Repository.objects.select_related("namespace", "creator").get(pk=object_id)

    def has_repository_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return True

    def _close(self, request: ActorRequest, form: Any, object_id: str, standing: Standing) -> HttpResponse:
        repository, written = self.repository_of(object_id), form.cleaned_data
        return self.carry_out(
            request,
            form,
            object_id,
            lambda order: acts.close_repository(
                order,
                repository,
                standing=standing,
                notice=written.get("notice", ""),
                legal_basis=written.get("legal_basis", ""),
            ),
            _CLOSED[standing] % {"repository": repository},
        )

    @action(
        description=_("Hide"),
        permissions=["hiding", "repository"],
        variant=ActionVariant.DANGER,
        dialog=HIDDEN,
    )
    def hide_repository(self, request: ActorRequest, form: Any, object_id: str) -> HttpResponse:
        return self._close(request, form, object_id, Standing.HIDDEN)

    @action(
        description=_("Quarantine"),
        permissions=["quarantining", "repository"],
        variant=ActionVariant.DANGER,
        dialog=QUARANTINED,
    )
    def quarantine_repository(self, request: ActorRequest, form: Any, object_id: str) -> HttpResponse:
        return self._close(request, form, object_id, Standing.QUARANTINED)

    @action(
        description=_("Take down"),
        permissions=["taking_down", "repository"],
        variant=ActionVariant.DANGER,
        dialog=TAKEN_DOWN,
    )
    def take_down_repository(self, request: ActorRequest, form: Any, object_id: str) -> HttpResponse:
        return self._close(request, form, object_id, Standing.TAKEN_DOWN)

    @action(description=_("Restore"), permissions=["hiding", "repository"], dialog=RESTORED)
    def restore_repository(self, request: ActorRequest, form: Any, object_id: str) -> HttpResponse:
        repository = self.repository_of(object_id)
        return self.carry_out(
            request,
            form,
            object_id,
            lambda order: acts.restore_repository(order, repository),
            gettext("%(repository)s is restored.") % {"repository": repository},
        )


class OnMembers(Acting):
    """What can be done to a member. `member_of(object_id)` says to whom."""

    has_warning_permission = holding("accounts.warn_user")
    has_suspending_permission = holding("accounts.suspend_user")
    has_banning_permission = holding("accounts.ban_user")

    def member_of(self, object_id: str) -> User:
        return User.objects.select_related("namespace").get(pk=object_id)

    def has_member_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return True

    @action(description=_("Warn"), permissions=["warning", "member"], dialog=WARNED)
    def warn_member(self, request: ActorRequest, form: Any, object_id: str) -> HttpResponse:
        user = self.member_of(object_id)
        return self.carry_out(
            request,
            form,
            object_id,
            lambda order: acts.warn(order, user),
            gettext("%(user)s is warned.") % {"user": user},
        )

    @action(
        description=_("Suspend"),
        permissions=["suspending", "member"],
        variant=ActionVariant.DANGER,
        dialog=SUSPENDED,
    )
    def suspend_member(self, request: ActorRequest, form: forms.SuspendForm, object_id: str) -> HttpResponse:
        user = self.member_of(object_id)
        return self.carry_out(
            request,
            form,
            object_id,
            lambda order: acts.suspend(order, user, until=form.until),
            gettext("%(user)s is suspended.") % {"user": user},
        )

    @action(
        description=_("Lift suspension"),
        permissions=["suspending", "member"],
        dialog={"title": _("Lift the suspension"), "description": _("They write again."), "form_class": forms.ActForm},
    )
    def restore_member(self, request: ActorRequest, form: Any, object_id: str) -> HttpResponse:
        user = self.member_of(object_id)
        return self.carry_out(
            request,
            form,
            object_id,
            lambda order: acts.lift_suspension(order, user),
            gettext("%(user)s may write again.") % {"user": user},
        )

    @action(description=_("Ban"), permissions=["banning", "member"], variant=ActionVariant.DANGER, dialog=BANNED)
    def ban_member(self, request: ActorRequest, form: Any, object_id: str) -> HttpResponse:
        user, with_content = self.member_of(object_id), form.cleaned_data["with_content"]
        return self.carry_out(
            request,
            form,
            object_id,
            lambda order: acts.ban(order, user, with_content=with_content),
            gettext("%(user)s is banned.") % {"user": user},
        )

    @action(
        description=_("Lift ban"),
        permissions=["banning", "member"],
        dialog={
            "title": _("Lift the ban"),
            "description": _("They sign in again; what was hidden with the ban is shown again."),
            "form_class": forms.ActForm,
        },
    )
    def unban_member(self, request: ActorRequest, form: Any, object_id: str) -> HttpResponse:
        user = self.member_of(object_id)
        return self.carry_out(
            request,
            form,
            object_id,
            lambda order: acts.lift_ban(order, user),
            gettext("%(user)s may sign in again.") % {"user": user},
        )


class OnNames(Acting):
    """What can be done to a name. `namespace_of(object_id)` says to which."""

    has_renaming_permission = holding("accounts.rename_namespace")

    def namespace_of(self, object_id: str) -> Namespace:
        return Namespace.objects.select_related("user", "organization").get(pk=object_id)

    def has_name_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return True

    @action(
        description=_("Take the name away"),
        permissions=["renaming", "name"],
        variant=ActionVariant.DANGER,
        dialog={
            "title": _("Take the name away"),
            "description": _("They get another name, and anybody can have this one."),
            "form_class": forms.RenameForm,
            "form_submit_text": _("Take it away"),
        },
    )
    def take_name(self, request: ActorRequest, form: Any, object_id: str) -> HttpResponse:
        namespace, name = self.namespace_of(object_id), form.cleaned_data["name"]
        return self.carry_out(
            request,
            form,
            object_id,
            lambda order: acts.rename(order, namespace, name=name),
            gettext("It is called %(name)s now.") % {"name": name},
        )


class OnComments(Acting):
    has_hiding_comments_permission = holding("community.hide_comment")

    def comment_of(self, object_id: str) -> Event:
        return Event.objects.get(pk=object_id, kind=Event.Kind.COMMENT)

    def has_comment_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return True

    @action(
        description=_("Hide comment"),
        permissions=["hiding_comments", "comment"],
        variant=ActionVariant.DANGER,
        dialog={"title": _("Hide the comment"), "form_class": forms.ActForm, "form_submit_text": _("Hide")},
    )
    def hide_comment(self, request: ActorRequest, form: Any, object_id: str) -> HttpResponse:
        comment = self.comment_of(object_id)
        return self.carry_out(
            request, form, object_id, lambda order: acts.hide_comment(order, comment), gettext("The comment is hidden.")
        )

    @action(
        description=_("Show comment"),
        permissions=["hiding_comments", "comment"],
        dialog={"title": _("Show the comment again"), "form_class": forms.ActForm, "form_submit_text": _("Show")},
    )
    def show_comment(self, request: ActorRequest, form: Any, object_id: str) -> HttpResponse:
        comment = self.comment_of(object_id)
        return self.carry_out(
            request,
            form,
            object_id,
            lambda order: acts.show_comment(order, comment),
            gettext("The comment is shown again."),
        )


class OnThreads(Acting):
    has_locking_permission = holding("community.lock_discussion")

    def thread_of(self, object_id: str) -> Discussion:
        return Discussion.objects.get(pk=object_id)

    def has_thread_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return True

    def _lock(self, request: ActorRequest, form: Any, object_id: str, is_locked: bool) -> HttpResponse:
        thread = self.thread_of(object_id)
        said = gettext("%(thread)s is locked.") if is_locked else gettext("%(thread)s is open.")
        return self.carry_out(
            request,
            form,
            object_id,
            lambda order: acts.set_lock(order, thread, is_locked=is_locked),
            said % {"thread": thread},
        )

    @action(
        description=_("Lock thread"),
        permissions=["locking", "thread"],
        dialog={"title": _("Lock the thread"), "form_class": forms.ActForm, "form_submit_text": _("Lock")},
    )
    def lock_thread(self, request: ActorRequest, form: Any, object_id: str) -> HttpResponse:
        return self._lock(request, form, object_id, True)

    @action(
        description=_("Unlock thread"),
        permissions=["locking", "thread"],
        dialog={"title": _("Unlock the thread"), "form_class": forms.ActForm, "form_submit_text": _("Unlock")},
    )
    def unlock_thread(self, request: ActorRequest, form: Any, object_id: str) -> HttpResponse:
        return self._lock(request, form, object_id, False)


class OnCollections(Acting):
    has_hiding_collections_permission = holding("community.hide_collection")

    def collection_of(self, object_id: str) -> Collection:
        return Collection.objects.select_related("namespace").get(pk=object_id)

    def has_collection_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return True

    @action(
        description=_("Hide collection"),
        permissions=["hiding_collections", "collection"],
        variant=ActionVariant.DANGER,
        dialog={
            "title": _("Hide the collection"),
            "description": _("Only its owners see it, with your reason. Nobody changes it."),
            "form_class": forms.ActForm,
            "form_submit_text": _("Hide"),
        },
    )
    def hide_collection(self, request: ActorRequest, form: Any, object_id: str) -> HttpResponse:
        found = self.collection_of(object_id)
        return self.carry_out(
            request,
            form,
            object_id,
            lambda order: acts.hide_collection(order, found),
            gettext("The collection is hidden."),
        )

    @action(
        description=_("Show collection"),
        permissions=["hiding_collections", "collection"],
        dialog={"title": _("Show the collection again"), "form_class": forms.ActForm, "form_submit_text": _("Show")},
    )
    def show_collection(self, request: ActorRequest, form: Any, object_id: str) -> HttpResponse:
        found = self.collection_of(object_id)
        return self.carry_out(
            request,
            form,
            object_id,
            lambda order: acts.show_collection(order, found),
            gettext("The collection is shown again."),
        )


class OnPictures(Acting):
    has_hiding_pictures_permission = holding("community.hide_picture")

    def picture_of(self, object_id: str) -> Picture:
        return Picture.objects.get(pk=object_id)

    def has_picture_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return True

    @action(
        description=_("Hide picture"),
        permissions=["hiding_pictures", "picture"],
        variant=ActionVariant.DANGER,
        dialog={
            "title": _("Hide the picture"),
            "description": _("Its address opens nothing any more, in whatever comment it stands."),
            "form_class": forms.ActForm,
            "form_submit_text": _("Hide"),
        },
    )
    def hide_picture(self, request: ActorRequest, form: Any, object_id: str) -> HttpResponse:
        found = self.picture_of(object_id)
        return self.carry_out(
            request, form, object_id, lambda order: acts.hide_picture(order, found), gettext("The picture is hidden.")
        )

    @action(
        description=_("Show picture"),
        permissions=["hiding_pictures", "picture"],
        dialog={"title": _("Show the picture again"), "form_class": forms.ActForm, "form_submit_text": _("Show")},
    )
    def show_picture(self, request: ActorRequest, form: Any, object_id: str) -> HttpResponse:
        found = self.picture_of(object_id)
        return self.carry_out(
            request,
            form,
            object_id,
            lambda order: acts.show_picture(order, found),
            gettext("The picture is shown again."),
        )


def each(
    model_admin: ShowOnly,
    request: ActorRequest,
    rows: QuerySet[Any],
    name: str,
    act: Callable[[Order, Any], object],
) -> HttpResponse | None:
    """One act with one reason on many: the first time it asks for the reason, then it acts, on each by itself."""
    form = forms.BulkForm(request.POST if "reason" in request.POST else None)
    if not form.is_valid():
        context = {
            **model_admin.admin_site.each_context(request),
            "title": gettext("Give the reason"),
            "form": form,
            "rows": rows,
            "action_name": name,
            "opts": model_admin.opts,
        }
        return TemplateResponse(request, "admin/moderation/each.html", context)
    for row in rows:
        try:
            act(Order(actor=request.actor, reason=form.cleaned_data["reason"]), row)
        except HubError as refusal:
            messages.error(request, gettext("%(what)s: %(refusal)s") % {"what": row, "refusal": refusal})
        else:
            messages.success(request, gettext("%(what)s: done.") % {"what": row})
    return None
