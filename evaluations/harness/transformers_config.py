"""A transformers model from its config.json, without letting that file choose anything but sizes.

config.json alone has led to the execution of code before, with `trust_remote_code=False`: through `auto_map`, through names of
attention implementations that are fetched and imported, through quantisers. So nothing of transformers' own loading reads it.
Its type is looked up in CLASSES, and a configuration is made of the keys in KEYS, each a number, a truth, a list of whole
numbers, or one of the known words; every other key is passed over.
"""

import json
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from evaluations.harness.messages import ModelRefusedError

# task → model_type → (module below transformers.models, class of the configuration, class of the model)
CLASSES: dict[str, dict[str, tuple[str, str, str]]] = {
    "text-classification": {
        "bert": ("bert", "BertConfig", "BertForSequenceClassification"),
        "distilbert": ("distilbert", "DistilBertConfig", "DistilBertForSequenceClassification"),
        "electra": ("electra", "ElectraConfig", "ElectraForSequenceClassification"),
        "roberta": ("roberta", "RobertaConfig", "RobertaForSequenceClassification"),
    },
    "text-generation": {
        "gpt2": ("gpt2", "GPT2Config", "GPT2LMHeadModel"),
        "gpt_neox": ("gpt_neox", "GPTNeoXConfig", "GPTNeoXForCausalLM"),
        "llama": ("llama", "LlamaConfig", "LlamaForCausalLM"),
    },
    "fill-mask": {
        "bert": ("bert", "BertConfig", "BertForMaskedLM"),
        "distilbert": ("distilbert", "DistilBertConfig", "DistilBertForMaskedLM"),
        "electra": ("electra", "ElectraConfig", "ElectraForMaskedLM"),
        "roberta": ("roberta", "RobertaConfig", "RobertaForMaskedLM"),
        "xlm-roberta": ("xlm_roberta", "XLMRobertaConfig", "XLMRobertaForMaskedLM"),
    },
    "sentence-similarity": {
        "bert": ("bert", "BertConfig", "BertModel"),
        "distilbert": ("distilbert", "DistilBertConfig", "DistilBertModel"),
        "electra": ("electra", "ElectraConfig", "ElectraModel"),
        "mpnet": ("mpnet", "MPNetConfig", "MPNetModel"),
        "roberta": ("roberta", "RobertaConfig", "RobertaModel"),
        "xlm-roberta": ("xlm_roberta", "XLMRobertaConfig", "XLMRobertaModel"),
    },
    "image-classification": {
        "resnet": ("resnet", "ResNetConfig", "ResNetForImageClassification"),
        "vit": ("vit", "ViTConfig", "ViTForImageClassification"),
    },
}
CLASSES["multiple-choice"] = CLASSES["text-generation"]
CLASSIFICATIONS = {
    "image-classification",
    "text-classification",
}  # tasks whose model ends in as many outputs as there are labels
WITH_A_POOLER = {"BertModel", "MPNetModel", "RobertaModel", "XLMRobertaModel"}  # which their embeddings leave out
WORDS = {
    "hidden_act": {"gelu", "gelu_new", "gelu_pytorch_tanh", "relu", "silu", "swish", "tanh"},
    "layer_type": {"basic", "bottleneck"},
    "pooler_act": {"tanh", "relu"},
    "rope_type": {"default", "linear"},
}
WORDS["activation"] = WORDS["activation_function"] = WORDS["hidden_act"]
SIZES = {
    "depths", "dim", "embedding_size", "encoder_stride", "head_dim", "hidden_dim", "hidden_size", "hidden_sizes", "image_size",
    "intermediate_size", "max_position_embeddings", "n_embd", "n_head", "n_heads", "n_inner", "n_layer", "n_layers",
    "n_positions", "num_attention_heads", "num_channels", "num_hidden_layers", "num_key_value_heads", "patch_size",
    "pooler_output_size", "type_vocab_size", "vocab_size", "bos_token_id",
    "eos_token_id", "pad_token_id",
}  # fmt: skip
NUMBERS = {"layer_norm_eps", "layer_norm_epsilon", "rms_norm_eps", "rope_theta", "factor", "partial_rotary_factor"}
TRUTHS = {
    "attention_bias", "downsample_in_bottleneck", "downsample_in_first_stage", "mlp_bias", "qkv_bias",
    "reorder_and_upcast_attn", "scale_attn_by_inverse_layer_idx", "scale_attn_weights", "sinusoidal_pos_embds",
    "tie_word_embeddings", "use_parallel_residual",
}  # fmt: skip
KEYS = frozenset(WORDS) | SIZES | NUMBERS | TRUTHS
LARGEST = 10_000_000  # of a size; the file's header bounds the rest
MOST_LAYERS = 512
MAX_BYTES = 1024 * 1024


def read(folder: Path) -> dict[str, Any]:
    """The repository's config.json as it stands. Raises ModelRefusedError."""
    place = folder / "config.json"
    if not place.is_file() or place.stat().st_size > MAX_BYTES:
        raise ModelRefusedError("unsupported", "A transformers model needs its config.json, of at most 1 MiB.")
    try:
        settings = json.loads(place.read_text("utf-8"))
    except (ValueError, RecursionError) as error:
        raise ModelRefusedError("corrupt", "config.json is not valid JSON.") from error
    if not isinstance(settings, dict):
        raise ModelRefusedError("corrupt", "config.json is not a JSON object.")
    return settings


def build(task: str, settings: Mapping[str, Any], labels: int | None) -> tuple[Callable[[], Any], Any]:
    """What makes the model, called under whatever device it is to be made on, and its configuration.

    task: of the suite. labels: how many classes the suite has, None for a language model. Raises ModelRefusedError.
    """
    known = CLASSES.get(task, {})
    name = settings.get("model_type")
    if not isinstance(name, str) or name not in known:
        raise ModelRefusedError(
            "unsupported",
            f"model_type {str(name)[:60]!r} is not run here for {task}; {', '.join(known) or 'none'} are.",
        )
    module_name, config_name, model_name = known[name]
    configuration = getattr(
        import_module(f"transformers.models.{module_name}.configuration_{module_name}"), config_name
    )
    model = getattr(import_module(f"transformers.models.{module_name}.modeling_{module_name}"), model_name)
    wanted = {key: _checked(key, value) for key, value in settings.items() if key in KEYS and value is not None}
    if rope := _rope(settings):
        wanted["rope_parameters"] = rope
    wanted = {key: value for key, value in wanted.items() if key in configuration.__dataclass_fields__}
    if labels is not None:
        wanted["num_labels"] = labels
    try:
        made = configuration(**wanted, attn_implementation="eager")
    except (TypeError, ValueError, AttributeError, KeyError) as error:
        raise ModelRefusedError("unsupported", f"config.json does not fit a {name}: {str(error)[:300]}") from error
    options = {"add_pooling_layer": False} if model_name in WITH_A_POOLER else {}
    return lambda: model(made, **options), made


def _rope(settings: Mapping[str, Any]) -> dict[str, Any]:
    """How positions are turned into angles, by its old name or its new one."""
    given: dict[str, Any] = {}
    for name in ("rope_scaling", "rope_parameters"):
        if isinstance(settings.get(name), Mapping):
            given |= settings[name]
    if "type" in given:
        given.setdefault("rope_type", given["type"])
    known = {"rope_type", "rope_theta", "factor", "partial_rotary_factor"}
    found = {key: _checked(key, value) for key, value in given.items() if key in known}
    for old, new in (
        ("rope_theta", "rope_theta"),
        ("rotary_emb_base", "rope_theta"),
        ("rotary_pct", "partial_rotary_factor"),
    ):
        if old in settings and new not in found:
            found[new] = _checked(new, settings[old])
    return {"rope_type": "default", **found} if found else {}


def _checked(key: str, value: Any) -> Any:
    if key in WORDS:
        if value not in WORDS[key]:
            raise ModelRefusedError(
                "unsupported", f"{key} is {str(value)[:60]!r}; known are {', '.join(sorted(WORDS[key]))}."
            )
        return value
    if key in TRUTHS:
        if not isinstance(value, bool):
            raise ModelRefusedError("unsupported", f"{key} is not true or false.")
        return value
    if key in NUMBERS:
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= LARGEST:
            raise ModelRefusedError("unsupported", f"{key} is no number that is used here.")
        return value
    sizes = value if isinstance(value, list) else [value]
    most = MOST_LAYERS if "layer" in key or key == "depths" else LARGEST
    if len(sizes) > MOST_LAYERS or not all(type(size) is int and 0 <= size <= most for size in sizes):
        raise ModelRefusedError("unsupported", f"{key} is no size between 0 and {most}.")
    return value
