"""What the page of a file shows of each kind, and that no file keeps it from being a calm page."""

import base64
import gzip
import io
import json
import re
import struct
import tarfile
import tracemalloc
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.test import Client

from accounts.models import Actor
from models_registry.formats import archives
from models_registry.formats.archives import ArchiveError
from models_registry.formats.notebook import LONGEST_HTML, MOST_DRAWN, parse
from models_registry.models import FileScan, LfsObject, Repository
from models_registry.services import previews, trees
from models_registry.services.changes import AddLfsFile
from models_registry.services.commits import create_commit
from models_registry.services.indexing import index_commit
from models_registry.services.random_access import content_id
from models_registry.web import viewing
from tests import hostile, make
from tests.browser.scene import picture
from tests.models_registry import file_samples as samples
from tests.models_registry.file_samples import code, data, notebook, words
from tests.models_registry.xet import sending


def page_of(name: str, content: bytes | str, query: str = "", **fields: str) -> str:
    repository = make.repository(**fields)
    make.commit(repository, {name: content})
    return page(repository, name, query)


def page(repository: Repository, name: str, query: str = "") -> str:
    answer = Client().get(f"{repository.get_absolute_url()}/blob/main/{name}{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def shown(html: str) -> str:
    """The text of a page, without its tags."""
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", html)).split())


def peak_of(call: Callable[[], Any]) -> tuple[Any, int]:
    """What it gives, and the bytes that it held at most meanwhile."""
    tracemalloc.start()
    try:
        return call(), tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("train.py", "x = 1\n", ['<a href="#L1"', 'id="L1"', "One line".lower()]),
        ("a.md", "# Oak\n\n$a^2$ for $5 or $6.", ['<article class="prose">', "<msup>", "$5 or $6", "?view=source"]),
        ("a.png", picture(), ["64 × 40 pixels", 'width="64"', "/resolve/main/a.png"]),
        ("a.svg", samples.SVG, ["data:image/svg+xml;base64,", "?view=source"]),
        ("a.wav", samples.sound(), ["<audio"]),
        ("a.mp4", b"\0\0\0 ftypisom", ["<video"]),
        ("a.ipynb", notebook(words("# Moss"), code("print(1)", {"output_type": "stream", "text": ["1\n"]})),
         ["<h2>Moss</h2>", "[1]", 'class="nb-text"', "Python 3 (ipykernel)"]),
        ("a.csv", "word,count\nlichen,3\n", ["First rows", "lichen", "?view=source"]),
        ("a.tsv", "word\tcount\nlichen\t3\n", ["First rows", "lichen"]),
        ("a.jsonl", '{"word": "lichen"}\n{"word": "moss"}\n', ["First rows", "moss"]),
        ("a.parquet", samples.parquet(), ["First rows", "&lt;b&gt;moss&lt;/b&gt;"]),
        ("a.json", '{"layers": [1, 2]}', ["row-of-code", "?view=json"]),
        ("a.safetensors", samples.safetensors(samples.layers(2), format="pt"),
         ["5 tensors", "1,440 parameters", "model.layers.1", "8 × 8", "F16", "128 bytes", "format"]),
        ("a.gguf", samples.small_gguf(), ["2 tensors", "Q4_K", "288 bytes", "136 bytes", "llama.context_length", "4096"]),
        ("a.onnx", samples.small_onnx(), ["fc.weight", "input pixels", "batch × 2", "output logits", "opset"]),
        ("a.zip", samples.zipped(a__b_txt=b"x" * 5000), ["What is in this archive", "a/b_txt", "One file"]),
        ("weights.pt", samples.zipped(archive__data=b"x"), ["archive/data"]),  # known by its bytes, not by its name
        ("a.pdf", samples.pdf(), ['data-document="/', "This is a PDF", "Download the PDF"]),
        ("a.tar", samples.tarred("one", "two"), ["one", "2 files"]),
        ("a.tar.gz", samples.tarred("one", "two", packed=True), ["two", "2 files"]),
        ("a.bin", bytes(range(256)) * 8, ["00 01 02 03", "The first 1,024 of 2,048 bytes"]),
        ("empty.txt", "", ["This file is empty"]),
    ],
)  # fmt: skip
def test_a_files_page_shows_it_by_its_kind(name: str, content: bytes | str, expected: list[str]) -> None:
    html = page_of(name, content)
    text = shown(html)
    for words_of_it in expected:
        assert words_of_it in html or words_of_it in text


def deep(opening: str, closing: str = "", depth: int = 100_000) -> str:
    return opening * depth + closing * depth


@pytest.mark.parametrize(
    ("name", "content", "words_of_it"),
    [
        ("lies.png", "<script>alert(1)</script>", "does not begin like one"),
        ("lies.jpg", b"\xff\xd8\xff" + b"\0" * 400, "does not begin like one"),
        ("lies.svg", "no drawing", "no SVG"),
        ("large.svg", samples.SVG + " " * 300_000, "too large for a page"),
        ("lies.ipynb", "{", "cannot be drawn"),
        ("list.ipynb", "[1]", "cannot be drawn"),
        ("deep.ipynb", deep("["), "cannot be drawn"),
        ("odd.ipynb", json.dumps({"cells": [1, None, {"cell_type": 5, "source": {"a": 1}, "outputs": "x"}]}), "Cell 1"),
        ("empty.ipynb", notebook(), "This notebook is empty"),
        ("half.ipynb", notebook(code("1", data(**{"half/\ud800": 1}))), "half/? is not shown here"),
        ("deep.json", deep("["), "row-of-code"),
        ("nan.ipynb", notebook(code("1"), n=float("nan")), "[1]"),
        ("lies.safetensors", b"\xff" * 64, "The header claims"),
        ("lies.safetensors", "words", "row-of-code"),
        ("lies.gguf", b"GGUF" + b"\xff" * 60, "does not read version"),
        ("lies.onnx", b"\x08\x08:\xff\xff\xff\xff\x0f" + bytes(60), "longer than what holds it"),
        ("lies.parquet", b"PAR1" + b"\xff" * 60 + b"PAR1", "no Parquet file"),
        ("lies.csv", b"\x00\x01\x02\xff" * 100, "00 01 02 ff"),
        ("lies.zip", b"PK\x03\x04" + b"\xff" * 200, "is not listed"),
        ("lies.tar", bytes(257) + b"ustar" + b"\xff" * 400, "is not listed"),
        ("lies.tar.gz", b"\x1f\x8b\x08" + b"\xff" * 400, "The first 403"),
        ("utf16.txt", "héllo\n".encode("utf-16"), "héllo"),
        ("latin.txt", "naïve und süß, aber größtenteils lesbar\n".encode("latin-1"), "shown as �"),
        ("lines.txt", "\n" * 400_000, "beginning of a long file"),
        ("long.txt", "x" * 600_000, "beginning of a long file"),
        ("line.js", "var a=1;" * 20_000, "row-of-code"),
        ("nul.txt", "a\0b", "61 00 62"),
        ("bell.txt", "\x07\x01" * 400, "07 01"),
        ("formula.md", "$" + deep("{", "}", 1900) + "$ $\\frac{$ $$&$$", "<code>"),
    ],
)  # fmt: skip
def test_a_hostile_or_broken_file_has_a_calm_page(name: str, content: bytes | str, words_of_it: str) -> None:
    html = page_of(name, content)
    assert words_of_it in html or words_of_it in shown(html)
    assert "<script>alert" not in html


EVIL_OUTPUTS = [
    data(text__html="<script>alert(1)</script><table onclick='x()'><tr><td style='color:red'>moss</td></tr></table>"),
    data(
        text__html="<iframe src='//evil.example'></iframe><img src='https://evil.example/a.png' onerror='alert(1)'>moss"
    ),
    data(image__png="<script>alert(1)</script>", text__plain="moss"),
    data(image__png=base64.b64encode(b"<script>alert(1)</script>").decode()),
    data(image__png=base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(3_000_000)).decode()),
    data(image__gif=5),
    data(application__javascript="alert(1)", text__plain="moss"),
    data(**{"application__vnd.plotly.v1+json": {"data": [{"x": "<script>"}]}}),
    data(text__latex="$\\href{javascript:alert(1)}{x}$"),
    data(text__markdown="<script>alert(1)</script> **moss**"),
    data(
        text__html="<a href='javascript:alert(1)' id='content' class='btn'>x</a><form action=/x><input name=password></form>"
    ),
    {"output_type": "stream", "name": "stderr", "text": "\x1b[31mred\x1b[0m <script>alert(1)</script>"},
    {
        "output_type": "error",
        "ename": "<script>",
        "evalue": "<script>alert(1)",
        "traceback": ["\x1b[0;31m<script>alert(1)"],
    },
    {"output_type": "error", "traceback": 7},
    {"output_type": "unheard of"},
]


@pytest.mark.parametrize("output", EVIL_OUTPUTS, ids=lambda output: json.dumps(output)[:60])
def test_outputs_of_notebooks_run_nothing_and_load_nothing(output: dict[str, object]) -> None:
    html = page_of("a.ipynb", notebook(code("1", output)))
    inner = html[html.index('<div class="notebook">') : html.index("</main>")]
    assert "[1]" in inner
    assert not re.search(
        r"<(script|iframe|form|style|object|embed)|\son\w+=|\sstyle=|javascript:(?!alert\(1\)\})", inner
    )
    assert all(source.startswith("data:image/") for source in re.findall(r'src="([^"]*)"', inner))
    assert len(inner) < 100_000


def test_texts_of_notebooks_are_cleaned_as_cards_are() -> None:
    cells = [words(text) for text in hostile.TEXTS] + [code("1", data(text__html=text)) for text in hostile.TEXTS]
    html = page_of("a.ipynb", notebook(*cells))
    for part in re.findall(r'<div class="prose[^>]*>(.*?)</div>\s*(?:</div>|</section>)', html, re.DOTALL):
        hostile.audit(part)


PRINTED = {"output_type": "stream", "text": "as it was printed"}


def test_a_long_notebook_is_shown_in_part() -> None:
    many = {"output_type": "stream", "text": "y" * 50_000}
    html = page_of("a.ipynb", notebook(code("x" * 70_000, *[many] * 60), *[words("moss")] * 600))
    assert html.count("<section") < 520
    assert "20 more outputs are not shown" in html
    assert "beginning of a long file" in html
    assert len(html) < 2_000_000


def test_what_is_drawn_of_a_notebook_is_bounded_in_all() -> None:
    table = data(text__html="<b>moss</b>" + "y" * 100_000)
    written = [code("x = 1\n" * 5_000, *[table] * 3) for _number in range(30)]
    found = parse(notebook(*written).encode())
    drawn = sum(len(cell.source) + sum(len(output.text) for output in cell.outputs) for cell in found.cells)
    assert drawn < MOST_DRAWN + LONGEST_HTML
    assert len(found.cells) + found.omitted_cells == 30
    assert found.cells[-1].omitted_outputs + len(found.cells[-1].outputs) == 3
    assert "beginning of a long file" in page_of("a.ipynb", notebook(*written))


def test_formulas_are_counted_over_a_whole_notebook() -> None:
    outputs = [data(text__latex=f"$a^{number}$") for number in range(40)]
    html = page_of("a.ipynb", notebook(*[code("1", *outputs)] * 15, words("$b^1$ and $b^2$")))
    assert (html.count("<math"), html.count("<code>a^")) == (500, 100)
    assert html.count("<code>b^") == 2


def test_the_length_of_all_formulas_together_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models_registry.services.cards.LONGEST_FORMULAS", 1_000)
    assert page_of("a.md", f"${'a' * 300}$ " * 9).count("<math") == 3


def test_a_notebook_is_drawn_once(monkeypatch: pytest.MonkeyPatch) -> None:
    repository = make.repository()
    make.commit(
        repository, {"a.ipynb": notebook(words("# Moss"), code("1", data(text__html="<i>lichen</i>"), PRINTED))}
    )
    first = page(repository, "a.ipynb")
    monkeypatch.setattr("models_registry.web.notebooks._drawn", None)
    for html in (first, page(repository, "a.ipynb")):
        assert html.index("<h2>Moss</h2>") < html.index("<i>lichen</i>") < html.index("as it was printed")


def test_a_drawing_is_an_image_alone_whatever_it_holds() -> None:
    html = page_of("a.svg", samples.EVIL_SVG)
    (address,) = re.findall(r'src="(data:image/svg\+xml;base64,[^"]*)"', html)
    assert b"alert(1)" in base64.b64decode(address.partition(",")[2])
    assert "<script>alert" not in html


def avif_box(kind: bytes, *parts: bytes) -> bytes:
    content = b"".join(parts)
    return struct.pack(">I4s", 8 + len(content), kind) + content


def test_the_size_of_a_picture_is_read_from_what_browsers_draw_alone_whatever_its_header_claims() -> None:
    places = b"".join(struct.pack(">HHH", number, 0, 65_535) for number in range(8))  # so many, of no bytes each
    bomb = avif_box(b"ftyp", b"avif", bytes(4)) + avif_box(
        b"meta",
        bytes(4),
        avif_box(b"iloc", bytes(6), struct.pack(">H", 8), places),
        avif_box(b"iprp", avif_box(b"ipco", avif_box(b"ispe", bytes(4), struct.pack(">II", 64, 40)))),
    )
    size, memory = peak_of(lambda: previews.picture_size(lambda start, end: bomb[start:end], len(bomb)))
    assert (size, memory < 1_000_000) == ((64, 40), True)
    icon = b"\0\0\1\0\1\0\x20\0" + bytes(14)
    assert previews.picture_size(lambda start, end: icon[start:end], len(icon)) == (32, 256)
    for drawn_nowhere in (b"P6 64 40 255\n", b'<svg width="64" height="40"/>'):
        assert previews.picture_size(lambda start, end, content=drawn_nowhere: content[start:end], 99) is None


def test_a_page_may_frame_what_its_script_makes_of_a_pdf_and_no_other_page_may(monkeypatch: pytest.MonkeyPatch) -> None:
    repository = make.repository()
    make.commit(repository, {"paper.pdf": samples.pdf(), "lies.pdf": "<script>alert(1)</script>", "a.png": picture()})

    def frames(name: str) -> list[str]:
        answer = Client().get(f"{repository.get_absolute_url()}/blob/main/{name}")
        policy = answer.headers["Content-Security-Policy"].split("; ")
        assert ("data-document" in answer.content.decode()) == ("frame-src blob:" in policy)
        return [directive for directive in policy if directive.startswith("frame-src")]

    assert frames("paper.pdf") == ["frame-src blob:"]
    assert frames("lies.pdf") == frames("a.png") == []
    monkeypatch.setattr(viewing, "MOST_OF_A_DOCUMENT", 100)
    assert frames("paper.pdf") == []
    assert "too large to be shown here" in page(repository, "paper.pdf")


def test_bombs_are_not_unpacked() -> None:
    assert "big" in page_of("bomb.zip", samples.zipped(big=bytes(50_000_000)))
    bomb = gzip.compress(samples.tarred("one") + bytes(100_000_000))
    assert "one" in page_of("bomb.tar.gz", bomb)


def test_a_zip_that_claims_a_huge_directory_is_refused() -> None:
    end = b"PK\x05\x06" + struct.pack("<4H2LH", 0, 0, 9, 9, 9_000_000, 0, 0)
    assert "is not listed" in page_of("a.zip", b"PK\x03\x04" + bytes(9_000_000) + end)


def headed(content: bytes) -> bytes:
    """A packed tar of one member, with such records about it."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        member = tarfile.TarInfo("about")
        member.type, member.size = tarfile.XHDTYPE, len(content)
        archive.addfile(member, io.BytesIO(content))
        archive.addfile(tarfile.TarInfo("one"))
    return gzip.compress(out.getvalue())


def sparse(pieces: int) -> bytes:
    """A packed tar of one sparse file in so many pieces, as GNU tar writes them since 1.0."""
    pieces_map = f"{pieces}\n".encode() + b"0\n0\n" * pieces
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        member = tarfile.TarInfo("holes")
        member.size = len(pieces_map)
        member.pax_headers = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": "holes"}
        archive.addfile(member, io.BytesIO(pieces_map))
    return gzip.compress(out.getvalue())


def test_the_headers_of_a_packed_tar_are_bounded_as_those_of_a_plain_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "_MOST_READ", 100_000)
    assert archives.listed("tar.gz", io.BytesIO(sparse(9))).count == 1
    for bomb in (sparse(50_000), headed(b"x" * 100_000)):
        with pytest.raises(ArchiveError, match="larger than this hub reads"):
            archives.listed("tar.gz", io.BytesIO(bomb))


def test_archives_are_opened_in_a_process_of_its_own_once(monkeypatch: pytest.MonkeyPatch) -> None:
    repository = make.repository()
    make.commit(repository, {"a.zip": samples.zipped(one=b"x"), "nested.tar.gz": headed(b"2 " * 30_000 + b"=")})
    monkeypatch.setattr(archives, "listed", None)
    assert "one" in shown(page(repository, "a.zip"))
    assert "This archive is not listed" in page(repository, "nested.tar.gz")
    monkeypatch.setattr("models_registry.services.previews._ArchiveProcess", None)
    assert "One file" in shown(page(repository, "a.zip"))
    assert "This archive is not listed" in page(repository, "nested.tar.gz")


def test_thousands_of_tensors_are_searched_sorted_and_paged() -> None:
    repository = make.repository()
    content = samples.safetensors(samples.layers(300))
    index_commit(repository.pk, make.commit(repository, {"m.safetensors": content}).oid)
    first = page(repository, "m.safetensors")
    assert "1–200 of 601" in first
    assert first.index("model.layers.9.mlp") < first.index("model.layers.10.mlp")
    found = page(repository, "m.safetensors", "?q=layers.17+Q_PROJ&sort=size")
    assert len(re.findall(r"<td><code>model\S*q_proj", found)) == 11  # 17, 170 … 179
    assert page(repository, "m.safetensors", "?q=f16&page=4").count("<td><code>model") == 1
    assert "No tensor matches" in page(repository, "m.safetensors", "?q=%3Cscript%3Enone")
    assert page(repository, "m.safetensors", "?sort=size").index("embed_tokens") > 0
    assert page(repository, "m.safetensors", "?sort=nonsense&page=x").count("<td><code>model") == 200


def test_names_of_tensors_are_text() -> None:
    html = page_of(
        "m.safetensors", samples.safetensors({"<img src=x onerror=alert(1)>.0.w": [1]}, a="<script>alert(1)")
    )
    assert "<img src=x" not in html
    assert "&lt;img src=x" in html
    assert "<script>alert" not in html


def test_weights_of_another_branch_are_read_when_they_are_looked_at() -> None:
    repository = make.repository()
    first = make.commit(repository, {"m.safetensors": samples.safetensors({"old.w": [3]})})
    index_commit(repository.pk, make.commit(repository, {"m.safetensors": samples.safetensors({"new.w": [4]})}).oid)
    html = Client().get(f"{repository.get_absolute_url()}/blob/{first.oid}/m.safetensors").content.decode()
    assert "old.w" in html
    assert "new.w" not in html


def test_json_folds_and_keeps_its_measure() -> None:
    repository = make.repository()
    wide = {f"<script>alert({n})</script>": ["</span><b>", None, True, 1.5] for n in range(3000)}
    make.commit(repository, {"a.json": json.dumps(wide), "deep.json": deep("[", "]", 400)})
    html = page(repository, "a.json", "?view=json")
    assert "<details open><summary>" in html
    assert "<script>alert" not in html
    assert "and more" in html
    assert page(repository, "deep.json", "?view=json").count("<details") < 40
    assert '"half ?"' in shown(page_of("half.json", json.dumps({"\udfff": "half \ud800"}), "?view=json"))


@pytest.mark.parametrize("query", ["?view=source", "?plain=1", "?view=unheard-of", "?view=bytes"])
def test_another_view_is_asked_for_by_the_address(query: str) -> None:
    html = page_of("a.md", "# Moss", query)
    assert ("row-of-code" in html) is (query in {"?view=source", "?plain=1"})


def test_the_rows_of_a_file_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    repository = make.repository()
    make.commit(repository, {"a.csv": "word\nonly-here\n"})
    assert "only-here" in page(repository, "a.csv")
    monkeypatch.setattr("models_registry.services.previews.TableProcess", None)
    assert "only-here" in page(repository, "a.csv")


def test_rows_that_are_kept_tell_nothing_of_another_file_of_the_same_content() -> None:
    content = "word\tx,count\nlichen\t1,3\n"
    assert ">x,count<small>" in page_of("a.tsv", content)
    assert ">x,count<small>" not in page_of("a.csv", content)
    assert "is no gzip file" in page_of("secret-plan.csv.gz", content)
    other = page_of("a.csv.gz", content)
    assert "is no gzip file" in other
    assert "secret-plan" not in other


def with_large_file() -> tuple[Repository, LfsObject]:
    repository = make.repository()
    file = sending.send_file(sending.caller(repository), (sending.some_xorb(1), 0, 6))
    create_commit(
        actor=Actor(user=repository.creator), repository=repository, branch="main", parent=None, title="t",
        changes=[AddLfsFile("model.bin", file.sha256, file.size)],
    )  # fmt: skip
    return repository, file


def test_a_large_file_tells_how_it_is_stored() -> None:
    repository, file = with_large_file()
    text = shown(page(repository, "model.bin"))
    assert f"oid sha256:{file.sha256} size {file.size}" in text
    assert "6 in one object" in text


def test_a_file_whose_content_is_gone_says_so() -> None:
    repository, file = with_large_file()
    repository.possessions.filter(lfs_object=file).delete()
    assert "The content of this file is not here" in page(repository, "model.bin")


def test_imports_are_sorted_by_what_they_can_do() -> None:
    repository = make.repository()
    head = make.commit(repository, {"m.pkl": b"\x80\x04N."})
    FileScan.objects.create(
        content=content_id(trees.file(repository, head, "m.pkl")), status="unsafe", scanner="picklescan 1",
        imports=[["torch", "<b>Tensor", "innocuous"], ["os", "system", "dangerous"], ["own", "thing", "suspicious"]],
    )  # fmt: skip
    text = shown(page(repository, "m.pkl"))
    places = [text.index(name) for name in ("os.system", "own.thing", "torch.<b>Tensor")]
    assert places == sorted(places)
    assert "nothing was loaded. picklescan 1" in text
