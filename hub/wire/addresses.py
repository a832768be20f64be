"""Which addresses are for programs: a shorter chain of middleware, and refusals as JSON. Imports nothing of Django."""

import re

FOR_PROGRAMS = re.compile(
    r"/(api/(?!docs$)|uploads(/|\Z)|(datasets/)?[^/]+/[^/]+(/resolve/|\.git/|/info/refs\Z|/git-(upload|receive)-pack\Z))"
)
