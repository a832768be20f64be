"""Collections, by every call that the client has. (A script called collections would hide the standard library's.)"""

from steps import CONFLICT, FORBIDDEN, Place, main, refusal, step

STATE = {}


@step([True, "Some models", "For tests", True, [], 0, True, CONFLICT, True])
def made(at: Place):
    found = at.api.create_collection("Some models", description="For tests", private=True)
    STATE["slug"] = found.slug
    again = at.api.create_collection("Some models", exists_ok=True)
    return [
        found.slug.startswith(f"{at.namespace}/some-models-"),
        found.title,
        found.description,
        found.private,
        found.items,
        found.upvotes,
        found.owner["name"] == at.namespace,
        refusal(lambda: at.api.create_collection("Some models")),
        again.slug == found.slug,
    ]


@step(
    [
        ["model", "dataset", "collection"],
        [0, 1, 2],
        ["A note", None, None],
        CONFLICT,
        True,
        True,
        "HfHubHTTPError 404",
        True,
    ]
)
def filled(at: Place):
    slug = STATE["slug"]
    model, dataset = at.api.create_repo(at.name("model")).repo_id, at.name("dataset")
    at.api.create_repo(dataset, repo_type="dataset")
    other = at.api.create_collection("Another").slug
    at.api.add_collection_item(slug, model, "model", note="A note")
    at.api.add_collection_item(slug, dataset, "dataset")
    found = at.api.add_collection_item(slug, other, "collection")
    kept = at.api.add_collection_item(slug, model, "model", exists_ok=True)
    STATE["model"] = model
    return [
        [item.item_type for item in found.items],
        [item.position for item in found.items],
        [item.note for item in found.items],
        refusal(lambda: at.api.add_collection_item(slug, model, "model")),
        len(kept.items) == 3,
        found.items[0].item_id == model,
        refusal(lambda: at.api.add_collection_item(slug, at.name("nothing"), "model")).replace(
            "RepositoryNotFoundError", "HfHubHTTPError"
        ),
        refusal(lambda: at.api.add_collection_item(slug, model, "space")).startswith(
            ("HfHubHTTPError 4", "BadRequestError 4")
        ),
    ]


@step([["dataset", "collection", "model"], "Changed", 2, "HfHubHTTPError 404", None, "HfHubHTTPError 404"])
def ordered(at: Place):
    slug = STATE["slug"]
    first = at.api.get_collection(slug).items[0]
    at.api.update_collection_item(slug, first.item_object_id, note="Changed", position=2)
    found = at.api.get_collection(slug)
    gone = found.items[1].item_object_id
    at.api.delete_collection_item(slug, gone)
    return [
        [item.item_type for item in found.items],
        found.items[2].note,
        len(at.api.get_collection(slug).items),
        refusal(lambda: at.api.delete_collection_item(slug, gone)),
        at.api.delete_collection_item(slug, gone, missing_ok=True),
        refusal(lambda: at.api.update_collection_item(slug, gone, note="x")),
    ]


@step(["HfHubHTTPError 404", "HfHubHTTPError 404", [], True])
def hidden_from_others(at: Place):
    slug = STATE["slug"]
    return [
        refusal(lambda: at.stranger.get_collection(slug)),
        refusal(lambda: at.nobody.get_collection(slug)),
        list(at.stranger.list_collections(owner=at.namespace, item=f"models/{STATE['model']}")),
        slug in [one.slug for one in at.api.list_collections(owner=at.namespace)],
    ]


@step(["Fewer models", "Shorter", False, "pink", True, True, True, FORBIDDEN, 2])
def changed(at: Place):
    old = STATE["slug"]
    found = at.api.update_collection_metadata(
        old, title="Fewer models", description="Shorter", private=False, theme="pink", position=0
    )
    seen = at.stranger.get_collection(old)
    listed = [one.slug for one in at.stranger.list_collections(owner=[at.namespace], sort="lastModified", limit=5)]
    STATE["slug"] = found.slug
    return [
        found.title,
        found.description,
        found.private,
        found.theme,
        found.slug != old and found.slug[-24:] == old[-24:],
        seen.slug == found.slug,
        found.slug in listed,
        refusal(lambda: at.stranger.update_collection_metadata(old, title="Mine")),
        len(seen.items),
    ]


@step([1, True])
def what_is_deleted_or_private_is_gone(at: Place):
    slug = STATE["slug"]
    at.api.delete_repo(at.name("dataset"), repo_type="dataset")
    after = at.stranger.get_collection(slug)
    return [len(after.items), after.items[0].item_id == STATE["model"]]


@step([True, True, FORBIDDEN])
def of_an_organisation(at: Place):
    found = at.api.create_collection("Ours", namespace=at.organization)
    return [
        found.slug.startswith(f"{at.organization}/ours-"),
        found.owner["name"] == at.organization,
        refusal(lambda: at.stranger.create_collection("Theirs", namespace=at.organization)),
    ]


@step([None, "HfHubHTTPError 404", "HfHubHTTPError 404", None])
def deleted(at: Place):
    slug = STATE["slug"]
    return [
        at.api.delete_collection(slug),
        refusal(lambda: at.api.get_collection(slug)),
        refusal(lambda: at.api.delete_collection(slug)),
        at.api.delete_collection(slug, missing_ok=True),
    ]


if __name__ == "__main__":
    main()
