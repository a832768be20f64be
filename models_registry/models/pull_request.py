from __future__ import annotations

from django.conf import settings
from django.db import models

from accounts.models import Actor
from models_registry.models.fields import HashField
from models_registry.models.repository import Repository


class PullRequestQuerySet(models.QuerySet["PullRequest"]):
    def writable_by(self, actor: Actor) -> PullRequestQuerySet:
        """Those whose commits the actor may add to: their own, and all of a repository they may change."""
        if actor.user is None:
            return self.none()
        own = models.Q(author=actor.user, repository__in=Repository.objects.proposable_by(actor).values("pk"))
        return self.filter(own | models.Q(repository__in=Repository.objects.writable_by(actor).values("pk")))


class PullRequest(models.Model):
    """A proposal, as git and the rules of access know it: the commits under `refs/pr/<number>`, meant for the branch `base`.

    `number` counts discussions and pull requests of a repository together. `base`: a reference's full name. What people
    say of it, its title included, is a discussion of the community under the same number.
    """

    repository = models.ForeignKey(Repository, models.CASCADE, related_name="pull_requests")
    number = models.PositiveIntegerField()
    base = models.CharField(max_length=255)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    is_open = models.BooleanField(default=True, help_text="Neither merged nor closed: it takes commits.")
    merge_commit = HashField(20, null=True, help_text="What it became on its base.")
    base_before = HashField(20, null=True, help_text="Where its base was before the merge.")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = PullRequestQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["repository", "number"], name="pull_request_once_per_number"),
            models.CheckConstraint(
                name="pull_request_is_not_open_when_merged",
                condition=models.Q(merge_commit__isnull=True) | models.Q(is_open=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.repository}#{self.number}"

    def get_absolute_url(self) -> str:
        return f"{self.repository.get_absolute_url()}/discussions/{self.number}"

    @property
    def reference_name(self) -> str:
        return f"refs/pr/{self.number}"

    @property
    def base_name(self) -> str:
        """`main` of `refs/heads/main`."""
        return self.base.removeprefix("refs/heads/")
