"""Lists take as many queries for many entries as for few: those of the API, and pages about oneself."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Actor, Membership, Organization, Role, User
from models_registry.community.models import ModerationAction, Notice, NoticeKind, Notification, SubjectKind
from models_registry.community.models.moderation import Act
from models_registry.community.services import collections
from models_registry.community.services.webhooks import keeping
from models_registry.community.services.webhooks.keeping import Watched
from models_registry.models import AccessRequest, LfsObject, Repository, RepositoryLfsObject, SecretFinding
from models_registry.services import commits, references
from models_registry.services.changes import AddLfsFile
from tests import make
from tests.models_registry.hf_api.conftest import Api


def _member(ada: User, number: int) -> None:
    Membership.objects.create(organization=Organization.objects.get(), user=make.user(), role=Role.READ)


def _membership(ada: User, number: int) -> None:
    make.organization(read=ada)


def _repository(ada: User, number: int) -> None:
    make.repository(ada)


def _asking(ada: User, number: int) -> None:
    AccessRequest.objects.create(repository=Repository.objects.get(key="net"), user=make.user())


def _webhook(ada: User, number: int) -> None:
    net = Watched("model", "ada/net")
    url = f"https://example.org/{number}"
    keeping.create(actor=Actor(user=ada), owner=ada.namespace, url=url, watched=[net, Watched("user", "ada")])


def _reference(ada: User, number: int) -> None:
    net = Repository.objects.get(key="net")
    references.create_branch(actor=Actor(user=ada), repository=net, name=f"branch{number}")
    references.create_tag(actor=Actor(user=ada), repository=net, name=f"v{number}", revision="main", message="A tag.")


def _large_file(ada: User, number: int) -> None:
    net, sha256 = Repository.objects.get(key="net"), f"{number:064x}"
    row = LfsObject.objects.create(sha256=sha256, size=1, plain_key=f"lfs/{sha256}")
    RepositoryLfsObject.objects.create(repository=net, lfs_object=row)
    commits.create_commit(
        actor=Actor(user=ada), repository=net, branch="main", parent=None, title="a file",
        changes=[AddLfsFile(f"{number}.bin", sha256)],
    )  # fmt: skip


def _secret(ada: User, number: int) -> None:
    SecretFinding.objects.create(
        repository=Repository.objects.get(key="net"), path=f"{number}.env", line=1, kind="token",
        fingerprint=f"{number:032x}", commit="0" * 40,
    )  # fmt: skip


def _notification(ada: User, number: int) -> None:
    net = make.repository(make.user())
    notice = Notice.objects.create(kind=NoticeKind.VERSION, key=f"version:{net.pk}", repository=net, actor=net.creator)
    Notification.objects.create(recipient=ada, key=notice.key, notice=notice, kind=notice.kind)


def _collection(ada: User, number: int) -> None:
    owner = make.user()
    collections.create_collection(actor=Actor(user=owner), namespace=owner.username, title=f"Good ones {number}")


def _asked(ada: User, number: int) -> None:
    AccessRequest.objects.create(repository=make.repository(gated="manual"), user=ada)


def _act(ada: User, number: int) -> None:
    ModerationAction.objects.create(
        kind=Act.WARN, subject_kind=SubjectKind.NAMESPACE, subject_id=ada.namespace.pk, subject_name="ada", author=ada,
        moderator=make.user(), reason="So.",
    )  # fmt: skip


@pytest.mark.parametrize(("path", "add"), [("/settings/gated-repos", _asked), ("/settings/moderation", _act)])
def test_pages_about_oneself_take_as_many_queries_for_many(
    client: Client, path: str, add: Callable[[User, int], None]
) -> None:
    ada = make.user("ada")
    client.force_login(ada)
    counts, sizes = [], []
    for start in (0, 10):
        for number in range(start, start + 3):
            add(ada, number)
        with CaptureQueriesContext(connection) as captured:
            answer = client.get(path)
        assert answer.status_code == 200
        counts.append(len(captured))
        sizes.append(len(answer.content))
    assert counts[0] == counts[1]
    assert sizes[0] < sizes[1]


@pytest.mark.parametrize(
    ("path", "add"),
    [
        ("/api/organizations/lab/members", _member),
        ("/api/users/ada/overview", _membership),
        ("/api/settings/repositories", _repository),
        ("/api/models/ada/net/user-access-request/pending", _asking),
        ("/api/models/ada/net/refs", _reference),
        ("/api/models/ada/net/lfs-files", _large_file),
        ("/api/settings/webhooks", _webhook),
        ("/api/models/ada/net/secrets", _secret),
        ("/api/notifications", _notification),
        ("/api/collections", _collection),
    ],
)
def test_lists_take_as_many_queries_for_many_entries(api: Api, path: str, add: Callable[[User, int], None]) -> None:
    ada = make.user("ada")
    make.organization("lab", admin=ada)
    make.repository(ada, "net", gated="manual")
    key = make.token(ada)
    api("GET", "/api/whoami-v2", token=key)  # the first use of a token is noted
    counts, sizes = [], []
    for start in (0, 10):
        for number in range(start, start + 3):
            add(ada, number)
        with CaptureQueriesContext(connection) as captured:
            answer = api("GET", path, token=key)
        assert answer.status_code == 200, answer.content
        counts.append(len(captured))
        sizes.append(len(answer.content))
    assert counts[0] == counts[1]
    assert sizes[0] < sizes[1]
