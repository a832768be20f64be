"""Lists: by author, tag, words; sorted, cut, by pages; with only what is asked for."""

from steps import NOT_OFFERED, Place, main, refusal, soon, step

CARD = """---
license: {licence}
pipeline_tag: {task}
library_name: {library}
language: [en, de]
tags: [{tag}]
datasets: [squad]
---
# A card
"""
MODELS = {
    "alpha": {"licence": "mit", "task": "text-classification", "library": "transformers", "tag": "green"},
    "beta": {"licence": "apache-2.0", "task": "text-generation", "library": "transformers", "tag": "green"},
    "gamma": {"licence": "mit", "task": "text-generation", "library": "timm", "tag": "blue"},
}


def ids(at: Place, found) -> list[str]:
    """Without what all of this script's have in front; others of the author's are left out."""
    prefix = at.name("")
    return sorted(info.id.removeprefix(prefix) for info in found if info.id.startswith(prefix))


@step([["gamma"], ["words"]])
def described(at: Place):
    for name, facts in MODELS.items():
        at.api.create_repo(at.name(name))
        at.api.upload_file(
            path_or_fileobj=CARD.format(**facts).encode(), path_in_repo="README.md", repo_id=at.name(name)
        )
    at.api.create_repo(at.name("hidden"), private=True)
    at.api.create_repo(at.name("words"), repo_type="dataset")
    at.api.upload_file(
        path_or_fileobj=b"---\nlicense: cc0-1.0\ntask_categories: [text-classification]\nlanguage: [en]\n---\n# Words\n",
        path_in_repo="README.md",
        repo_id=at.name("words"),
        repo_type="dataset",
    )
    found = soon(lambda: ids(at, at.api.list_models(author=at.namespace, filter="blue")))
    return [found, soon(lambda: ids(at, at.api.list_datasets(author=at.namespace, filter="license:cc0-1.0")))]


@step([["alpha", "beta", "gamma", "hidden"], ["alpha", "beta", "gamma"], ["words"]])
def by_author(at: Place):
    return [
        ids(at, at.api.list_models(author=at.namespace)),
        ids(at, at.nobody.list_models(author=at.namespace)),
        ids(at, at.api.list_datasets(author=at.namespace)),
    ]


@step(
    [
        ["alpha", "beta"],
        ["beta"],
        ["alpha", "gamma"],
        ["alpha", "beta", "gamma"],
        ["alpha", "beta", "gamma"],
        ["gamma"],
        ["beta", "gamma"],
        [],
        ["words"],
        [],
    ]
)
def by_tag(at: Place):
    def found(**what):
        return ids(at, at.api.list_models(author=at.namespace, **what))

    return [
        found(filter="green"),
        found(filter=["green", "text-generation"]),
        found(filter="license:mit"),
        found(filter="language:de") or found(filter="de"),
        found(filter="dataset:squad"),
        found(filter="timm"),
        found(pipeline_tag="text-generation"),
        found(gated=True),
        ids(at, at.api.list_datasets(author=at.namespace, task_categories="text-classification")),
        ids(at, at.api.list_datasets(author=at.namespace, filter="license:mit")),
    ]


@step([["alpha"], ["gamma"], ["words"]])
def by_words(at: Place):
    return [
        ids(at, at.api.list_models(search=at.name("alp").partition("/")[2])),
        ids(at, at.api.list_models(author=at.namespace, search="gamma")),
        ids(at, at.api.list_datasets(search="words", author=at.namespace)),
    ]


@step([["beta", "alpha"], 3])
def in_order(at: Place):
    newest = [info.id for info in at.api.list_models(author=at.namespace, filter="green", sort="last_modified")]
    times = [info.last_modified for info in at.api.list_models(author=at.namespace, full=True, limit=3)]
    for order in ("downloads", "likes", "created_at"):
        assert ids(at, at.api.list_models(author=at.namespace, sort=order))
    return [[name.rpartition("-")[2] for name in newest], len(times)]


@step([1, 2])
def cut(at: Place):
    return [len(list(at.api.list_models(author=at.namespace, limit=number))) for number in (1, 2)]


@step(
    [
        ["text-generation", "timm", False, 0, 0],
        ["blue", "dataset:squad", "de", "en", "license:mit", "text-generation", "timm"],
        [".gitattributes", "README.md"],
        "mit",
        40,
    ]
)
def in_full(at: Place):
    (model,) = at.api.list_models(author=at.namespace, filter="blue", full=True, cardData=True)
    return [
        [model.pipeline_tag, model.library_name, model.private, model.downloads, model.likes],
        sorted(set(model.tags) & {"blue", "timm", "license:mit", "dataset:squad", "text-generation", "en", "de"}),
        sorted(sibling.rfilename for sibling in model.siblings),
        model.card_data.license,
        len(model.sha),
    ]


@step([[True, 0, None, True], ["mit", 40, None], [0, None], "BadRequestError 400"])
def with_what_is_asked_for(at: Place):
    (model,) = at.api.list_models(author=at.namespace, filter="blue", expand=["author", "downloads", "tags"])
    info = at.api.model_info(at.name("alpha"), expand=["cardData", "sha"])
    dataset = at.api.dataset_info(at.name("words"), expand=["downloadsAllTime", "trendingScore"])
    return [
        [model.author == at.namespace, model.downloads, model.sha, "blue" in model.tags],
        [info.card_data.license, len(info.sha), info.tags],
        [dataset.downloads_all_time, dataset.sha],
        refusal(lambda: at.api.model_info(at.name("alpha"), expand=["nonsense"])),
    ]


@step([True, True, True])
def all_that_there_is_to_filter_by(at: Place):
    tags = at.api.get_model_tags()
    return [
        "transformers" in [tag["id"] for tag in tags["library"]],
        "license:mit" in [tag["id"] for tag in tags["license"]],
        "license:cc0-1.0" in [tag["id"] for tag in at.api.get_dataset_tags()["license"]],
    ]


@step(NOT_OFFERED)
def spaces_are_none(at: Place):
    return refusal(lambda: list(at.api.list_spaces(limit=1)))


if __name__ == "__main__":
    main()
