"""The page, put together from its sections."""

from collections.abc import Mapping
from typing import Any, Final

from govbus.local.event_docs import sections
from govbus.local.event_docs.document import DOCUMENT_NAME
from govbus.local.event_docs.words import escaped, link, paragraphs

PAGE_NAME: Final = "index.html"
STYLE_NAME: Final = "events.css"
ICON_NAME: Final = "govbus.svg"


def page(document: Mapping[str, Any]) -> str:
    """Return the page of an AsyncAPI document of Govbus's."""
    info = document["info"]
    title = escaped(info["title"])
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{title}</title>\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<link rel="icon" href="{ICON_NAME}">\n<link rel="stylesheet" href="{STYLE_NAME}">\n</head>\n<body>\n'
        f"<header><h1>{title}</h1><p>Version {escaped(info['version'])}, AsyncAPI {escaped(document['asyncapi'])}: "
        f'<a href="{DOCUMENT_NAME}" type="application/json">{DOCUMENT_NAME}</a></p></header>\n'
        f'<nav aria-label="Events">{_contents(document)}</nav>\n<main>\n{_main(document)}\n</main>\n</body>\n</html>\n'
    )


def _contents(document: Mapping[str, Any]) -> str:
    tops = (("connect", "Connect"), ("topics", "Topics"), ("headers", "Headers"))
    found = [f"<p>{link(anchor, text)}</p>" for anchor, text in tops]
    for group, (title, _) in sections.GROUPS.items():
        items = "".join(f"<li>{link(name, one['title'])}</li>" for name, one in _of_group(document, group))
        found.append(f"<p>{link(f'group-{group}', title)}</p><ul>{items}</ul>")
    return "".join([*found, f"<p>{link('parts', 'Parts')}</p>"])


def _main(document: Mapping[str, Any]) -> str:
    parts = document["components"]["schemas"]
    found = [
        _section("about", "About", paragraphs(document["info"]["description"])),
        _section("connect", "Connect", sections.connection(document)),
        _section("topics", "Topics", sections.topics(document)),
        _section("headers", "Headers", sections.headers(document)),
        *(_group(document, group) for group in sections.GROUPS),
        _section(
            "parts", "Parts", "\n".join(sections.part(name, parts[name]) for name in sections.part_names(document))
        ),
    ]
    return "\n".join(found)


def _group(document: Mapping[str, Any], group: str) -> str:
    title, words = sections.GROUPS[group]
    events = "\n".join(sections.event(name, one, document) for name, one in _of_group(document, group))
    return _section(f"group-{group}", title, f"<p>{escaped(words)}</p>\n{events}")


def _section(anchor: str, title: str, content: str) -> str:
    return f'<section id="{anchor}"><h2>{escaped(title)}</h2>\n{content}</section>'


def _of_group(document: Mapping[str, Any], group: str) -> list[tuple[str, Mapping[str, Any]]]:
    messages = document["components"]["messages"].items()
    return [(name, one) for name, one in messages if sections.group_of(one) == group]
