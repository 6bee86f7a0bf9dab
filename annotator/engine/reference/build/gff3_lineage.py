"""Ancestry of the rows of GFF3: transcripts and their genes, by ``ID`` and ``Parent``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass

from annotator.engine.reference.build.gene_formats import GffRow, ModelError, shown

_GENES = frozenset({"gene", "ncRNA_gene", "pseudogene"})
MOST_LEVELS = 20
"""Most ancestors that a row may have."""


@dataclass(slots=True)
class Node:
    """A row that may have children.

    Attributes:
        line: number of its line, from 1.
        name: its ``ID``; may be empty.
        parent: the first of its parents; may be empty.
        kind: type of the feature (column 3).
        contig: name of the contig.
        place: start and end (columns 4 and 5), not yet checked.
        strand: column 7, not yet checked.
        attributes: those that are read.
    """

    line: int
    name: str
    parent: str
    kind: str
    contig: str
    place: tuple[str, str]
    strand: str
    attributes: dict[str, str]

    @classmethod
    def of(cls, row: GffRow, attributes: dict[str, str]) -> Node:
        """The node of a row."""
        contig, _, kind, start, end, _, strand = (sys.intern(text) for text in row.columns[:7])
        parents = [one for one in attributes.get("Parent", "").split(",") if one]
        return cls(
            row.line, attributes.get("ID", ""), next(iter(parents), ""), kind, contig, (start, end), strand, attributes
        )

    @property
    def is_gene(self) -> bool:
        """Whether it is a gene of any kind."""
        return self.kind in _GENES or self.kind.endswith("gene")

    @property
    def is_transcript(self) -> bool:
        """Whether it is a transcript of any kind."""
        return self.kind.endswith(("RNA", "gene_segment")) or "transcript" in self.kind.lower()

    @property
    def shown(self) -> str:
        """Its name for messages."""
        label = self.name or self.attributes.get("locus_tag") or self.attributes.get("Name")
        return label or f"{self.contig}:{self.place[0]}-{self.place[1]}"


class Lineages:
    """The rows of a file by their IDs, with their ancestors."""

    def __init__(self) -> None:
        self._nodes: dict[str, Node] = {}
        #: Genes that share the ID of their transcript.
        self._genes: dict[str, Node] = {}
        self._nameless: list[Node] = []
        #: IDs that are the parent of a row.
        self.has_child: set[str] = set()

    def add(self, node: Node) -> None:
        """Add a row. Some programs give a gene and its transcript the same ID: both are kept."""
        if not node.name:
            if node.is_gene or node.is_transcript:
                self._nameless.append(node)
            return
        if node.parent and node.parent != node.name:
            self.has_child.add(node.parent)
        known = self._nodes.get(node.name)
        if known is None:
            self._nodes[node.name] = node
        elif node.parent == node.name or (known.is_gene and not node.is_gene):
            if known.parent == node.name:
                return  # another transcript with that ID: its parts are added to the first
            self._genes.setdefault(node.name, known)
            self._nodes[node.name] = node
        elif known.parent == node.name or (node.is_gene and not known.is_gene):
            self._genes.setdefault(node.name, node)
        else:
            self._nodes[node.name] = node

    def __contains__(self, name: str) -> bool:
        return name in self._nodes

    def _above(self, node: Node) -> Node | None:
        twin = self._genes.get(node.name)
        if twin is not None and twin is not node:
            return twin
        return self._nodes.get(node.parent) if node.parent else None

    def check(self) -> None:
        """Check that no row is its own ancestor.

        Raises:
            ModelError: a row is its own ancestor, or has more than :data:`MOST_LEVELS` levels of parents.
        """
        level: dict[int, int] = {}
        for start in self._nodes.values():
            path: list[Node] = []
            places: dict[int, int] = {}
            node: Node | None = start
            while node is not None and id(node) not in level:
                if id(node) in places:
                    raise _cycle(path[places[id(node)] :])
                places[id(node)] = len(path)
                path.append(node)
                node = self._above(node)
            height = 0 if node is None else level[id(node)]
            for one in reversed(path):
                height += 1
                level[id(one)] = height
                if height > MOST_LEVELS + 1:
                    message = f"the row {shown(one.name)} has more than {MOST_LEVELS} levels of parents"
                    raise ModelError(one.line, f"{message}; gene, transcript and exon are enough.")

    def of(self, name: str) -> list[Node]:
        """A row and its ancestors. :meth:`check` has to be called first."""
        found = []
        node: Node | None = self._nodes[name]
        while node is not None:
            found.append(node)
            node = self._above(node)
        return found

    @staticmethod
    def gene(lineage: list[Node]) -> Node:
        """The nearest gene among a row and its ancestors; without one the last ancestor."""
        return next((node for node in lineage if node.is_gene), lineage[-1])

    def childless(self) -> Iterator[Node]:
        """Rows without children in the order of the file; a gene that shares the ID of its transcript has a child."""
        yield from (node for name, node in self._nodes.items() if name not in self.has_child)
        yield from self._nameless


def _cycle(members: list[Node]) -> ModelError:
    """The error of rows that are their own ancestors; it names the line of the last, which closes the circle."""
    line = max(node.line for node in members)
    names = [shown(node.name) for node in members]
    listed = " of ".join(["child", *names[:5]])
    text = (
        f"the row is its own parent (ID and Parent are {names[0]})"
        if len(members) == 1
        else (f"the row is its own ancestor ({listed}{' ...' if len(names) > 5 else f' of {names[0]}'})")
    )
    return ModelError(line, f"{text}; give Parent the ID of the gene, which has no Parent.")
