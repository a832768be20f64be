"""What a `.keras` file must be before Keras opens it: the three members that Keras writes, and known classes alone.

A `.keras` file is a zip of metadata.json, config.json (the layers) and model.weights.h5 (HDF5). Keras' safe mode refuses
lambdas, but builds whatever else of its own the configuration names, and some of that reads files, fetches addresses or
unpickles. So every class is looked up here in an allow-list, whatever safe mode thinks of it.

Sources: https://keras.io/guides/serialization_and_saving/, `keras/src/saving/saving_lib.py` and `serialization_lib.py`;
APPNOTE.TXT of PKWARE, section 4.3.16.
"""

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from evaluations.harness.messages import ModelRefusedError

CONFIG, WEIGHTS = "config.json", "model.weights.h5"
MEMBERS = frozenset({"metadata.json", CONFIG, WEIGHTS})
END_BYTES = 22  # the end of central directory record, without a comment
END_SIGNATURE = b"PK\x05\x06"
MAX_DIRECTORY_BYTES = 4096
MAX_CONFIG_BYTES = 4 * 1024 * 1024
MAX_DEPTH = 64
MAX_OBJECTS = 20_000
MAX_HDF5_OBJECTS = 50_000

# What is left out, and why: Lambda (a program), TorchModuleWrapper (unpickles), TFSMLayer, JaxLayer and FlaxLayer (programs of
# other frameworks), StringLookup, IntegerLookup and TextVectorization (read files that they name).
LAYERS = frozenset(
    """
    Activation ActivityRegularization AdaptiveAveragePooling1D AdaptiveAveragePooling2D AdaptiveMaxPooling1D
    AdaptiveMaxPooling2D Add AdditiveAttention AlphaDropout Attention Average AveragePooling1D AveragePooling2D
    BatchNormalization Bidirectional CenterCrop Concatenate Conv1D Conv1DTranspose Conv2D Conv2DTranspose ConvLSTM1D
    Cropping1D Cropping2D Dense DepthwiseConv1D DepthwiseConv2D Dot Dropout ELU EinsumDense Embedding Flatten GRU GRUCell
    GaussianDropout GaussianNoise GlobalAveragePooling1D GlobalAveragePooling2D GlobalMaxPooling1D GlobalMaxPooling2D
    GroupNormalization GroupQueryAttention Identity InputLayer LSTM LSTMCell LayerNormalization LeakyReLU Masking
    MaxPooling1D MaxPooling2D Maximum Minimum MultiHeadAttention Multiply Normalization PReLU Permute RMSNormalization RNN
    RandomContrast RandomFlip RandomRotation RandomTranslation RandomZoom ReLU RepeatVector Rescaling Reshape Resizing
    SeparableConv1D SeparableConv2D SimpleRNN SimpleRNNCell Softmax SpatialDropout1D SpatialDropout2D
    SpectralNormalization StackedRNNCells Subtract TimeDistributed UnitNormalization UpSampling1D UpSampling2D
    ZeroPadding1D ZeroPadding2D
    """.split()
)
INITIALIZERS = frozenset(
    """
    Constant GlorotNormal GlorotUniform HeNormal HeUniform Identity LecunNormal LecunUniform Ones Orthogonal RandomNormal
    RandomUniform TruncatedNormal VarianceScaling Zeros
    """.split()
)
ALLOWED = {
    "keras": frozenset({"DTypePolicy", "Sequential", "Functional"}),
    "keras.models": frozenset({"Sequential", "Functional"}),
    "keras.src.models.functional": frozenset({"Functional"}),
    "keras.src.models.sequential": frozenset({"Sequential"}),
    "keras.dtype_policies": frozenset({"DTypePolicy"}),
    "keras.layers": LAYERS,
    "keras.initializers": INITIALIZERS | {f"{name}Initializer" for name in ("Identity", "Orthogonal")},
    "keras.regularizers": frozenset({"L1", "L1L2", "L2", "OrthogonalRegularizer"}),
    "keras.constraints": frozenset({"MaxNorm", "MinMaxNorm", "NonNeg", "UnitNorm"}),
}
ACTIVATIONS = frozenset(
    """
    celu elu exponential gelu glu hard_shrink hard_sigmoid hard_silu hard_swish hard_tanh leaky_relu linear log_sigmoid
    log_softmax mish relu relu6 selu sigmoid silu soft_shrink softmax softplus softsign sparse_plus sparse_sigmoid sparsemax
    squareplus swish tanh tanh_shrink threshold
    """.split()
)
SYMBOL = "__keras_tensor__"  # stands for a layer's output among another's arguments; Keras gives it no module


def check(path: Path) -> tuple[dict[str, Any], int]:
    """What config.json says, and how many parameters the file holds. Raises ModelRefusedError."""
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(max(0, size - END_BYTES))
        _check_directory(file.read())
        try:
            with zipfile.ZipFile(file) as archive:
                _check_members(archive, size)
                config = read_config(archive.read(CONFIG))
                check_config(config)
                with archive.open(WEIGHTS) as weights:
                    return config, check_weights(weights)
        except (zipfile.BadZipFile, NotImplementedError, EOFError) as error:
            raise ModelRefusedError("corrupt", f"{path.name} is a damaged zip archive.") from error


def _check_directory(end: bytes) -> None:
    """Before zipfile reads the directory whole: a short one, whose size stands in the file's last bytes, as Keras writes it."""
    if len(end) < END_BYTES or not (end.startswith(END_SIGNATURE) and end.endswith(b"\0\0")):
        raise ModelRefusedError("corrupt", "The file does not end as a zip archive that Keras wrote.")
    if int.from_bytes(end[12:16], "little") > MAX_DIRECTORY_BYTES:
        raise ModelRefusedError(
            "unsupported", f"The zip archive lists more than the {len(MEMBERS)} members of a .keras file."
        )


def _check_members(archive: zipfile.ZipFile, size: int) -> None:
    """Exactly the members that Keras writes, stored as they are: nothing to unpack, so nothing that could swell."""
    members = archive.infolist()
    names = [member.filename for member in members]
    for name in names:
        if name not in MEMBERS:
            raise ModelRefusedError(
                "unsupported",
                f"The archive holds {name[:200]!r}; of a .keras file only {', '.join(sorted(MEMBERS))} are read.",
            )
    if len(set(names)) < len(names):
        raise ModelRefusedError("corrupt", "The archive names a member twice.")
    for name in (CONFIG, WEIGHTS):
        if name not in names:
            raise ModelRefusedError("corrupt", f"The archive lacks {name}; save the model with Keras 3.")
    for member in members:
        if member.compress_type != zipfile.ZIP_STORED or member.compress_size != member.file_size:
            raise ModelRefusedError("unsupported", f"{member.filename} is compressed; Keras stores it as it is.")
        if member.flag_bits & 1:
            raise ModelRefusedError("unsupported", f"{member.filename} is encrypted.")
    if sum(member.file_size for member in members) > size:
        raise ModelRefusedError("corrupt", "The archive claims to hold more bytes than the file has.")
    if archive.getinfo(CONFIG).file_size > MAX_CONFIG_BYTES:
        raise ModelRefusedError("unsupported", f"config.json is larger than {MAX_CONFIG_BYTES} bytes.")


def read_config(content: bytes) -> dict[str, Any]:
    try:
        config = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ModelRefusedError("corrupt", "config.json of the .keras file is not valid JSON.") from error
    if not isinstance(config, dict):
        raise ModelRefusedError("corrupt", "config.json of the .keras file is not a JSON object.")
    return config


def check_config(config: dict[str, Any]) -> None:
    """Raises ModelRefusedError unless the model is one of layers, and every class and function is allowed.

    What it was compiled with is not looked at: it is loaded without.
    """
    if config.get("class_name") not in {"Sequential", "Functional"}:
        raise ModelRefusedError(
            "unsupported",
            f"The model is a {str(config.get('class_name'))[:100]}; only Sequential and Functional models are run.",
        )
    loaded = {name: value for name, value in config.items() if name != "compile_config"}
    for number, found in enumerate(_objects(loaded), start=1):
        if number > MAX_OBJECTS:
            raise ModelRefusedError("unsupported", f"config.json describes more than {MAX_OBJECTS} objects.")
        _check_object(found)


def _objects(config: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every object anywhere within that names a class, or could be taken for one."""
    waiting: list[tuple[object, int]] = [(config, 0)]
    while waiting:
        value, depth = waiting.pop()
        if depth > MAX_DEPTH:
            raise ModelRefusedError("unsupported", f"config.json nests more than {MAX_DEPTH} deep.")
        if isinstance(value, dict):
            if value.keys() & {"class_name", "registered_name", "module"}:
                yield value
            waiting += [(member, depth + 1) for member in value.values()]
        elif isinstance(value, list):
            waiting += [(member, depth + 1) for member in value]


def _check_object(found: dict[str, Any]) -> None:
    name, module, registered = found.get("class_name"), found.get("module"), found.get("registered_name")
    if name == SYMBOL and module is None and registered is None:
        return
    if name == "function" and module in {"builtins", "keras.activations"}:
        function = found.get("config")
        if isinstance(function, str) and function in ACTIVATIONS and registered in {None, function}:
            return
        raise ModelRefusedError(
            "unsupported", f"config.json names the function {str(function)[:100]!r}, no activation of Keras."
        )
    if not isinstance(name, str) or not isinstance(module, str) or name not in ALLOWED.get(module, ()):
        raise ModelRefusedError(
            "unsupported",
            f"config.json names {str(module)[:100]}.{str(name)[:100]}, which is not among the layers of Keras that are run here.",
        )
    if registered not in {None, name}:
        raise ModelRefusedError(
            "unsupported",
            f"config.json calls {name} {str(registered)[:100]!r}; registered classes of one's own are not run.",
        )
    if found.get("compile_config") and name in {"Sequential", "Functional"}:
        raise ModelRefusedError("unsupported", "A model inside the model is compiled; compile the outermost alone.")


def check_weights(file: Any) -> int:
    """How many parameters an HDF5 file holds. file: opened for reading, can seek.

    Raises ModelRefusedError unless it is groups and plain arrays of finite numbers, all of them inside the file.
    """
    try:
        with h5py.File(file, "r") as root:
            return sum(_parameters(path, array) for path, array in _arrays(root))
    except (OSError, RuntimeError, KeyError, ValueError, TypeError) as error:
        raise ModelRefusedError("corrupt", f"{WEIGHTS} cannot be read: {_first_line(error)}") from error


def _arrays(root: h5py.File) -> Iterator[tuple[str, h5py.Dataset]]:
    waiting: list[tuple[str, h5py.Group]] = [("", root)]
    seen = {h5py.h5o.get_info(root.id).addr}
    while waiting:
        path, group = waiting.pop()
        for name in group:
            place = f"{path}/{name}"[-200:]
            if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                raise ModelRefusedError("unsupported", f"{WEIGHTS}: {place} is a link to somewhere else.")
            found = group[name]
            address = h5py.h5o.get_info(found.id).addr
            if address in seen:
                raise ModelRefusedError("corrupt", f"{WEIGHTS}: {place} is there twice.")
            seen.add(address)
            if len(seen) > MAX_HDF5_OBJECTS:
                raise ModelRefusedError("unsupported", f"{WEIGHTS} holds more than {MAX_HDF5_OBJECTS} arrays.")
            if isinstance(found, h5py.Group):
                waiting.append((place, found))
            elif isinstance(found, h5py.Dataset):
                yield place, found
            else:
                raise ModelRefusedError("unsupported", f"{WEIGHTS}: {place} is neither a group nor an array.")


def _parameters(path: str, array: h5py.Dataset) -> int:
    """How many parameters of the model this array holds: none where it is the optimiser's or a random generator's."""
    layout = array.id.get_create_plist()
    plain = layout.get_layout() in {h5py.h5d.CONTIGUOUS, h5py.h5d.COMPACT} and not layout.get_nfilters()
    if not plain or layout.get_external_count() or array.shape is None:
        raise ModelRefusedError("unsupported", f"{WEIGHTS}: {path} is not stored as Keras stores arrays, in one piece.")
    if array.dtype.kind not in "fiu":
        raise ModelRefusedError("unsupported", f"{WEIGHTS}: {path} is {array.dtype}; only numbers are read.")
    if array.id.get_storage_size() != array.size * array.dtype.itemsize:
        raise ModelRefusedError(
            "corrupt", f"{WEIGHTS}: {path} claims {list(array.shape)}, but its numbers are not all there."
        )
    if array.dtype.kind != "f" or path.startswith("/optimizer/"):
        return 0
    if not np.isfinite(array[...]).all():
        raise ModelRefusedError("not_finite", f"{WEIGHTS}: {path} holds NaN or infinite weights.")
    return int(array.size)


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0][:300]
