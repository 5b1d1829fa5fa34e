"""The decision records: numbered, dated, and found from the package that they shaped."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "docs" / "decisions"
INDEX = (FOLDER / "index.md").read_text("utf-8")
RECORDS = sorted(FOLDER.glob("0*.md"))
_HEAD = re.compile(
    r"# (?P<number>\d{4})\. (?P<title>.+)\n\n(?P<date>\d{1,2} \w+ \d{4})\. "
    r"Applies to: (?P<packages>.+)\.\n\n\*\*Context\.\*\* .+\n\n\*\*Decision\.\*\* "
)
_ELSEWHERE = {"tests", "benchmarks", "docs"}


def head(record: Path) -> re.Match[str]:
    """Number, title, date and packages of a record."""
    found = _HEAD.match(record.read_text("utf-8"))
    assert found is not None, f"{record.name}: the headings of a record are missing"
    return found


def shaped() -> dict[str, list[str]]:
    """The numbers of the records that shaped each package, by the records themselves."""
    packages: dict[str, list[str]] = {}
    for record in RECORDS:
        found = head(record)
        for package in re.findall(r"`([\w/]+)`", found["packages"]):
            packages.setdefault(package, []).append(found["number"])
    return packages


def folder(package: str) -> Path:
    """Where a package is; the bridge's are named without it."""
    inside = ROOT / "src" / "willcall" / "bridge" / package
    return inside if inside.is_dir() else ROOT / "src" / "willcall" / package


def test_records_are_numbered_without_a_gap() -> None:
    """From 1 on, as their names are."""
    assert [record.name[:4] for record in RECORDS] == [
        f"{n:04}" for n in range(1, len(RECORDS) + 1)
    ]


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.name[:4])
def test_a_record_is_in_the_index(record: Path) -> None:
    """With its number, date and title."""
    found = head(record)
    assert found["number"] == record.name[:4]
    row = f"| [{found['number']}]({record.name}) | {found['date']} | {found['title']} |"
    assert row in INDEX.splitlines()


def test_the_index_names_the_packages_that_the_records_name() -> None:
    """Each with its records, in order."""
    rows = re.findall(r"^\| `([\w/]+)` \| (.*) \|$", INDEX, re.MULTILINE)
    indexed = {
        package.removeprefix("bridge/"): re.findall(r"\[(\d{4})\]", row) for package, row in rows
    }
    assert indexed == shaped()


@pytest.mark.parametrize("package", sorted(shaped().keys() - _ELSEWHERE))
def test_a_package_names_its_records(package: str) -> None:
    """In its docstring, so that whoever changes it knows what to read."""
    source = (folder(package) / "__init__.py").read_text("utf-8")
    named = re.search(r"^Decisions: ([\d, \n]+)\s\(docs/decisions\)\.$", source, re.MULTILINE)
    assert named is not None, f'add "Decisions: … (docs/decisions)." to the docstring of {package}'
    assert re.findall(r"\d{4}", named[1]) == shaped()[package]
