"""Files changed, their history read, and revisions compared."""

from accounts.models import Actor
from models_registry.models import Repository
from models_registry.services import references
from models_registry.services.changes import AddFile, Delete, Move
from models_registry.services.commits import create_commit
from tests import make
from tests.browser import scene as scenes
from tests.browser.scene import Scene

BRANCH = "retrain-with-a-rather-long-name-for-a-branch/学习率减半"
LONG_PATH = "a-folder-with-a-long-name/and-another-one-below-it/configuration_of_the_second_attempt.json"


def arrange(scene: Scene) -> None:
    model, actor = _model(scene), Actor(user=scene.member)
    references.create_branch(actor=actor, repository=model, name=BRANCH)
    tags = {"v0.9": "", "v1.0": "The first release. 首个版本。"}
    for name, message in tags.items():
        references.create_tag(actor=actor, repository=model, name=name, revision="main", message=message)
    create_commit(
        actor=actor, repository=model, branch=BRANCH, parent=None, title="Halve the rate, and say why 学习率减半",
        body="The loss no longer jumps in the first epoch.",
        changes=[
            AddFile.of("train.py", scenes.TRAIN.replace("2e-3", "1e-3").replace("x.ndim != 4", "x.ndim not in (3, 4)").encode()),
            AddFile.of("plot.png", scenes.picture(80, 40)), AddFile.of(LONG_PATH, b'{"rate": 0.001}\n'),
            AddFile.of("weights.bin", b"\0\1\2" * 1000), Move("config.json", "settings/config.json"), Delete("notes.md"),
        ],
    )  # fmt: skip
    make.commit(model, {"data.csv": "digit,count\n0,178\n"}, title="Count the digits")


def _model(scene: Scene) -> Repository:
    found = Repository.objects.filter(namespace=scene.member.namespace, name="rate-study").first()
    if found is None:
        found = make.repository(scene.member, "rate-study")
        files: dict[str, bytes | str] = {
            "README.md": "# Rates\n", "config.json": '{"classes": 10}\n', "train.py": scenes.TRAIN, "notes.md": "# Notes\n",
            "plot.png": scenes.picture(), "weights.bin": b"\0\1\2" * 900, "onnx/notes.txt": "opset 21\n",
        }  # fmt: skip
        make.commit(found, files, title="Train it")
    return found


def pages(scene: Scene) -> dict[str, str]:
    model = _model(scene).get_absolute_url()
    return {
        "file-edit": f"{model}/edit/main/train.py",
        "file-new": f"{model}/new/main/onnx",
        "file-new-from-template": f"{model}/new/main?template=.gitignore",
        "file-move": f"{model}/move/main/weights.bin",
        "folder-delete": f"{model}/delete/main/onnx",
        "file-delete": f"{model}/delete/main/train.py",
        "branch-commits": f"{model}/commits/{BRANCH}",
        "branch-commit": f"{model}/commit/{BRANCH}",
        "commit-split": f"{model}/commit/{BRANCH}?diff=split",
        "commit-whole": f"{model}/commit/{BRANCH}?whole=train.py",
        "compare": f"{model}/compare/main...{BRANCH}",
        "compare-missing": f"{model}/compare/main...nothing-like-this",
        "compare-same": f"{model}/compare/main...v1.0",
        "branches": f"{model}/branches",
        "tags": f"{model}/tags",
        "branch-delete": f"{model}/branches/delete/{BRANCH}",
    }
