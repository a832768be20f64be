import contextlib
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models_registry.formats.gguf_header import Header, read_header
from models_registry.formats.header_bytes import HeaderError
from tests.kept import is_known
from tests.models_registry.formats.gguf_bytes import LLAMA, gguf, text


def read(content: bytes) -> Header:
    return read_header(lambda start, end: content[start:end], len(content))


def test_the_header_says_what_the_model_is() -> None:
    header = read(LLAMA)
    assert header.facts == {
        "architecture": "llama",
        "context_length": 4096,
        "quantization": "Q4_K_M",
        "chat_template": "{{ messages }}",
        "bos_token": "<s>",
        "eos_token": "</s>",
    }
    assert header.parameters_by_type == {"F32": 32, "Q4_K": 320}


def test_without_a_file_type_the_commonest_tensor_type_is_the_quantisation() -> None:
    assert read(gguf({}, {"a": ([64], 8), "b": ([4], 0)})).facts == {"quantization": "Q8_0"}


def test_weights_and_long_vocabularies_are_read_by_few_ranges() -> None:
    words = {
        "tokenizer.ggml.tokens": [f"token {n}" for n in range(50_000)],
        "tokenizer.ggml.merges": [f"a{n} b{n}" for n in range(50_000)],
    }
    content = gguf(words, {"a": ([4], 0)}, weights=10**7)
    asked: list[tuple[int, int]] = []

    def reading(start: int, end: int) -> bytes:
        asked.append((start, end))
        return content[start:end]

    read_header(reading, len(content))
    assert len(asked) < 20
    assert sum(end - start for start, end in asked) < 6 * 10**6


LIES = {
    "empty": b"",
    "not GGUF": b"GGML" + bytes(40),
    "version 1": gguf({}, {}, version=1),
    "big-endian": b"GGUF" + struct.pack(">IQQ", 3, 0, 0) + bytes(40),
    "a billion keys": gguf({}, {}, key_count=10**9),
    "more keys than there are": gguf({}, {}, key_count=5000, weights=0),
    "2⁶³ tensors": gguf({}, {}, tensor_count=2**63),
    "a text longer than the file": b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + struct.pack("<Q", 2**62) + bytes(40),
    "a value longer than the file": b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + text("a") + struct.pack("<IQ", 8, 2**63),
    "a value of no type": b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + text("a") + struct.pack("<I", 99) + bytes(40),
    "an array longer than the file": b"GGUF"
    + struct.pack("<IQQ", 3, 0, 1)
    + text("a")
    + struct.pack("<IIQ", 9, 10, 2**60),
    "an array of arrays": b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + text("a") + struct.pack("<IIQ", 9, 9, 4) + bytes(99),
    "a tensor larger than the file": gguf({}, {"a": ([2**40, 2**40], 0)}),
    "a tensor of many dimensions": gguf({}, {"a": ([1] * 9, 0)}),
}


@pytest.mark.parametrize("content", LIES.values(), ids=LIES.keys())
def test_a_header_that_lies_is_refused_in_words(content: bytes) -> None:
    with pytest.raises(HeaderError, match=r"\w+ .*\.") as refused:
        read(content)
    assert is_known(str(refused.value))


@given(st.binary(max_size=400), st.integers(0, 300))
def test_no_bytes_make_the_reader_fail_otherwise(noise: bytes, place: int) -> None:
    content = LLAMA[:place] + noise + LLAMA[place + len(noise) :]
    with contextlib.suppress(HeaderError):
        read(content)
