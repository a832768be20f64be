"""A suite's inputs as a dataset repository of the hub's own organisation: to be seen, downloaded and named by revision.

Labels are never in it: they lie under a prefix of the storage that supervisors alone read. A version names the commit that it
was given, which stays whatever becomes of the branches (`references.pin`).
"""

import contextlib
import logging
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from accounts.errors import NamespaceMoved, NamespaceNotFound, NameTaken
from accounts.models import Actor, Membership, Namespace, Role, User
from accounts.services.accounts import create_account, create_organization, namespace_named, user_named
from evaluations import suite_files
from evaluations.errors import SuitesHomeless
from evaluations.models import SuiteVersion
from evaluations.suite_files import SuiteFile
from models_registry.errors import ReferenceExists, RepositoryExists
from models_registry.formats import gitattributes
from models_registry.formats.front_matter import with_values
from models_registry.models import Commit, Kind, Repository
from models_registry.services import references
from models_registry.services.changes import AddFile
from models_registry.services.commits import create_commit
from models_registry.services.repositories import create_repository

logger = logging.getLogger(__name__)

# An array is a file like any other in these repositories: the rule for large files is not for it.
_RULES = gitattributes.DEFAULT.rstrip("\n") + "\ndata/*.npy !filter !diff !merge -text\n"


def host_shipped(folder: Path = suite_files.FOLDER) -> None:
    """Give each current version of a suite's file its data repository, where it has none; in a worker, never in a request.

    Raises InvalidSuiteError, SuitesHomeless, StorageUnavailable.
    """
    for suite in suite_files.read_all(folder):
        definition = suite.definition
        version = SuiteVersion.objects.select_related("suite", "data_repository").filter(
            suite__name=definition["id"], version=definition["version"], current=True
        ).first()  # fmt: skip
        if version is not None and not is_hosted(version):
            host(version, inputs_of(suite))


def inputs_of(suite: SuiteFile) -> bytes:
    """Unpacked. Raises InvalidSuiteError."""
    return suite.data_content(suite.definition["data"][0]["inputs"])


def is_hosted(version: SuiteVersion) -> bool:
    """Whether the commit that the version names is still to be had."""
    if version.data_repository is None:
        return False
    return Commit.objects.filter(repository=version.data_repository, oid=version.data_revision).exists()


def host(version: SuiteVersion, inputs: bytes) -> None:
    """Commit the inputs, and note the commit on the version. What is there already is not committed again.

    Raises SuitesHomeless, StorageUnavailable.
    """
    commit(version, prepared(version.definition, version.digest, inputs))


def prepared(definition: Mapping[str, Any], digest: str, inputs: bytes) -> list[AddFile]:
    """The files of a data repository, their bytes in storage: outside of any transaction. Raises StorageUnavailable."""
    return [
        AddFile.of(".gitattributes", _RULES.encode()),
        AddFile.of("README.md", card(definition, digest).encode()),
        AddFile.of(path_of(definition), inputs),
    ]


@transaction.atomic
def commit(version: SuiteVersion, files: list[AddFile]) -> None:
    """Raises SuitesHomeless."""
    keeper = Actor(user=_keeper())
    repository = _repository(keeper, version)
    made = create_commit(
        actor=keeper, repository=repository, branch=repository.default_branch, parent=None, changes=files,
        title=f"Data of version {version.version}",
    )  # fmt: skip
    references.pin(repository=repository, commit=made.oid)
    version.data_repository, version.data_revision = repository, made.oid
    version.data_path = path_of(version.definition)
    version.save(update_fields=["data_repository", "data_revision", "data_path"])
    _tag(keeper, repository, version)
    logger.info("the data of %s are %s at %s", version, repository, made.oid)


def path_of(definition: Mapping[str, Any]) -> str:
    (data,) = definition["data"]
    ending = "jsonl" if definition["io"]["input"]["dtype"] in {"text", "json"} else "npy"
    return f"data/{data['split']}.{ending}"


def canary(digest: str) -> uuid.UUID:
    """A text that stands nowhere else: who finds it in a corpus, or hears it from a model, knows what was trained on.

    Source: Srivastava et al., 2022, "Beyond the imitation game", whose canary does the same.
    """
    return uuid.uuid5(uuid.NAMESPACE_URL, f"grove-suite:{digest}")


def card(definition: Mapping[str, Any], digest: str) -> str:
    """The README of a data repository: where the data are from, under which licence, and how to check them."""
    (data,) = definition["data"]
    shape = " × ".join(str(size) for size in definition["io"]["input"]["shape"][1:]) or "one text"
    counted = (
        "the file's bytes"
        if path_of(definition).endswith("jsonl")
        else "the array's bytes, without the header of the file"
    )
    text = "\n".join(
        [
            f"# {definition['title']}",
            "",
            definition["summary"],
            "",
            (
                f"These are the inputs of the suite [{definition['id']}](/leaderboards/{definition['id']}), version"
                f" {definition['version']}: {data['n']:,} rows of {shape} ({definition['io']['input']['dtype']}), in"
                f" `{path_of(definition)}`. Its labels are kept apart and lie in no repository."
            ),
            "",
            "## Source",
            "",
            definition["source"],
            "",
            "## Check it",
            "",
            f"SHA-256 of {counted}: `{data['sha256']}`. The definition of the suite has the digest `{digest}`.",
            "",
            "## Keep it out of training",
            "",
            f"Models are measured on these data: do not train on them. Canary: `{canary(digest)}`.",
            "",
        ]
    )
    values = {
        "license": str(definition["license"]).lower(),
        "pretty_name": definition["title"],
        "task_categories": [definition["task"]],
        "tags": ["evaluation", "suite"],
    }
    return with_values(text, values)


def _keeper() -> User:
    """The account that commits for the hub; nobody can sign in to it. Raises SuitesHomeless."""
    name = settings.SUITE_NAMESPACE
    keeper_name = f"{name}-keeper"
    try:
        keeper = user_named(keeper_name)
    except (NamespaceNotFound, NamespaceMoved):
        try:
            keeper = create_account(
                name=keeper_name, email=f"{keeper_name}@grove.invalid", full_name="Keeper of the suites"
            )
        except NameTaken:  # another worker starts at the same moment
            keeper = user_named(keeper_name)
    if keeper.has_usable_password() or keeper.email != f"{keeper_name}@grove.invalid":
        raise SuitesHomeless(f"The account {keeper_name!r} is a member's: set HUB_SUITE_NAMESPACE to another name.")
    _require_home(keeper, name)
    return keeper


def _require_home(keeper: User, name: str) -> None:
    """The organisation: made here, or of a superuser, who then hosts the suites in it. Raises SuitesHomeless."""
    try:
        home: Namespace = namespace_named(name)
    except NamespaceNotFound:
        with contextlib.suppress(NameTaken):
            create_organization(
                actor=Actor(user=keeper), name=name, full_name="Suites of this hub", members=[(keeper, Role.ADMIN)]
            )
        home = namespace_named(name)
    except NamespaceMoved as moved:
        raise SuitesHomeless(f"{name} is called otherwise now: set HUB_SUITE_NAMESPACE. {moved}") from None
    members = Membership.objects.filter(organization=home.organization)
    if home.organization is not None and members.filter(user=keeper, role__gte=Role.WRITE).exists():
        return
    if home.organization is None or not members.filter(role=Role.ADMIN, user__is_superuser=True).exists():
        raise SuitesHomeless(
            f"The name {name!r} belongs to somebody who does not run this hub: set HUB_SUITE_NAMESPACE to another name."
        )
    Membership.objects.update_or_create(organization=home.organization, user=keeper, defaults={"role": Role.WRITE})


def _repository(keeper: Actor, version: SuiteVersion) -> Repository:
    """A private one, of another name, for versions that hide their inputs, too."""
    name = f"{version.suite.name}-hidden" if version.is_hidden else version.suite.name
    try:
        return create_repository(
            actor=keeper, namespace=settings.SUITE_NAMESPACE, name=name, kind=Kind.DATASET,
            private=version.is_hidden,
        )  # fmt: skip
    except RepositoryExists:
        found = Repository.objects.named(Kind.DATASET, settings.SUITE_NAMESPACE, name).get()
        if version.is_hidden and not found.private:
            raise SuitesHomeless(f"{found.full_name} is public: the inputs of {version} are not put there.") from None
        return found


def _tag(keeper: Actor, repository: Repository, version: SuiteVersion) -> None:
    """So that people find it; what counts is the commit."""
    try:
        references.create_tag(
            actor=keeper, repository=repository, name=f"v{version.version}", revision=version.data_revision
        )
    except ReferenceExists:
        logger.info("%s has the tag v%s already", repository, version.version)
