"""The built site as files: its pages, what has an address in them, and where they lead."""

import functools
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin

from workbench import paths
from workbench.serve import front_page

# where the files count as served; a page for what is not found stands at any depth
ROOT = "http://127.0.0.1" + front_page.BELOW
LOST = "404.html"
ANYWHERE = "no/such/"

# the attributes that name another file, beside an <a>'s href
FETCHED = ("src", "href", "xlink:href", "poster", "data", "action")
IN_CSS = re.compile(r"url\(\s*['\"]?([^'\")]+)|@import\s+['\"]([^'\"]+)")
# what comes from npm has pages of its own
NOT_OURS = {"reveal.js"}
NOT_A_FILE = ("data:", "mailto:", "javascript:")


class Page(HTMLParser):
    """A built page: the ids in it, the addresses that it links to, and those that it fetches."""

    def __init__(self, path):
        super().__init__()
        self.path = path.relative_to(paths.SITE).as_posix()
        self.address = ROOT + (ANYWHERE if self.path == LOST else self.path)
        self.ids = set()
        self.twice = []
        self.links = []
        self.fetched = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        its = {name: value or "" for name, value in attrs}
        if its.get("id") in self.ids:
            self.twice.append(its["id"])
        self.ids |= {its[name] for name in ("id", "name") if name in its}
        if its.get("rel") == "canonical":
            return
        found = self.links if tag == "a" else self.fetched
        found += [its[name] for name in FETCHED if name in its]
        self.fetched += in_css(its.get("style", ""))

    def handle_data(self, data):
        if self.lasttag == "style":
            self.fetched += in_css(data)

    def to(self, address):
        """Where an address in this page leads."""
        return urljoin(self.address, address)


def in_css(text):
    """The addresses in a style sheet."""
    return [one or other for one, other in IN_CSS.findall(text)]


@functools.cache
def pages():
    """All built pages."""
    found = sorted(paths.SITE.rglob("*.html"))
    return [Page(path) for path in found if not NOT_OURS & set(path.parts)]


def folder(markdown):
    """The folder of the built page of docs/<markdown>, with a slash at its end; "" is home."""
    stem = re.sub(r"(^|/)index$", "", markdown.removesuffix(".md"))
    return f"{stem}/" if stem else ""


def is_ours(address):
    return address.startswith(ROOT)


def file_of(address):
    """The file that is served at an address of the site."""
    path = paths.SITE / unquote(urldefrag(address).url.partition("?")[0].removeprefix(ROOT))
    return path / "index.html" if path.is_dir() else path


@functools.cache
def ids():
    """The ids of each page, by its file."""
    return {paths.SITE / page.path: page.ids for page in pages()}


def leads_somewhere(address):
    """Whether an address of the site leads to a file, and its anchor to a place in it."""
    if address.startswith(NOT_A_FILE):
        return True
    file, anchor = file_of(address), unquote(urldefrag(address).fragment)
    return file.is_file() and (not anchor or anchor in ids().get(Path(file), set()))
