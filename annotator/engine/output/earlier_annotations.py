"""Annotations that the input file has already under the names of our INFO fields.

Three things can happen to such a field:

- It is from an earlier run of this engine: it is *replaced*, except in records that get no consequences now.
- It is another tool's, or nothing declares it: it is *kept* under another name, ``ORIGINAL_<name>``, which the header
  declares with the other tool's words. On request it is replaced, too.
- It is INFO/BCSQ of a file with FORMAT/BCSQ: genotypes point into its entries by number, and records stay as they are
  outside ID and INFO. It keeps its name, and the engine writes its own entries to ``GAS_BCSQ``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from annotator.engine.progress import Warnings
from annotator.engine.vcf.header import Header

ORIGINAL = "ORIGINAL_"
"""Put before the name of a field of another tool."""
BCSQ, GAS_BCSQ, CSQ = "BCSQ", "GAS_BCSQ", "CSQ"
SKIPPED = "GAS_SKIPPED"
_ID = re.compile(rb"[<,]ID=([^,>]+)")
_SUBFIELDS = re.compile(rb"Format: *'?([^\"'>]+)")
PROVENANCE = (
    b"##gasEngine=", b"##gasHaplotypes=", b"##gasLayer=", b"##gasOptions=", b"##gasPlacement=", b"##gasReference=",
    b"##gasSource=",
)  # fmt: skip
"""Header lines that a run of this engine writes beside those of its fields."""
_VEP = b"##VEP"
"""How VEP's lines about its own run begin."""
_POINTING = re.compile(rb"^(?:[^\t\n]*\t){8}(?:[^\t\n]*:)?BCSQ[:\t\n]", re.M)
"""A record with FORMAT/BCSQ."""


def points_into_bcsq(records: bytes) -> bool:
    """Tell whether any of some records has FORMAT/BCSQ.

    Args:
        records: whole lines.
    """
    return b"BCSQ" in records and _POINTING.search(records) is not None


@dataclass(frozen=True)
class EarlierAnnotations:
    """What becomes of the annotations that an input file has.

    Attributes:
        fields: our ``##INFO`` lines, by the name that each field has in the results file.
        bcsq: name of the field for entries in the format of BCFtools/csq; None where it is not written.
        ours: names of fields that an earlier run of this engine wrote.
        renamed: new names of other tools' fields, by name.
        declared: names among ``renamed`` that the header declares.
        replace: values of other tools' fields are dropped from records that get new ones.
    """

    fields: dict[str, bytes]
    bcsq: str | None = None
    ours: frozenset[str] = frozenset()
    renamed: dict[str, str] = field(default_factory=dict)
    declared: frozenset[str] = frozenset()
    replace: bool = False

    @classmethod
    def of(
        cls,
        header: Header,
        lines: dict[str, bytes],
        replace: bool = False,
        pointing: bool = False,
        write_bcsq: bool = False,
    ) -> EarlierAnnotations:
        """Decide for all records, so that every process decides alike.

        Args:
            header: of the input file.
            lines: our ``##INFO`` lines by name, as :func:`annotator.engine.output.info_fields.info_lines` gives them.
            replace: drop the values of other tools' fields from records that get new ones.
            pointing: a record has FORMAT/BCSQ, which the header need not declare.
            write_bcsq: the results have entries in the format of BCFtools/csq. Otherwise those of an earlier run of
                ours are dropped, and those of another tool stay as they are.
        """
        fields, bcsq = dict(lines), BCSQ
        if pointing or any(line.startswith(b"##FORMAT=") and _name(line) == BCSQ for line in header.meta):
            bcsq = GAS_BCSQ
            fields = {bcsq if name == BCSQ else name: line for name, line in lines.items()}
            fields[bcsq] = fields[bcsq].replace(b"ID=BCSQ,", b"ID=GAS_BCSQ,")
        by_engine = any(line.startswith(PROVENANCE[0]) for line in header.meta)
        theirs = {name: line for line in header.meta if line.startswith(b"##INFO=") and (name := _name(line))}
        ours = {name for name, line in theirs.items() if name in fields and _is_ours(name, line, fields, by_engine)}
        if not write_bcsq:
            del fields[bcsq]
        taken = {*theirs, *fields}
        renamed = {name: _free(ORIGINAL + name, taken) for name in fields if name not in ours}
        declared = frozenset(renamed.keys() & theirs.keys())
        return cls(fields, bcsq if write_bcsq else None, frozenset(ours), renamed, declared, replace)

    def header_lines(self, meta: list[bytes], seen: frozenset[str]) -> list[bytes]:
        """The lines of the input for the header of the results file.

        Args:
            meta: the input's ``##`` lines.
            seen: new names of fields that records of the results file have.

        Returns:
            The lines in their order: those of our earlier runs are left out, those of other tools' fields declare
            the new names. Where nothing that VEP wrote is left in the records, the lines about its run are left out.
        """
        vep_is_gone = self.replace and CSQ in self.declared and self.renamed[CSQ] not in seen
        out = []
        for line in meta:
            name = _name(line) if line.startswith(b"##INFO=") else ""
            if name in self.ours or line.startswith(PROVENANCE) or (vep_is_gone and line.startswith(_VEP)):
                continue
            if name in self.declared:
                if self.replace and self.renamed[name] not in seen:
                    continue
                line = _ID.sub(lambda found: found[0][:4] + self.renamed[name].encode(), line, count=1)  # noqa: B023
            out.append(line)
        for name, new in self.renamed.items():
            if name not in self.declared and new in seen:
                words = f"Values that the input file has in {name}, which its header does not declare"
                out.append(f'##INFO=<ID={new},Number=.,Type=String,Description="{words}">'.encode())
        return out

    def warn(self, warnings: Warnings, meta: list[bytes], seen: frozenset[str]) -> None:
        """Say which fields were replaced and which were kept under another name."""
        for line in meta:
            name = _name(line) if line.startswith(b"##INFO=") else ""
            if name in self.ours:
                warnings.add("replaced_annotation", None, name)
            elif name in self.declared and self.replace:
                warnings.add("replaced_annotation", None, f"{name} of another tool{_subfields(line)}")
                if self.renamed[name] in seen:
                    warnings.add("kept_annotation", None, f"{name} of skipped records is now {self.renamed[name]}")
            elif name in self.declared:
                warnings.add("kept_annotation", None, f"{name}{_subfields(line)} is now {self.renamed[name]}")
        for name, new in self.renamed.items():
            if name not in self.declared and new in seen:
                warnings.add("kept_annotation", None, f"{name}, which the header does not declare, is now {new}")
        if self.bcsq == GAS_BCSQ:
            warnings.add("kept_annotation", None, f"FORMAT/BCSQ refers to INFO/BCSQ: new entries are in {self.bcsq}")


def _name(line: bytes) -> str:
    found = _ID.search(line)
    return found[1].decode("latin-1") if found else ""


def _is_ours(name: str, line: bytes, fields: dict[str, bytes], by_engine: bool) -> bool:
    """Whether a run of this engine declared a field. Other tools may have replaced CSQ and BCSQ since."""
    if name not in (CSQ, BCSQ):
        return by_engine or line == fields[name]
    words = fields[name].partition(b'Description="')[2].partition(b" Format:")[0]
    return b'Description="' + words in line


def _free(name: str, taken: set[str]) -> str:
    found, number = name, 1
    while found in taken:
        number += 1
        found = f"{name}_{number}"
    return found


def _subfields(line: bytes) -> str:
    found = _SUBFIELDS.search(line)
    return f" ({found[1].decode('utf-8', 'replace').strip()})" if found else ""
