"""Secrets made of words, which people read aloud and type (data-model.md, "Ids, tokens,
versions")."""

import hmac
import re
import secrets
from functools import cache

from mnemonic import Mnemonic

_BETWEEN_WORDS = re.compile(r"[\s-]+")
_NO_LETTERS = re.compile(r"[\s*-]+")


@cache
def _word_list() -> list[str]:
    """Returns 2048 words, so 11 bits each, that differ in their first four letters."""
    return Mnemonic("english").wordlist


def new_words(count: int) -> str:
    """Returns random words in lower case, separated by single spaces."""
    return " ".join(secrets.choice(_word_list()) for _ in range(count))


def normalized(typed: str) -> str:
    """Returns typed words in the form of `new_words`: letter case, repeated spaces and dashes are
    ignored."""
    return _BETWEEN_WORDS.sub(" ", typed).strip().lower()


def same_words(stored: str, typed: str) -> bool:
    """Compares words in constant time, regardless of letter case and separators (accounts.md,
    2.5)."""
    first, second = (_NO_LETTERS.sub("", text).lower() for text in (stored, typed))
    return hmac.compare_digest(first.encode(), second.encode(errors="surrogatepass"))
