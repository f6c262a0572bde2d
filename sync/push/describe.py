"""Writes docs/actions.md from the registry: `make docs`."""

import inspect
from collections.abc import Iterable
from pathlib import Path

import sync.push.actions  # noqa: F401  (fills the registry)
from schemas.action import Kind
from sync.push.registry import Definition, registry

PAGE = Path(__file__).parents[2] / "docs/actions.md"

INTRODUCTION = """\
# Actions

Written by `make docs` from the declarations of the handlers; a test fails if it is out of date.

Each action leads to its schema and to its handler, with the most that it does to other devices:

- **Renews**: the versions that get a new value, so that clients pull what they stand for. Those of
  `category` are renewed for the categories concerned, those of `family` for all. An action that
  changes nothing renews nothing.
- **Notifies**: the level of the message `should sync` to all other devices of the family. Some
  actions have a level for the device that they are about, too. The sender gets no message. And the
  mails to parents who want them ([mails](protocol/mails.md)).

The details are in the [protocol](protocol/push-actions.md).
"""

KINDS = {
    Kind.APP_LOGIC: """\
## Actions of the app

The device itself sends them. The token of the device is the only proof.
""",
    Kind.PARENT: """\
## Actions of parents

A parent proves itself by password or security key, or by being kept signed in at the device. Where
**a child** is mentioned, a child may do the same for itself at the device that it uses, if its
parents allow it to add limits, and only so far.
""",
    Kind.CHILD: """\
## Actions of children

The child proves itself by its password.
""",
}


def page() -> str:
    return "\n".join([INTRODUCTION, *(_section(kind, text) for kind, text in KINDS.items())])


def _section(kind: Kind, introduction: str) -> str:
    rows = [
        ("Action", "Schema", "Handler", "Renews", "Notifies"),
        ("---",) * 5,
        *(_row(registry[key]) for key in sorted(registry) if key[0] == kind),
    ]
    table = "".join(f"| {' | '.join(row)} |\n" for row in rows)
    return f"{introduction}\n{table}"


def _row(definition: Definition) -> tuple[str, ...]:
    schema, effects = type(definition.schema), definition.effects
    name = f"`{definition.type}`"
    if definition.self_limit is not None:
        rule = " ".join((inspect.getdoc(definition.self_limit) or "").split())
        name += f"<br>**a child**: {rule}"
    versions = (f"`{v.model.__name__.lower()}.{v.name}`" for v in effects.renews)
    levels = []
    if effects.notifies:
        levels.append(effects.notifies.name.lower())
    if effects.targets:
        levels.append(f"the device concerned: {effects.targets.name.lower()}")
    return (
        name,
        _link(schema.__name__, schema.__module__),
        _link(definition.handler.__name__, definition.handler.__module__),
        _joined(sorted(versions)),
        _joined(levels + [f"parents, by mail: {kind}" for kind in sorted(effects.mails)]),
    )


def _link(name: str, module: str) -> str:
    return f"[`{name}`](../{module.replace('.', '/')}.py)"


def _joined(texts: Iterable[str]) -> str:
    return "<br>".join(texts) or "none"


if __name__ == "__main__":
    PAGE.write_text(page())
