"""A title that tries to break out of a page and out of a terminal, and a reader of pages."""

from html.parser import HTMLParser

HOSTILE = (
    "</title></style><script>alert(1)</script><img src=//x.example/y onerror=alert(2)>\u202e&\"'"
)
SHOWN = HOSTILE.replace("\u202e", "")


class HtmlReader(HTMLParser):
    """The tags, attributes and text of a page, as a browser reads them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: dict[str, set[str]] = {}
        self.text: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            self.attributes.setdefault(name, set()).add(value or "")

    def handle_data(self, data: str) -> None:
        self.text.append(data)
