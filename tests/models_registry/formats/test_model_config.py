from typing import Any

import pytest

from models_registry.formats.model_config import ConfigError, facts, json_object, kept, transformers_info


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (
            {"architectures": ["BertForMaskedLM"], "model_type": "bert"},
            {"auto_model": "AutoModelForMaskedLM", "pipeline_tag": "fill-mask", "processor": "AutoTokenizer"},
        ),
        (
            {"architectures": ["GPT2LMHeadModel"]},
            {"auto_model": "AutoModelForCausalLM", "pipeline_tag": "text-generation", "processor": "AutoTokenizer"},
        ),
        (
            {"architectures": ["WhisperForConditionalGeneration"], "model_type": "whisper"},
            {
                "auto_model": "AutoModelForSpeechSeq2Seq",
                "pipeline_tag": "automatic-speech-recognition",
                "processor": "AutoProcessor",
            },
        ),
        (
            {"architectures": ["QwenVLForConditionalGeneration"], "vision_config": {}},
            {
                "auto_model": "AutoModelForImageTextToText",
                "pipeline_tag": "image-text-to-text",
                "processor": "AutoProcessor",
            },
        ),
        (
            {"architectures": ["MineForCausalLM"], "auto_map": {"AutoModelForCausalLM": "mine.MineForCausalLM"}},
            {
                "auto_model": "AutoModelForCausalLM",
                "custom_class": "mine.MineForCausalLM",
                "pipeline_tag": "text-generation",
                "processor": "AutoTokenizer",
            },
        ),
        ({"architectures": ["SomethingElse"]}, {}),
        ({"architectures": "BertModel"}, {}),
        ({"architectures": [7], "auto_map": ["x"]}, {}),
        ({}, {}),
    ],
)
def test_an_architectures_name_tells_how_it_is_opened(config: dict[str, Any], expected: dict[str, str]) -> None:
    assert transformers_info(config) == expected


def test_only_what_loading_needs_is_kept() -> None:
    found = facts(
        {
            "config.json": {
                "architectures": ["BertModel"],
                "model_type": "bert",
                "id2label": {str(n): "x" * 100 for n in range(10_000)},
                "quantization_config": {"quant_method": "gptq", "bits": 4, "modules": ["a"] * 1000},
            },
            "tokenizer_config.json": {
                "mask_token": {"content": "[MASK]", "lstrip": True},
                "bos_token": None,
                "chat_template": "{{ x }}",
                "added_tokens_decoder": {str(n): {} for n in range(10_000)},
            },
            "special_tokens_map.json": {"bos_token": "<s>"},
            "adapter_config.json": {"base_model_name_or_path": "ada/base", "r": 8},
            "model_index.json": {"_class_name": "StableDiffusionPipeline", "unet": ["a", "b"]},
        }
    )
    assert found == {
        "architectures": ["BertModel"],
        "model_type": "bert",
        "quantization_config": {"quant_method": "gptq", "bits": 4},
        "tokenizer_config": {"mask_token": "[MASK]", "bos_token": "<s>", "chat_template": "{{ x }}"},
        "diffusers": {"_class_name": "StableDiffusionPipeline"},
        "peft": {"base_model_name_or_path": "ada/base"},
    }


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("\ud800 and \0", "? and \ufffd"),
        (float("nan"), None),
        (float("inf"), None),
        (2**70, None),
        ("x" * 100_000, None),
        ([[[[["deep"]]]]], [[[[None]]]]),
        ({"a\0": 1}, {"a\ufffd": 1}),
    ],
)
def test_what_a_database_cannot_hold_is_left_out(value: Any, expected: Any) -> None:
    assert kept(value) == expected


@pytest.mark.parametrize("raw", [b"", b"[]", b"7", b"{", b"\xff\xfe", b"[" * 100_000, b'{"a": 1} x'])
def test_what_is_no_object_is_refused_in_words(raw: bytes) -> None:
    with pytest.raises(ConfigError, match="not"):
        json_object(raw)
