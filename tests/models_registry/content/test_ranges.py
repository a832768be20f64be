import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.wire.ranges import Span, Unsatisfiable, asked_span


@pytest.mark.parametrize(
    ("header", "span"),
    [
        (None, None),
        ("", None),
        ("bytes=0-0", Span(0, 1)),
        ("bytes=2-", Span(2, 10)),
        ("bytes=-3", Span(7, 10)),
        ("bytes=-30", Span(0, 10)),
        ("bytes=4-900", Span(4, 10)),
        ("Bytes = 4-5", None),
        ("bytes= 4-5", Span(4, 6)),
        ("bytes=5-4", None),
        ("bytes=-", None),
        ("bytes=a-b", None),
        ("bytes=0-1,4-5", None),
        ("lines=0-1", None),
        ("bytes=" + "9" * 40 + "-", None),
    ],
)
def test_a_range_is_read_as_the_standard_says(header, span):
    assert asked_span(header, 10) == span


@pytest.mark.parametrize("header", ["bytes=10-", "bytes=10-12", "bytes=-0", "bytes=99-"])
def test_a_range_outside_the_body_cannot_be_satisfied(header):
    with pytest.raises(Unsatisfiable):
        asked_span(header, 10)


def test_an_empty_body_has_no_range():
    with pytest.raises(Unsatisfiable):
        asked_span("bytes=0-", 0)


@given(st.text(max_size=30), st.integers(0, 1 << 40))
def test_whatever_is_sent_the_span_lies_in_the_body(header, size):
    try:
        span = asked_span(f"bytes={header}", size)
    except Unsatisfiable:
        return
    assert span is None or 0 <= span.start < span.end <= size
