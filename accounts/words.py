"""Secrets made of words that people read aloud and type (data-model.md, "Ids, tokens,
versions")."""

import re
import secrets
from functools import cache

from mnemonic import Mnemonic

_BETWEEN_WORDS = re.compile(r"[\s-]+")


@cache
def _word_list() -> list[str]:
    """2048 words that differ in their first four letters, so 11 bits each."""
    return Mnemonic("english").wordlist


def new_words(count: int) -> str:
    """Words in lower case with single blanks between them."""
    return " ".join(secrets.choice(_word_list()) for _ in range(count))


def normalized(typed: str) -> str:
    """What people typed, as `new_words` would have written it: letter case, repeated blanks and
    dashes don't matter."""
    return _BETWEEN_WORDS.sub(" ", typed).strip().lower()
