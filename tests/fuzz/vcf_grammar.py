"""Whole VCF files, versions 4.1 to 4.5, by the grammar of the specification: valid, or with exactly one fault."""

from __future__ import annotations

import gzip
from dataclasses import dataclass, field

from hypothesis import strategies as st

from annotator.engine import Reference
from annotator.engine.reference.bundle import Contig, Sequence
from tests.fuzz.bgzf_bytes import bgzipped
from tests.fuzz.choices import Choices, Fault
from tests.fuzz.vcf_faults import with_fault
from tests.fuzz.vcf_samples import FORMATS, samples_of

COLUMNS = ["#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO"]
META = [
    "##source=caller 1.2",
    '##INFO=<ID=DP,Number=1,Type=Integer,Description="Depth, \\"all\\" of it; <raw>">',
    '##INFO=<ID=AF,Number=A,Type=Float,Description="Frequency",Source="x",Version="3">',
    '##INFO=<ID=AD,Number=R,Type=Integer,Description="Depth of alleles">',
    '##INFO=<ID=DB,Number=0,Type=Flag,Description="A flag">',
    '##INFO=<ID=END,Number=1,Type=Integer,Description="Last base">',
    '##INFO=<ID=CSQ,Number=.,Type=String,Description="Consequence annotations from another tool. Format: Allele|Term">',
    '##INFO=<ID=BCSQ,Number=.,Type=String,Description="Local consequence annotation from another tool">',
    '##FILTER=<ID=q10,Description="Quality below 10">',
    '##ALT=<ID=DEL,Description="Deletion">',
    "##reference=file:///data/ref.fa",
    "##SAMPLE=<ID=S1,Genomes=Germline>",
    "##PEDIGREE=<Child=S1,Mother=S2,Father=S3>",
    "##META=<ID=Assay,Type=String,Number=.,Values=[WholeGenome, Exome]>",
    '##contig=<ID=decoy_1,length=100,md5=abc,species="Homo sapiens">',
    "##note=naïve Überschrift, Größe 5 µm",
    "##fileDate=20261127",
]
"""``##`` lines that a file may have besides."""
INFO = [
    "DP=3", "AF=0.5", "DB", "AD=3,4", "AC=1", "1000G", "A.B_c=x", "K=a%3Bb%2Cc%3D%25", "K2=a=b", "E=", "NS=.", "Z=0",
    "MAP=1e-5", "T=ä", "IMPRECISE", "CIPOS=-5,5", "MATEID=bnd_1", "EVENT=e1", "ANN=G|x|y||,T|z", "CSQ=G|missense",
    "BCSQ=old|GENE", "CSQ", "gas=1", "ORIGINAL_X=1", "SVLEN=5", "DP=3;DP=4", "EFFECT=a:b/c(d)",
]  # fmt: skip
"""Items of INFO that say nothing which contradicts the record; every one is legal."""
SYMBOLS = [
    "<*>", "<NON_REF>", "<DEL>", "<DUP>", "<DUP:TANDEM>", "<INS>", "<INS:ME:ALU>", "<INV>", "<CNV>", "<CN0>",
    "<CNV:TR>", "<DEL:ME:L1>", "<ID-1_x.y>", "<DEL:*>",
]  # fmt: skip
UNKNOWN = ["decoy_1", "HLA-A*01:01:01:01", "chrUn_KI270742v1", "<ctg1>", "NC_000099.1"]


@dataclass
class VcfFile:
    """A file.

    Attributes:
        content: its bytes.
        records: number of its records.
        fault: what is wrong with it; None for a valid one.
    """

    content: bytes
    records: int
    fault: Fault | None

    def __repr__(self) -> str:  # what hypothesis prints
        text = gzip.decompress(self.content) if self.content[:2] == b"\x1f\x8b" and not self._cut else self.content
        return f"{self.fault}\n{text.decode('utf-8', 'replace')}"

    @property
    def _cut(self) -> bool:
        return self.fault is not None and "gzip" in self.fault.name


@dataclass
class Draft:
    """The lines of a file before they are joined.

    Attributes:
        lines: the header, then the records, among them blank lines.
        header: number of header lines.
        records: indices in ``lines`` of the records.
        samples: number of samples.
        bare_format: there is a FORMAT column and no sample; records need not have the column.
    """

    lines: list[str]
    header: int
    samples: int
    bare_format: bool = False
    records: list[int] = field(default_factory=list)
    end: str = "\n"
    last_end: bool = True


@st.composite
def vcf_files(draw: st.DrawFn, reference: Reference, faulty: bool) -> VcfFile:
    """Files for one reference."""
    choose = Choices(draw)
    draft = _header(choose, reference)
    sequence = reference.sequence()
    mismatches = 2  # more would say that the file was called on another reference
    contigs = list(reference.contigs)
    lines = []
    at: tuple[Contig, int] = (contigs[0], choose.number(1, 400))
    form = choose.of(FORMATS) if draft.samples else []
    for number in range(choose.number(1 if faulty else 0, 9)):
        if choose.often(25):
            at = (choose.of(contigs), 1)
        elif choose.often(10):
            at = (at[0], at[0].length - choose.number(0, 12))
        contig, pos = at
        pos = min(max(1, pos + choose.of([0, 1, 2, 3, 7, 40, 400, -30])), contig.length)
        at = (contig, pos)
        spoilt = mismatches > 0 and choose.often(3)
        mismatches -= spoilt
        unknown = number > 0 and choose.often(5)
        line = _record(choose, sequence, contig, pos, spoilt, choose.of(UNKNOWN) if unknown else "")
        if draft.samples:
            alleles = line[4].count(",") + 1 if line[4] != "." else 0
            form = choose.of(FORMATS) if choose.often(10) else form
            line += samples_of(choose, form, draft.samples, alleles)
        elif draft.bare_format and (faulty or choose.often(50)):
            line.append(choose.of(["GT", "GT:DP", "."]))
        lines.append("\t".join(line))
        if choose.often(4):
            lines.append(lines[-1])  # a duplicate
    for line in lines:
        if choose.often(2):
            draft.lines.append("")
        draft.records.append(len(draft.lines))
        draft.lines.append(line)
    draft.end = "\r\n" if choose.often(15) else "\n"
    draft.last_end = not choose.often(5)
    fault = with_fault(choose, draft) if faulty else None
    content = draft.end.join(draft.lines) + (draft.end if draft.last_end else "")
    data = content.encode("utf-8", "surrogateescape")
    if choose.often(3) and fault is None:
        data = b"\xef\xbb\xbf" + data
    packed, fault = _packed(choose, data, fault, faulty)
    return VcfFile(packed, len(draft.records), fault)


def _packed(choose: Choices, data: bytes, fault: Fault | None, faulty: bool) -> tuple[bytes, Fault | None]:
    way = choose.of(["plain", "plain", "gzip", "bgzip", "members"])
    if way == "gzip":
        data = gzip.compress(data, mtime=0)
    elif way == "bgzip":
        data = bgzipped(data)
    elif way == "members":
        half = len(data) // 2
        data = gzip.compress(data[:half], mtime=0) + gzip.compress(data[half:], mtime=0)
    if faulty and fault is None:  # the fault is the compression's
        if way == "plain":
            data = bgzipped(data)
        # Within the first member, and behind its header.
        cut = choose.number(20, len(data) - 9 if way != "members" else len(data) // 2)
        return data[:cut], Fault("gzip cut off", frozenset({"truncated_gzip", "corrupt_gzip"}), frozenset())
    return data, fault


def _header(choose: Choices, reference: Reference) -> Draft:
    version = choose.of(["4.2", "4.1", "4.3", "4.4", "4.5"])
    meta = choose.some(META, 5)
    if choose.often(50):
        named = [one for one in reference.contigs if choose.often(70)]
        meta += [f"##contig=<ID={one.name},length={one.length}>" if choose.often(80) else f"##contig=<ID={one.name}>"
                 for one in named]  # fmt: skip
    samples = choose.number(0, 3) if choose.often(60) else 0
    names = [f"S{number}" if choose.often(90) else f"sample {number}" for number in range(samples)]
    bare_format = not names and choose.often(5)
    columns = "\t".join([*COLUMNS, *(["FORMAT", *names] if names or bare_format else [])])
    lines = [f"##fileformat=VCFv{version}", *meta, columns]
    return Draft(lines, len(lines), samples, bare_format)


def _record(
    choose: Choices, sequence: Sequence, contig: Contig, pos: int, spoilt: bool, unknown: str
) -> list[str]:
    """The first eight columns of a record."""
    size = choose.of([1, 1, 1, 1, 2, 3, 4, 9, 40, 300])
    ref = sequence.fetch(contig.name, pos, size).decode()
    if spoilt:
        ref = ("C" if ref[0] != "C" else "G") + ref[1:]
    elif choose.often(3):
        ref = ref.lower()
    elif choose.often(2):
        ref = "N" + ref[1:]
    if choose.often(1) and not spoilt:
        ref = "R" + ref[1:]
    info: list[str] = []
    alts = [_allele(choose, ref, contig, info, pos) for _ in range(choose.of([1, 1, 1, 1, 2, 3, 4]))]
    if "." in alts:
        alts = ["."]
    place = pos
    if choose.often(2):
        place = choose.of([0, contig.length + 1, contig.length + 5000, 1 << 29, (1 << 31) - 1])
    identifier = choose.of([".", ".", "rs1", "rs1;rs22", "COSV1;x:y;rs3", "1-2-A/C"])
    quality = choose.of([".", "50", "0", "99.99", "1e3", "3.1e-05", "Inf"])
    filters = choose.of([".", "PASS", "q10", "q10;s50"])
    if choose.often(60):
        info += choose.some(INFO, 4)
    if choose.often(2):
        info.append(f"END={pos + size - 1}")
    name = unknown or contig.name
    if not unknown and contig.aliases and choose.often(3):
        name = choose.of(sorted(contig.aliases))
    text = ";".join(dict.fromkeys(info)) or "."
    if text != "." and choose.often(2):
        text += ";"
    return [name, str(place), identifier, ref, ",".join(alts), quality, filters, text]


def _allele(choose: Choices, ref: str, contig: Contig, info: list[str], pos: int) -> str:
    """One alternate allele; what INFO must say of it is added to ``info``."""
    kind = choose.number(0, 99)
    if kind < 35:
        return choose.of("ACGT") + ref[1:] if len(ref) < 3 else ref[:1] + choose.text("ACGT", 1, 5) + ref[2:]
    if kind < 50:
        return ref + choose.text("ACGT", 1, choose.of([1, 4, 30, 300]))
    if kind < 65:
        return ref[: choose.number(1, len(ref))]
    if kind < 72:
        return choose.text("ACGTacgt", 1, choose.of([1, 3, 12, 200]))
    if kind < 76:
        return "*"
    if kind < 78:
        return choose.of([".", ref, "N", "AR"])
    if kind < 90:
        symbol = choose.of(SYMBOLS)
        if not symbol.startswith(("<*", "<NON")) and not any(item.startswith("SVTYPE") for item in info):
            info.append(f"SVTYPE={symbol[1:4]}")
            length = choose.of([1, 10, 500, 5000])
            info += choose.some([f"END={min(pos + length, contig.length)}", f"SVLEN={-length}"], 2)
        return symbol
    mate = f"{choose.of([contig.name, 'decoy_1', '<ctg1>'])}:{choose.number(1, 300)}"
    base = ref[0].upper() if ref[0].upper() in "ACGTN" else "N"
    more = choose.text("ACGT", 0, 3)
    return choose.of([f"{base}{more}[{mate}[", f"{base}]{mate}]", f"]{mate}]{more}{base}", f"[{mate}[{base}",
                      f"{base}.", f".{base}", f".[{mate}[", f"]{mate}]."])  # fmt: skip


