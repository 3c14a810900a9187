"""The benchmarks' own arithmetic: a figure that is worked out wrongly would keep any bound."""

import pytest

from bench.__main__ import PARTS, Line, lines_of
from bench.mix import MIX, User
from bench.sizes import p95, size
from bench.web import Reply, content_length


def test_a_figure_beyond_its_bound_is_not_kept_and_an_unbounded_one_is() -> None:
    """The bound itself is still kept."""
    rows = (("a", 1.0, "A"), ("b", 1.0, "B"), ("c", None, "C"))
    lines = lines_of(rows, {"a": 1.0, "b": 1.001, "c": 99.0, "other": 5})
    assert [(line.words, line.kept) for line in lines] == [("A", True), ("B", False), ("C", True)]
    assert not Line("none may be left", 1, 0).kept


def test_each_part_says_what_it_measures() -> None:
    """A part without rows would print nothing and break no bound."""
    for name, part in PARTS.items():
        assert part.ROWS, name
        assert all(words for _, _, words in part.ROWS), name


def test_95_of_100_are_done_within_p95() -> None:
    """One slow answer of a hundred does not move it far; ten do."""
    assert p95([10.0] * 99 + [1_000.0]) == 10.0
    assert p95([10.0] * 90 + [1_000.0] * 10) == 1_000.0
    assert p95([7.0]) == 7.0


def test_a_size_is_the_one_that_was_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is measured with nobody."""
    assert size("OPEN_IN_A_TEST", 10_000) == 10_000
    monkeypatch.setenv("HOLDFAST_BENCH_OPEN_IN_A_TEST", "500")
    assert size("OPEN_IN_A_TEST", 10_000) == 500
    monkeypatch.setenv("HOLDFAST_BENCH_OPEN_IN_A_TEST", "0")
    assert size("OPEN_IN_A_TEST", 10_000) == 1


def test_the_mix_is_that_of_a_hundred_requests_and_users_can_make_each() -> None:
    """A kind that no user can make would fail only after a minute."""
    assert sum(MIX.values()) == 100
    assert all(callable(getattr(User, kind)) for kind in MIX)


def test_an_answer_without_a_length_is_not_waited_for() -> None:
    """Names of headers are written in any case."""
    assert content_length(b"HTTP/1.1 200 OK\r\nServer: x\r\nCONTENT-LENGTH: 12\r\n\r\n") == 12
    with pytest.raises(ValueError, match="does not tell its length"):
        content_length(b"HTTP/1.1 200 OK\r\nServer: x\r\n\r\n")


def test_a_refusal_is_never_measured_as_an_answer() -> None:
    """Refusing is quick; counted in, it would flatter."""
    assert Reply(201, b'{"a": 1}', 3.0).good().json == {"a": 1}
    with pytest.raises(RuntimeError, match="409: sold out"):
        Reply(409, b"sold out", 1.0).good()
