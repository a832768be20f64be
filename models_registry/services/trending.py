"""What is used and changed more than before: a score for lists to sort by.

    score = Σ downloads of a day · 2^(-age / 3 days)  +  10 · log2(1 + likes)  +  5 · 2^(-days since the last commit / 7)

over the last 14 days, rounded to one decimal. Half of a download's weight is gone in three days, so what many people fetch
today stands above what more fetched last month; likes and a fresh commit lift what is new and little used. The last term is
only for repositories with downloads or likes: a commit alone is no trend. Set by the database, in one statement.
"""

from datetime import timedelta

from django.db.models import Case, F, FloatField, OuterRef, Q, Subquery, Sum, Value, When
from django.db.models.functions import Cast, Coalesce, Ln, Round
from django.utils import timezone

from models_registry.models import DownloadCount, Repository

DAYS = 14
HALF_LIFE_DAYS = 3
COMMIT_HALF_LIFE_DAYS = 7
_LOG_2 = 0.6931471805599453


def refresh() -> int:
    """Set it where it differs. Returns how many changed."""
    now = timezone.now()
    today = now.date()
    first_day = today - timedelta(days=DAYS - 1)
    weight = Case(
        *(When(day=today - timedelta(days=age), then=Value(2.0 ** (-age / HALF_LIFE_DAYS))) for age in range(DAYS)),
        default=Value(0.0),
        output_field=FloatField(),
    )
    lately = (
        DownloadCount.objects.filter(repository=OuterRef("pk"), day__gte=first_day)
        .order_by()
        .values("repository")
        .annotate(total=Sum(weight * Cast("count", FloatField())))
        .values("total")
    )
    fresh = Case(
        *(
            When(updated_at__gte=now - timedelta(days=age + 1), then=Value(5 * 2.0 ** (-age / COMMIT_HALF_LIFE_DAYS)))
            for age in range(DAYS)
        ),
        default=Value(0.0),
        output_field=FloatField(),
    )
    downloads = Coalesce(Subquery(lately, output_field=FloatField()), Value(0.0))
    likes = Value(10 / _LOG_2) * Ln(Cast(F("likes") + 1, FloatField()))
    alive = Q(likes__gt=0) | Q(pk__in=DownloadCount.objects.filter(day__gte=first_day).values("repository"))
    score = Case(
        When(alive, then=Round(downloads + likes + fresh, precision=1)), default=Value(0.0), output_field=FloatField()
    )
    stale = Repository.objects.filter(alive | ~Q(trending_score=0)).annotate(score=score)
    stale = stale.exclude(trending_score=F("score"))
    return Repository.objects.filter(pk__in=stale.values("pk")).update(trending_score=score)
