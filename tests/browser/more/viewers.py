"""Files of every kind that pages show."""

from models_registry.models import FileScan, Repository
from models_registry.services import references, trees
from models_registry.services.indexing import index_commit
from models_registry.services.random_access import content_id
from tests import make
from tests.browser.scene import Scene, picture
from tests.models_registry import file_samples as samples
from tests.models_registry.file_samples import code, data, notebook, png, words

NAME = "file-kinds"

FORMULAS = r"""# Loss

The focal loss $L = -\alpha_t (1 - p_t)^\gamma \log p_t$ with $\gamma = 2$ costs \$5 to train.

$$
\mathrm{softmax}(z)_i = \frac{e^{z_i}}{\sum_{j=1}^{K} e^{z_j}}, \qquad
A = \begin{pmatrix} 1 & \rho \\ \rho & 1 \end{pmatrix}
$$
"""

LONG_NAME = "an-evaluation-report-with-a-very-long-name-that-does-not-fit-on-a-phone-2026-05-01-final.json"


def arrange(scene: Scene) -> None:
    repository = make.repository(scene.member, NAME)
    table = "<table><thead><tr><th>epoch</th><th>loss</th></tr></thead><tbody><tr><td>1</td><td>0.41</td></tr></tbody></table>"
    book = notebook(
        words("# Train the network\n\nWith $\\eta = 2 \\cdot 10^{-3}$, as [the script](train.py) does."),
        code(
            "import torch\n\nmodel = DigitsCNN()\nfor epoch in range(3):\n    print(epoch, train(model))",
            {"output_type": "stream", "name": "stdout", "text": "0 0.93\n1 0.41\n2 0.22\n"},
        ),
        code("frame.head()", data(text__html=table, text__plain="…"), count=2),
        code("frame.plot()", png(picture(320, 160)), count=3),
        code(
            "1 / 0",
            {"output_type": "error", "traceback": ["\x1b[31mZeroDivisionError\x1b[0m: division by zero"]},
            count=4,
        ),
    )
    head = make.commit(
        repository,
        {
            "notebook.ipynb": book, "formulas.md": FORMULAS, "logo.svg": samples.SVG, "chime.wav": samples.sound(),
            "words.csv": "word,count,long\n" + "".join(f"lichen {n},{n},{'moss ' * 30}\n" for n in range(30)),
            "words.parquet": samples.parquet(), "model.safetensors": samples.safetensors(samples.layers(120), format="pt"),
            "model.gguf": samples.small_gguf(), "model.onnx": samples.small_onnx(),
            "src.tar.gz": samples.tarred("a", "b/c", packed=True),
            "archive.zip": samples.zipped(model__weights_bin=b"x" * 50_000, README_md=b"words"),
            LONG_NAME: '{"suite": "digits", "scores": {"accuracy": 0.987, "per_class": [0.99, 0.98, null]}, "final": true}',
            "long.log": "".join(f"{n:06} step done\n" for n in range(40_000)), "noise.dat": bytes(range(256)) * 9,
            "old.pt": b"\x80\x04N.", "paper.pdf": samples.pdf("Lichens of the north"), "lies.pdf": "<script>alert(1)</script>",
            "latin.txt": "naïve Lösungen, größtenteils lesbar\n".encode("latin-1"),
        },
    )  # fmt: skip
    index_commit(repository.pk, head.oid)
    scanned = trees.file(repository, references.resolve(repository, "main"), "old.pt")
    FileScan.objects.create(
        content=content_id(scanned), status="unsafe", scanner="picklescan 1.0.5",
        imports=[["os", "system", "dangerous"], ["own.layers", "Gate", "suspicious"], ["torch", "FloatStorage", "innocuous"]],
    )  # fmt: skip


def pages(scene: Scene) -> dict[str, str]:
    address = Repository.objects.get(namespace=scene.member.namespace, name=NAME).get_absolute_url()
    names = {
        "notebook": "notebook.ipynb", "formulas": "formulas.md", "drawing": "logo.svg", "sound": "chime.wav",
        "csv": "words.csv", "weights": "model.safetensors", "weights-none": "model.safetensors?q=nothing-like-it",
        "gguf": "model.gguf", "onnx": "model.onnx", "zip": "archive.zip", "json": f"{LONG_NAME}?view=json",
        "long": "long.log", "bytes": "noise.dat", "pickle": "old.pt", "strange-text": "latin.txt", "pdf": "paper.pdf",
    }  # fmt: skip
    return {f"viewer-{key}": f"{address}/blob/main/{name}" for key, name in names.items()} | {
        "viewer-folder": f"{address}/tree/main"
    }
