"""Atom feeds of the newest scores: of the whole hub, or of one suite."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import Actor
from evaluations.models import Run, Suite
from evaluations.services.listing import newest_scored
from evaluations.services.suites import current_version
from evaluations.templatetags.scores import as_score, metric
from hub.addresses import absolute
from hub.atom import ENTRIES, HubFeed, plain, served


class NewestScores(HubFeed):
    def get_object(self, request: HttpRequest, suite: str = "") -> Suite | None:
        return current_version(suite).suite if suite else None

    def title(self, suite: Suite | None) -> str:
        return _("New scores on %(suite)s") % {"suite": suite.title} if suite else _("New scores on Grove")

    def link(self, suite: Suite | None) -> str:
        return absolute(suite.get_absolute_url() if suite else reverse("leaderboards"))

    def feed_url(self, suite: Suite | None) -> str:
        return absolute(reverse("leaderboard-feed", args=[suite.name]) if suite else reverse("scores-feed"))

    def items(self, suite: Suite | None) -> list[Run]:
        return newest_scored(Actor(), ENTRIES, suite=suite)

    def item_title(self, item: Run) -> str:
        said = {"model": item.repository.full_name, "suite": item.suite_version.suite.title}
        score = metric(item.scores.all(), item.suite_version.primary_metric["name"])
        if score is None:
            return _("%(model)s was measured on %(suite)s") % said
        return _("%(model)s: %(score)s on %(suite)s") % {**said, "score": as_score(score.value)}

    def item_description(self, item: Run) -> str:
        parts = [
            f"{score.name} {as_score(score.value)} [{as_score(score.low)}, {as_score(score.high)}]"
            for score in item.scores.all()
        ]
        return plain(f"{item.commit} · {'; '.join(parts)}")

    def item_link(self, item: Run) -> str:
        return absolute(item.get_absolute_url())

    def item_guid(self, item: Run) -> str:
        return f"urn:uuid:{item.pk}"

    def item_pubdate(self, item: Run) -> datetime:
        return item.finished_at or item.created_at

    def item_author_name(self, item: Run) -> str:
        return item.repository.namespace.name


newest_scores: Any = served(NewestScores())
