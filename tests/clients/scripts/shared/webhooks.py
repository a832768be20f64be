"""Webhooks: made, listed, changed, disabled, enabled, deleted."""

from steps import Place, main, refusal, step

URL = "https://example.org/hook"
MADE: list[str] = []


def shown(webhook) -> list:
    items = [f"{item.type}:{item.name}" for item in webhook.watched]
    return [webhook.url, items, webhook.domains, webhook.secret, webhook.disabled]


@step([True, True, True, []], needs="create_webhook")
def created(at: Place):
    name = at.api.create_repo(at.name("watched")).repo_id
    watched = [{"type": "user", "name": at.namespace}, {"type": "model", "name": name}]
    made = at.api.create_webhook(url=URL, watched=watched, domains=["repo"], secret="a secret")
    MADE.append(made.id)
    expected = [URL, [f"user:{at.namespace}", f"model:{name}"], ["repo"], "a secret", False]
    listed = {webhook.id: shown(webhook) for webhook in at.api.list_webhooks()}
    return [
        shown(made) == expected,
        shown(at.api.get_webhook(made.id)) == expected,
        listed[made.id] == expected,
        at.stranger.list_webhooks(),
    ]


@step([["discussion"], URL + "/new", True, False], needs="create_webhook")
def changed(at: Place):
    made = at.api.update_webhook(MADE[0], url=URL + "/new", domains=["discussion"])
    return [
        made.domains,
        made.url,
        at.api.disable_webhook(MADE[0]).disabled,
        at.api.enable_webhook(MADE[0]).disabled,
    ]


@step(["HfHubHTTPError 404", "HfHubHTTPError 404", "HfHubHTTPError 401"], needs="create_webhook")
def anothers(at: Place):
    return [
        refusal(lambda: at.stranger.get_webhook(MADE[0])),
        refusal(lambda: at.stranger.delete_webhook(MADE[0])),
        refusal(at.nobody.list_webhooks),
    ]


@step("HfHubHTTPError 422", needs="create_webhook")
def into_a_private_network(at: Place):
    watched = [{"type": "user", "name": at.namespace}]
    return refusal(lambda: at.api.create_webhook(url="http://169.254.169.254/latest", watched=watched))


@step(["HfHubHTTPError 404", False], needs="create_webhook")
def deleted(at: Place):
    at.api.delete_webhook(MADE[0])
    return [refusal(lambda: at.api.get_webhook(MADE[0])), MADE[0] in [item.id for item in at.api.list_webhooks()]]


if __name__ == "__main__":
    main()
