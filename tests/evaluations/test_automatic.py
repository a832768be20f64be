"""New commits that are evaluated by themselves: which start a run, in whose name, and what is said of those that do not."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import Actor, AuditEntry, Membership, Role
from accounts.services import standing
from evaluations.models import AutomaticEvaluation, Run, State, SuiteVersion
from evaluations.services import automatic, automatic_runs
from hub.errors import Forbidden, Invalid, NotFound
from hub.jobs.models import Job
from models_registry.community.models import Notice, NoticeKind, Notification
from models_registry.community.services import notifications, wording
from models_registry.models import Repository
from models_registry.services import references
from models_registry.services.changes import Delete
from models_registry.services.commits import create_commit
from models_registry.services.pull_requests import propose
from models_registry.services.squashing import squash
from tests import make
from tests.evaluations import rows
from tests.models_registry.git_http.sending import BLOB, Objects, Pusher
from tests.services import require

Outcome = AutomaticEvaluation.Outcome


class Work:
    """A model of an organisation; `ada` administers it and has switched it on, `bob` only writes."""

    def __init__(self) -> None:
        self.ada, self.bob, self.eve = make.user("ada"), make.user("bob"), make.user("eve")
        self.organization = make.organization("lab", admin=self.ada, write=self.bob)
        Membership.objects.create(organization=self.organization, user=self.eve, role=Role.ADMIN)
        self.repository = make.repository(self.ada, "net", namespace="lab")
        make.commit(self.repository, {"model.safetensors": b"one", "README.md": "# One\n"})
        self.suite: SuiteVersion = rows.suite()
        automatic.switch_on(actor=Actor(user=self.ada), repository=self.repository, suite=rows.SUITE)

    def commit(self, files: dict[str, bytes | str], **more: Any) -> AutomaticEvaluation | None:
        """What became of a commit, once the worker has looked."""
        make.commit(self.repository, files, actor=Actor(user=self.bob), **more)
        return self.look()

    def look(self) -> AutomaticEvaluation | None:
        jobs = list(Job.objects.filter(kind=automatic.KIND))
        Job.objects.filter(kind=automatic.KIND).delete()
        for job in jobs:
            automatic_runs.consider(job.key)
        return AutomaticEvaluation.objects.filter(repository=self.repository).first()

    def score(self) -> None:
        """The run that waits ends well."""
        Run.objects.filter(state=State.QUEUED).update(state=State.SCORED)

    def told(self) -> dict[str, tuple[str, list[str]]]:
        """{text of each notice: (what it says it is, who is told)}"""
        found = {}
        for notice in Notice.objects.filter(kind=NoticeKind.EVALUATION):
            notifications.tell(notice.pk)
            listed = list(Notification.objects.filter(notice=notice).select_related("notice", "recipient"))
            names = sorted(row.recipient.username for row in listed)
            found[notice.text] = wording.of(listed[0]).what if listed else "", names
        return found

    def client(self, name: str) -> Client:
        return Client(headers=make.bearer(make.token({"ada": self.ada, "bob": self.bob, "eve": self.eve}[name])))


@pytest.fixture
def work() -> Work:
    return Work()


def test_a_commit_that_changes_the_model_is_evaluated_in_the_name_of_who_switched_it_on(work: Work) -> None:
    row = work.commit({"model.safetensors": b"two"})
    run = Run.objects.get()
    assert row is not None
    assert (row.outcome, row.run, row.commit) == (Outcome.ASKED, run, run.commit)
    assert run.commit == references.resolve(work.repository, "main").oid
    assert (run.state, run.requested_by, run.suite_version) == (State.QUEUED, work.ada, work.suite)


@pytest.mark.parametrize("is_scored", [True, False])
def test_a_commit_that_changes_no_file_of_the_model_starts_nothing_and_that_is_said(
    work: Work, is_scored: bool
) -> None:
    work.commit({"model.safetensors": b"two"})
    first = Run.objects.get()
    if is_scored:
        work.score()
    for files in ({"README.md": "# Two\n"}, {"notes.md": "x", "picture.png": b"x", "data/train.csv": "1"}):
        row = work.commit(files)
        assert row is not None
        said = "which has a score" if is_scored else "which is being evaluated"
        assert row.outcome == Outcome.UNCHANGED
        assert row.note == f"Nothing runs: its model is that of commit {first.commit[:12]}, {said}."
        assert row.run == first
    squash(actor=Actor(user=work.ada), repository=work.repository, branch="main")
    assert work.look().outcome == Outcome.UNCHANGED
    assert Run.objects.count() == 1


@pytest.mark.parametrize(
    "files",
    [
        {"README.md": "---\narchitecture: lenet5\n---\n# The same weights, understood otherwise\n"},
        {"config.json": '{"architecture": "digits-cnn", "activation": "tanh"}'},
        {"model.safetensors": b"three"},
    ],
)
def test_what_makes_it_another_model_is_evaluated(work: Work, files: dict[str, bytes | str]) -> None:
    work.commit({"model.safetensors": b"two"})
    work.score()
    assert work.commit(files).outcome == Outcome.ASKED
    assert Run.objects.count() == 2


def test_a_new_version_of_the_suite_is_measured_with_the_next_commit(work: Work) -> None:
    work.commit({"model.safetensors": b"two"})
    work.score()
    SuiteVersion.objects.filter(pk=work.suite.pk).update(current=False)
    work.suite.suite.versions.create(version="9.0.0", digest="1" * 64, definition=work.suite.definition, labels_key="b")
    assert work.commit({"README.md": "# Two\n"}).outcome == Outcome.ASKED


def test_other_branches_proposals_tags_and_models_without_the_switch_ask_for_nothing(work: Work) -> None:
    actor = Actor(user=work.ada)
    references.create_branch(actor=actor, repository=work.repository, name="next")
    make.commit(work.repository, branch="next")
    propose(actor=actor, repository=work.repository, base="main", parent=None, title="x", changes=[])
    references.create_tag(actor=actor, repository=work.repository, name="v1", revision="next")
    make.commit(make.repository())
    assert not Job.objects.filter(kind=automatic.KIND).exists()


def test_a_push_by_git_is_a_commit_like_any_other(work: Work) -> None:
    require("git")
    head = references.resolve(work.repository, "main").oid
    objects = Objects()
    tree = objects.tree(("100644", b"model.safetensors", objects.add(BLOB, b"pushed")))
    commit = objects.commit(tree, head)
    report = Pusher(work.repository, make.token(work.bob)).push("refs/heads/main", commit, objects, old=head)
    assert report.results == {"refs/heads/main": ""}
    row = work.look()
    assert (row.outcome, row.commit) == (Outcome.ASKED, commit)


def test_doing_the_job_twice_is_one_run(work: Work) -> None:
    make.commit(work.repository, {"model.safetensors": b"two"})
    key = Job.objects.get(kind=automatic.KIND).key
    for _ in range(2):
        automatic_runs.consider(key)
    work.score()
    automatic_runs.consider(key)
    row = AutomaticEvaluation.objects.get()
    assert (Run.objects.count(), row.outcome, row.run) == (1, Outcome.ASKED, Run.objects.get())


def test_what_cannot_be_evaluated_is_told_on_the_page_and_costs_no_quota(work: Work) -> None:
    create_commit(
        actor=Actor(user=work.ada), repository=work.repository, branch="main", parent=None, title="away",
        changes=[Delete("model.safetensors")],
    )  # fmt: skip
    row = work.look()
    assert (row.outcome, row.note) == (Outcome.REFUSED, "The repository holds no safetensors, ONNX or Keras file.")
    assert not Run.objects.exists()


def test_over_quota_it_is_said_once_and_not_tried_for_ever(work: Work) -> None:
    work.suite.definition["quota"] = {"per_user_day": 1, "per_repository_day": 100}
    work.suite.save()
    work.commit({"model.safetensors": b"two"})
    row = work.commit({"model.safetensors": b"three"})
    assert row.outcome == Outcome.REFUSED
    assert "You have had 1 evaluations" in row.note
    assert Run.objects.count() == 1
    assert not Job.objects.filter(kind=automatic.KIND).exists()
    ((text, (what, who)),) = work.told().items()
    assert text.startswith(f"Commit {row.commit[:12]} was not evaluated on Handwritten digits, 8×8. You have had 1")
    assert (what, who) == ("A commit was not evaluated", ["ada"])


def loses_the_role(work: Work) -> None:
    Membership.objects.filter(user=work.ada).update(role=Role.WRITE)
    Repository.objects.update(creator=work.bob)


def is_suspended(work: Work) -> None:
    standing.suspend(actor=Actor(user=make.user(is_admin=True)), user=work.ada, reason="spam")


def leaves(work: Work) -> None:
    AutomaticEvaluation.objects.update(user=None)


@pytest.mark.parametrize("happens", [loses_the_role, is_suspended, leaves])
def test_whose_rights_are_gone_spends_nothing_more_and_the_others_are_told(work: Work, happens: Any) -> None:
    happens(work)
    assert work.commit({"model.safetensors": b"two"}) is None
    assert not Run.objects.exists()
    ((text, (what, who)),) = work.told().items()
    assert "New commits are not evaluated on Handwritten digits, 8×8 any more" in text
    assert what == "Automatic evaluation is switched off"
    assert "eve" in who
    assert "bob" not in who or happens is loses_the_role
    entry = AuditEntry.objects.get(action="automatic_evaluation.disabled")
    assert (entry.user, entry.namespace) == (None, work.organization.namespace)


def test_what_moderators_have_closed_waits_and_is_not_switched_off(work: Work) -> None:
    Repository.objects.update(disabled_reason="looked at", disabled_as="hidden")
    make_job(work)
    row = work.look()
    assert row is not None
    assert row.outcome == Outcome.REFUSED
    assert not work.told()


def make_job(work: Work) -> None:
    row = AutomaticEvaluation.objects.get()
    oid = work.repository.references.get(name="refs/heads/main").target
    Job.objects.add(automatic.KIND, f"{row.pk}:{oid}")


@pytest.fixture
def api(work: Work) -> str:
    return f"/api/evaluations/automatic/{work.repository.full_name}"


def test_the_switch_by_the_api(work: Work, api: str) -> None:
    ada, bob, eve = (work.client(name) for name in ("ada", "bob", "eve"))
    work.commit({"model.safetensors": b"two"})
    (listed,) = bob.get(api).json()
    assert listed | {"suite": rows.SUITE, "hardware": "cpu", "user": "ada"} == listed
    assert listed["last"] | {"outcome": "asked", "evaluation": str(Run.objects.get().pk)} == listed["last"]
    one = f"{api}/{rows.SUITE}"
    assert bob.put(one, {}, content_type="application/json").status_code == 403
    assert bob.delete(one).status_code == 403
    assert eve.put(one, {}, content_type="application/json").json()["user"] == "eve"
    assert eve.put(f"{api}/no-such", {}, content_type="application/json").status_code == 404
    assert eve.put(one, {"hardware": "gpu"}, content_type="application/json").status_code == 422
    assert (ada.delete(one).status_code, ada.delete(one).status_code) == (204, 404)
    assert ada.get(api).json() == []
    assert Client().get(api).status_code == 401
    assert Client(headers=make.bearer(make.token(make.user()))).get(api).status_code == 403
    actions = AuditEntry.objects.filter(action__startswith="automatic_", namespace=work.organization.namespace)
    assert [entry.actor_name for entry in actions.order_by("pk")] == ["ada", "eve", "ada"]


def test_a_private_model_is_not_there_for_strangers(work: Work, api: str) -> None:
    Repository.objects.update(private=True)
    stranger = Client(headers=make.bearer(make.token(make.user())))
    for address in (api, api.replace("automatic", "tag-rules")):
        assert stranger.get(address).status_code == 404


def test_only_who_administers_a_model_switches_it_on(work: Work) -> None:
    with pytest.raises(Forbidden):
        automatic.switch_on(actor=Actor(user=work.bob), repository=work.repository, suite=rows.SUITE)
    data = make.repository(work.ada, kind="dataset")
    with pytest.raises(Invalid, match="only models"):
        automatic.switch_on(actor=Actor(user=work.ada), repository=data, suite=rows.SUITE)
    with pytest.raises(NotFound):
        automatic.switch_off(actor=Actor(user=work.ada), repository=work.repository, suite="no-such")


SETTINGS = "/lab/net/settings/evaluations"


@pytest.fixture
def page(work: Work, client: Client) -> Client:
    client.force_login(work.ada)
    return client


def test_the_page_of_the_settings_switches_and_protects(work: Work, page: Client) -> None:
    work.commit({"model.safetensors": b"two"})
    shown = page.get(SETTINGS).content.decode()
    assert "in the name of ada" in shown
    assert Run.objects.get().get_absolute_url() in shown
    assert f'href="{SETTINGS}" aria-current="page"' in shown
    page.post(f"{SETTINGS}/automatic/{rows.SUITE}/off")
    assert not AutomaticEvaluation.objects.exists()
    page.post(f"{SETTINGS}/automatic", {"suite": rows.SUITE})
    assert AutomaticEvaluation.objects.get().user == work.ada
    rule = {"pattern": "release-*", "metric": f"{rows.SUITE}:accuracy", "minimum": "0.98", "not_worse": "on"}
    page.post(f"{SETTINGS}/tags", rule)
    shown = page.get(SETTINGS).content.decode()
    for words in ("release-*", "at least 0.98", "not worse than where the tag stands"):
        assert words in shown
    again = page.post(f"{SETTINGS}/tags", rule)
    assert (again.status_code, "There is a rule for accuracy" in again.content.decode()) == (400, True)
    made = work.repository.tag_rules.get()
    page.post(f"{SETTINGS}/tags/{made.pk}/remove")
    assert not work.repository.tag_rules.exists()
    assert page.post(f"{SETTINGS}/tags/{made.pk}/remove").status_code == 302


def test_the_page_tells_why_a_commit_was_not_evaluated(work: Work, page: Client) -> None:
    AutomaticEvaluation.objects.update(outcome="refused", note="You have had 10 <evaluations>.", commit="a" * 40)
    assert "You have had 10 &lt;evaluations&gt;." in page.get(SETTINGS).content.decode()


def test_the_page_is_for_who_administers_a_model(work: Work, client: Client) -> None:
    assert client.get(SETTINGS).status_code == 302
    client.force_login(work.bob)
    assert client.get(SETTINGS).status_code == 403
    for address in ("automatic", f"automatic/{rows.SUITE}/off", "tags", "tags/1/remove"):
        assert client.post(f"{SETTINGS}/{address}").status_code == 403
    data = make.repository(work.bob, kind="dataset")
    client.force_login(work.bob)
    assert "settings/evaluations" not in client.get(f"{data.get_absolute_url()}/settings").content.decode()


def test_the_page_takes_the_same_queries_however_much_is_on_it(
    work: Work, page: Client, django_assert_max_num_queries: Any
) -> None:
    from evaluations.services import suites, tag_rules

    suites.synchronize()
    page.get(SETTINGS)
    with django_assert_max_num_queries(40) as few:
        page.get(SETTINGS)
    for version in list(suites.current_versions())[:4]:
        automatic.switch_on(actor=Actor(user=work.ada), repository=work.repository, suite=version.suite.name)
        metric = version.primary_metric["name"]
        tag_rules.add(
            actor=Actor(user=work.ada), repository=work.repository, pattern="v*", suite=version.suite.name, metric=metric,
            minimum=0.5,
        )  # fmt: skip
    with django_assert_max_num_queries(len(few)):
        page.get(SETTINGS)
