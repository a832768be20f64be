"""Protected tags: they stand where a score says so, whoever moves them and by whichever door."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import Actor, AuditEntry, User
from evaluations.models import Run, Score, State, TagRule
from evaluations.services import tag_rules
from hub.errors import Conflict, Forbidden, Invalid
from models_registry.errors import ReferenceGuarded
from models_registry.models import Commit, Repository
from models_registry.services import references
from models_registry.services.changes import AddFile, AddLfsFile
from models_registry.services.commits import create_commit
from models_registry.services.lfs_files import remove
from tests import make
from tests.evaluations import rows
from tests.models_registry.git_http.sending import NONE, TAG, Objects, Pusher, command
from tests.models_registry.xet.sending import caller, send_file, some_xorb
from tests.services import require

PRODUCTION = "refs/tags/production"


class Work:
    """A model of an organisation; `ada` administers it, `bob` only writes."""

    def __init__(self) -> None:
        self.ada, self.bob = make.user(), make.user()
        organization = make.organization(admin=self.ada, write=self.bob)
        self.repository = make.repository(self.ada, "net", namespace=organization.namespace.name)
        self.version = rows.suite()

    def rule(self, pattern: str = "production", **asked: Any) -> TagRule:
        wanted = {"suite": rows.SUITE, "metric": "accuracy", **(asked or {"minimum": 0.98})}
        return tag_rules.add(actor=Actor(user=self.ada), repository=self.repository, pattern=pattern, **wanted)

    def commit(self, correct: int | None = None, **fields: Any) -> Commit:
        made = make.commit(self.repository, actor=Actor(user=self.ada))
        if correct is not None:
            rows.scored(self.repository, correct, **fields)
        return made

    def tag(self, name: str = "production", user: User | None = None, **more: Any) -> None:
        actor = Actor(user=user or self.bob)
        references.create_tag(actor=actor, repository=self.repository, name=name, revision="main", **more)

    def client(self, user: User) -> Client:
        return Client(headers=make.bearer(make.token(user)))

    @property
    def api(self) -> str:
        return f"/api/evaluations/tag-rules/{self.repository.full_name}"


@pytest.fixture
def work() -> Work:
    return Work()


def test_a_tag_stands_where_the_score_meets_every_rule_that_fits_its_name(work: Work) -> None:
    work.rule()
    work.rule("prod*", metric="f1_macro", minimum=0.5)
    work.rule("release-*", maximum=0.1)
    work.commit(533)
    work.tag()
    work.tag("production-2", message="an annotated one")
    work.tag("beta")
    with pytest.raises(ReferenceGuarded, match=r"accuracy on digits-image-classification must be at most 0\.1"):
        work.tag("release-1")


def test_a_refusal_says_what_is_missing_and_how_to_get_it(work: Work) -> None:
    work.rule()
    commit = work.commit()
    with pytest.raises(ReferenceGuarded) as caught:
        work.tag()
    said = str(caught.value)
    assert said.startswith(f"Tag production is protected. Commit {commit.oid[:12]} has no score on {rows.SUITE} 1.")
    assert f"{work.repository.get_absolute_url()}/evaluate?suite={rows.SUITE}&revision={commit.oid}" in said
    run = rows.run(work.repository)
    with pytest.raises(ReferenceGuarded, match=f"is being evaluated .* when it is scored .*{run.pk}"):
        work.tag()
    Run.objects.all().delete()
    rows.failed(work.repository)
    with pytest.raises(ReferenceGuarded, match="could not be scored"):
        work.tag()
    rows.scored(work.repository, 520)
    with pytest.raises(ReferenceGuarded, match=r"must be at least 0.98; this commit has 0\.9630"):
        work.tag()


def test_only_the_score_of_exactly_that_commit_counts_and_not_one_that_was_invalidated(work: Work) -> None:
    work.rule()
    work.commit(533)
    Run.objects.update(state=State.INVALIDATED)
    with pytest.raises(ReferenceGuarded, match="invalidated"):
        work.tag()
    Run.objects.update(state=State.SCORED)
    work.commit()
    with pytest.raises(ReferenceGuarded, match="has no score"):
        work.tag()


def test_a_score_on_an_older_version_of_the_suite_does_not_count(work: Work) -> None:
    work.rule()
    work.commit(533)
    now = work.version
    now.current = False
    now.save()
    work.version.suite.versions.create(version="9.0.0", digest="1" * 64, definition=now.definition, labels_key="b")
    with pytest.raises(ReferenceGuarded, match=r"has no score on digits-image-classification 9\.0\.0"):
        work.tag()


def test_a_value_just_below_is_shown_as_what_it_is(work: Work) -> None:
    work.rule(minimum=0.987)
    work.commit(533)
    Score.objects.filter(name="accuracy").update(value=0.98699999)
    with pytest.raises(ReferenceGuarded, match=r"at least 0\.987; this commit has 0\.98699999\."):
        work.tag()


def push(work: Work, name: str, new: str, old: str = NONE, user: User | None = None) -> str:
    """Move a reference by git: why not, or ""."""
    pusher = Pusher(work.repository, make.token(user or work.bob))
    return pusher.send(command(name, new, old), Objects().pack() if new != NONE else b"").results[name]


def test_git_moves_it_under_the_same_rule_and_shows_the_sentence(work: Work) -> None:
    require("git")
    work.rule(not_worse=True)
    first, second, third = (work.commit(correct).oid for correct in (530, 529, 531))
    unscored = work.commit().oid
    assert push(work, PRODUCTION, first) == ""
    why = push(work, PRODUCTION, second, first)
    assert f"must not be worse than where the tag stands now ({first[:12]}: 0.9815); this commit has 0.9796" in why
    assert "has no score" in push(work, PRODUCTION, unscored, first)
    assert push(work, PRODUCTION, third, first) == ""
    assert references.resolve(work.repository, "production").oid == third


def test_an_annotated_tag_that_git_brings_is_judged_by_the_commit_it_names(work: Work) -> None:
    require("git")
    work.rule()
    bad, good = work.commit(400).oid, work.commit(535).oid
    pusher = Pusher(work.repository, make.token(work.bob))
    for commit, is_taken in ((bad, False), (good, True)):
        objects = Objects()
        text = f"object {commit}\ntype commit\ntag production\ntagger A <a@example.org> 1 +0000\n\nwords\n"
        report = pusher.push(PRODUCTION, objects.add(TAG, text.encode()), objects)
        assert (report.results[PRODUCTION] == "") is is_taken, report
    assert references.resolve(work.repository, "production").oid == good


def test_other_references_of_the_same_push_move(work: Work) -> None:
    require("git")
    work.rule()
    commit = work.commit().oid
    pusher = Pusher(work.repository, make.token(work.bob))
    both = command(PRODUCTION, commit) + command("refs/heads/other", commit)
    results = pusher.send(both, Objects().pack()).results
    assert (bool(results[PRODUCTION]), results["refs/heads/other"]) == (True, "")
    assert not Run.objects.exists()


def test_only_who_administers_the_repository_deletes_a_protected_tag(work: Work) -> None:
    require("git")
    work.rule()
    commit = work.commit(533).oid
    work.tag()
    with pytest.raises(ReferenceGuarded, match="only who administers"):
        references.delete_tag(actor=Actor(user=work.bob), repository=work.repository, name="production")
    assert "only who administers" in push(work, PRODUCTION, NONE, commit)
    references.delete_tag(actor=Actor(user=work.ada), repository=work.repository, name="production")
    work.tag()
    assert push(work, PRODUCTION, NONE, commit, work.ada) == ""


def test_no_branch_takes_the_name_of_a_protected_tag(work: Work) -> None:
    """A revision that both have means the branch: programs would read that in place of the tag."""
    require("git")
    actor = Actor(user=work.bob)
    references.create_branch(actor=actor, repository=work.repository, name="stable")
    with pytest.raises(Conflict, match="There is a branch stable"):
        work.rule("stable")
    work.rule()
    for name in ("production", "tags/production", "refs/tags/production"):
        with pytest.raises(ReferenceGuarded, match="would be read in its place"):
            references.create_branch(actor=actor, repository=work.repository, name=name)
    assert "would be read" in push(work, "refs/heads/production", work.commit().oid)
    references.create_branch(actor=actor, repository=work.repository, name="production-next")


def test_rewriting_the_history_moves_no_protected_tag_to_where_nothing_was_measured(work: Work) -> None:
    stored = make_large(work.repository, work.ada)
    work.commit(533)
    work.tag()
    work.rule()
    with pytest.raises(ReferenceGuarded, match="has no score"):
        remove(actor=Actor(user=work.bob), repository=work.repository, hashes=[stored], rewrite_history=True)
    assert references.resolve(work.repository, "production").oid == references.resolve(work.repository, "main").oid


def make_large(repository: Repository, user: User) -> str:
    stored = send_file(caller(repository), (some_xorb(1), 0, 6))
    create_commit(
        actor=Actor(user=user), repository=repository, branch="main", parent=None, title="large",
        changes=[AddFile.of("a.txt", b"a"), AddLfsFile("large.bin", stored.sha256)],
    )  # fmt: skip
    return stored.sha256


def test_the_api_refuses_a_tag_by_403_which_no_client_takes_for_there_already(work: Work) -> None:
    client = work.client(work.bob)
    work.rule()
    work.commit(500)
    address = f"/api/models/{work.repository.full_name}/tag/main"
    answer = client.post(address, {"tag": "production"}, content_type="application/json")
    assert (answer.status_code, answer["X-Error-Code"]) == (403, "ReferenceGuarded")
    assert "must be at least 0.98" in answer.json()["error"]
    work.commit(540)
    assert client.post(address, {"tag": "production"}, content_type="application/json").status_code == 200
    assert client.post(address, {"tag": "production"}, content_type="application/json").status_code == 409


def test_rules_are_made_and_removed_by_who_administers_it_with_an_entry_each(work: Work) -> None:
    ada, bob, stranger = (work.client(user) for user in (work.ada, work.bob, make.user()))
    wanted = {"tags": "release-*", "suite": rows.SUITE, "metric": "accuracy", "minimum": 0.9, "not_worse": True}
    assert bob.post(work.api, wanted, content_type="application/json").status_code == 403
    made = ada.post(work.api, wanted, content_type="application/json")
    assert made.status_code == 201
    assert made.json() | wanted == made.json()
    assert ada.post(work.api, wanted, content_type="application/json").status_code == 409
    assert bob.get(work.api).json() == [made.json()]
    assert stranger.get(work.api).status_code == 403
    assert Client().get(work.api).status_code == 401
    one = f"{work.api}/{made.json()['id']}"
    assert bob.delete(one).status_code == 403
    assert (ada.delete(one).status_code, ada.delete(one).status_code) == (204, 404)
    entries = AuditEntry.objects.filter(action__startswith="tag_rule.", namespace=work.repository.namespace)
    assert [(entry.action, entry.details["tags"]) for entry in entries.order_by("pk")] == [
        ("tag_rule.created", "release-*"),
        ("tag_rule.deleted", "release-*"),
    ]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"metric": "bleu"}, "has no metric 'bleu'; it has accuracy"),
        ({"minimum": None}, "Name what is asked"),
        ({"minimum": float("nan")}, "finite"),
        ({"maximum": 0.1}, "above the maximum"),
        ({"pattern": "a b"}, "not a name"),
        ({"pattern": "rel[1]"}, r"\* and \?"),
        ({"pattern": ""}, r"\* and \?"),
        ({"pattern": "x" * 101}, r"\* and \?"),
    ],
)
def test_a_rule_without_sense_is_refused_in_words(work: Work, changed: dict[str, Any], words: str) -> None:
    pattern = changed.pop("pattern", "production")
    with pytest.raises(Invalid, match=words):
        work.rule(pattern, **({"minimum": 0.5} | changed))
    assert not TagRule.objects.exists()


def test_only_models_have_such_rules_and_not_too_many(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    data = make.repository(work.ada, kind="dataset")
    with pytest.raises(Invalid, match="only models"):
        tag_rules.add(
            actor=Actor(user=work.ada), repository=data, pattern="x", suite=rows.SUITE, metric="accuracy", minimum=1
        )
    monkeypatch.setattr(tag_rules, "MOST_RULES", 1)
    work.rule()
    with pytest.raises(Conflict, match="may have 1 rules"):
        work.rule("other")


def test_a_tag_costs_the_same_queries_however_many_rules_and_tags_there_are(
    work: Work, django_assert_max_num_queries: Any
) -> None:
    work.commit(533)
    for number in range(3):
        work.rule(f"release-{number}*")
    actor = Actor(user=work.bob)
    moves = [tag_rules.ReferenceMove(f"refs/tags/v{number}", None, "0" * 40) for number in range(20)]
    with django_assert_max_num_queries(1):
        assert tag_rules.guard(actor, work.repository, moves) == {}
    with pytest.raises(Forbidden):
        tag_rules.rules_of(Actor(user=make.user()), work.repository)
    client = work.client(work.ada)
    client.get(work.api)
    with django_assert_max_num_queries(8):
        client.get(work.api)
