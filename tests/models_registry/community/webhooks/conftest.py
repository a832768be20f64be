from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Actor, User
from hub.jobs.models import Job, State
from hub.jobs.tasks import run
from models_registry.community.models import Delivery, Webhook
from models_registry.community.services.webhooks import announcing, delivering, keeping
from models_registry.community.services.webhooks.keeping import Watched
from tests.models_registry.community.webhooks.receivers import Receiver, receiver


@pytest.fixture(autouse=True)
def _loopback_is_allowed(settings: Any, request: pytest.FixtureRequest) -> None:
    """The tests' receivers are on this machine; not where the rule itself is tested."""
    if "test_sending" not in request.node.nodeid:
        settings.WEBHOOK_PRIVATE_ADDRESSES = "allow"


@pytest.fixture
def there() -> Iterator[Receiver]:
    with receiver() as made:
        yield made


Hook = Callable[..., Webhook]


@pytest.fixture
def hook(there: Receiver) -> Hook:
    """`hook(ada, "model:ada/net", "user:bob")`: a webhook of hers."""

    def make_one(by: User, *watched: str, **more: Any) -> Webhook:
        items = [Watched(*item.split(":", 1)) for item in watched]
        owned_by = more.pop("owner", by.namespace)
        url = more.pop("url", there.url)
        return keeping.create(actor=Actor(user=by), owner=owned_by, url=url, watched=items, **more)

    return make_one


@pytest.fixture
def send() -> Callable[[], None]:
    """What the queue does: jobs that were asked for are run."""

    def run_all() -> None:
        for job in Job.objects.filter(kind=announcing.KIND, state=State.QUEUED):
            run(job.pk)

    return run_all


@pytest.fixture
def later() -> Callable[..., None]:
    """Time passes, for what waits; then the sweeper comes."""

    def pass_time(**by: float) -> None:
        earlier = timedelta(**by)
        for delivery in Delivery.objects.filter(state=Delivery.State.QUEUED):
            Delivery.objects.filter(pk=delivery.pk).update(due_at=delivery.due_at - earlier)
        for webhook in Webhook.objects.all():
            for name in ("paused_until", "failing_since"):
                if getattr(webhook, name):
                    setattr(webhook, name, getattr(webhook, name) - earlier)
            webhook.save()
        Job.objects.filter(state=State.QUEUED).update(run_after=timezone.now())
        delivering.sweep()

    return pass_time
