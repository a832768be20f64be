"""Demo content, made for real: trained here, uploaded by the stock client, scored by the worker."""

import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from huggingface_hub import HfApi
from huggingface_hub.utils import disable_progress_bars

from accounts.models import Actor, Namespace, Role, TokenRole, User
from accounts.services.accounts import create_account, create_organization
from accounts.services.tokens import create_token, revoke_token

SUITE = "digits-image-classification"
CARDS = Path(__file__).resolve().parent.parent.parent / "demo"
ORGANIZATION = "reading-room"
PEOPLE = {"ada": "Ada", "grace": "Grace"}
LONGEST_WAIT = 600.0
FINAL = {"scored", "failed", "cancelled", "superseded", "invalidated"}


@dataclass(frozen=True)
class DemoModel:
    """A repository, who uploads it, and which trained file it holds."""

    repository: str
    author: str
    card: str
    weights: str


# All by staff: where there is no sandbox, nobody else's models run.
MODELS = [
    DemoModel("ada/digits-cnn", "ada", "digits-cnn.md", "model.safetensors"),
    DemoModel(f"{ORGANIZATION}/digits-cnn-onnx", "ada", "digits-cnn-onnx.md", "model.onnx"),
]


class Command(BaseCommand):
    help = "Fill a running hub with demo accounts, models and scores. Does only what is not done yet."

    def handle(self, *args: Any, **options: Any) -> None:
        disable_progress_bars()
        self._make_accounts()
        self._wait_for_hub()
        with ExitStack() as stack:
            clients = {name: stack.enter_context(_client_of(name)) for name in PEOPLE}
            self._upload(clients)
            self._discuss(clients["ada"], clients["grace"])
            scores = [self._evaluate(model, clients[model.author]) for model in MODELS]
        (settings.DATA_DIR / "demo.json").write_text(json.dumps(scores, indent=2) + "\n")
        self._say(f"done: {settings.BASE_URL}/leaderboards/{SUITE}")

    def _make_accounts(self) -> None:
        password = os.environ.get("HUB_DEMO_PASSWORD") or f"grove-demo-{secrets.token_hex(4)}"
        for name, full_name in PEOPLE.items():
            if not Namespace.objects.filter(key=name).exists():
                email = f"{name}@grove.invalid"
                create_account(name=name, email=email, full_name=full_name, password=password, is_admin=name == "ada")
                self._say(f"account {name}, password {password}")
        if not Namespace.objects.filter(key=ORGANIZATION).exists():
            roles = {"ada": Role.ADMIN, "grace": Role.WRITE}
            members = [(_user(name), role) for name, role in roles.items()]
            create_organization(actor=Actor(), name=ORGANIZATION, full_name="The Reading Room", members=members)
            self._say(f"organisation {ORGANIZATION} of {' and '.join(PEOPLE)}")

    def _wait_for_hub(self) -> None:
        deadline = time.monotonic() + LONGEST_WAIT
        while time.monotonic() < deadline:
            try:
                if requests.get(f"{settings.BASE_URL}/health/ready", timeout=10).ok:
                    return
            except requests.ConnectionError:
                time.sleep(0.5)
        raise CommandError(f"{settings.BASE_URL} does not answer. Start the hub (make run), then try again.")

    def _upload(self, clients: dict[str, HfApi]) -> None:
        """What is not there yet, each repository in one commit."""
        missing = [
            model
            for model in MODELS
            if not (
                clients[model.author].repo_exists(model.repository)
                and clients[model.author].file_exists(model.repository, model.weights)
            )
        ]
        if not missing:
            return
        with tempfile.TemporaryDirectory(prefix="grove-demo-") as trained:
            self._train(Path(trained))
            for model in missing:
                with tempfile.TemporaryDirectory(prefix="grove-demo-") as folder:
                    weights = (Path(trained) / model.weights).read_bytes()
                    (Path(folder) / model.weights).write_bytes(weights)
                    (Path(folder) / "README.md").write_text((CARDS / model.card).read_text())
                    client = clients[model.author]
                    client.create_repo(model.repository, exist_ok=True)
                    client.upload_folder(
                        repo_id=model.repository, folder_path=folder, commit_message="Upload the trained model"
                    )
                    self._say(f"uploaded {model.repository} ({len(weights):,} bytes) with huggingface_hub")

    def _discuss(self, owner: HfApi, reader: HfApi) -> None:
        """A question that is answered, a pull request that is merged, a collection: once, by whoever is not the owner."""
        model, other = (model.repository for model in MODELS)
        if any(True for _ in reader.get_repo_discussions(model)):
            return
        question = reader.create_discussion(
            model, "Is ONNX as good?", description=CARDS.joinpath("question.md").read_text()
        )
        owner.comment_discussion(model, question.num, comment=CARDS.joinpath("answer.md").read_text())
        path = Path(reader.hf_hub_download(model, "README.md"))
        card = path.read_text() + CARDS.joinpath("digits-cnn-addition.md").read_text()
        proposal = reader.upload_file(
            path_or_fileobj=card.encode(),
            path_in_repo="README.md",
            repo_id=model,
            commit_message="Say what the network is not for",
            create_pr=True,
        )
        number = proposal.pr_num or 0
        owner.comment_discussion(model, number, comment="Well said, thank you.")
        owner.merge_pull_request(model, number)
        collection = reader.create_collection("Small and measured", namespace=ORGANIZATION, exists_ok=True)
        for repository in (model, other):
            reader.add_collection_item(collection.slug, repository, "model", exists_ok=True)
        self._say(f"discussed {model}: a question, and a pull request by grace that ada merged")

    def _train(self, folder: Path) -> None:
        """In a process of its own: torch never enters the one that talks to the database."""
        self._say("training a small CNN on scikit-learn's digits")
        process = subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, "-m", "evaluations.harness.demo", str(folder)], stdout=subprocess.PIPE, text=True
        )
        with process:
            for line in process.stdout or ():
                self._say(line.rstrip())
        if process.returncode != 0:
            raise CommandError("Training failed; the lines above say why.")

    def _evaluate(self, model: DemoModel, client: HfApi) -> dict[str, Any]:
        """The row of this model on the leaderboard, asked for by the API unless it is there already."""
        board = f"{settings.BASE_URL}/api/leaderboards/{SUITE}"
        headers = {"Authorization": f"Bearer {client.token}"}
        row = _row_of(model.repository, board)
        if row is None:
            asked = {"repository": model.repository, "revision": "main", "suite": SUITE}
            answer = requests.post(f"{settings.BASE_URL}/api/evaluations", json=asked, headers=headers, timeout=30)
            if not answer.ok:
                raise CommandError(f"The evaluation of {model.repository} was refused: {answer.text}")
            self._follow(model.repository, f"{settings.BASE_URL}/api/evaluations/{answer.json()['id']}", headers)
            row = self._find_on(board, model.repository)
        accuracy = row["metrics"]["accuracy"]
        low, high = accuracy["ci95"]
        self._say(f"{model.repository}: accuracy {accuracy['value']:.4f}, 95 % interval {low:.4f} to {high:.4f}")
        return row

    def _follow(self, repository: str, address: str, headers: dict[str, str]) -> None:
        """Say each state the run takes, until it is final."""
        seen = ""
        deadline = time.monotonic() + LONGEST_WAIT
        while time.monotonic() < deadline:
            run = requests.get(address, headers=headers, timeout=30).json()
            if run["state"] != seen:
                seen = run["state"]
                self._say(f"evaluation of {repository}: {seen}")
            if seen == "scored":
                return
            if seen in FINAL:
                raise CommandError(f"The evaluation of {repository} ended as {seen}: {run.get('failure')}")
            time.sleep(0.5)
        raise CommandError(f"The evaluation of {repository} is still {seen} after {LONGEST_WAIT:.0f} s.")

    def _find_on(self, board: str, repository: str) -> dict[str, Any]:
        """Its row, as soon as the board has been ranked with it."""
        deadline = time.monotonic() + LONGEST_WAIT
        while time.monotonic() < deadline:
            row = _row_of(repository, board)
            if row is not None:
                return row
            time.sleep(0.5)
        raise CommandError(f"{repository} was scored, and is not on the leaderboard.")

    def _say(self, line: str) -> None:
        self.stdout.write(f"demo: {line}")
        self.stdout.flush()


@contextmanager
def _client_of(name: str) -> Iterator[HfApi]:
    """The stock client with a token of this member, which is revoked afterwards."""
    user = _user(name)
    actor = Actor(user=user)
    token, value = create_token(actor=actor, user=user, name="demo upload", role=TokenRole.WRITE)
    try:
        yield HfApi(endpoint=settings.BASE_URL, token=value)
    finally:
        revoke_token(actor=actor, token=token)


def _user(name: str) -> User:
    return User.objects.get(namespace__key=name)


def _row_of(repository: str, board: str) -> dict[str, Any] | None:
    answer = requests.get(board, timeout=30)
    answer.raise_for_status()
    return next((row for row in answer.json()["rows"] if row["repository"] == repository), None)
