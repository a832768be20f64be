"""How the hub is used."""


def entrance_pages() -> dict[str, str]:
    return {"guide": "/docs", "guide-scores": "/docs/scores"}
