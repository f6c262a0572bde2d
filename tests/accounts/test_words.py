"""Words that people type (data-model.md, "Ids, tokens, versions")."""

import pytest

from accounts.words import _word_list, new_words, normalized


def test_there_are_enough_different_words() -> None:
    words = _word_list()
    assert len(set(words)) >= 2000
    assert all(word.isalpha() and word == word.lower() for word in words)


@pytest.mark.parametrize("count", [1, 3, 5])
def test_words_are_drawn_from_the_list(count: int) -> None:
    words = new_words(count).split(" ")
    assert len(words) == count
    assert set(words) <= set(_word_list())


def test_draws_of_words_differ() -> None:
    assert len({new_words(5) for _ in range(100)}) == 100


@pytest.mark.parametrize(
    "typed",
    [
        "one two three",
        "One TWO Three",
        " one  two\tthree\n",
        "one-two-three",
        "one - two --three-",
        "one\u00a0two\u2003three",
    ],
)
def test_case_and_spacing_of_typed_words_do_not_matter(typed: str) -> None:
    assert normalized(typed) == "one two three"


def test_new_words_are_in_normal_form() -> None:
    words = new_words(5)
    assert normalized(words) == words
