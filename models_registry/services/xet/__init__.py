"""What the Xet protocol asks of the hub: tokens, xorbs, the registration of files, deduplication, reconstruction.

Hashes are 64 hex digits in the protocol's own spelling (`formats.merkle.hash_to_text`) everywhere outside `formats`.
"""
