"""Lists of the API take as many queries for many entries as for few."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Actor, Membership, Organization, Role, User
from models_registry.community.services.webhooks import keeping
from models_registry.community.services.webhooks.keeping import Watched
from models_registry.models import AccessRequest, LfsObject, Repository, RepositoryLfsObject
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
