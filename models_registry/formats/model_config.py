"""What config.json and its neighbours say about how to load a model, in the form in which Hub clients read it.

The files come from anyone: whatever is not of the expected form is left out. Nothing here fails but `json_object`.
"""

import json
import math
from collections.abc import Mapping
from typing import Any, NamedTuple

LARGEST_JSON = 4 * 1024 * 1024  # bytes; configurations that carry label names reach hundreds of KB
LONGEST_TEXT = 64 * 1024  # characters of one text that is kept: chat templates are the long ones
MOST_ENTRIES = 64
DEEPEST = 4


class ConfigError(ValueError):
    """The file cannot be read; the text says why, for people to read."""


class Loading(NamedTuple):
    """How `transformers` opens a model of an architecture: its auto class, its task, and what prepares the inputs."""

    auto_model: str
    task: str
    processor: str


_TOKENIZER, _IMAGES, _SOUND, _BOTH = "AutoTokenizer", "AutoImageProcessor", "AutoProcessor", "AutoProcessor"
# Architectures end in what they are for; the longest ending that fits is meant.
_BY_ENDING = {
    "ForAudioClassification": Loading(
        "AutoModelForAudioClassification", "audio-classification", "AutoFeatureExtractor"
    ),
    "ForAudioFrameClassification": Loading("AutoModelForAudioFrameClassification", "", "AutoFeatureExtractor"),
    "ForCausalLM": Loading("AutoModelForCausalLM", "text-generation", _TOKENIZER),
    "LMHeadModel": Loading("AutoModelForCausalLM", "text-generation", _TOKENIZER),
    "ForConditionalGeneration": Loading("AutoModelForSeq2SeqLM", "text2text-generation", _TOKENIZER),
    "ForCTC": Loading("AutoModelForCTC", "automatic-speech-recognition", _SOUND),
    "ForDepthEstimation": Loading("AutoModelForDepthEstimation", "depth-estimation", _IMAGES),
    "ForDocumentQuestionAnswering": Loading(
        "AutoModelForDocumentQuestionAnswering", "document-question-answering", _BOTH
    ),
    "ForImageClassification": Loading("AutoModelForImageClassification", "image-classification", _IMAGES),
    "ForImageSegmentation": Loading("AutoModelForImageSegmentation", "image-segmentation", _IMAGES),
    "ForImageTextToText": Loading("AutoModelForImageTextToText", "image-text-to-text", _BOTH),
    "ForInstanceSegmentation": Loading("AutoModelForInstanceSegmentation", "image-segmentation", _IMAGES),
    "ForMaskedImageModeling": Loading("AutoModelForMaskedImageModeling", "", _IMAGES),
    "ForMaskedLM": Loading("AutoModelForMaskedLM", "fill-mask", _TOKENIZER),
    "ForMultipleChoice": Loading("AutoModelForMultipleChoice", "multiple-choice", _TOKENIZER),
    "ForNextSentencePrediction": Loading("AutoModelForNextSentencePrediction", "", _TOKENIZER),
    "ForObjectDetection": Loading("AutoModelForObjectDetection", "object-detection", _IMAGES),
    "ForPreTraining": Loading("AutoModelForPreTraining", "", _TOKENIZER),
    "ForQuestionAnswering": Loading("AutoModelForQuestionAnswering", "question-answering", _TOKENIZER),
    "ForSemanticSegmentation": Loading("AutoModelForSemanticSegmentation", "image-segmentation", _IMAGES),
    "ForSequenceClassification": Loading("AutoModelForSequenceClassification", "text-classification", _TOKENIZER),
    "ForSpeechSeq2Seq": Loading("AutoModelForSpeechSeq2Seq", "automatic-speech-recognition", _SOUND),
    "ForTableQuestionAnswering": Loading("AutoModelForTableQuestionAnswering", "table-question-answering", _TOKENIZER),
    "ForTextToSpectrogram": Loading("AutoModelForTextToSpectrogram", "text-to-speech", _SOUND),
    "ForTextToWaveform": Loading("AutoModelForTextToWaveform", "text-to-audio", _SOUND),
    "ForTokenClassification": Loading("AutoModelForTokenClassification", "token-classification", _TOKENIZER),
    "ForUniversalSegmentation": Loading("AutoModelForUniversalSegmentation", "image-segmentation", _IMAGES),
    "ForVideoClassification": Loading("AutoModelForVideoClassification", "video-classification", _IMAGES),
    "ForVision2Seq": Loading("AutoModelForVision2Seq", "image-to-text", _BOTH),
    "ForVisualQuestionAnswering": Loading("AutoModelForVisualQuestionAnswering", "visual-question-answering", _BOTH),
    "ForXVector": Loading("AutoModelForAudioXVector", "audio-classification", "AutoFeatureExtractor"),
    "ForZeroShotImageClassification": Loading(
        "AutoModelForZeroShotImageClassification", "zero-shot-image-classification", _BOTH
    ),
    "ForZeroShotObjectDetection": Loading("AutoModelForZeroShotObjectDetection", "zero-shot-object-detection", _BOTH),
    "MTModel": Loading("AutoModelForSeq2SeqLM", "text2text-generation", _TOKENIZER),
    "Model": Loading("AutoModel", "feature-extraction", _TOKENIZER),
}
# Where the ending alone would tell wrong.
_BY_MODEL_TYPE = {
    "whisper": Loading("AutoModelForSpeechSeq2Seq", "automatic-speech-recognition", _SOUND),
    "speech_to_text": Loading("AutoModelForSpeechSeq2Seq", "automatic-speech-recognition", _SOUND),
    "clip": Loading("AutoModelForZeroShotImageClassification", "zero-shot-image-classification", _BOTH),
    "siglip": Loading("AutoModelForZeroShotImageClassification", "zero-shot-image-classification", _BOTH),
    "siglip2": Loading("AutoModelForZeroShotImageClassification", "zero-shot-image-classification", _BOTH),
    "vision-encoder-decoder": Loading("AutoModelForVision2Seq", "image-to-text", _BOTH),
    "bart": Loading("AutoModelForSeq2SeqLM", "text2text-generation", _TOKENIZER),
    "vit": Loading("AutoModel", "image-feature-extraction", _IMAGES),
    "dinov2": Loading("AutoModel", "image-feature-extraction", _IMAGES),
}
_TYPES_FOR_MODEL_ALONE = {"clip", "siglip", "siglip2", "vit", "dinov2"}
# What a chat needs of the tokenizer; the rest of its configuration can be megabytes.
_TOKENS = ("bos_token", "eos_token", "unk_token", "pad_token", "sep_token", "cls_token", "mask_token")
_KEPT_OF_CONFIG = ("architectures", "model_type", "auto_map", "quantization_config", "is_encoder_decoder")
_KEPT_OF_QUANTIZATION = {"quant_method", "bits", "load_in_4bit", "load_in_8bit", "bnb_4bit_quant_type", "fmt", "format"}
_KEPT_OF_ADAPTER = ("base_model_name_or_path", "task_type", "peft_type")


def json_object(raw: bytes) -> dict[str, Any]:
    """Raises ConfigError."""
    try:
        value = json.loads(raw.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise ConfigError("It is not valid JSON.") from error
    if not isinstance(value, dict):
        raise ConfigError("It is not a JSON object.")
    return value


def kept(value: Any, depth: int = 0) -> Any:
    """The same as JSON that a database holds, with what is too long, too deep or not a number left out (None)."""
    if isinstance(value, str):
        plain = value.encode("utf-8", "replace").decode().replace("\0", "\ufffd")
        return plain if len(plain) <= LONGEST_TEXT else None
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if abs(value) < 2**63 else None
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if depth >= DEEPEST:
        return None
    if isinstance(value, list):
        return [kept(entry, depth + 1) for entry in value[:MOST_ENTRIES]]
    return {kept(name): kept(entry, depth + 1) for name, entry in list(value.items())[:MOST_ENTRIES] if kept(name)}


def facts(files: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """The `config` of Hub clients, from the parsed files of the repository's root, by name."""
    config = files.get("config.json", {})
    found: dict[str, Any] = {name: kept(config[name]) for name in _KEPT_OF_CONFIG if name in config}
    quantization = found.get("quantization_config")
    if isinstance(quantization, dict):
        found["quantization_config"] = {
            name: value for name, value in quantization.items() if name in _KEPT_OF_QUANTIZATION
        }
    if tokenizer := _tokenizer(files.get("tokenizer_config.json", {}), files.get("special_tokens_map.json", {})):
        found["tokenizer_config"] = tokenizer
    if diffusers := files.get("model_index.json", {}).get("_class_name"):
        found["diffusers"] = {"_class_name": kept(diffusers)}
    adapter = files.get("adapter_config.json", {})
    if peft := {name: kept(adapter[name]) for name in _KEPT_OF_ADAPTER if isinstance(adapter.get(name), str)}:
        found["peft"] = peft
    return found


def _tokenizer(config: dict[str, Any], special: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in _TOKENS:
        for source in (config, special):
            token = source.get(name)
            token = token.get("content") if isinstance(token, dict) else token
            if isinstance(token, str) and kept(token) is not None:
                found[name] = kept(token)
                break
    template = kept(config.get("chat_template"))
    if isinstance(template, str | list) and template:
        found["chat_template"] = template
    return found


def loading(config: Mapping[str, Any]) -> Loading | None:
    """How the architecture is opened. None: it is not said, or not known."""
    architectures = config.get("architectures")
    first = architectures[0] if isinstance(architectures, list) and architectures else None
    if not isinstance(first, str):
        return None
    model_type = config.get("model_type")
    endings = [ending for ending in _BY_ENDING if first.endswith(ending)]
    ending = max(endings, key=len, default=None)
    if isinstance(model_type, str) and model_type in _BY_MODEL_TYPE:
        if ending == "ForConditionalGeneration" or (ending == "Model" and model_type in _TYPES_FOR_MODEL_ALONE):
            return _BY_MODEL_TYPE[model_type]
        if model_type == "vision-encoder-decoder":
            return _BY_MODEL_TYPE[model_type]
    if ending == "ForConditionalGeneration" and isinstance(config.get("vision_config"), dict):
        return Loading("AutoModelForImageTextToText", "image-text-to-text", _BOTH)
    return _BY_ENDING[ending] if ending else None


def transformers_info(config: Mapping[str, Any]) -> dict[str, str]:
    """The `transformersInfo` of Hub clients, {} where `transformers` would not open it."""
    how = loading(config)
    auto_map = config.get("auto_map")
    custom = _custom_class(auto_map) if isinstance(auto_map, dict) else None
    if how is None and custom is None:
        return {}
    auto_model, custom_class = custom or (how.auto_model if how else "AutoModel", "")
    found = {"auto_model": auto_model, "custom_class": custom_class}
    if how:
        found |= {"pipeline_tag": how.task, "processor": how.processor}
    return {name: value for name, value in found.items() if value}


def _custom_class(auto_map: Mapping[str, Any]) -> tuple[str, str] | None:
    """(auto class, class of the repository's own code that it stands for)."""
    for name, written in sorted(auto_map.items(), key=lambda item: len(str(item[0])), reverse=True):
        if isinstance(name, str) and name.startswith("AutoModel") and isinstance(written, str):
            return str(kept(name))[:200], str(kept(written) or "")[:200]
    return None
