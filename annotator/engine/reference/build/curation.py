"""What the sources of gene models say about the standing of a transcript: MANE, TSL, APPRIS, CCDS.

=====================  ================================================  =====================================
value                  Ensembl, GENCODE                                  RefSeq
=====================  ================================================  =====================================
MANE                   tags ``MANE_Select``, ``MANE_Plus_Clinical``      the same tags; partner in ``Dbxref``
TSL                    ``transcript_support_level``                      (none)
APPRIS                 tag ``appris_principal_1`` (GENCODE)              (none)
CCDS                   ``ccdsid``, in Ensembl's GTF ``ccds_id``          ``Dbxref`` of the coding sequence
=====================  ================================================  =====================================
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

_APPRIS = re.compile(r"appris_(principal|alternative)_?(\d*)")
_LEVEL = re.compile(r"(?:tsl)?(\d)")


class Curation(NamedTuple):
    """The standing of a transcript; empty where the source does not say.

    Attributes:
        mane_select: id of the same transcript in the other set of models (RefSeq or Ensembl), of a MANE Select one.
        mane_plus_clinical: likewise, of a MANE Plus Clinical one.
        tsl: transcript support level, ``1`` (best) to ``5``.
        appris: ``P1`` (best) to ``P5``, ``A1``, ``A2``: principal and alternative isoforms.
        ccds: id in the Consensus Coding Sequence set, with its version.
    """

    mane_select: str = ""
    mane_plus_clinical: str = ""
    tsl: str = ""
    appris: str = ""
    ccds: str = ""

    @classmethod
    def of(cls, tags: Iterable[str], attributes: Mapping[str, str], references: Iterable[str]) -> Curation:
        """Read it from a source.

        Args:
            tags: of the transcript.
            attributes: of the transcript and its coding sequence.
            references: cross-references of both, such as ``Ensembl:ENST00000379407.7`` and ``CCDS:CCDS6.1``.
        """
        words = [tag.strip().replace(" ", "_") for tag in tags]
        xrefs = list(references)
        partner = next((one.removeprefix("Ensembl:") for one in xrefs if one.startswith("Ensembl:ENST")), "")
        appris = next(filter(None, map(_APPRIS.fullmatch, words)), None)
        level = _LEVEL.match(attributes.get("transcript_support_level", ""))
        ccds = attributes.get("ccdsid") or attributes.get("ccds_id", "")
        return cls(
            mane_select=partner if "MANE_Select" in words else "",
            mane_plus_clinical=partner if "MANE_Plus_Clinical" in words else "",
            tsl=level[1] if level else "",
            appris=appris[1][0].upper() + appris[2] if appris else "",
            ccds=ccds or next((one.removeprefix("CCDS:") for one in xrefs if one.startswith("CCDS:")), ""),
        )


NOT_CURATED = Curation()
