"""Webhooks: kept (`keeping`), told of what happens (`announcing`, with what `payloads` say), and sent to (`delivering`).

`addresses` says which addresses a webhook may have; `sending` speaks HTTP to one, and trusts nothing that comes back.
"""
