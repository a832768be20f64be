"""What the hub says of itself."""


def entrance_pages() -> dict[str, str]:
    return {"status": "/status"}
