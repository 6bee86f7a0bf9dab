"""Which references there are: those that come with GAS, and those in the bucket."""
from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import boto3
import pytest

from chalicelib.aws.s3.references import BUNDLED, ReferenceCatalogue
from chalicelib.domain.references import ReferenceInfo
from chalicelib.services import Services
from chalicelib.usecases.references import available, find_reference
from reference import catalogue
from tests.conftest import HeldClock


def put(services: Services, *entries: dict[str, Any]) -> None:
    boto3.client("s3").put_object(Bucket=services.references.bucket, Key="catalogue.json",
                                  Body=json.dumps(entries).encode())


def entry(name: str, title: str = "") -> dict[str, Any]:
    return ReferenceInfo(name, title or name, name, (), (), {"1": 5}, f"{name}/1", "0" * 64, 9).to_entry()


def test_the_packaged_catalogue_is_that_of_the_bundles() -> None:
    listed = json.loads(BUNDLED.read_text("utf-8"))
    assert [one["name"] for one in listed] == ["rCRS", "SARS-CoV-2"]
    assert listed == json.loads(json.dumps(catalogue.entries()))


def test_without_a_catalogue_there_is_what_comes_with_gas(services: Services) -> None:
    assert [one.name for one in available(services)] == ["rCRS", "SARS-CoV-2"]
    found = find_reference(services, "rCRS")
    assert found is not None
    assert (found.assembly, found.layers, dict(found.contigs)) == ("NC_012920.1", ("MITOMAP", "MITOMAP_LOCUS"),
                                                                     {"MT": 16569})
    assert {one.name: one.licence for one in found.sources}["MITOMAP"] == "CC BY 3.0"
    assert find_reference(services, "GRCh38") is None


def test_without_a_bucket(services: Services) -> None:
    assert [one.name for one in ReferenceCatalogue(services.files, "").entries(0)] == ["rCRS", "SARS-CoV-2"]


def test_the_bucket_adds_references_and_takes_none_away(services: Services, clock: HeldClock) -> None:
    put(services, entry("GRCh38"), entry("rCRS", "another"))
    found = available(services)
    assert [one.name for one in found] == ["rCRS", "SARS-CoV-2", "GRCh38"]
    assert found[0].title.startswith("Human mitochondrial genome")
    put(services, entry("GRCh37"))
    assert [one.name for one in available(services)] == ["rCRS", "SARS-CoV-2", "GRCh38"]
    clock.now += 60
    assert [one.name for one in available(services)] == ["rCRS", "SARS-CoV-2", "GRCh37"]


def test_the_default_comes_first(services: Services) -> None:
    put(services, entry("GRCh37"), entry("GRCh38"))
    here = replace(services, settings=replace(services.settings, default_reference="GRCh38"))
    assert [one.name for one in available(here)] == ["GRCh38", "rCRS", "SARS-CoV-2", "GRCh37"]


def test_a_catalogue_that_is_none_is_not_passed_over(services: Services) -> None:
    boto3.client("s3").put_object(Bucket=services.references.bucket, Key="catalogue.json", Body=b"{")
    with pytest.raises(ValueError, match="Expecting"):
        available(services)


def test_layers_of_a_built_reference() -> None:
    sources = [{"name": name, "version": "1", "licence": "free"}
               for name in ("sequence", "gene models", "dbSNP", "gnomAD", "gnomAD", "CYTOBAND")]
    manifest = {"name": "n", "title": "t", "assembly": "a", "sources": sources, "contigs": [],
                "layers": [{"name": "known variants"}]}
    assert ReferenceInfo.of_manifest(manifest).layers == ("dbSNP", "gnomAD", "CYTOBAND")
