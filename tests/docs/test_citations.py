"""Citations of pages: `push-actions.md, "Integrity"` or `accounts.md, 5.4` must lead to a heading.

A bare name is a page of `docs/protocol/`, or one of the files at the top level. All others are
cited by their path from there, or linked relative to the page.
"""

import ast
import io
import re
import tokenize
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROTOCOL = ROOT / "docs/protocol"

PYTHON = sorted(
    path
    for path in ROOT.glob("**/*.py")
    if not any(part.startswith(".") for part in path.relative_to(ROOT).parts)
    and "node_modules" not in path.parts
)
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("conformance/*.md")])

SECTION = r'(?:"[^"]+"|[Pp]art \d|(?<!\.)\d+(?:\.\d+)*(?!\w))'
CITATION = re.compile(
    rf"`?(?P<page>(?:[\w-]+/)*[\w-]+\.md)`?(?P<sections>(?:(?:, (?:and )?| and | to | ){SECTION})*)"
)
LINK = re.compile(r"\[[^\]]*\]\((?P<page>[^)#\s:]*)(?:#(?P<anchor>[^)\s]+))?\)")


def prose(path: Path) -> str:
    """Text that may cite something, each comment, docstring or paragraph on a line of its own."""
    source = path.read_text()
    if path.suffix == ".md":
        text = LINK.sub("", re.sub(r"```.*?```", "", source, flags=re.S))
        return re.sub(r"(?<!\n)\n *(?![\n|#*-])", " ", text)
    tree = ast.parse(source)
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    texts = [
        " ".join(docstring.split())
        for node in ast.walk(tree)
        if isinstance(node, documented) and (docstring := ast.get_docstring(node))
    ]
    comment, row = "", 0
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            if token.start[0] != row + 1:
                texts.append(comment)
                comment = ""
            comment, row = f"{comment} {token.string.lstrip('#: ')}", token.start[0]
    return "\n".join([*texts, comment])


def file_of(page: str) -> Path:
    return PROTOCOL / page if "/" not in page and not (ROOT / page).exists() else ROOT / page


def headings(path: Path) -> list[str]:
    text = re.sub(r"```.*?```", "", path.read_text(), flags=re.S)
    return [re.sub(r"[`*]", "", line) for line in re.findall(r"^#+ (.+)$", text, flags=re.M)]


def names(path: Path) -> set[str]:
    """How the headings of a page may be cited: by number, by title, and by title without number or
    remark in parentheses."""
    found: set[str] = set()
    for heading in headings(path):
        number, title = re.fullmatch(r"(?:(\d[\d.]*|Part \d)[.:]? )?(.*)", heading).groups()  # type: ignore[union-attr]
        found |= {title, re.sub(r" \([^)]*\)$", "", title)}
        if number:
            found.add(number.rstrip(".").lower())
    return found


def anchors(path: Path) -> set[str]:
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings(path)}


def wrong_citations(path: Path) -> list[str]:
    wrong = []
    for match in CITATION.finditer(prose(path)):
        page = file_of(match["page"])
        if not page.is_file():
            wrong.append(match[0])
            continue
        known, in_quotes = names(page), False
        for section in re.findall(SECTION, match["sections"]):
            if section.startswith('"'):
                in_quotes = True
                right = section[1:-1] in known
            else:
                # After a title, numbers are those of its steps or rows.
                right = in_quotes or section.lower() in known
            if not right:
                wrong.append(f"{match['page']}, {section}")
    return wrong


@pytest.mark.parametrize("path", PYTHON, ids=lambda path: str(path.relative_to(ROOT)))
def test_citations_in_code_lead_to_headings(path: Path) -> None:
    assert wrong_citations(path) == []


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_citations_in_pages_lead_to_headings(path: Path) -> None:
    assert wrong_citations(path) == []


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_in_pages_lead_somewhere(path: Path) -> None:
    wrong = []
    for match in LINK.finditer(path.read_text()):
        page = path.parent / match["page"] if match["page"] else path
        if not page.exists() or (match["anchor"] and match["anchor"] not in anchors(page)):
            wrong.append(match[0])
    assert wrong == []


def test_no_page_of_the_protocol_can_be_mistaken_for_another() -> None:
    protocol = {path.name for path in PROTOCOL.glob("*.md")}
    others = {path.name for path in PAGES if path.parent != PROTOCOL}
    assert protocol & others == {"README.md"}
