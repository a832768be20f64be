"""A small community, made by the services that make it in life where there are any, for pages to show."""

import json
import struct
import zlib
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from django.utils import timezone

from accounts.models import Actor, Invitation, Organization, Role, User, Verified
from accounts.services import invitations, organizations, profiles, standing
from evaluations.models import AutomaticEvaluation, Edition, Run, SelfReportedScore, State, Submission
from evaluations.services import (
    automatic,
    challenges,
    comparing,
    editions,
    entering,
    group_ranking,
    groups,
    judging,
    submitting,
    suites,
    tag_rules,
)
from models_registry.community.models import (
    Appeal,
    Category,
    Collection,
    Delivery,
    DeliveryAttempt,
    Discussion,
    Event,
    ModerationAction,
    Notice,
    NoticeKind,
    Report,
)
from models_registry.community.services import (
    collections,
    discussions,
    follows,
    likes,
    notifications,
    preferences,
    pull_requests,
)
from models_registry.community.services.moderation import acts, appeals, reports, subjects
from models_registry.community.services.moderation.acts import Order
from models_registry.community.services.notifications import notify
from models_registry.community.services.webhooks import keeping
from models_registry.community.services.webhooks.keeping import Watched
from models_registry.models import (
    Card,
    FileScan,
    LineageEdge,
    Relation,
    Repository,
    RepositoryFacts,
    SecretFinding,
    Standing,
    TensorSummary,
)
from models_registry.services import gating, references, tagging, trees
from models_registry.services.changes import AddFile, Delete
from models_registry.services.indexing import index_commit, tables
from models_registry.services.pull_requests import open_draft, propose
from models_registry.services.random_access import content_id
from tests import make
from tests.browser import more
from tests.evaluations import building, competing, rows

LONG_NAME = "understory-1b-base-long-context-continued-pretraining-32k"
PASSWORD = "correct horse battery staple"

CARD = """# Digits CNN

A small convolutional network for 8×8 handwritten digits: two convolutions, one hidden layer, 38,282 parameters. It is the
reference model of the [suite](https://example.org): small enough to read in one sitting. 本模型用于识别 8×8 手写数字。

![A plot of the loss](plot.png)

## How to use it

```python
import torch
from digits_cnn import DigitsCNN

model = DigitsCNN()
model.load_state_dict(weights, strict=True)  # every tensor, or none
logits = model(torch.rand(1, 1, 8, 8))  # (1, 10)
print(f"the digit is {logits.argmax().item()}")
```

## Training

| Format | File | Size | Accuracy |
|--------|------|-----:|---------:|
| float32 | `model.safetensors` | 153.7 KB | 0.9870 |
| ONNX float32 | `model.onnx` | 156.9 KB | 0.9870 |

- [x] trained on the fixed split
- [ ] tried on rotated digits

### Limits

The data are public and tiny[^1], so a high score shows that the pipeline works and little more.

> Dynamic int8 is two to three times slower than float32 at this size: measure before you quantise.

[^1]: 1,797 images in all.
"""

TRAIN = '''"""Train the network on the digits that scikit-learn ships."""

import torch
from torch import nn


class DigitsCNN(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 16, 3, padding=1)  # (batch, 16, 8, 8)
        self.rate = 2e-3

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if x.ndim != 4:
            raise ValueError(f"expected 4 dimensions, not {x.ndim}")
        return self.conv1(x).relu()
'''


def picture(width: int = 64, height: int = 40) -> bytes:
    """A small PNG with a gradient."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    lines = b"".join(b"\0" + bytes((x * 4 + y * 2) % 256 for x in range(width)) for y in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")


GATED_CARD = """---
license: apache-2.0
base_model: rowan-k/leaf-net-base
extra_gated_heading: Field notes are for those who work with them
extra_gated_description: We answer within a week, mostly on Mondays.
extra_gated_prompt: |
  The notes name **places** where rare plants grow. Tell us what for, and keep them to yourself.
extra_gated_button_content: Send the request
extra_gated_license_file: LICENSE
extra_gated_fields:
  Institute: text
  Country: country
  Needed from: date_picker
  I want to use it for:
    type: select
    options: [Research, Teaching, Something else]
  Anything that we should know:
    type: textarea
    required: false
  I will not publish exact places: checkbox
---
# Field notes
"""
GATED_ANSWERS = {
    "Institute": "Botanical garden of the old town, herbarium and seed bank", "Country": "DE", "Needed from": "2026-03-01",
    "I want to use it for": "Research", "I will not publish exact places": True,
}  # fmt: skip


@dataclass(frozen=True)
class Scene:
    member: User
    model: Repository
    dataset: Repository
    empty: Repository
    scored: Run
    edition: Edition
    rival: Run
    running: Run
    failed: Run
    thread: Discussion
    collection: Collection
    delivery: Delivery


def _described(repository: Repository, text: str = "", tags: tuple[str, ...] = (), **facts: object) -> Repository:
    """As indexing leaves it behind."""
    Repository.objects.filter(pk=repository.pk).update(**facts)
    repository.refresh_from_db()
    head = references.resolve(repository, "main").oid
    matter = {
        "license": facts.get("licence", ""),
        "tags": list(tags),
        "language": ["en", "zh"],
        "datasets": ["birch-lab/digits"],
    }
    Card.objects.update_or_create(
        repository=repository, defaults={"commit": head, "text": text, "front_matter": matter}
    )
    tagging.write(repository, [*tags, "language:en", "language:zh"])
    return repository


def build() -> Scene:
    suites.synchronize()
    member = make.user("alder", password=PASSWORD, full_name="Alder Carr", is_admin=True)
    rowan = make.user("rowan-k")
    make.organization("birch-lab", admin=member, write=rowan)
    _organized(member)
    make.token(member)
    model = make.repository(member, "digits-cnn", namespace="birch-lab")
    make.commit(
        model,
        {
            "README.md": CARD, "config.json": '{"architecture": "digits-cnn", "classes": 10}\n', "train.py": TRAIN,
            "plot.png": picture(), "onnx/notes.txt": "opset 21\n", "weights.bin": b"\0\1\2" * 900,
        },
        title="Retrain with the fixed split",
    )  # fmt: skip
    make.commit(model, {"notes.md": "# Notes\n\nSee [train](train.py).\n"}, title="修正随机种子，使结果可复现")
    references.create_tag(actor=Actor(user=member), repository=model, name="v1.1", revision="main")
    _described(
        model, CARD, ("vision", "digits", "cnn"), summary="A small CNN for 8×8 digits", task="image-classification",
        library="safetensors", licence="apache-2.0", parameter_count=38_282, downloads=12_804, likes=214, trending_score=9,
    )  # fmt: skip
    TensorSummary.objects.create(
        repository=model, path="weights.bin", format="safetensors", parameters={"F32": 38_282},
        tensors=[["conv1.weight", "F32", [16, 1, 3, 3]], ["fc1.weight", "F32", [64, 512]]],
    )  # fmt: skip
    weights = trees.file(model, references.resolve(model, "main"), "weights.bin")
    FileScan.objects.create(
        content=content_id(weights),
        status="suspicious",
        imports=[["sklearn.tree", "Tree", "suspicious"]],
        scanner="a scanner",
    )
    Repository.objects.filter(pk=model.pk).update(storage_logical=12_400_000_000, storage_stored=3_100_000_000)
    RepositoryFacts.objects.create(repository=model, config={"model_type": "digits-cnn"})
    others = [
        ("tiny-bert-sentiment", "text-classification", "transformers", "mit", 4_400_000, 531),
        (LONG_NAME, "text-generation", "transformers", "my-own-terms", 1_100_000_000, 529),
        ("gru-digits-sequence", "image-classification", "safetensors", "bsd-3-clause", 97_500, 470),
    ]  # fmt: skip
    for index, (name, task, library, licence, parameters, correct) in enumerate(others):
        other = _described(
            make.repository(rowan, name), "", ("digits",) if index else (), task=task, library=library, licence=licence,
            parameter_count=parameters, downloads=900 * (3 - index), likes=40 * index, trending_score=5 - index,
        )  # fmt: skip
        relation = (Relation.FINETUNE, Relation.QUANTIZED, Relation.MERGE)[index]
        LineageEdge.objects.create(
            repository=other, base_name=model.full_name, base_key=model.full_name, base=model, relation=relation
        )
        rival = rows.scored(
            other, correct, parameters=parameters, format="onnx" if index else "safetensors", tensor_digest="ab" * 32,
            finished_at=timezone.now() - timedelta(days=40 * (index + 1)),
        )  # fmt: skip
    rows.keep_digits(rival, set(range(70)))
    SelfReportedScore.objects.create(
        repository=other, commit=rival.commit, path="README.md", task="image-classification", dataset="digits",
        dataset_key="digits", dataset_name="Digits", metric="accuracy", metric_key="accuracy", value=0.9981,
        source_url="https://example.org/log",
    )  # fmt: skip
    _described(
        make.repository(member, "digits-cnn-onnx", namespace="birch-lab", private=True), task="image-classification"
    )
    _proposed(model)
    thread = _discussed(model)
    dataset = make.repository(member, "digits", namespace="birch-lab", kind="dataset")
    RepositoryFacts.objects.create(repository=dataset, main_size=48_000_000)
    LineageEdge.objects.create(
        repository=model, base_name="birch-lab/lenet", base_key="birch-lab/lenet", relation=Relation.FINETUNE
    )
    _described(dataset, "# Digits\n\n1,797 images.", licence="cc-by-4.0")
    _filled(dataset)
    empty = make.repository(member, "seedling")
    before = rows.scored(model, 500)
    Run.objects.filter(pk=before.pk).update(commit=references.resolve(model, "main").first_parent)
    scored = rows.keep_digits(rows.scored(model, 533), set(range(7)))
    comparing.compare(str(scored.pk))
    _released(member, model, scored)
    rows.scored(model, 533)
    failed = rows.failed(model)
    now = timezone.now()
    running = rows.run(
        model, state=State.RUNNING, attempt=1, started_at=now, progress_done=320, progress_total=540,
        log_tail="12:04:31 fetch   9f3c1e7: 3 files, all from the cache\n12:04:34 run     320 of 540",
    )  # fmt: skip
    collection = _among_people(member, rowan, model, dataset)
    _gated(member, rowan)
    _challenged(member, rowan)
    delivery = _told(member, model)
    edition = _ranked_together(
        [model, *Repository.objects.filter(namespace=rowan.namespace, name__in=[one[0] for one in others])]
    )
    _moderated(member, rowan)
    closed = make.repository(rowan, "copied-net")
    rows.scored(closed, 520)
    Repository.objects.filter(pk=closed.pk).update(
        disabled_as=Standing.TAKEN_DOWN, disabled_reason="a claim", disabled_at=timezone.now()
    )
    scene = Scene(member, model, dataset, empty, scored, edition, rival, running, failed, thread, collection, delivery)
    more.arrange(scene)
    return scene


def _ranked_together(models: list[Repository]) -> Edition:
    """On the suites of tables, one of them not on all; and the board of the digits as an edition with a row that is withheld."""
    (group,) = groups.synchronize()
    for place, model in enumerate(models):
        for member in list(group.members.all())[place // 3 :]:
            version = suites.current_version(member.suite.name)
            building.scored(model, version, building.right(version.rows - 2 - place, version.rows))
    group_ranking.rank(group)
    edition = editions.publish(actor=Actor(), board=rows.suite(), from_console=True)
    edition.models.filter(position=1).delete()
    return edition


def _released(member: User, model: Repository, run: Run) -> None:
    """New commits are evaluated by themselves, and tags stand where the score allows it."""
    actor = Actor(user=member)
    for suite in (rows.SUITE, "digits-tabular-classification"):
        automatic.switch_on(actor=actor, repository=model, suite=suite)
    looked_at = {"commit": run.commit, "looked_at": timezone.now()}
    both = AutomaticEvaluation.objects.filter(repository=model)
    both.filter(suite__name=rows.SUITE).update(outcome="asked", run=run, **looked_at)
    note = "You have had 10 evaluations on digits-tabular-classification within a day. Try tomorrow."
    both.exclude(suite__name=rows.SUITE).update(outcome="refused", note=note, **looked_at)
    for pattern, metric in (("production", "accuracy"), ("release-*", "f1_macro")):
        tag_rules.add(
            actor=actor,
            repository=model,
            pattern=pattern,
            suite=rows.SUITE,
            metric=metric,
            minimum=0.98,
            not_worse=True,
        )


def _told(member: User, model: Repository) -> Delivery:
    """A webhook to which something was sent, twice; one that the hub has disabled; and a secret in a file."""
    watched = [Watched("org", "birch-lab"), Watched("model", model.full_name)]
    url = "https://hooks.example.org/a-long-address/that-goes-on/and-on/1f8a0d6e4b7c/until-it-breaks?key=value"
    made = keeping.create(actor=Actor(user=member), owner=member.namespace, url=url, watched=watched, secret="a secret")
    stopped = keeping.create(
        actor=Actor(user=member), owner=member.namespace, url="https://example.org/old", watched=watched[:1]
    )
    keeping.stop(stopped, reason="Nothing has arrived there for 3 days.")
    make.commit(model, {"told.txt": "x"}, title="Tell it", actor=Actor(user=member))
    keeping.send_test(actor=Actor(user=member), webhook=made)
    delivery = made.deliveries.earliest("created_at")
    for status, error in ((None, "It took more than 10 seconds."), (200, "")):
        DeliveryAttempt.objects.create(
            delivery=delivery, started_at=timezone.now(), milliseconds=10_000 if error else 210, answer_status=status,
            request_headers={"X-Grove-Delivery": str(delivery.pk)}, error=error, answer_body="" if error else '{"ok": true}',
            answer_headers={} if error else {"Content-Type": "application/json"},
        )  # fmt: skip
    Delivery.objects.filter(pk=delivery.pk).update(state=Delivery.State.DELIVERED, tries=2)
    SecretFinding.objects.create(
        repository=model, path="train.py", line=12, kind="GitHub token", fingerprint="0" * 32,
        commit=references.resolve(model, "main").oid,
    )  # fmt: skip
    return delivery


def _moderated(member: User, rowan: User) -> None:
    """A repository that is taken down, and a warning that the member has read."""
    boss = Actor(user=make.user(is_admin=True))
    stolen = make.repository(rowan, "borrowed-weights")
    notice = "Closed on request of Elm Institute, whose weights these are. 应榆树研究所的要求关闭。"
    acts.close_repository(
        Order(actor=boss, reason="Stolen weights"), stolen, standing=Standing.TAKEN_DOWN, notice=notice,
        legal_basis="Copyright Act, § 97",
    )  # fmt: skip
    warning = acts.warn(Order(actor=boss, reason="Please cite what you build on."), rowan)
    appeals.make(user=rowan, action=warning, text="I did: the third paragraph of the card names the paper.")
    acts.warn(Order(actor=boss, reason="Please cite what you build on."), member)
    comment = Event.objects.comments().filter(text__contains="GPU hours").get()
    for subject, category, text in (
        (subjects.of_comment(comment), Category.SPAM, "The same advertisement as in four other threads. 同样的广告。"),
        (subjects.of_repository(stolen), Category.MALWARE, "weights.bin opens a shell when it is loaded with pickle."),
        (subjects.of_namespace(rowan.namespace), Category.IMPERSONATION, "Passes itself off as the Rowan Institute."),
    ):
        reports.open_report(subject=subject, category=category, text=text, actor=Actor(user=member))
    standing.acknowledge(actor=Actor(user=User.objects.get(pk=member.pk)))


def _challenged(member: User, rowan: User) -> None:
    """A challenge that is open, one with results, and one that the member has not entered."""
    now = timezone.now()
    words = {
        "summary": "Tell **three cultivars** apart by thirteen measurements of their wine. 依据十三项化学指标区分三种葡萄酒。",
        "rules": "1. One entry a person.\n2. No labels by hand.\n\n| part | rows |\n|--|--|\n| public | 30 % |",
        "prizes": "The winner chooses the next suite.",
    }
    days = timedelta(days=1)
    for slug, title, suite, start in (
        ("cellar-cup", "Cellar Cup", "wine-classification", now - 2 * days),
        ("iris-cup", "Iris Cup", "iris-classification", now - 5 * days),
        (
            "next-cup",
            "A challenge with a rather long name that is still to come, 即将开始",
            "breast-cancer-classification",
            now + days,
        ),
    ):
        version = rows.suite(suite)
        challenge = competing.challenge(version, slug=slug, title=title, start=start, **words)
        if slug == "next-cup":
            continue
        for index, (user, name) in enumerate(
            ((member, "Alder & Rowan"), (make.user(f"{slug}-a"), "Vintners"), (make.user(f"{slug}-b"), "葡萄"))
        ):
            entry = competing.entry(challenge, user, name, now=now)
            submission = competing.submit(entry, now=now)
            assert submission.run is not None
            correct = np.arange(version.rows) >= (2 + index * version.rows // 3)
            competing.end(submission.run, correct)
            if user == member and slug == "cellar-cup":
                actor = Actor(user=member)
                entering.invite(actor=actor, entry=entry, username=rowan.username)
                submitting.select(actor=actor, challenge=challenge, submission_id=submission.pk, selected=True)
                competing.submit(entry, now=now)
        judging.judge(challenge.pk)
        staff = Actor(user=member)
        challenges.disqualify(actor=staff, entry=entry, reason="The same weights as another entry’s, by its own card.")
        if slug == "iris-cup":
            challenges.end_early(actor=staff, challenge=challenge, reason="All have submitted.")
        judging.judge(challenge.pk)


def _filled(dataset: Repository) -> None:
    """Rows as a worker reads them: numbers, words, a cell that is cut, one that is missing, and nested ones."""
    lines = [
        json.dumps({
            "pixel_mean": number / 7, "label": number % 10, "writer": f"writer {number % 3}", "strokes": [number, {"x": 1}],
            "note": None if number % 4 else "x" * 900,
        })
        for number in range(60)
    ]  # fmt: skip
    commit = make.commit(dataset, {"train.jsonl": "\n".join(lines) + "\n", "test/zero/1.png": picture()})
    tables.describe(f"{dataset.pk}:{commit.oid}")


def _among_people(member: User, rowan: User, model: Repository, dataset: Repository) -> Collection:
    """What a member follows, likes, has collected, and is told of."""
    as_member, as_rowan = Actor(user=member), Actor(user=rowan)
    follows.follow(actor=as_member, namespace=rowan.namespace)
    follows.follow(actor=as_rowan, namespace=member.namespace)
    follows.follow(actor=as_rowan, repository=model)
    for other in Repository.objects.filter(namespace__user=rowan):
        likes.like(actor=as_member, repository=other)
        likes.like(actor=as_rowan, repository=other)
        make.commit(other, {"notes.md": "# Notes\n"}, title="Quantise to int8, and say by how much it is worse")
    thread = discussions.open_discussion(
        actor=as_rowan, repository=model, title="Is 0.6 points less on ARM expected?",
        text="@alder is this expected? The same commit scores 0.987 on x86.",
    )  # fmt: skip
    discussions.comment(actor=as_rowan, discussion=thread, text="With static int8 it does not.")
    made = collections.create_collection(
        actor=as_member, namespace="alder", title="Small enough for a wristwatch",
        description="Models under a megabyte that still do something useful. 小而有用的模型。",
    )  # fmt: skip
    others = collections.create_collection(actor=as_rowan, namespace="rowan-k", title="Sequences", private=False)
    collections.create_collection(actor=as_member, namespace="alder", title="To be tried", private=True)
    for item in (model, dataset, *Repository.objects.filter(namespace__user=rowan)):
        note = "Read its card first: the split is fixed." if item == model else ""
        collections.add_item(actor=as_member, collection=made, kind=item.kind, name=item.full_name, note=note)
        collections.add_item(actor=as_rowan, collection=others, kind=item.kind, name=item.full_name)
    collections.add_item(actor=as_member, collection=made, kind="collection", name=others.slug)
    collections.upvote(actor=as_rowan, collection=made)
    notify(
        kind=NoticeKind.EVALUATION, key="run:1", users=[member], repository=model, url="/leaderboards",
        text="digits-cnn scored 0.9870 on Digits image classification",
    )  # fmt: skip
    notify(
        kind=NoticeKind.MODERATION, key="rules", users=[member],
        text="Please name a licence for birch-lab/digits-cnn-onnx: without one nobody may use it.", url="/birch-lab",
    )  # fmt: skip
    for notice in Notice.objects.order_by("pk"):
        notifications.tell(notice.pk)
    return made


def _organized(member: User) -> None:
    """birch-lab with all that its pages show, and somebody else's wish that the member joins them."""
    lab = Organization.objects.get(namespace__key="birch-lab")
    acting = Actor(user=member)
    profiles.change_profile(
        actor=acting, namespace=lab.namespace, full_name="桦木实验室 Birch Lab", location="Brno",
        about="We grow **small models** that a laptop can train: start with [digits-cnn](digits-cnn).",
        website="https://birch.example", links=["https://social.example/@birch-lab"],
    )  # fmt: skip
    organizations.verify(actor=acting, organization=lab, verified_as=Verified.INSTITUTE, reason="A letter on paper")
    invitations.invite(actor=acting, organization=lab, email="a.very.long.address.of.somebody@institute.example.org")
    invitations.invite(actor=acting, organization=lab, user=make.user("sorrel"), role=Role.CONTRIBUTOR)
    host = make.user("maple")
    canopy = organizations.found(actor=Actor(user=host), name="canopy", full_name="Canopy Collective")
    invitations.invite(actor=Actor(user=host), organization=canopy, user=member, role=Role.WRITE)


def _proposed(model: Repository) -> None:
    """A pull request that adds, changes, renames and removes; one that conflicts, one that is merged, and a draft."""
    hazel = Actor(user=make.user("hazel"))

    def offer(title: str, body: str = "", **files: bytes | None) -> Discussion:
        changes = [AddFile.of(path, text) if text is not None else Delete(path) for path, text in files.items()]
        made, _commit = propose(
            actor=hazel, repository=model, base="main", parent=None, title=title, body=body, changes=changes
        )
        return Discussion.objects.get(repository=model, number=made.number)

    longer = b"import torch\n\n\ndef train(epochs: int = 20) -> None:\n    torch.manual_seed(1)\n"
    offer(
        "Train for longer, and say how", "Ten epochs more; the accuracy rises by a percent.",
        **{"train.py": longer, "docs/training.md": b"# Training\n\nTwenty epochs.\n",
           "plot-of-the-longer-run.png": b"\0" * 2000, "notes.md": None},
    )  # fmt: skip
    for number in range(7):
        make.commit(
            model, {f"seeds/{number}.txt": str(number)}, branch="refs/pr/1", actor=hazel, title=f"Add seed {number}"
        )
    offer("Name ten classes, not digits", **{"config.json": b'{"architecture": "digits-cnn", "labels": 10}\n'})
    make.commit(
        model, {"config.json": '{"architecture": "digits-cnn", "classes": 10, "seed": 1}\n'}, title="Keep the seed"
    )
    fixed = offer("Fix a typing error in the card's second heading", **{"docs/card.md": b"# Card\n"})
    pull_requests.merge(actor=Actor(user=model.creator), discussion=fixed, text="Thank you!")
    open_draft(
        actor=hazel, repository=model, title="Static int8 as the default", description="- [x] measured\n- [ ] noted"
    )


QUESTION = """On a two-core ARM board I get 530/540 with `digits_cnn.int8-dynamic.onnx`, where the card and the board say 533/540.
The float32 file gives 533 on the same machine.

```console
$ python -m evaluations.harness reproduce bundle.tar --device cpu
```

| file | x86 | ARM |
|------|----:|----:|
| float32 | 533 | 533 |
| dynamic int8 | 533 | 530 |

Is the difference within what the suite can separate? See #1, @alder.
"""
CHINESE = """我们在另一块 ARM 开发板上复现了同样的结果：530/540。逐样本比较后发现，差异全部来自第二个卷积层的激活值范围。

> 配对检验 p = 0.25，数据不足以区分两者。

- [x] 已复现
- [ ] 在模型卡中注明
"""


def _discussed(model: Repository) -> Discussion:
    """A thread with some of everything."""
    alder, rowan, lin = (Actor(user=User.objects.get(username=name)) for name in ("alder", "rowan-k", "hazel"))
    other = discussions.open_discussion(actor=rowan, repository=model, title="Which scikit-learn was used?", text="?")
    discussions.set_status(actor=alder, discussion=other, status="closed", text="1.9.1", reason="answered")
    thread = discussions.open_discussion(
        actor=rowan, repository=model, title="Accuracy drops 0.6 points with int8 on ARM", text=QUESTION
    )
    first = thread.events.comments().get()
    for actor, sign in ((alder, "👍"), (lin, "👍"), (lin, "👀")):
        discussions.react(actor=actor, event=first, sign=sign)
    second = discussions.comment(actor=lin, discussion=thread, text=CHINESE)
    discussions.react(actor=alder, event=second, sign="❤️")
    discussions.edit(actor=lin, event=second, text=CHINESE + "\n也见 birch-lab/digits-cnn#1。")
    spam = discussions.comment(actor=lin, discussion=thread, text="Buy my GPU hours: https://gpu.example")
    discussions.hide(actor=alder, event=spam, reason="advertising")
    discussions.retitle(actor=rowan, discussion=thread, title="Accuracy drops 0.6 points with dynamic int8 on ARM")
    gone = make.user("leaver")
    discussions.comment(actor=Actor(user=gone), discussion=thread, text="Same here, on a Raspberry Pi 5.")
    gone.delete()
    oid = references.resolve(model, "main").oid
    discussions.comment(
        actor=alder, discussion=thread, text=f"Thank you both. {oid[:8]} says where each file was measured."
    )
    discussions.set_status(actor=alder, discussion=thread, status="closed", reason="answered by the card")
    discussions.set_status(actor=rowan, discussion=thread, status="open")
    discussions.pin(actor=alder, discussion=thread)
    return Discussion.objects.get(pk=thread.pk)


def _gated(member: User, rowan: User) -> None:
    """A gate before the member, whose licence contradicts its base's; and one of theirs, at which others wait."""
    base = make.repository(rowan, "leaf-net-base", gated="manual")
    theirs = make.repository(rowan, "field-notes", gated="manual")
    own = make.repository(member, "herbarium", namespace="birch-lab", gated="manual")
    terms = "Use the notes for what you said.\n\n" + "Name us where you publish what you found. " * 40
    for repository, card in ((base, "---\nlicense: cc-by-nc-4.0\n---\n"), (theirs, GATED_CARD), (own, GATED_CARD)):
        commit = make.commit(repository, {"README.md": card, "LICENSE": terms})
        index_commit(repository.pk, commit.oid)
    gating.ask(actor=Actor(user=member), repository=base)
    sha256 = gating.form_of(own).terms_sha256
    for status in ("pending", "pending", "accepted", "rejected"):
        asker = make.user(f"{status}-{make.user().pk}", full_name="Sorrel Ashby-Whitethorn")
        gating.ask(actor=Actor(user=asker), repository=own, answers=GATED_ANSWERS, terms=sha256)
        if status != "pending":
            reason = "Please write from the address of your institute." if status == "rejected" else ""
            gating.decide(
                actor=Actor(user=member), repository=own, status=status, username=asker.username, reason=reason
            )


def pages(scene: Scene) -> dict[str, str]:
    """Every page worth looking at, by a name for it."""
    return _pages(scene) | more.pages(scene)


def _pages(scene: Scene) -> dict[str, str]:
    model = scene.model.get_absolute_url()
    comments = scene.thread.events.comments()
    own = comments.filter(author=scene.member).latest("pk").public_id
    edited = comments.exclude(edited_at=None).latest("pk").public_id
    return {
        "home": "/",
        "models": "/models",
        "models-narrowed": "/models?task=image-classification&q=digits&sort=downloads",
        "models-nothing": "/models?q=nothing-like-this",
        "datasets": "/datasets",
        "model": model,
        "dataset": scene.dataset.get_absolute_url(),
        "suite-propose": "/suites/propose",
        "dataset-rows": f"{scene.dataset.get_absolute_url()}/data",
        "dataset-pictures": f"{scene.dataset.get_absolute_url()}/data?split=test",
        "dataset-file": f"{scene.dataset.get_absolute_url()}/blob/main/train.jsonl",
        "empty": scene.empty.get_absolute_url(),
        "files": f"{model}/tree/main",
        "folder": f"{model}/tree/main/onnx",
        "file-source": f"{model}/blob/main/train.py",
        "file-markdown": f"{model}/blob/main/notes.md",
        "file-picture": f"{model}/blob/main/plot.png",
        "file-tensors": f"{model}/blob/main/weights.bin",
        "commits": f"{model}/commits/main",
        "commit": f"{model}/commit/main",
        "file-history": f"{model}/commits/main/train.py",
        "discussions": f"{model}/discussions",
        "discussions-closed": f"{model}/discussions?status=closed",
        "discussions-nothing": f"{scene.empty.get_absolute_url()}/discussions",
        "discussion": scene.thread.get_absolute_url(),
        "discussion-new": f"{model}/discussions/new",
        "comment-edit": f"{scene.thread.get_absolute_url()}/comments/{own}/edit",
        "comment-hide": f"{scene.thread.get_absolute_url()}/comments/{own}/hide",
        "comment-history": f"{scene.thread.get_absolute_url()}/comments/{edited}/history",
        "pull-request": f"{model}/discussions/1",
        "pull-request-commits": f"{model}/discussions/1/commits",
        "pull-request-files": f"{model}/discussions/1/files",
        "pull-request-conflict": f"{model}/discussions/2",
        "pull-request-merged": f"{model}/discussions/3",
        "pull-request-draft": f"{model}/discussions/4",
        "pull-request-new": f"{model}/discussions/new/pull-request",
        "edit-file": f"{model}/edit/main/train.py",
        "settings": f"{model}/settings",
        "settings-evaluations": f"{model}/settings/evaluations",
        "settings-licence": "/birch-lab/herbarium/settings/licence",
        "settings-access": "/birch-lab/herbarium/settings/access",
        "settings-access-declined": "/birch-lab/herbarium/settings/access?status=rejected",
        "settings-questions": "/birch-lab/herbarium/settings/access/questions",
        "gate": "/rowan-k/field-notes",
        "gate-waiting": "/rowan-k/leaf-net-base",
        "gate-files": "/rowan-k/field-notes/tree/main",
        "my-requests": "/settings/gated-repos",
        "licences": "/licences?licence=MIT OR llama3.1",
        "evaluations": f"{model}/evaluations",
        "evaluate": f"{model}/evaluate",
        "run-scored": scene.scored.get_absolute_url(),
        "run-running": scene.running.get_absolute_url(),
        "run-failed": scene.failed.get_absolute_url(),
        "leaderboards": "/leaderboards",
        "leaderboard": "/leaderboards/digits-image-classification",
        "leaderboard-group": "/leaderboards/groups/tabular",
        "leaderboard-editions": "/leaderboards/digits-image-classification/editions",
        "leaderboard-edition": scene.edition.get_absolute_url(),
        "challenges": "/challenges",
        "challenge": "/challenges/cellar-cup",
        "challenge-final": "/challenges/iris-cup",
        "challenge-entry": "/challenges/cellar-cup/entry",
        "challenge-entry-final": "/challenges/iris-cup/entry",
        "challenge-enter": "/challenges/next-cup/entry",
        "run-withheld": Submission.objects.filter(entry__challenge__slug="cellar-cup")
        .latest("pk")
        .run.get_absolute_url(),
        "leaderboard-progress": "/leaderboards/digits-image-classification?tab=progress",
        "leaderboard-self-reported": "/leaderboards/digits-image-classification?tab=self-reported",
        "run-samples": f"{scene.scored.get_absolute_url()}/samples?show=wrong",
        "runs-compared": f"{scene.scored.get_absolute_url()}/compare/{scene.rival.pk}",
        "member": "/alder",
        "organisation": "/birch-lab",
        "organisation-datasets": "/birch-lab?show=datasets",
        "organisation-members": "/birch-lab?show=members",
        "organisation-new": "/organizations/new",
        "organisation-settings": "/organizations/birch-lab/settings",
        "organisation-settings-members": "/organizations/birch-lab/settings/members",
        "organisation-invitations": "/organizations/birch-lab/settings/invitations",
        "organisation-defaults": "/organizations/birch-lab/settings/defaults",
        "organisation-audit": "/organizations/birch-lab/settings/audit",
        "organisation-danger": "/organizations/birch-lab/settings/danger",
        "memberships": "/settings/organizations",
        "invitation": f"/invitations/{Invitation.objects.get(user=scene.member).value}",
        "transfer": f"{model}/settings/transfer",
        "new": "/new",
        "profile": "/settings/profile",
        "tokens": "/settings/tokens",
        "webhooks": "/settings/webhooks",
        "webhook-new": "/settings/webhooks/new",
        "webhook": scene.delivery.webhook.get_absolute_url(),
        "webhook-delivery": scene.delivery.get_absolute_url(),
        "secrets": f"{model}/secrets",
        "device": "/login/device",
        "email": "/accounts/email/",
        "security": "/settings/security",
        "your-data": "/settings/account",
        "prove-again": "/accounts/reauthenticate/",
        "password": "/accounts/password/change/",
        "other-sites": "/accounts/3rdparty/",
        "feed": "/feed",
        "likers": f"{model}/likers",
        "collect": f"{model}/collect",
        "likes-of": "/users/alder/likes",
        "followers": "/users/alder/followers",
        "following": "/users/alder/following",
        "activity": "/users/rowan-k/activity",
        "collections": "/collections",
        "collections-of": "/users/alder/collections",
        "collection": scene.collection.get_absolute_url(),
        "collection-edit": f"{scene.collection.get_absolute_url()}/edit",
        "collection-new": "/collections/new",
        "notifications": "/notifications",
        "notifications-nothing": "/notifications?kind=safety",
        "notification-settings": "/settings/notifications",
        "missing": "/alder/nothing-here",
        "report": "/report?name=rowan-k",
        "report-thanks": "/report/thanks",
        "moderation": "/settings/moderation",
        "appeal": f"/settings/moderation/{ModerationAction.objects.latest('pk').pk}/appeal",
        "taken-down": "/rowan-k/borrowed-weights",
    }


def staff_pages() -> dict[str, str]:
    """The administration, which django-unfold draws."""
    about = {report.subject_kind: report.pk for report in Report.objects.all()}
    return {
        "admin": "/admin/",
        "admin-reports": "/admin/community/report/",
        "admin-report": f"/admin/community/report/{about['comment']}/change/",
        "admin-report-repository": f"/admin/community/report/{about['repository']}/change/",
        "admin-appeal": f"/admin/community/appeal/{Appeal.objects.get().pk}/change/",
        "admin-acts": "/admin/community/moderationaction/",
        "admin-audit": "/admin/accounts/auditentry/",
        "admin-members": "/admin/accounts/user/",
        "admin-runs": "/admin/evaluations/run/",
        "admin-challenge": "/admin/evaluations/challenge/add/",
    }


def entrance_pages() -> dict[str, str]:
    """Pages for visitors."""
    return {
        "visitor-home": "/",
        "sign-in": "/accounts/login/",
        "sign-up": "/accounts/signup/",
        "reset": "/accounts/password/reset/",
        "sign-in-to-see": "/alder/nothing-here",
        "visitor-collections": "/collections",
        "visitor-report": "/report?name=rowan-k",
        "visitor-taken-down": "/rowan-k/borrowed-weights",
        "unsubscribe": f"/notifications/unsubscribe/{preferences.token(User.objects.get(username='alder'), 'reply')}",
        "api": "/api/docs",
        "invitation-by-letter": f"/invitations/{Invitation.objects.filter(user=None)[0].value}",
        "invitation-ended": "/invitations/1-x",
        "visitor-gate": "/rowan-k/field-notes/access",
    } | more.entrance_pages()
