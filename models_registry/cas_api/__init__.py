"""The CAS: what Xet clients speak, on an origin and in processes of its own (HUB_CAS_URL)."""
