"""What the addresses of this door take and give, by subject: read by `/api/schema`, not used to build answers.

Names are those that Hub clients know. A field that may be missing has `required=False`.
"""
