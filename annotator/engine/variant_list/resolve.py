"""Finds the place on the reference of what a line describes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from annotator.engine.reference.bundle import Contig, Reference
from annotator.engine.reference.nucleotides import reverse_complement
from annotator.engine.variant_list.change import GenomicChange
from annotator.engine.variant_list.notation import Hgvs, Replacement, UnresolvedError
from annotator.engine.variant_list.transcripts import Transcripts, genomic_position

_MITOCHONDRIA = ("NC_012920.1", "MT", "chrM")
"""Names under which a reference may have the mitochondrion, to which ``m.`` without a sequence refers."""
_SPDI_HINT = (
    "SPDI counts from 0. Where the position counts from 1, separate the parts with hyphens or tabs instead of colons."
)


@dataclass(frozen=True)
class ListWarning:
    """What is to be said of a line that was resolved: a code of ``WARNINGS``, and a detail."""

    code: str
    detail: str


class Resolver:
    """Finds places on one reference.

    Args:
        reference: an opened bundle.
    """

    def __init__(self, reference: Reference) -> None:
        self._reference = reference

    @cached_property
    def _transcripts(self) -> Transcripts:
        return Transcripts(self._reference)

    def place(self, described: Replacement | Hgvs) -> tuple[GenomicChange, ListWarning | None]:
        """Find the place of a change.

        Raises:
            UnresolvedError: the reference has no such place.
        """
        if isinstance(described, Replacement):
            return self._replacement(described)
        if described.kind == "g":
            return self._genomic(described), None
        contig, transcript, other_version = self._transcripts.find(described.name)
        # VEP and this engine count the unknown bases of a cut-off first codon in substitutions, and only there.
        unknown = transcript.start_frame if described.kind == "c" and described.is_substitution else 0
        ends = [genomic_position(transcript, described.kind, one, unknown) for one in (described.start, described.end)]
        forward = transcript.strand > 0
        stated, inserted = described.stated, described.inserted
        if not forward:
            ends.reverse()
            stated = reverse_complement(stated) if isinstance(stated, str) else stated
            inserted = reverse_complement(inserted)
        start, end = self._within(self._reference.contig(contig), *ends)
        change = _change(described, contig, start, end, stated, inserted)
        return change, ListWarning("transcript_version", other_version) if other_version else None

    def _replacement(self, described: Replacement) -> tuple[GenomicChange, ListWarning | None]:
        contig = self._contig(described.sequence)
        stated, start = described.stated, described.start
        length = len(stated) if isinstance(stated, str) else stated
        hint = _SPDI_HINT if described.spdi else ""
        change = GenomicChange(contig, start, length, "delins", stated, described.inserted, hint)
        if length or described.spdi:
            return change, None
        return change, ListWarning("insertion_before_position", f"{described.inserted} before {contig}:{start}")

    def _genomic(self, described: Hgvs) -> GenomicChange:
        name = described.name
        if not name:
            name = next((one for one in _MITOCHONDRIA if self._reference.canonical(one)), "")
            if not name:
                raise UnresolvedError(f"The reference {self._reference.name} has no mitochondrion.")
        contig = self._contig(name)
        start, end = described.start, described.end
        if any(one.offset or one.after_stop or one.base < 0 for one in (start, end)):
            raise UnresolvedError("A genomic position is a number alone.", "Write c. with a transcript instead.")
        if start.base > end.base and self._reference.contig(contig).circular:
            raise _across_origin()
        return _change(described, contig, start.base, end.base, described.stated, described.inserted)

    def _contig(self, name: str) -> str:
        found = self._reference.canonical(name)
        if found is None:
            version = self._versioned.get(name.partition(".")[0])
            hint = "Choose the reference that the list was written for."
            if version:
                hint = f"It has {version}, another version with other positions. {hint}"
            raise UnresolvedError(f"The reference {self._reference.name} has no sequence {name}.", hint)
        return found

    @cached_property
    def _versioned(self) -> dict[str, str]:
        """Names of contigs that have a version, by the name without it."""
        names = (name for contig in self._reference.contigs for name in (contig.name, *contig.aliases))
        return {name.partition(".")[0]: name for name in names if "." in name}

    def _within(self, contig: Contig, start: int, end: int) -> tuple[int, int]:
        """Positions of a transcript across the origin of a circular contig, which go on after its end or before 1."""
        if not contig.circular:
            return start, end
        turned = [(one - 1) % contig.length + 1 for one in (start, end)]
        if end - start != turned[1] - turned[0]:
            raise _across_origin()
        return turned[0], turned[1]


def _across_origin() -> UnresolvedError:
    return UnresolvedError(
        "The change goes across the origin of a circular sequence.", "VCF cannot describe it: leave the line out."
    )


def _change(
    described: Hgvs, contig: str, start: int, end: int, stated: str | int | None, inserted: str
) -> GenomicChange:
    """A change of the forward strand; ``start`` and ``end`` are those of the description, 1-based and inclusive."""
    if start > end:
        raise UnresolvedError(
            "The first position comes after the second.",
            "Write the positions in ascending order, along the sequence that the description names.",
        )
    if described.edit == "ins":
        if end != start + 1:
            raise UnresolvedError(
                "An insertion is between two bases next to each other on the genome; these positions are not.",
                "Write both bases, such as 123_124insA; at the edge of an exon one of them is in the intron (123+1).",
            )
        return GenomicChange(contig, end, 0, "ins", None, inserted)
    return GenomicChange(contig, start, end - start + 1, described.edit, stated, inserted)
