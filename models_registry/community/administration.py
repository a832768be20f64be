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
    "title": "Hide it",
    "description": "Only its members see that it is there, with your reason. Nobody reads or writes its content.",
    "form_class": forms.ActForm,
    "form_submit_text": "Hide",
}
QUARANTINED = {
    "title": "Put it in quarantine",
    "description": "Whoever asks for it is told that it may be dangerous. Nobody reads or writes its content.",
    "form_class": forms.ActForm,
    "form_submit_text": "Put in quarantine",
}
TAKEN_DOWN = {
    "title": "Take it down",
    "description": "Whoever asks for it, by page, API or git, gets your public notice instead.",
    "form_class": forms.TakeDownForm,
    "form_submit_text": "Take down",
}
RESTORED = {
    "title": "Restore it",
    "description": "It is seen, read and written as before.",
    "form_class": forms.ActForm,
}
WARNED = {
    "title": "Warn the member",
    "description": "They read your words on every page until they say that they have.",
    "form_class": forms.ActForm,
    "form_submit_text": "Warn",
}
SUSPENDED = {
    "title": "Suspend the member",
    "description": "They keep reading, and write nothing any more until the suspension ends.",
    "form_class": forms.SuspendForm,
    "form_submit_text": "Suspend",
}
BANNED = {
    "title": "Ban the member",
    "description": "They sign in no more; their sessions and tokens open nothing.",
    "form_class": forms.BanForm,
    "form_submit_text": "Ban",
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
            f"{repository} is {standing}.",
        )

    @action(
        description="Hide",
        permissions=["hiding", "repository"],
        variant=ActionVariant.DANGER,
        dialog=HIDDEN,
    )
    def hide_repository(self, request: ActorRequest, form: Any, object_id: str) -> HttpResponse:
        return self._close(request, form, object_id, Standing.HIDDEN)

    @action(
        description="Quarantine",
        permissions=["quarantining", "repository"],
        variant=ActionVariant.DANGER,
        dialog=QUARANTINED,
    )
    def quarantine_repository(self, request: ActorRequest, form: Any, object_id: str) -> HttpResponse:
        return self._close(request, form, object_id, Standing.QUARANTINED)

    @action(
        description="Take down",
        permissions=["taking_down", "repository"],
        variant=ActionVariant.DANGER,
        dialog=TAKEN_DOWN,
    )
    def take_down_repository(self, request: ActorRequest, form: Any, object_id: str) -> HttpResponse:
        return self._close(request, form, object_id, Standing.TAKEN_DOWN)

    @action(description="Restore", permissions=["hiding", "repository"], dialog=RESTORED)
    def restore_repository(self, request: ActorRequest, form: Any, object_id: str) -> HttpResponse:
        repository = self.repository_of(object_id)
        return self.carry_out(
            request,
            form,
            object_id,
            lambda order: acts.restore_repository(order, repository),
            f"{repository} is restored.",
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

    @action(description="Warn", permissions=["warning", "member"], dialog=WARNED)
    def warn_member(self, request: ActorRequest, form: Any, object_id: str) -> HttpResponse:
        user = self.member_of(object_id)
        return self.carry_out(request, form, object_id, lambda order: acts.warn(order, user), f"{user} is warned.")

    @action(
        description="Suspend",
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
            f"{user} is suspended.",
        )

    @action(
        description="Lift suspension",
        permissions=["suspending", "member"],
        dialog={"title": "Lift the suspension", "description": "They write again.", "form_class": forms.ActForm},
    )
    def restore_member(self, request: ActorRequest, form: Any, object_id: str) -> HttpResponse:
        user = self.member_of(object_id)
        return self.carry_out(
            request, form, object_id, lambda order: acts.lift_suspension(order, user), f"{user} may write again."
        )

    @action(description="Ban", permissions=["banning", "member"], variant=ActionVariant.DANGER, dialog=BANNED)
    def ban_member(self, request: ActorRequest, form: Any, object_id: str) -> HttpResponse:
        user, with_content = self.member_of(object_id), form.cleaned_data["with_content"]
        return self.carry_out(
            request,
            form,
            object_id,
            lambda order: acts.ban(order, user, with_content=with_content),
            f"{user} is banned.",
        )

    @action(
        description="Lift ban",
        permissions=["banning", "member"],
        dialog={
            "title": "Lift the ban",
            "description": "They sign in again; what was hidden with the ban is shown again.",
            "form_class": forms.ActForm,
        },
    )
    def unban_member(self, request: ActorRequest, form: Any, object_id: str) -> HttpResponse:
        user = self.member_of(object_id)
        return self.carry_out(
            request, form, object_id, lambda order: acts.lift_ban(order, user), f"{user} may sign in again."
        )


class OnNames(Acting):
    """What can be done to a name. `namespace_of(object_id)` says to which."""

    has_renaming_permission = holding("accounts.rename_namespace")

    def namespace_of(self, object_id: str) -> Namespace:
        return Namespace.objects.select_related("user", "organization").get(pk=object_id)

    def has_name_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return True

    @action(
        description="Take the name away",
        permissions=["renaming", "name"],
        variant=ActionVariant.DANGER,
        dialog={
            "title": "Take the name away",
            "description": "They get another name, and anybody can have this one.",
            "form_class": forms.RenameForm,
            "form_submit_text": "Take it away",
        },
    )
    def take_name(self, request: ActorRequest, form: Any, object_id: str) -> HttpResponse:
        namespace, name = self.namespace_of(object_id), form.cleaned_data["name"]
        return self.carry_out(
            request,
            form,
            object_id,
            lambda order: acts.rename(order, namespace, name=name),
            f"It is called {name} now.",
        )


class OnComments(Acting):
    has_hiding_comments_permission = holding("community.hide_comment")

    def comment_of(self, object_id: str) -> Event:
        return Event.objects.get(pk=object_id, kind=Event.Kind.COMMENT)

    def has_comment_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return True

    @action(
        description="Hide comment",
        permissions=["hiding_comments", "comment"],
        variant=ActionVariant.DANGER,
        dialog={"title": "Hide the comment", "form_class": forms.ActForm, "form_submit_text": "Hide"},
    )
    def hide_comment(self, request: ActorRequest, form: Any, object_id: str) -> HttpResponse:
        comment = self.comment_of(object_id)
        return self.carry_out(
            request, form, object_id, lambda order: acts.hide_comment(order, comment), "The comment is hidden."
        )

    @action(
        description="Show comment",
        permissions=["hiding_comments", "comment"],
        dialog={"title": "Show the comment again", "form_class": forms.ActForm, "form_submit_text": "Show"},
    )
    def show_comment(self, request: ActorRequest, form: Any, object_id: str) -> HttpResponse:
        comment = self.comment_of(object_id)
        return self.carry_out(
            request, form, object_id, lambda order: acts.show_comment(order, comment), "The comment is shown again."
        )


class OnThreads(Acting):
    has_locking_permission = holding("community.lock_discussion")

    def thread_of(self, object_id: str) -> Discussion:
        return Discussion.objects.get(pk=object_id)

    def has_thread_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return True

    def _lock(self, request: ActorRequest, form: Any, object_id: str, is_locked: bool) -> HttpResponse:
        thread = self.thread_of(object_id)
        return self.carry_out(
            request,
            form,
            object_id,
            lambda order: acts.set_lock(order, thread, is_locked=is_locked),
            f"{thread} is {'locked' if is_locked else 'open'}.",
        )

    @action(
        description="Lock thread",
        permissions=["locking", "thread"],
        dialog={"title": "Lock the thread", "form_class": forms.ActForm, "form_submit_text": "Lock"},
    )
    def lock_thread(self, request: ActorRequest, form: Any, object_id: str) -> HttpResponse:
        return self._lock(request, form, object_id, True)

    @action(
        description="Unlock thread",
        permissions=["locking", "thread"],
        dialog={"title": "Unlock the thread", "form_class": forms.ActForm, "form_submit_text": "Unlock"},
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
        description="Hide collection",
        permissions=["hiding_collections", "collection"],
        variant=ActionVariant.DANGER,
        dialog={
            "title": "Hide the collection",
            "description": "Only its owners see it, with your reason. Nobody changes it.",
            "form_class": forms.ActForm,
            "form_submit_text": "Hide",
        },
    )
    def hide_collection(self, request: ActorRequest, form: Any, object_id: str) -> HttpResponse:
        found = self.collection_of(object_id)
        return self.carry_out(
            request, form, object_id, lambda order: acts.hide_collection(order, found), "The collection is hidden."
        )

    @action(
        description="Show collection",
        permissions=["hiding_collections", "collection"],
        dialog={"title": "Show the collection again", "form_class": forms.ActForm, "form_submit_text": "Show"},
    )
    def show_collection(self, request: ActorRequest, form: Any, object_id: str) -> HttpResponse:
        found = self.collection_of(object_id)
        return self.carry_out(
            request, form, object_id, lambda order: acts.show_collection(order, found), "The collection is shown again."
        )


class OnPictures(Acting):
    has_hiding_pictures_permission = holding("community.hide_picture")

    def picture_of(self, object_id: str) -> Picture:
        return Picture.objects.get(pk=object_id)

    def has_picture_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return True

    @action(
        description="Hide picture",
        permissions=["hiding_pictures", "picture"],
        variant=ActionVariant.DANGER,
        dialog={
            "title": "Hide the picture",
            "description": "Its address opens nothing any more, in whatever comment it stands.",
            "form_class": forms.ActForm,
            "form_submit_text": "Hide",
        },
    )
    def hide_picture(self, request: ActorRequest, form: Any, object_id: str) -> HttpResponse:
        found = self.picture_of(object_id)
        return self.carry_out(
            request, form, object_id, lambda order: acts.hide_picture(order, found), "The picture is hidden."
        )

    @action(
        description="Show picture",
        permissions=["hiding_pictures", "picture"],
        dialog={"title": "Show the picture again", "form_class": forms.ActForm, "form_submit_text": "Show"},
    )
    def show_picture(self, request: ActorRequest, form: Any, object_id: str) -> HttpResponse:
        found = self.picture_of(object_id)
        return self.carry_out(
            request, form, object_id, lambda order: acts.show_picture(order, found), "The picture is shown again."
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
            "title": "Give the reason",
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
            messages.error(request, f"{row}: {refusal}")
        else:
            messages.success(request, f"{row}: done.")
    return None
