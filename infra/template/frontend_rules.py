"""Writes what the front end shares with Python: `python -m infra frontend-rules` (`make package` runs it).

The upload page makes the annotator's checks in the browser, before a byte of the file is sent. The patterns, limits,
sentences and genome builds are those of the engine and of the service, written as JSON for the scripts to import. Text
of files is Latin-1 there, one character a byte.
"""
from __future__ import annotations

import json
import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

from annotator.engine import bounds, errors, input_formats
from annotator.engine.bgzf import END_OF_FILE
from annotator.engine.consequence.so_terms import IMPACTS
from annotator.engine.files import GZIP_MAGIC
from annotator.engine.pipeline import user_layers
from annotator.engine.reference import build_detection, build_evidence
from annotator.engine.reference.bundle import Reference, reference_names
from annotator.engine.reference.gene_models import GeneModels
from annotator.engine.reference.presets import CHROMOSOMES, read_builds, read_sequences
from annotator.engine.vcf import file_type, header, reader, record_parser
from chalicelib.domain import names
from chalicelib.usecases.upload import multipart_upload

PROJECT = Path(__file__).resolve().parents[2]
BUNDLES = PROJECT / "reference"
TARGET = Path("frontend") / "src" / "generated" / "rules.json"
"""In the project; built, and not kept under version control."""

_BLANK = r" \t\n\r\f\v"
_TOKEN = re.compile(r"\\.|\[\^?|\(\?P|.", re.DOTALL)


def rules() -> dict[str, Any]:
    """All that the scripts share with Python, ready for JSON."""
    return {
        "findings": {key: asdict(finding) for key, finding in errors.FINDINGS.items()},
        "hints": {code: kind.hint for code, kind in errors.INPUT_ERRORS.items()},
        "limits": {
            "quoted": errors.QUOTE_LENGTH,
            "value": errors.VALUE_LENGTH,
            "firstLine": reader.FIRST_LINE_QUOTED,
            "line": reader.Limits.line,
            "header": reader.Limits.header,
            "headerLines": header.MOST_LINES,
            "minorVersion": header.LARGEST_MINOR_VERSION,
            "versionText": header.LONGEST_VERSION,
            "contigName": bounds.LONGEST_NAME,
            "contigLength": bounds.LARGEST_LENGTH,
            "position": bounds.LARGEST_POSITION,
            "number": str(bounds.LARGEST_NUMBER),  # beyond the numbers that JavaScript has
            "endText": record_parser.LONGEST_END,
            "alleles": bounds.MOST_ALLELES,
            "altBases": bounds.MOST_ALT_BASES,
            "refBases": bounds.MOST_REF_BASES,
            "firstChunk": reader.CHUNK,
            "bgzipEnd": input_formats.LAST_BYTES,
        },
        "columns": [name.decode() for name in header.FIXED],
        "patterns": {name: javascript(pattern) for name, pattern in {
            "record": file_type.RECORD,
            "columnLine": header.COLUMN_LINE,
            "version": header.VERSION,
            "misspeltVersion": header.MISSPELT,
            "contigId": header.CONTIG_ID,
            "contigLength": header.CONTIG_LENGTH,
            "control": reader.CONTROL,
            "strayReturn": reader.STRAY_RETURN,
            "bgzipBlock": input_formats.BLOCK_HEAD,
            "contig": record_parser.CONTIG,
            "position": record_parser.POSITION,
            "iupac": record_parser.IUPAC,
            "plainList": record_parser.PLAIN_LIST,
            "symbolic": record_parser.SYMBOLIC,
            "breakend": record_parser.BREAKEND,
            "telomere": record_parser.TELOMERE,
            "end": record_parser.END,
        }.items()},
        "noVariant": sorted(allele.decode() for allele in record_parser.NO_VARIANT),
        "byteOrderMark": reader.BYTE_ORDER_MARK.decode("latin-1"),
        "gzip": GZIP_MAGIC.decode("latin-1"),
        "converted": [{"start": magic.decode("latin-1"), "name": name} for magic, name in input_formats.CONVERTED],
        "bgzipEnd": END_OF_FILE.decode("latin-1"),
        "formats": {
            "magic": [{"start": magic.decode("latin-1"), **asdict(look)} for magic, look in file_type.MAGIC],
            "patterns": [{"pattern": javascript(pattern), **asdict(look)} for pattern, look in file_type.TEXT_STARTS],
            "office": asdict(file_type.OFFICE),
            "zip": asdict(file_type.ZIP),
            "binary": asdict(file_type.BINARY),
            "commas": asdict(file_type.COMMAS),
            "tabs": asdict(file_type.TABS),
            "text": asdict(file_type.PLAIN_TEXT),
        },
        "genomes": {
            "chromosomes": CHROMOSOMES,
            "builds": read_builds(),
            "accession": javascript(build_evidence.ACCESSION),
            "assembly": javascript(build_evidence.ASSEMBLY),
            "word": javascript(build_evidence.WORD),
            "naming": [start.decode() for start in build_evidence.NAMING],
        },
        "mitochondrion": {
            "build": build_detection.MITOCHONDRION,
            "length": build_detection.RCRS_LENGTH,
            "older": build_detection.OLDER_MITOCHONDRION,
            "olderLength": build_detection.OLDER_LENGTH,
            "short": build_evidence.MITOCHONDRION_SHORT,
            "sequences": build_evidence.MITOCHONDRION_SEQUENCES,
        },
        "sequences": read_sequences(),
        "bundled": [bundled_reference(name) for name in reference_names([BUNDLES])],
        "impacts": list(dict.fromkeys(IMPACTS)),
        "fileNames": {
            "forbidden": javascript(names.NOT_IN_NAMES),
            "reasons": {code: {"message": message, "hint": hint} for code, (message, hint) in names.REASONS.items()},
        },
        "layer": {
            "head": user_layers.HEAD,
            "vcf": [start.decode() for start in user_layers.VCF_STARTS],
            "comments": [start.decode() for start in user_layers.COMMENTS],
            "region": javascript(user_layers.REGION),
            "unknown": user_layers.UNKNOWN,
            "noRecords": user_layers.NO_RECORDS,
            "hint": user_layers.KINDS,
        },
        "parts": {"bytes": multipart_upload.LARGEST_PART},
    }


def bundled_reference(name: str) -> dict[str, Any]:
    """A bundled reference as the site draws it: the names, length and form of its one sequence, and its genes.

    Positions of genes are 1-based, and inclusive; the prefix that all genes of the mitochondrion have is left out.

    Raises:
        ValueError: It has more than one sequence.
    """
    bundle = Reference.load(name, [BUNDLES])
    contig, = bundle.contigs
    models = GeneModels.load(bundle.compiled).contig(contig.name)
    genes: dict[str, dict[str, str | int]] = {}
    for symbol, start, end in zip(models.strings("symbol").to_pylist(), models.start.tolist(), models.end.tolist(),
                                  strict=True):
        gene = genes.setdefault(symbol, {"name": symbol.removeprefix("MT-"), "start": start, "end": end})
        gene |= {"start": min(start, gene["start"]), "end": max(end, gene["end"])}
    return {"reference": name, "names": [contig.name, *contig.aliases], "length": contig.length,
            "circular": contig.circular, "genes": list(genes.values())}


def javascript(pattern: re.Pattern[bytes] | re.Pattern[str]) -> dict[str, str]:
    """A regular expression as JavaScript's `RegExp` takes it, with the same matches.

    Args:
        pattern: Of bytes, for text in Latin-1, or of text.

    Returns:
        `source` and `flags`.

    Raises:
        ValueError: It has a part that JavaScript reads otherwise and that is not translated here.
    """
    source = pattern.pattern.decode("latin-1") if isinstance(pattern.pattern, bytes) else pattern.pattern
    if pattern.flags & (re.MULTILINE | re.VERBOSE | re.LOCALE):
        raise ValueError(f"flags of {pattern.pattern!r}")
    outside = {r"\s": f"[{_BLANK}]", r"\S": f"[^{_BLANK}]", r"\Z": "$"}
    if not pattern.flags & re.DOTALL:
        outside["."] = r"[^\n]"
    written, in_class = [], False
    for token in _TOKEN.findall(source):
        if token in (r"\A", "(?P") or (in_class and token == r"\S"):
            raise ValueError(f"{token} in {source}")
        if in_class:
            written.append(_BLANK if token == r"\s" else token)
            in_class = token != "]"
        else:
            written.append(outside.get(token, token))
            in_class = token in ("[", "[^")
    flags = {"i": pattern.flags & re.IGNORECASE, "s": pattern.flags & re.DOTALL, "u": isinstance(pattern.pattern, str)}
    return {"source": "".join(written), "flags": "".join(flag for flag, on in flags.items() if on)}


def write_rules(project: Path) -> Path:
    """Write the file where it is not yet what it should be.

    Args:
        project: The project's root.
    """
    target = project / TARGET
    text = json.dumps(rules(), indent=1, ensure_ascii=True) + "\n"
    if not target.is_file() or target.read_text(encoding="ascii") != text:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="ascii")
    return target
