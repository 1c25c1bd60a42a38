"""Texts that others may read: without tokens, passwords and the name of the user."""

from __future__ import annotations

import re
from pathlib import Path

HIDDEN = "(hidden)"
# An address with a user in it; a bearer; what a setting with such a name is set to (the package tokenizers is none).
PATTERNS = (
    (re.compile(r"(?P<before>\w://)[^/\s@]+@"), r"\g<before>" + HIDDEN + "@"),
    (re.compile(r"(?P<before>\bBearer\s+)[\w.~+/=-]+", re.IGNORECASE), r"\g<before>" + HIDDEN),
    (
        re.compile(
            r"(?P<before>\b\w*(?:token(?!iz)|passw\w+|secret|api_?key)\w*[\"']?\s*[:=]\s*[\"']?)[^\s\"',]+",
            re.IGNORECASE,
        ),
        r"\g<before>" + HIDDEN,
    ),
    (re.compile(r"\bhf_[A-Za-z0-9]{8,}"), HIDDEN),
)


def without_secrets(text: str, *known: str) -> str:
    """The text without what looks like a token or password, and without the ``known`` ones."""
    for secret in known:
        if secret:
            text = text.replace(secret, HIDDEN)
    for pattern, instead in PATTERNS:
        text = pattern.sub(instead, text)
    return text


def without_home(text: str) -> str:
    """The text with the home folder written as ``~``, also where its path is spelled with other slashes."""
    home = Path.home()
    for spelled in {str(home), home.as_posix(), str(home).replace("\\", "\\\\"), str(home.resolve())}:
        text = re.sub(re.escape(spelled) + r"(?![\w.-])", "~", text, flags=re.IGNORECASE if "\\" in spelled else 0)
    return text
