"""XML files: one record for each repeated element, one XPath for each field, streamed.

Entities, external references and document types are refused: attacks use them, and no HR export needs them.
A refusal may come at the very end (cut off, malformed): use nothing before the iteration has ended.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import KW_ONLY, dataclass, field
from functools import cached_property, partial
from itertools import islice
from pathlib import Path
from typing import Any, NoReturn

from lxml import etree

from adapters.sources import encodings, files
from adapters.sources.xpaths import RecordPath, field_xpath, record_path
from connector.domain.errors import FeedRefused, MappingError
from connector.domain.people import FeedIdentity, Record, Rejection

_BLOCK = 32 * 1024


@dataclass(frozen=True)
class XmlSource:
    """One XML file as a ``Source``.

    ``name``: the source's name. ``record``: the path of the repeated element, plain steps without conditions:
    ``/root/people/person`` or, at any depth, ``//person``; a record within a record belongs to the outer one.
    ``fields``: an XPath 1.0 expression for each field, relative to the record and within it. Where it finds several
    nodes the first in document order counts; where it finds none the value is "". ``namespaces``: prefix to URI;
    a default namespace needs a prefix too. ``columns``: fields that have to have a value in at least one record.
    ``encoding``: ``auto`` for what the document says, or a Python codec that overrules it, decoded strictly.
    ``complete``: absence means something; what is not may have no record. ``removed``: whether values say only that
    somebody is gone, so that they may lack everything else.

    A record's line is where its element begins; libxml2 is exact up to line 65,535 and within the record from there.
    Raises MappingError where a path is wrong.
    """

    path: Path
    _: KW_ONLY
    name: str
    record: str
    fields: Mapping[str, str]
    namespaces: Mapping[str, str] = field(default_factory=dict)
    columns: Sequence[str] = ()
    encoding: str = encodings.AUTO
    complete: bool = True
    removed: Callable[[Mapping[str, str]], bool] = files.nobody_removed

    def __post_init__(self) -> None:
        encodings.check(self.encoding)
        if not self.fields:
            raise MappingError("fields: give at least one field with its XPath.")
        if unknown := [name for name in self.columns if name not in self.fields]:
            raise MappingError(f"columns: {', '.join(unknown)}: not among the fields.")
        _ = self._path, self._values  # compiled now, so that a wrong path is told when the source is built

    @cached_property
    def identity(self) -> FeedIdentity:
        """Digest, size and time of the file, read once. Raises FeedRefused where it cannot be read."""
        return files.identify(self.path, source=self.name, complete=self.complete)

    def records(self) -> Iterator[Record | Rejection]:
        """Yield the records in document order. Raises FeedRefused, see ``Source.records``."""
        files.refuse_changed(self.path, self.identity)
        if not self.identity.size:
            raise FeedRefused(f"{self.path.name}: the file is empty; that nobody is left is not believed.")
        try:
            with closing(self._blocks(512)) as blocks:
                root = self._root(blocks)
            with closing(self._blocks()) as blocks:
                yield from self._records(root, blocks)
        except etree.XMLSyntaxError as error:
            raise FeedRefused(
                f"{self.path.name}: line {error.position[0]:,}: this is cut off or no well-formed XML: {error.msg}."
            ) from error
        files.refuse_changed(self.path, self.identity)

    def _records(self, root: str, blocks: Iterable[bytes]) -> Iterator[Record]:
        found, anybody, lacking = False, False, set(self.columns)
        for element in self._elements("end", self._path.steps[-1], blocks):
            if not self._path.leads_to(element):
                continue
            found = True
            values = {name: str(value(element)) for name, value in self._values.items()}
            if lacking:
                lacking -= {name for name in lacking if values[name]}
                anybody = anybody or not self.removed(values)
            line: Any = element.sourceline  # the stubs do not know its type
            yield Record(int(line or 0), values)
            _forget(element)
        if not found and (self.complete or not self._is_childless()):
            raise FeedRefused(
                f"{self.path.name}: the record path {self.record} matches nothing; the root element is {root}. "
                "A name in braces is its namespace: give it a prefix in namespaces and use that in the paths."
            )
        if lacking and anybody:
            raise FeedRefused(f"{self.path.name}: no record has a value for: {', '.join(sorted(lacking))}.")

    def _root(self, blocks: Iterable[bytes]) -> str:
        """Give the name of the root element. A document type stands before it, so that it is seen in time."""
        prolog = islice(blocks, 2048)  # 1 MiB: nobody makes us keep declarations without end
        for element in self._elements("start", None, prolog):
            if element.getroottree().docinfo.internalDTD is not None:
                raise FeedRefused(f"{self.path.name}: the file has a DOCTYPE. Ask the sender for XML without one.")
            return str(element.tag)
        raise FeedRefused(f"{self.path.name}: there is no element in the file.")

    def _is_childless(self) -> bool:
        """Is there nothing but the root element, as in a delta in which nothing has changed?"""
        with closing(self._blocks()) as blocks:
            return len(list(islice(self._elements("start", None, blocks), 2))) == 1

    def _blocks(self, size: int = _BLOCK) -> Generator[bytes]:
        if self.encoding == encodings.AUTO:
            with files.readable(self.path), self.path.open("rb") as file:
                yield from iter(partial(file.read, size), b"")
        else:
            with encodings.opened(self.path, self.encoding) as text:
                yield from (block.encode() for block in iter(partial(text.read, size), ""))

    def _elements(self, event: str, tag: str | None, blocks: Iterable[bytes]) -> Iterator[etree._Element]:
        parser = etree.XMLPullParser(
            events=("start",) if event == "start" else ("end",),
            tag=tag,
            encoding=None if self.encoding == encodings.AUTO else "utf-8",
            resolve_entities=False,
            load_dtd=False,
            no_network=True,
            huge_tree=False,
            remove_comments=True,
            remove_pis=True,
            # The table of ids would grow with the file. Leaving it away makes libxml2 load an external subset whatever
            # load_dtd says, so that it is left away only where a document type has been looked for.
            collect_ids=event == "start",
        )
        parser.resolvers.add(_Nothing())
        for block in blocks:
            parser.feed(block)
            for _, element in parser.read_events():
                if isinstance(element, etree._Element):
                    yield element
        parser.close()

    @cached_property
    def _path(self) -> RecordPath:
        return record_path(self.record, self.namespaces)

    @cached_property
    def _values(self) -> dict[str, etree.XPath]:
        return {name: field_xpath(name, xpath, self.namespaces) for name, xpath in self.fields.items()}


class _Nothing(etree.Resolver):
    """Where another file would be read, however it came to that: none is."""

    def resolve(self, system_url: str, public_id: str, context: object = None) -> NoReturn:
        del system_url, public_id, context
        raise FeedRefused("The file refers to another one, as a DOCTYPE does. Ask the sender for XML without it.")


def _forget(element: etree._Element) -> None:
    """Free the element and all before it; its own node stays, because the parser has not read what follows it."""
    element.clear()
    node: etree._Element | None = element
    while node is not None:
        while (before := node.getprevious()) is not None:
            parent = before.getparent()
            assert parent is not None  # noqa: S101 - a sibling has a parent
            parent.remove(before)
        node = node.getparent()
