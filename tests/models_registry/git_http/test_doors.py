"""Who may clone and push, and how a refusal is told to git."""

import pytest
from django.test import Client

from accounts.models import Actor
from models_registry.formats import pkt_line
from models_registry.models import AccessRequest, PullRequest, Reference, Repository
from models_registry.services import references
from models_registry.services.changes import AddFile
from models_registry.services.git import programs
from models_registry.services.moving import move_repository
from models_registry.services.pull_requests import propose
from tests import make
from tests.models_registry.git_http.sending import NONE, Objects, Pusher, command

READ, WRITE = "git-upload-pack", "git-receive-pack"


def one_commit(parent: str | None = None, content: bytes = b"content") -> tuple[Objects, str]:
    objects = Objects()
    tree = objects.tree(("100644", b"file", objects.blob(content)))
    return objects, objects.commit(tree, *([parent] if parent else []))


@pytest.mark.parametrize("suffix", ["", ".git"])
@pytest.mark.parametrize("kind", ["model", "dataset"])
def test_both_spellings_of_an_address_lead_to_the_repository(kind: str, suffix: str):
    repository = make.repository(kind=kind)
    head = references.resolve(repository, "main").oid
    answer = Client().get(f"{repository.get_absolute_url()}{suffix}/info/refs?service=git-upload-pack")
    assert answer["Content-Type"] == "application/x-git-upload-pack-advertisement"
    assert f"{head} refs/heads/main" in answer.content.decode()
    assert "no-cache" in answer["Cache-Control"]


def test_a_private_repository_answers_as_a_missing_one():
    private = make.repository(private=True)
    stranger = make.token(make.user())
    for token, status in (("", 401), (stranger, 404)):
        for service in (READ, WRITE):
            answers = []
            for name in (private.name, "missing"):
                client, address = Client(), f"/{private.namespace.name}/{name}"
                headers = make.bearer(token) if token else {}
                info = client.get(f"{address}/info/refs?service={service}", headers=headers)
                post = client.post(
                    f"{address}/{service}", b"0000", content_type=f"application/x-{service}-request", headers=headers
                )
                answers.append(
                    [
                        (a.status_code, a.content.decode().replace(name, "NAME"), a.get("WWW-Authenticate"))
                        for a in (info, post)
                    ]
                )
            assert answers[0] == answers[1]
            assert {entry[0] for entry in answers[0]} == {status}
            assert all(bool(entry[2]) == (status == 401) for entry in answers[0])


def test_git_is_asked_for_a_token_before_it_pushes_to_what_all_may_read():
    pusher = Pusher(make.repository(), token="")
    assert pusher.get(READ).status_code == 200
    for answer in (pusher.get(WRITE), pusher.post(WRITE, b"0000")):
        assert answer.status_code == 401
        assert answer["WWW-Authenticate"].startswith("Basic")


def test_who_may_not_push_is_told_so_in_plain_words():
    repository = make.repository()
    owner = repository.creator
    assert owner is not None
    pusher = Pusher(repository, make.token(owner, role="read"))
    objects, commit = one_commit()
    for answer in (
        pusher.get(WRITE),
        pusher.post(WRITE, command("refs/heads/x", commit) + b"0000" + objects.pack()),
    ):
        assert answer.status_code == 403
        assert answer["Content-Type"].startswith("text/plain")
        assert "may" in answer.content.decode()
    owner.suspended_reason = "spam"
    owner.save()
    assert "spam" in Pusher(repository).get(WRITE).content.decode()


def test_who_only_reads_may_propose_and_push_nothing_else():
    repository = make.repository()
    stranger = make.user()
    pusher = Pusher(repository, make.token(stranger))
    head = references.resolve(repository, "main").oid
    objects, commit = one_commit(head)
    assert pusher.get(WRITE).status_code == 200
    for name in ("refs/heads/x", "refs/heads/main", "refs/tags/x"):
        assert "may not write" in pusher.push(name, commit, objects).results[name]
    assert not repository.commits.filter(oid=commit).exists()

    report = pusher.push("refs/for/main", commit, objects)
    assert report.results == {"refs/for/main": ""}
    assert f"{repository.get_absolute_url()}/discussions/1" in report.words
    assert references.resolve(repository, "refs/pr/1").oid == commit
    assert not repository.references.filter(name__startswith="refs/for/").exists()
    made = PullRequest.objects.get(repository=repository)
    assert (made.base, made.author, made.is_open) == ("refs/heads/main", stranger, True)


@pytest.mark.parametrize(
    ("name", "why"), [("refs/for/nowhere", "no branch nowhere"), ("refs/for/main", "no commits that main lacks")]
)
def test_a_proposal_that_would_be_empty_or_for_nothing(name: str, why: str):
    repository = make.repository()
    pusher = Pusher(repository, make.token(make.user()))
    assert why in pusher.push(name, references.resolve(repository, "main").oid, Objects()).results[name]
    assert not PullRequest.objects.exists()


def test_a_session_alone_pushes_nothing():
    repository = make.repository()
    client = Client()
    assert repository.creator is not None
    client.force_login(repository.creator)
    answer = client.post(
        f"{repository.get_absolute_url()}/{WRITE}", b"0000", content_type=f"application/x-{WRITE}-request"
    )
    assert answer.status_code == 401


def test_a_hidden_repository_is_neither_cloned_nor_pushed_to():
    repository = make.repository()
    Repository.objects.filter(pk=repository.pk).update(disabled_reason="under review")
    pusher = Pusher(repository)
    assert pusher.get(READ).status_code == pusher.get(WRITE).status_code == 403


def test_a_gated_repository_is_cloned_by_who_was_let_in():
    repository = make.repository(gated="manual")
    asking = make.user()
    pusher = Pusher(repository, make.token(asking))
    assert pusher.get(READ).status_code == pusher.post(READ, b"0000").status_code == 403
    assert Pusher(repository, "").get(READ).status_code == 401
    AccessRequest.objects.create(repository=repository, user=asking, status="accepted")
    assert pusher.get(READ).status_code == 200


@pytest.mark.parametrize(
    ("query", "status"),
    [("", 403), ("?service=git-archive", 403), ("?service=", 403), ("?service=git-upload-pack", 200)],
)
def test_services_that_are_not_offered(query: str, status: int):
    repository = make.repository()
    assert Client().get(f"{repository.get_absolute_url()}/info/refs{query}").status_code == status


@pytest.mark.parametrize("service", [READ, WRITE])
def test_a_form_is_no_request_of_git(service: str):
    pusher = Pusher(make.repository())
    answer = pusher.client.post(f"{pusher.address}/{service}", {"a": "b"}, headers=pusher.headers())
    assert answer.status_code == 400


def test_a_probe_is_answered_with_nothing():
    answer = Pusher(make.repository()).post(WRITE, b"0000")
    assert (answer.status_code, answer.content) == (200, b"")


def test_without_the_git_program_the_answer_says_so(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(programs, "_program", lambda: None)
    pusher = Pusher(make.repository())
    for answer in (pusher.get(READ), pusher.get(WRITE), pusher.post(READ, b"0000"), pusher.post(WRITE, b"0000")):
        assert answer.status_code == 501
        assert "git program" in answer.content.decode()


def test_only_branches_tags_and_pull_requests_are_shown():
    repository = make.repository()
    first = references.resolve(repository, "main").oid
    hidden = make.commit(repository)
    Reference.objects.filter(repository=repository, name="refs/heads/main").update(target=first)
    Reference.objects.create(repository=repository, name="refs/scores/1", target=hidden.oid)
    pusher = Pusher(repository)
    for answer in (pusher.get(READ), pusher.get(WRITE)):
        assert hidden.oid not in answer.content.decode()
    asked = pkt_line.packet(b"command=ls-refs\n") + b"0001" + b"0000"
    answer = pusher.post(READ, asked, **{"Git-Protocol": "version=2"})
    said = b"".join(answer.streaming_content).decode()
    assert first in said
    assert hidden.oid not in said


def test_the_default_branch_is_rewritten_by_who_administers_it_alone():
    owner, writer = make.user(), make.user()
    lab = make.organization(admin=owner, write=writer)
    repository = make.repository(owner, namespace=lab.namespace.name)
    old = make.commit(repository).oid
    objects, other = one_commit()
    pushed = Pusher(repository, make.token(writer)).push("refs/heads/main", other, objects, old=old)
    assert "not a fast-forward" in pushed.results["refs/heads/main"]
    assert references.resolve(repository, "main").oid == old
    side = Pusher(repository, make.token(writer))
    assert side.push("refs/heads/side", old, Objects()).results == {"refs/heads/side": ""}
    assert side.push("refs/heads/side", other, objects, old=old).results == {"refs/heads/side": ""}
    objects, another = one_commit(content=b"another")
    assert Pusher(repository).push("refs/heads/main", another, objects, old=old).results == {"refs/heads/main": ""}
    assert references.resolve(repository, "main").oid == another


def test_the_author_of_a_pull_request_pushes_to_it_and_to_nothing_else():
    repository = make.repository()
    author = make.user()
    made, first = propose(
        actor=Actor(user=author), repository=repository, base="main", parent=None,
        changes=[AddFile.of("idea.txt", b"an idea")], title="An idea",
    )  # fmt: skip
    pusher = Pusher(repository, make.token(author))
    objects, second = one_commit(first.oid)
    name = made.reference_name
    assert pusher.push(name, second, objects, old=first.oid).results == {name: ""}
    assert references.resolve(repository, name).oid == second
    assert "may not write" in pusher.push("refs/heads/main", second, objects, old=first.oid).results["refs/heads/main"]
    assert "pull request" in pusher.send(command(name, NONE, second)).results[name]


def test_a_stale_push_is_refused_where_it_would_be_written():
    repository = make.repository()
    old = references.resolve(repository, "main").oid
    objects, mine = one_commit(old)
    theirs = make.commit(repository).oid
    report = Pusher(repository).push("refs/heads/main", mine, objects, old=old)
    assert "git fetch" in report.results["refs/heads/main"]
    assert references.resolve(repository, "main").oid == theirs
    assert not repository.commits.filter(oid=mine).exists()


def test_a_renamed_repository_leads_git_on():
    repository = make.repository()
    old = repository.get_absolute_url()
    move_repository(
        actor=Actor(user=repository.creator), repository=repository, namespace=repository.namespace.name, name="renamed"
    )
    answer = Client().get(f"{old}.git/info/refs?service=git-upload-pack")
    assert answer.status_code == 307
    assert answer["Location"].endswith(f"{repository.namespace.name}/renamed.git/info/refs?service=git-upload-pack")


@pytest.mark.parametrize("kind", ["model", "dataset"])
def test_a_page_says_how_to_clone_at_the_address_that_works(kind: str):
    repository = make.repository(kind=kind)
    make.commit(repository, {"model.bin": "words"})
    page = Client().get(repository.get_absolute_url()).content.decode()
    assert f"git clone http://testserver{repository.get_absolute_url()}" in page
