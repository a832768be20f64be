import pytest

from accounts.models import Actor
from models_registry.models import LineageEdge, Repository
from models_registry.services.indexing import index_commit
from models_registry.services.moving import move_repository
from models_registry.services.repositories import delete_repository
from models_registry.tasks import tag_children
from tests import make
from tests.models_registry.formats.gguf_bytes import LLAMA
from tests.models_registry.indexing.weights import indexed


def card(*bases: str, relation: str = "") -> str:
    lines = "".join(f"- {base}\n" for base in bases)
    return f"---\nbase_model:\n{lines}" + (f"base_model_relation: {relation}\n" if relation else "") + "---\n"


def edges(repository: Repository) -> list[tuple[str, str]]:
    return list(repository.lineage.order_by("base_name").values_list("base_name", "relation"))


@pytest.mark.parametrize(
    ("files", "name", "expected"),
    [
        ({"README.md": card("a/b")}, "tuned", [("a/b", "finetune")]),
        ({"README.md": card("a/b", "c/d")}, "mixed", [("a/b", "merge"), ("c/d", "merge")]),
        ({"README.md": card("a/b"), "adapter_config.json": "{}"}, "lora", [("a/b", "adapter")]),
        ({"README.md": card("a/b"), "m.gguf": LLAMA}, "small", [("a/b", "quantized")]),
        ({"README.md": card("a/b")}, "model-AWQ", [("a/b", "quantized")]),
        (
            {"README.md": card("a/b"), "config.json": '{"quantization_config": {"bits": 4}}'},
            "x",
            [("a/b", "quantized")],
        ),
        ({"README.md": card("a/b", relation="merge")}, "model-GPTQ", [("a/b", "merge")]),
        ({"README.md": card("a/b", relation="anything")}, "x", [("a/b", "finetune")]),
        ({"adapter_config.json": '{"base_model_name_or_path": "a/b"}'}, "x", [("a/b", "adapter")]),
        ({"adapter_config.json": '{"base_model_name_or_path": "/home/me/model"}'}, "x", []),
        ({"README.md": card("A/b", "a/B")}, "x", [("A/b", "merge")]),
    ],
)
def test_the_relation_is_what_the_card_says_or_the_files_imply(
    files: dict[str, bytes | str], name: str, expected: list[tuple[str, str]]
) -> None:
    assert edges(indexed(files, name=name)) == expected


def test_an_edge_leads_to_its_base_in_any_spelling() -> None:
    base = make.repository(make.user("Ada"), "Base")
    tuned = indexed({"README.md": card("ada/base")})
    assert tuned.lineage.get().base == base
    assert {"base_model:ada/base", "base_model:finetune:Ada/Base"} <= set(tuned.tags.values_list("tag", flat=True))


def test_an_edge_finds_a_base_that_is_made_later_and_loses_one_that_is_deleted() -> None:
    tuned = indexed({"README.md": card("ada/base")})
    assert tuned.lineage.get().base is None
    ada = make.user("ada")
    base = make.repository(ada, "base")
    make.repository(ada, "base", kind="dataset")
    assert tuned.lineage.get().base == base
    delete_repository(actor=Actor(user=ada), repository=base)
    assert edges(tuned) == [("ada/base", "finetune")]
    assert tuned.lineage.get().base is None
    again = make.repository(ada, "base")
    assert tuned.lineage.get().base == again


def test_no_model_is_its_own_base() -> None:
    ada = make.user("ada")
    assert edges(indexed({"README.md": card("ada/self")}, owner=ada, name="self")) == []


def test_children_are_found_by_the_name_a_base_has_got() -> None:
    base = make.repository(make.user("ada"), "base")
    tuned = indexed({"README.md": card("ada/base")})
    early = indexed({"README.md": card("ada/renamed")})
    move_repository(actor=Actor(user=base.creator), repository=base, namespace="ada", name="renamed")
    tag_children(str(base.pk))
    tag_children(str(base.pk))
    assert {edge.base for edge in LineageEdge.objects.filter(repository__in=[tuned, early])} == {base}
    assert tuned.tags.filter(tag="base_model:finetune:ada/renamed").count() == 1


def test_indexing_again_keeps_one_edge_for_each_base() -> None:
    tuned = indexed({"README.md": card("a/b")})
    index_commit(tuned.pk, make.commit(tuned, {"README.md": card("c/d")}).oid)
    assert edges(tuned) == [("c/d", "finetune")]
    assert LineageEdge.objects.count() == 1


def test_no_tag_tells_a_stranger_the_name_of_a_private_base() -> None:
    """Whoever guesses a name, or knows one from before, learns neither that it exists nor what it is called now."""
    ada = make.user("ada")
    secret = make.repository(ada, "Secret", private=True)
    guessed = indexed({"README.md": card("ada/secret")})
    written = {"base_model:ada/secret", "base_model:finetune:ada/secret"}
    assert set(guessed.tags.values_list("tag", flat=True)) == written
    move_repository(actor=Actor(user=ada), repository=secret, namespace="ada", name="hidden-now")
    tag_children(str(secret.pk))
    index_commit(guessed.pk, make.commit(guessed, {"file": "x"}).oid)
    assert set(guessed.tags.values_list("tag", flat=True)) == written
