"""Secrets in text files are found, told to who may write, and kept from everybody else; the secret itself is not kept."""

import json
import secrets as random
import time
from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import AccessToken, Actor, AuditEntry
from hub.errors import Forbidden, Invalid, NotFound
from models_registry.community.models import Notice
from models_registry.formats import secrets as patterns
from models_registry.models import Repository, SecretFinding, SecretScan
from models_registry.services import secrets
from models_registry.services.changes import AddFile
from models_registry.services.pull_requests import propose
from models_registry.services.repositories import change_settings
from tests import make

Work = Callable[[], None]


def drawn(length: int, signs: str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") -> str:
    """By lot, so that no file of ours holds what looks like a secret."""
    return "".join(random.choice(signs) for _ in range(length))


UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
SECRETS = [
    ("hub access token", lambda: "hf_" + drawn(34)),
    ("AWS access key", lambda: "AKIA" + drawn(16, UPPER)),
    ("GitHub token", lambda: "ghp_" + drawn(36)),
    ("GitHub token", lambda: "github_pat_" + drawn(82)),
    ("GitLab token", lambda: "glpat-" + drawn(20)),
    ("Slack token", lambda: "xoxb-" + drawn(12, "0123456789") + "-" + drawn(24)),
    ("Slack webhook", lambda: f"https://hooks.slack.com/services/T{drawn(8, UPPER)}/B{drawn(8, UPPER)}/{drawn(24)}"),
    ("Google API key", lambda: "AIza" + drawn(35)),
    ("OpenAI key", lambda: "sk-" + drawn(20) + "T3Blbk" + "FJ" + drawn(20)),
    ("Anthropic key", lambda: "sk-ant-api03-" + drawn(93)),
    ("Stripe key", lambda: "sk_live_" + drawn(24)),
    ("PyPI token", lambda: "pypi-AgEIcHlwaS5vcmc" + drawn(70)),
    ("npm token", lambda: "npm_" + drawn(36)),
    ("SendGrid key", lambda: f"SG.{drawn(22)}.{drawn(43)}"),
    ("Telegram bot token", lambda: f"{drawn(9, '123456789')}:AA{drawn(33)}"),
    ("JSON web token", lambda: f"eyJ{drawn(20)}.eyJ{drawn(40)}.{drawn(43)}"),
    ("private key", lambda: "-----BEGIN OPENSSH " + "PRIVATE KEY-----"),
    ("private key", lambda: "-----BEGIN " + "PRIVATE KEY-----"),
]


@pytest.mark.parametrize(("kind", "make_one"), SECRETS)
def test_a_secret_of_a_known_form_is_found_where_it_stands(kind: str, make_one: Callable[[], str]) -> None:
    value = make_one()
    found = patterns.find(f"import os\n\nkey = {value!r}  # mine\n", "train.py")
    assert [(item.kind, item.line) for item in found] == [(kind, 3)]


@pytest.mark.parametrize(
    "line", ['password = "{}"', "api_key: '{}'", '"client_secret": "{}"', 'AUTH_TOKEN="{}"', 'db_passwd := "{}"']
)
def test_a_random_value_behind_a_telling_name_is_found(line: str) -> None:
    assert [item.kind for item in patterns.find(line.format("q7Zp1Lw9Xv3Rt6Yb2Mk8"), "conf.py")] == ["password or key"]


@pytest.mark.parametrize(
    "line",
    [
        'password = "correct horse battery staple"', 'api_key = "your-api-key-goes-here-1"', 'token = "xxxxxxxxxxxxxxxxxxxx1"',
        'secret = os.environ["SECRET"]', 'token = "<|endoftext|>"', "hf_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        "AKIAIOSFODNN7EXAMPLE",
        'eos_token = "aaaaaaaaaaaaaaaaaaaaaaaa1"', "hf_hub_download", "sk-learn is a library", "the private key is yours to keep",
        "sha256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "ghp_short",
    ],
)  # fmt: skip
def test_what_is_none_is_left_alone(line: str) -> None:
    assert patterns.find(line, "README.md") == []


@pytest.mark.parametrize("name", ["tokenizer.json", "package-lock.json"])
def test_files_full_of_random_values_are_searched_for_known_forms_alone(name: str) -> None:
    token = "ghp_" + drawn(36)
    text = f'"token": "q7Zp1Lw9Xv3Rt6Yb2Mk8"\n"url": "{token}"'
    assert [item.kind for item in patterns.find(text, name)] == ["GitHub token"]


@pytest.mark.parametrize(
    "text",
    ["a" * 1_000_000, "eyJ" + "a" * 1_000_000, ("password=" * 100_000), "token = '" + "a1" * 500_000, "hf_" * 300_000,
     "\n" * 1_000_000, "eyJ-" * 250_000, "xoxb-" * 200_000, "eyJaaaaaaaaaaa." * 60_000, "-----BEGIN " * 80_000],
)  # fmt: skip
def test_no_text_takes_long(text: str) -> None:
    started = time.monotonic()
    patterns.find(text, "a.txt")
    assert time.monotonic() - started < 5


def test_what_is_found_is_told_to_who_may_write_and_the_secret_is_kept_nowhere(client: Client, work_off: Work) -> None:
    writer, reader = make.user("writer"), make.user("reader")
    make.organization("lab", write=writer, read=reader)
    net = make.repository(writer, "net", namespace="lab")
    value = "ghp_" + drawn(36)
    make.commit(
        net, {"a.txt": "nothing", "train.py": f"x = 1\ntoken = '{value}'\n", "data.bin": b"\0" + value.encode()}
    )
    work_off()
    finding = SecretFinding.objects.get()
    assert (finding.kind, finding.path, finding.line) == ("GitHub token", "train.py", 2)
    assert value not in json.dumps(list(SecretFinding.objects.values()), default=str)
    notice = Notice.objects.get(kind="safety")
    assert (notice.users, value in notice.text) == ([writer.pk], False)
    for path, who, sees in [
        ("/lab/net", None, False), ("/lab/net", reader, False), ("/lab/net", writer, True), ("/lab/net/tree/main", writer, True),
    ]:  # fmt: skip
        client.logout()
        if who:
            client.force_login(who)
        assert ("lies open" in client.get(path).content.decode()) == sees
    shown = client.get("/lab/net/secrets").content.decode()
    assert "train.py:2" in shown
    assert value not in shown
    client.force_login(reader)
    assert client.get("/lab/net/secrets").status_code == 403
    client.logout()
    assert client.get("/lab/net/secrets").status_code == 302
    api = "/api/models/lab/net/secrets"
    told = client.get(api, headers=make.bearer(make.token(writer)))
    assert [item["path"] for item in told.json()] == ["train.py"]
    assert value not in told.content.decode()
    assert client.get(api, headers=make.bearer(make.token(reader))).status_code == 403
    assert client.get(api).status_code == 401


def test_a_finding_is_dismissed_with_a_reason(client: Client, work_off: Work) -> None:
    ada = make.user("ada")
    net = make.repository(ada, "net")
    make.commit(net, {"a.py": "ghp_" + drawn(36)})
    work_off()
    finding = SecretFinding.objects.get()
    stranger = make.user()
    with pytest.raises(Forbidden):
        secrets.dismiss(actor=Actor(user=stranger), repository=net, finding=finding.pk, reason="x")
    with pytest.raises(Invalid):
        secrets.dismiss(actor=Actor(user=ada), repository=net, finding=finding.pk, reason=" ")
    with pytest.raises(NotFound):
        secrets.dismiss(actor=Actor(user=ada), repository=make.repository(ada), finding=finding.pk, reason="x")
    client.force_login(ada)
    client.post(f"/ada/net/secrets/{finding.pk}/dismiss", {"reason": "It was revoked."})
    assert "lies open" not in client.get("/ada/net").content.decode()
    assert "It was revoked." in client.get("/ada/net/secrets").content.decode()
    make.commit(net, {"a.py": "changed", "b.py": "x"})
    work_off()
    finding.refresh_from_db()
    assert finding.dismissed_at is not None
    assert AuditEntry.objects.filter(action="secret.dismissed").exists()


@pytest.mark.parametrize("private", [False, True])
def test_a_token_of_this_hub_in_public_is_revoked_and_its_owner_told(work_off: Work, private: bool) -> None:
    ada, bob = make.user("ada"), make.user("bob")
    value = make.token(bob)
    net = make.repository(ada, "net", private=private)
    make.commit(net, {"train.sh": f"export HF_TOKEN={value}\n"})
    work_off()
    assert SecretFinding.objects.get().is_revoked is not private
    assert (AccessToken.objects.with_value(value) is None) is not private
    assert AuditEntry.objects.filter(action="token.leaked").exists() is not private
    assert Notice.objects.filter(key__startswith="token:", users=[bob.pk]).exists() is not private


def test_a_token_of_this_hub_is_revoked_when_what_holds_it_becomes_public(work_off: Work) -> None:
    ada = make.user("ada")
    value = make.token(make.user("bob"))
    net = make.repository(ada, "net", private=True)
    make.commit(net, {"train.sh": f"export HF_TOKEN={value}\n"})
    work_off()
    assert AccessToken.objects.with_value(value) is not None
    change_settings(actor=Actor(user=ada), repository=net, private=False)
    work_off()
    assert AccessToken.objects.with_value(value) is None
    assert SecretFinding.objects.get().is_revoked


def test_any_branch_is_read_and_each_content_once(work_off: Work) -> None:
    ada = make.user("ada")
    net = make.repository(ada, "net")
    propose(
        actor=Actor(user=make.user("bob")), repository=net, base="main", parent=None, title="A change",
        changes=[AddFile.of("a.py", ("ghp_" + drawn(36)).encode())],
    )  # fmt: skip
    work_off()
    assert SecretFinding.objects.get().path == "a.py"
    assert SecretScan.objects.filter(repository=net).count() == 2  # .gitattributes, too
    again = SecretScan.objects.first()
    secrets.scan_commit(net.pk, net.references.get(name="refs/pr/1").target)
    assert SecretScan.objects.first() == again
    assert SecretFinding.objects.count() == 1


def test_a_repository_that_went_is_no_ones_problem() -> None:
    secrets.scan_commit(0, "0" * 40)
    assert not Repository.objects.exists()
