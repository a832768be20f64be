"""“Use this model”: the same few lines for each tool, with this hub's address filled in."""

from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import gettext as _

from models_registry.models import Kind, Repository
from models_registry.page_addresses import resolve_url

WEIGHTS = ("model.safetensors", "model.onnx", "README.md")


@dataclass(frozen=True)
class Usage:
    tool: str
    text: str


def usages(repository: Repository, paths: list[str]) -> list[Usage]:
    """paths: the files at the root of the default branch; the most telling of them is the example for curl."""
    name, address = repository.full_name, settings.BASE_URL
    is_dataset = repository.kind == Kind.DATASET
    export = f"export HF_ENDPOINT={address}\n"
    option = '    repo_type="dataset",\n' if is_dataset else ""
    python = (
        "from huggingface_hub import HfApi\n\n"
        f'hub = HfApi("{address}")\n'
        f'folder = hub.snapshot_download(\n    "{name}",\n{option})'
    )
    found = [Usage(_("Python"), python)]
    if is_dataset:
        found.append(
            Usage("datasets", f"{export}python -c 'from datasets import load_dataset; load_dataset(\"{name}\")'")
        )
    elif repository.library == "transformers":
        load = (
            "import os\n"
            f'os.environ["HF_ENDPOINT"] = "{address}"\n\n'
            "from transformers import AutoModel, AutoTokenizer\n\n"
            f'tokenizer = AutoTokenizer.from_pretrained("{name}")\n'
            f'model = AutoModel.from_pretrained("{name}")'
        )
        found = [Usage("transformers", load)]
    found.append(Usage("hf", f"{export}hf download {name}{' --repo-type dataset' if is_dataset else ''}"))
    folder = f"{address}{repository.get_absolute_url()}"
    found.append(Usage("git", f"git lfs install\ngit clone {folder}"))
    example = next((path for path in (*WEIGHTS, *paths) if path in paths), None)
    if example:
        found.append(Usage("curl", f"curl -LO {address}{resolve_url(repository, repository.default_branch, example)}"))
    return found


def first_steps(repository: Repository) -> list[Usage]:
    """What to do with a repository that holds nothing yet."""
    name, address = repository.full_name, settings.BASE_URL
    option = " --repo-type dataset" if repository.kind == Kind.DATASET else ""
    repo_type = ', repo_type="dataset"' if repository.kind == Kind.DATASET else ""
    upload = f"export HF_ENDPOINT={address}\nhf auth login\nhf upload {name} ./folder{option}"
    python = (
        "from huggingface_hub import HfApi\n\n"
        f'hub = HfApi("{address}", token="hf_…")\n'
        f'hub.upload_folder(repo_id="{name}", folder_path="folder"{repo_type})'
    )
    folder = f"{address}{repository.get_absolute_url()}"
    git = (
        f"git lfs install\ngit clone {folder}\ncd {repository.name}\n"
        "git lfs track '*.safetensors'\ngit add .\ngit commit -m 'First files'\ngit push"
    )
    return [Usage("hf", upload), Usage(_("Python"), python), Usage("git", git)]
