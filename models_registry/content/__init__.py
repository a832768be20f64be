"""The content server: file bytes over plain HTTP, on an origin and in processes of its own (HUB_CONTENT_URL)."""
