"""The sub-fields of CSQ: one row per field, with its name, where its values come from, and what it is.

The header line, the entries, ``--fields`` and the check of the documentation all read this table. To add a field, add
a row to :data:`FIELDS` and, where no column has its values yet, one function.

The source of a field says what its values depend on, so that each value is written once and looked up for every entry:

- :class:`OfTerms`: the set of terms of an entry;
- :class:`OfTranscript`: the transcript; written once per contig;
- :class:`OfAllele`: the alternate allele; written once per chunk;
- :class:`OfEntry`: the allele and the transcript; a column of :class:`Rows`, or a function of it.

Source of names and definitions: "VEP output formats" and "VEP options" of the Ensembl documentation (release 115).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from annotator.engine.consequence.allele import DELETION, INSERTION, Allele
from annotator.engine.consequence.chunk import AlleleChunk
from annotator.engine.consequence.genomic_names import GenomicNames
from annotator.engine.consequence.hgvs import Parts
from annotator.engine.consequence.output.csq_rows import Rows
from annotator.engine.consequence.output.mature_peptides import peptides_of
from annotator.engine.consequence.output.nearest_gene import NearestGenes
from annotator.engine.consequence.output.nmd import nmd
from annotator.engine.consequence.overlaps import Alleles, Pairs
from annotator.engine.consequence.so_terms import INTERGENIC, impact, names
from annotator.engine.reference.gene_models import ContigModels


@dataclass(frozen=True)
class ContigFacts:
    """What fields need of a contig.

    Attributes:
        names: names alleles on the genome.
        nearest: finds the nearest genes.
        shift: by how many bases an allele can be shifted towards the 3' end of transcripts of a strand, 1 or -1.
    """

    names: GenomicNames
    nearest: NearestGenes
    shift: Callable[[Allele, int], int]


@dataclass
class Facts:
    """What is known of the alleles of a chunk when their entries are written.

    Attributes:
        chunk: the alleles as they are in the file.
        alleles: the same, trimmed.
        pairs: n overlaps, those that are written.
        picked: ``(n,) bool``, which of them are picked (:mod:`annotator.engine.consequence.pick`).
        models: transcripts of the contig.
        existing: for each allele the identifiers of known variants, joined by ``&``, null where there are none; None
            if there are no known variants.
        contig: what is known of the contig.
    """

    chunk: AlleleChunk
    alleles: Alleles
    pairs: Pairs
    picked: np.ndarray
    models: ContigModels
    existing: pa.StringArray | None
    contig: ContigFacts


@dataclass(frozen=True)
class OfTerms:
    """A text for a set of terms, given as bits."""

    text: Callable[[int], str]


@dataclass(frozen=True)
class OfTranscript:
    """Texts of the transcripts of a contig, in their order; an entry without a transcript has none."""

    texts: Callable[[ContigModels], pa.StringArray]


@dataclass(frozen=True)
class OfAllele:
    """Texts of the alleles of a chunk, in their order, null or empty where there are none; None if all are empty."""

    texts: Callable[[Facts], pa.StringArray | None]


@dataclass(frozen=True)
class OfEntry:
    """Parts that are joined to the texts of some rows, in their order; an empty list if all texts are empty."""

    parts: Callable[[Rows, Facts], Parts]


def _column(name: str) -> OfEntry:
    """The source of a field that is a column of :attr:`Rows.texts`."""
    return OfEntry(lambda rows, _: rows.parts(name))


def _models_column(name: str) -> OfTranscript:
    """The source of a field that is a text column of the transcript table."""
    return OfTranscript(lambda models: models.strings(name))


def _named(text: Callable[[GenomicNames, AlleleChunk], pa.StringArray]) -> OfAllele:
    """The source of a field that is a name of the allele on the genome."""
    return OfAllele(lambda facts: text(facts.contig.names, facts.chunk))


@dataclass(frozen=True)
class Field:
    """A sub-field of CSQ.

    Attributes:
        name: as Ensembl VEP has it, where VEP has the field.
        source: of its values.
        description: what it is, in a few words.
        default: whether it is written unless ``--fields`` says otherwise.
    """

    name: str
    source: OfTerms | OfTranscript | OfAllele | OfEntry
    description: str
    default: bool = True


def _feature_type(models: ContigModels) -> pa.StringArray:
    return pa.array(["Transcript"] * models.size, pa.string())


def _canonical(models: ContigModels) -> pa.StringArray:
    return pc.if_else(models.table["canonical"].combine_chunks(), "YES", "")


def _protein(models: ContigModels) -> pa.StringArray:
    """Ids of proteins; without one, the transcript table repeats the id of the transcript."""
    protein = models.strings("protein")
    return pc.if_else(pc.equal(protein, models.strings("id")), "", protein)


def _strand(models: ContigModels) -> pa.StringArray:
    return pa.array(models.strand).cast(pa.string())


def _allele_number(facts: Facts) -> pa.StringArray:
    return pa.array(facts.chunk.numbers).cast(pa.string())


def _variant_class(facts: Facts) -> pa.StringArray:
    return facts.contig.names.classes(facts.chunk, facts.alleles)


def _pick(rows: Rows, facts: Facts) -> Parts:
    return [pc.if_else(pa.array(facts.picked[rows.pair]), "1", "")]


def _mature_peptide(rows: Rows, facts: Facts) -> Parts:
    texts = peptides_of(facts.models).texts(facts.pairs.transcript[rows.pair], rows.text("protein"))
    return [] if texts is None else [texts]


def _hgvs_offset(rows: Rows, facts: Facts) -> Parts:
    described = rows.text("hgvsc")
    if described is None:
        return []
    allele, strand = facts.pairs.allele[rows.pair], facts.models.strand[facts.pairs.transcript[rows.pair]]
    at = np.flatnonzero(np.isin(facts.alleles.kind[allele], (INSERTION, DELETION)))
    offset = np.zeros(len(rows), dtype=np.int64)
    key, index = np.unique(allele[at] * 2 + (strand[at] > 0), return_inverse=True)
    shifts = [facts.contig.shift(facts.alleles.one(one // 2), 1 if one % 2 else -1) for one in key.tolist()]
    offset[at] = np.array(shifts, dtype=np.int64)[index] * strand[at]
    offset[pc.equal(described, "").to_numpy(zero_copy_only=False)] = 0
    return [pc.if_else(pa.array(offset == 0), "", pa.array(offset).cast(pa.string()))]


def _nmd(rows: Rows, facts: Facts) -> Parts:
    return nmd(rows, facts.pairs, facts.alleles, facts.models)


def _nearest(rows: Rows, facts: Facts) -> Parts:
    between = np.flatnonzero(rows.terms == INTERGENIC)
    if not len(between):
        return []
    allele = facts.pairs.allele[rows.pair[between]]
    start, end = facts.alleles.start[allele], facts.alleles.end[allele]
    symbols = facts.contig.nearest.symbols(np.minimum(start, end), np.maximum(start, end))
    place = np.full(len(rows), -1)
    place[between] = np.arange(len(between))
    return [pc.fill_null(symbols.take(pa.array(place, mask=place < 0)), "")]


FIELDS: tuple[Field, ...] = (
    Field("Allele", OfAllele(lambda facts: facts.alleles.text), "ALT without the bases that it shares with REF"),
    Field("Consequence", OfTerms(names), "Sequence Ontology terms joined by &, the most severe first"),
    Field("IMPACT", OfTerms(impact), "impact of the most severe term"),
    Field("SYMBOL", _models_column("symbol"), "name of the gene"),
    Field("Gene", _models_column("gene"), "identifier of the gene"),
    Field("Feature_type", OfTranscript(_feature_type), "Transcript"),
    Field("Feature", _models_column("id"), "identifier of the transcript"),
    Field("BIOTYPE", _models_column("biotype"), "biotype of the transcript"),
    Field("EXON", _column("exon"), "number of the exon / number of exons"),
    Field("INTRON", _column("intron"), "number of the intron / number of introns"),
    Field("HGVSc", _column("hgvsc"), "HGVS name of the change of the transcript"),
    Field("HGVSp", _column("hgvsp"), "HGVS name of the change of the protein"),
    Field("cDNA_position", _column("cdna"), "position in the spliced transcript"),
    Field("CDS_position", _column("cds"), "position in the coding sequence"),
    Field("Protein_position", _column("protein"), "position in the protein"),
    Field("Amino_acids", _column("amino_acids"), "amino acids before and after the change"),
    Field("Codons", _column("codons"), "codons before and after the change, changed bases in upper case"),
    Field("Existing_variation", OfAllele(lambda facts: facts.existing), "identifiers of known variants"),
    Field("DISTANCE", _column("distance"), "bases between the allele and a transcript up- or downstream of it"),
    Field("STRAND", OfTranscript(_strand), "strand of the transcript, 1 or -1"),
    Field("FLAGS", _models_column("flags"), "cds_start_NF, cds_end_NF: where the coding sequence is cut off"),
    Field("CANONICAL", OfTranscript(_canonical), "YES for the canonical transcript of the gene"),
    Field("MANE_SELECT", _models_column("mane"), "partner of a MANE Select transcript in the other set of models"),
    Field("MANE_PLUS_CLINICAL", _models_column("mane_plus_clinical"), "likewise, of a MANE Plus Clinical transcript"),
    Field("TSL", _models_column("tsl"), "transcript support level, 1 (best) to 5"),
    Field("APPRIS", _models_column("appris"), "P1 (best) to P5, A1, A2: principal and alternative isoforms"),
    Field("CCDS", _models_column("ccds"), "identifier in the Consensus Coding Sequence set"),
    Field("ENSP", OfTranscript(_protein), "identifier of the protein"),
    Field("ALLELE_NUM", OfAllele(_allele_number), "number of the allele in ALT, from 1"),
    Field("VARIANT_CLASS", OfAllele(_variant_class), "class of the allele, a Sequence Ontology term"),
    Field("PICK", OfEntry(_pick), "1 for the entry of each allele that is reported where there is room for one"),
    Field("NMD", OfEntry(_nmd), "NMD_escaping_variant for a new stop codon that is not expected to cause decay"),
    Field("NEAREST", OfEntry(_nearest), "name of the gene nearest to a variant between genes"),
    Field("MATE_SYMBOL", OfAllele(lambda facts: facts.chunk.mates), "genes in which the mate of a breakend lies"),
    Field("HAPLOTYPE", _column("haplotype"), "partners of an entry for alleles of several records on one chromosome"),
    Field("MATURE_PEPTIDE", OfEntry(_mature_peptide), "mature peptides that the change touches, positions within them"),
    Field("HGVS_OFFSET", OfEntry(_hgvs_offset), "bases by which HGVSc and HGVSp are shifted on the genome", False),
    Field("HGVSg", _named(GenomicNames.hgvs), "HGVS name of the change of the genome", False),
    Field("SPDI", _named(GenomicNames.spdi), "SPDI of the allele", False),
)
"""All sub-fields, in the order in which they are written by default: VEP's fields as VEP orders them, then others."""
_BY_NAME = {field.name: field for field in FIELDS}
CSQ_FIELDS: tuple[str, ...] = tuple(field.name for field in FIELDS if field.default)
"""Names of the sub-fields that are written by default."""


def fields_named(selected: Iterable[str]) -> list[Field]:
    """The sub-fields with some names, in the order of the names.

    Raises:
        KeyError: there is no sub-field of a name.
    """
    return [_BY_NAME[name] for name in selected]


def by_terms(terms: np.ndarray, text: Callable[[int], str]) -> pa.StringArray:
    """A text for each of some sets of terms, ``(n,) int64``; written once for each different set."""
    encoded = pa.array(terms).dictionary_encode()
    return pa.array([text(mask) for mask in encoded.dictionary.to_pylist()], pa.string()).take(encoded.indices)
