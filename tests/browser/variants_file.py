"""Tables of variants as an annotation leaves them, of any size; and the bucket that a browser reads them from."""
from __future__ import annotations

import json
import re
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

import boto3
import numpy as np
import pyarrow as pa
from playwright.sync_api import BrowserContext, Route

from annotator.engine.output.variants_table import COLUMNS, TableWriter

BASES = np.array(["A", "C", "G", "T"])
CONSEQUENCES = np.array(["intron_variant", "synonymous_variant", "missense_variant", "stop_gained"])
IMPACTS = np.array(["MODIFIER", "LOW", "MODERATE", "HIGH"])
ABOUT = {"pos": "Position, 1-based", "impact": "Ensembl's four classes", "MITOMAP_DISEASE": "Disease in MITOMAP"}


def variants_table(rows: int, contig: str = "MT", contigs: int = 1) -> pa.Table:
    """Rows in the order of position: every 100th is a stop gained, every 10th of the others missense.

    Row n is on contig n * contigs // rows, of gene n // 50, with an A at each even row; every third is known.
    """
    number = np.arange(rows)
    kind = np.where(number % 100 == 99, 3, np.where(number % 10 == 9, 2, number % 2))
    place = number * contigs // max(rows, 1)
    chrom = np.array([contig, *[f"{contig}{extra}" for extra in range(1, contigs)]])[place]
    gene = np.char.add("GENE", (number // 50).astype(str))
    known = number % 3 == 0
    residue = np.where(kind > 1, number % 500 + 1, -1)
    text = {
        "ref": BASES[number % 2 * 2], "alt": BASES[number % 2 * 2 + 1], "consequence": CONSEQUENCES[kind],
        "consequences": CONSEQUENCES[kind], "impact": IMPACTS[kind], "gene": gene,
        "gene_id": np.char.add("ENSG", (number // 50).astype(str)),
        "transcript": np.char.add("NM_", (number // 50).astype(str)),
        "hgvsc": np.char.add(np.char.add("NM_1.1:c.", (number + 1).astype(str)), "A>C")}
    columns: dict[str, pa.Array] = {
        "chrom": pa.array(chrom), "pos": pa.array((number * 3 + 10).astype(np.int32)),
        "id": pa.array([f"rs{n}" if n % 3 == 0 else "." for n in range(rows)]),
        "ref": pa.array(text["ref"]), "alt": pa.array(text["alt"]),
        "qual": pa.array(np.where(number % 4 == 0, np.nan, number % 97).astype(np.float32), from_pandas=True),
        "filter": pa.array(np.where(number % 50 == 0, "q10", "PASS")),
        **{name: pa.array(text[name]) for name in ("consequence", "consequences", "impact", "gene", "gene_id",
                                                   "transcript")},
        "biotype": pa.array(["protein_coding"] * rows),
        "exon": pa.array([{199: "=1+1", 299: "-"}.get(n, "1/3") for n in range(rows)]),
        "intron": pa.nulls(rows, pa.string()), "hgvsc": pa.array(text["hgvsc"]),
        "hgvsp": pa.array([f"NP_1.1:p.Lys{r}Asn" if r > 0 else None for r in residue.tolist()]),
        "protein_position": pa.array(residue.astype(np.int32), mask=residue < 0),
        "amino_acids": pa.array(np.where(residue > 0, "K/N", "")),
        "codons": pa.array(np.where(residue > 0, "aaA/aaC", "")),
        "mature_peptide": pa.nulls(rows, pa.string()), "haplotype": pa.nulls(rows, pa.string()),
        "most_severe_gene": pa.array(text["gene"]), "most_severe_transcript": pa.array(text["transcript"]),
        "known": pa.array(known), "existing": pa.array([f"rs{n}&m{n}" if n % 3 == 0 else None for n in range(rows)]),
        "MITOMAP_DISEASE": pa.array(["LHON; =odd, \"quoted\"" if n == 99 else None for n in range(rows)]),
        "MITOTIP": pa.array(np.where(number % 5 == 0, number / 7, np.nan).astype(np.float32), from_pandas=True)}
    return pa.table(columns).replace_schema_metadata({"gas.reference": "rCRS", "gas.columns": json.dumps(ABOUT)})


def parquet_bytes(table: pa.Table) -> bytes:
    """The table as the annotator writes it."""
    names = [*COLUMNS, *(name for name in table.column_names if name not in COLUMNS)]
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "a.variants.parquet"
        ordered = table.select(names)
        writer = TableWriter(path.open("wb"), ordered.schema)
        for batch in ordered.to_batches(max_chunksize=6_000):
            writer.write(batch)
        writer.close()
        return path.read_bytes()


@dataclass
class Bucket:
    """The buckets of results and references for a browser: answers ranges, and notes what was asked for.

    :ivar requests: key, first and last byte of each request
    :ivar expired: how many of the next requests are refused, as S3 does when a link has run out
    """

    requests: list[tuple[str, int, int]] = field(default_factory=list)
    expired: int = 0

    def serve(self, context: BrowserContext) -> None:
        """Stand between a browser and the buckets of the tests' AWS."""
        context.route(re.compile(r"https://gas-test-(results|references)-\d+\.s3\.us-east-1\.amazonaws\.com/.*"),
                      self._answer)

    @property
    def bytes(self) -> int:
        """Bytes asked for in all."""
        return sum(last - first + 1 for _, first, last in self.requests)

    def _answer(self, route: Route) -> None:
        bucket, key = re.match(r"https://([^.]+)\.[^/]+/([^?]+)", route.request.url).groups()  # type: ignore[union-attr]
        cors = {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "Content-Range, Content-Length"}
        if self.expired > 0:
            self.expired -= 1
            route.fulfill(status=403, headers=cors, body="<Error><Code>AccessDenied</Code></Error>")
            return
        asked = route.request.headers.get("range")
        part = {"Range": asked} if asked else {}
        found = boto3.client("s3").get_object(Bucket=bucket, Key=unquote(key), **part)
        body = found["Body"].read()
        first = int(asked.removeprefix("bytes=").partition("-")[0]) if asked else 0
        self.requests.append((unquote(key), first, first + len(body) - 1))
        if asked:
            cors["Content-Range"] = found["ContentRange"]
        route.fulfill(status=206 if asked else 200, headers=cors, body=body)
