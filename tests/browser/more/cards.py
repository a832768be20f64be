"""Writing cards, and repositories that lack one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models_registry.models import Repository
from models_registry.services.indexing import index_commit
from tests import make

if TYPE_CHECKING:
    from tests.browser.scene import Scene

CONFIG = '{"model_type": "llama", "architectures": ["LlamaForCausalLM"]}'
DESCRIBED = """---
license: other
license_name: my-own-terms
language: [en, zh-Hans]
library_name: transformers
pipeline_tag: text-generation
base_model: birch-lab/digits-cnn
datasets: [birch-lab/digits, somewhere/else-with-a-rather-long-name-that-does-not-end]
tags: [vision, a-tag-that-is-quite-long-and-goes-on-for-a-while]
my-own-key: {kept: true}
model-index:
- name: leaf
  results:
  - task: {type: text-generation}
    dataset: {name: A benchmark with a long name, type: bench}
    metrics: [{type: accuracy, value: 0.71}]
---
# Leaf

What it does.

## Intended use

For botanists.

## Training

On leaves.

### Data

Two of them.

## Evaluation

None yet.

## Citation

None.
"""


def arrange(scene: Scene) -> None:
    described = make.repository(scene.member, "leaf-with-a-card-to-edit")
    commit = make.commit(described, {"README.md": DESCRIBED, "config.json": CONFIG, "leaf.gguf": "", "leaf.onnx": ""})
    index_commit(described.pk, commit.oid)
    Repository.objects.filter(pk=described.pk).update(gated="auto")
    broken = make.repository(scene.member, "leaf-with-broken-metadata")
    make.commit(broken, {"README.md": "---\nlicense: [mit\n---\n# Leaf\n", "config.json": CONFIG})
    bare = make.repository(scene.member, "leaf-without-a-card")
    make.commit(bare, {"config.json": "{}\n"})
    make.repository(scene.member, "rows", kind="dataset")


def pages(scene: Scene) -> dict[str, str]:
    return {
        "card-editor": "/alder/leaf-with-a-card-to-edit/edit-card/main",
        "card-editor-broken": "/alder/leaf-with-broken-metadata/edit-card/main",
        "card-editor-empty": "/datasets/alder/rows/edit-card/main",
        "card-described": "/alder/leaf-with-a-card-to-edit",
        "card-missing": "/alder/leaf-without-a-card",
    }
