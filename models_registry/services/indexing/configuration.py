"""What the small files beside the weights say: config.json, the tokenizer's, an adapter's, a pipeline's."""

import re
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext_noop

from hub.kept_sentences import sentence
from models_registry.errors import ContentQuarantined
from models_registry.formats import model_config
from models_registry.formats.model_config import LARGEST_JSON, LONGEST_TEXT, ConfigError, json_object
from models_registry.models import Repository
from models_registry.services.random_access import reader_of
from models_registry.services.trees import TreeEntry
from models_registry.storage import ObjectMissing

READ = (
    "config.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "model_index.json",
    "adapter_config.json",
)
_HUB_NAME = re.compile(r"\w[\w.-]{0,95}/\w[\w.-]{0,95}")
_CHAT_TEMPLATE = "chat_template.jinja"
_TOO_LARGE = sentence(gettext_noop("It has %(size)s bytes; at most %(most)s are read."))
# Files that only one library writes, the first that is there tells.
_LIBRARY_OF_FILE = {
    "adapter_config.json": "peft",
    "model_index.json": "diffusers",
    "config_sentence_transformers.json": "sentence-transformers",
    "modules.json": "sentence-transformers",
    "open_clip_config.json": "open_clip",
    "adapter_fusion_config.json": "adapter-transformers",
    "config_setfit.json": "setfit",
    "hyperparams.yaml": "speechbrain",
    "tf_model.keras": "keras",
}


@dataclass
class Configuration:
    """`config`, `transformers`: as Hub clients read them. `library`, `task`: what the files imply, "" if nothing."""

    config: dict[str, Any] = field(default_factory=dict)
    transformers: dict[str, str] = field(default_factory=dict)
    library: str = ""
    task: str = ""
    adapts: str = ""
    """The model that an adapter says it adapts."""
    is_adapter: bool = False
    is_quantized: bool = False
    problems: list[str] = field(default_factory=list)


def read_configuration(repository: Repository, files: list[TreeEntry]) -> Configuration:
    """Only the root's files. Raises StorageUnavailable."""
    by_path = {entry.path: entry for entry in files}
    problems: list[str] = []
    parsed: dict[str, dict[str, Any]] = {}
    for name in READ:
        if name in by_path:
            try:
                parsed[name] = json_object(_content(repository, by_path[name]))
            except (ConfigError, ContentQuarantined, ObjectMissing) as error:
                problems.append(f"{name}: {error}")
    config = model_config.facts(parsed)
    if _CHAT_TEMPLATE in by_path and by_path[_CHAT_TEMPLATE].size <= LONGEST_TEXT:
        raw = _content(repository, by_path[_CHAT_TEMPLATE])
        config["chat_template_jinja"] = model_config.kept(raw.decode("utf-8", "replace"))
    transformers = model_config.transformers_info(parsed.get("config.json", {}))
    library = _library(by_path, parsed.get("config.json", {}))
    adapts = config.get("peft", {}).get("base_model_name_or_path") or ""
    return Configuration(
        config=config,
        transformers=transformers if library in {"transformers", "sentence-transformers", "setfit"} else {},
        library=library,
        task=_task(library, transformers, config),
        adapts=adapts if _HUB_NAME.fullmatch(adapts) else "",
        is_adapter="adapter_config.json" in by_path,
        is_quantized="quantization_config" in config,
        problems=problems,
    )


def _content(repository: Repository, entry: TreeEntry) -> bytes:
    """Raises ConfigError."""
    if entry.size > LARGEST_JSON:
        raise ConfigError(_TOO_LARGE % {"size": entry.size, "most": LARGEST_JSON})
    return reader_of(repository, entry)(0, entry.size)


def _library(by_path: dict[str, TreeEntry], config: dict[str, Any]) -> str:
    for name, library in _LIBRARY_OF_FILE.items():
        if name in by_path:
            return library
    if isinstance(config.get("architectures"), list) or isinstance(config.get("model_type"), str):
        return "transformers"
    return "keras" if any(path.endswith(".keras") for path in by_path) else ""


def _task(library: str, transformers: dict[str, str], config: dict[str, Any]) -> str:
    if library == "sentence-transformers":
        return "sentence-similarity"
    if library == "diffusers":
        name = str(config.get("diffusers", {}).get("_class_name") or "")
        return "image-to-image" if "Img2Img" in name else "text-to-image" if "Pipeline" in name else ""
    if library == "peft":
        kind = config.get("peft", {}).get("task_type")
        return {"CAUSAL_LM": "text-generation", "SEQ_2_SEQ_LM": "text2text-generation"}.get(str(kind), "")
    return transformers.get("pipeline_tag", "") if library == "transformers" else ""
