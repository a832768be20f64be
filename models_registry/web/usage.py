"""“Use this model”: the same few lines for each tool, with this hub's address filled in."""

import json
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import gettext as _

from models_registry.models import Kind, Repository, RepositoryFacts
from models_registry.page_addresses import resolve_url

WEIGHTS = ("model.safetensors", "model.onnx", "README.md")


@dataclass(frozen=True)
class Usage:
    tool: str
    text: str


def usages(repository: Repository, paths: Sequence[str], facts: RepositoryFacts) -> list[Usage]:
    """paths: files of the default branch that may be loaded or fetched; the most telling of them is the example for curl."""
    name, address = repository.full_name, settings.BASE_URL
    is_dataset = repository.kind == Kind.DATASET
    export = f"export HF_ENDPOINT={address}\n"
    option = '    repo_type="dataset",\n' if is_dataset else ""
    python = (
        "from huggingface_hub import HfApi\n\n"
        f'hub = HfApi("{address}")\n'
        f'folder = hub.snapshot_download(\n    "{name}",\n{option})'
    )
    if is_dataset:
        found = [Usage("datasets", _python(f'from datasets import load_dataset\n\ndata = load_dataset("{name}")'))]
    else:
        found = list(_loaders(repository, paths, facts))
    found += [
        Usage(_("Python"), python),
        Usage("hf", f"{export}hf download {name}{' --repo-type dataset' if is_dataset else ''}"),
    ]
    folder = f"{address}{repository.get_absolute_url()}"
    found.append(Usage("git", f"git lfs install\ngit clone {folder}"))
    example = next((path for path in (*WEIGHTS, *paths) if path in paths), None)
    if example:
        found.append(Usage("curl", f"curl -LO {address}{resolve_url(repository, repository.default_branch, example)}"))
    return found


def _python(lines: str) -> str:
    """As a program that asks this hub: the library reads its address when it is imported."""
    return f'import os\n\nos.environ["HF_ENDPOINT"] = "{settings.BASE_URL}"\n\n{lines}'


def _loaders(repository: Repository, paths: Sequence[str], facts: RepositoryFacts) -> Iterator[Usage]:
    """What opens the model with its own library, and what opens its files in other formats."""
    name, library = repository.full_name, repository.library
    if library == "transformers":
        yield Usage("transformers", _python(_transformers(name, facts.transformers)))
    elif library == "peft":
        yield Usage(
            "peft", _python(f'from peft import AutoPeftModel\n\nmodel = AutoPeftModel.from_pretrained("{name}")')
        )
    elif library == "diffusers":
        load = f'pipe = DiffusionPipeline.from_pretrained("{name}")\nimage = pipe("a birch in the snow").images[0]'
        yield Usage("diffusers", _python(f"from diffusers import DiffusionPipeline\n\n{load}"))
    elif library == "sentence-transformers":
        load = f'model = SentenceTransformer("{name}")\nvectors = model.encode(["one sentence", "and another"])'
        yield Usage(
            "sentence-transformers", _python(f"from sentence_transformers import SentenceTransformer\n\n{load}")
        )
    elif library == "timm":
        yield Usage(
            "timm", _python(f'import timm\n\nmodel = timm.create_model("hf_hub:{name}", pretrained=True).eval()')
        )
    elif library in {"keras", "tf-keras"}:
        yield Usage("keras", _python(f'import keras\n\nmodel = keras.saving.load_model("hf://{name}")'))
    elif tensors := _first(paths, ".safetensors"):
        load = f"from safetensors.torch import load_file\n\nweights = load_file({_fetched(name, tensors)})"
        yield Usage("safetensors", _python(f"from huggingface_hub import hf_hub_download\n{load}"))
    if graph := _first(paths, ".onnx"):
        load = f"import onnxruntime\n\nsession = onnxruntime.InferenceSession({_fetched(name, graph)})"
        yield Usage("onnxruntime", _python(f"from huggingface_hub import hf_hub_download\n{load}"))
    if gguf := _first(paths, ".gguf"):
        fetch = f"export HF_ENDPOINT={settings.BASE_URL}\nhf download {name} {shlex.quote(gguf)} --local-dir ."
        yield Usage("llama.cpp", f"{fetch}\nllama-cli -m {shlex.quote(gguf)}")


def _first(paths: Sequence[str], ending: str) -> str:
    return next((path for path in paths if path.lower().endswith(ending)), "")


def _fetched(name: str, path: str) -> str:
    return f'\n    hf_hub_download("{name}", {json.dumps(path)})\n'


def _transformers(name: str, info: dict[str, str]) -> str:
    """By the pipeline of its architecture where there is one, and by the classes that its configuration names."""
    task, model, processor = (
        info.get("pipeline_tag", ""),
        info.get("auto_model", "AutoModel"),
        info.get("processor", "AutoTokenizer"),
    )
    classes = ", ".join(dict.fromkeys((model, processor)))
    load = (
        f'processor = {processor}.from_pretrained("{name}")\nmodel = {model}.from_pretrained("{name}")'
        if processor != "AutoTokenizer"
        else f'tokenizer = AutoTokenizer.from_pretrained("{name}")\nmodel = {model}.from_pretrained("{name}")'
    )
    by_class = f"from transformers import {classes}\n\n{load}"
    if not task:
        return by_class
    pipe = f'pipe = pipeline(\n    "{task}",\n    model="{name}",\n)'
    return f"from transformers import pipeline\n\n{pipe}\n\n# or its parts:\n{by_class}"


def first_upload(namespace: str, kind: str) -> str:
    """The command that makes a repository there by filling it."""
    option = " --repo-type dataset" if kind == Kind.DATASET else ""
    example = "my-dataset" if kind == Kind.DATASET else "my-model"
    return f"export HF_ENDPOINT={settings.BASE_URL}\nhf auth login\nhf upload {namespace}/{example} ./folder{option}"


def quick_start(example: str, namespace: str) -> list[Usage]:
    """The two ways in, by the client: fetch a model of this hub, and share one's own in this namespace."""
    fetch = f"export HF_ENDPOINT={settings.BASE_URL}\nhf download {example}"
    return [Usage(_("Download"), fetch), Usage(_("Upload"), first_upload(namespace, Kind.MODEL))]


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
    files = "*.parquet" if repository.kind == Kind.DATASET else "*.safetensors"
    git = (
        f"git lfs install\ngit clone {folder}\ncd {repository.name}\n"
        f"cp ../folder/{files} .  # .gitattributes sends large files by LFS\n"
        "git add .\ngit commit -m 'First files'\ngit push"
    )
    return [Usage("hf", upload), Usage(_("Python"), python), Usage("git", git)]
