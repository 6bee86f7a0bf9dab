"""HGVS descriptions of changes of proteins (``p.``), one at a time.

https://hgvs-nomenclature.org/stable/recommendations/protein/, in the forms that VEP writes (``hgvs_protein`` of
``TranscriptVariationAllele``) unless HGVS rules them out (``docs/vep-errata.md``).
"""

from __future__ import annotations

from annotator.engine.consequence.hgvs import HgvsP
from annotator.engine.consequence.scalar.effect import Effect
from annotator.engine.consequence.scalar.hgvs_c import Change, clip
from annotator.engine.consequence.three_prime_shift import rotate, shift_length
from annotator.engine.reference.genetic_code import translate


def describe_on_protein(effect: Effect, shifted: Effect) -> HgvsP | None:
    """HGVS description of what happens to a protein; None where there is none.

    Args:
        effect: the change that the terms describe.
        shifted: the same change, shifted as far as it goes in the direction of the transcript. Where that is out of
            the coding part of the exon, the description is of ``effect``.
    """
    if not effect.coding:
        return None
    if effect.start_lost and not effect.complete:
        return _at("M", 1, "?")
    if not shifted.protein_start or not shifted.protein_end:
        shifted = effect
    if not shifted.protein_start or not shifted.protein_end or shifted.peptides is None:
        return None
    if effect.protein_kept:
        return _at("*", len(_protein(shifted)) + 1, "=")
    before, after = (one or "-" for one in shifted.peptides)
    change = Change(shifted.protein_start, shifted.protein_end, before, after)
    if before != after:
        clip(change, protein=True)
    _set_kind(change, effect, shifted)
    if change.kind == "fs":
        _set_to_first_difference(change, shifted)
        if not change.ref:  # behind the end of a protein whose stop is not known
            return None
    if "X" in change.ref + change.alt:  # a codon with unknown bases, or with fewer than three
        return None
    if change.kind == "ins":
        return _insertion(change, shifted)
    if change.kind == "del":
        _shift(change, shifted)
    return _described(change, effect, shifted)


def _set_kind(change: Change, effect: Effect, shifted: Effect) -> None:
    """As VEP's ``_get_hgvs_protein_type``."""
    # A deletion at a splice site may shift into the exon: then it is the shifted one that moves the frame.
    if not effect.partial_codon and not effect.stop_retained and shifted.frame_moves:
        change.kind = "fs"
    elif change.ref in ("-", ""):
        change.kind = "ins"
    elif change.alt in ("-", ""):
        change.kind, change.alt = "del", ""
    elif len(change.ref) == len(change.alt) == 1:
        change.kind = ">"
    else:
        change.kind = "delins"


def _insertion(change: Change, shifted: Effect) -> HgvsP | None:
    """An insertion between two residues, or the duplication of those in front of it.

    See https://hgvs-nomenclature.org/stable/recommendations/protein/insertion/ and ``.../duplication/``.
    """
    _shift(change, shifted)
    if "*" not in change.alt and _is_duplication(change, shifted):
        return _named(change.alt, change.start, change.end, "dup", single=change.start == change.end)
    at = min(change.start, change.end)
    if not at:  # in front of the first residue
        return None
    protein = _protein(shifted)
    if at == len(protein) and shifted.transcript.has_stop(shifted.code):
        if "*" in change.alt:  # the inserted stop takes the place of the old one
            return _extended(at + 1, change.alt[0], shifted)
        protein += "*"
    neighbours = protein[at - 1 : at + 1]
    if len(neighbours) < 2:
        return None
    return _named(neighbours, at, max(change.start, change.end), "ins", _to_stop_codon(change.alt))


def _described(change: Change, effect: Effect, shifted: Effect) -> HgvsP:
    ref, alt, start, end, kind = change.ref, change.alt, change.start, change.end, change.kind
    if kind != "fs" and (ref == alt or ref[0] == alt[:1] == "*"):
        return _at(ref, start, "=")
    if alt.startswith("*"):  # the first residue that changes is a stop
        return _at(ref[0], start, "", "*")
    if ref.startswith("*"):
        codon = (shifted.altered_cds or "")[3 * start - 3 : 3 * start]
        if len(codon) == 3:
            return _extended(start, translate(codon, shifted.code), shifted)
    if kind == "del":
        stop = ("ext", _extension(shifted)) if effect.stop_lost else ("", 0)
        return _named(ref, start, end, kind, "", *stop, single=len(ref) == 1)
    if kind == "delins":
        return _named(ref, start, end, "delins", _to_stop_codon(alt), single=start == end)
    if kind != "fs":
        return _at(ref, start, "", alt)
    return _at(ref, start, "", alt, "fs", _distance_to_stop(start, shifted))


def _extended(start: int, residue: str, shifted: Effect) -> HgvsP:
    """A protein that goes on behind its stop, by the number of the stop and the residue in its place.

    See https://hgvs-nomenclature.org/stable/recommendations/protein/extension/.
    """
    return _at("*", start, "", residue, "ext", _extension(shifted))


def _at(ref: str, start: int, kind: str, alt: str = "", tail: str = "", to_stop: int = 0) -> HgvsP:
    """A description with one position."""
    return HgvsP(ref, start, "", start, kind, alt, tail, to_stop)


def _named(
    ref: str, start: int, end: int, kind: str, alt: str = "", tail: str = "", to_stop: int = 0, *, single: bool = False
) -> HgvsP:
    """A description with the first and the last of some residues, or with the first alone."""
    if single:
        return _at(ref[:1], start, kind, alt, tail, to_stop)
    return HgvsP(ref[0], min(start, end), ref[-1], max(start, end), kind, alt, tail, to_stop)


def _to_stop_codon(residues: str) -> str:
    """Residues up to the first stop, with it."""
    stop = residues.find("*")
    return residues[: stop + 1] if stop >= 0 else residues


def _protein(shifted: Effect) -> str:
    return shifted.transcript.peptide(shifted.code)


def _set_to_first_difference(change: Change, shifted: Effect) -> None:
    """Set a frameshift to the first residue that is another one, as VEP's ``_get_fs_peptides``.

    See https://hgvs-nomenclature.org/stable/recommendations/protein/frameshift/.
    """
    found = shifted.first_difference
    if found is not None:
        change.start, change.ref, change.alt = found
    elif shifted.altered_stop:
        change.kind = "="
    else:  # the sequence ends before another residue or a stop
        change.ref = ""


def _shift(change: Change, shifted: Effect) -> None:
    """Shift an insertion or deletion of residues towards the end of the protein."""
    unit = change.alt if change.kind == "ins" else change.ref
    by = shift_length(unit, _protein(shifted)[change.end :])
    change.start += by
    change.end += by
    if change.kind == "ins":
        change.alt = rotate(unit, by)
    else:
        change.ref = rotate(unit, by)


def _is_duplication(change: Change, shifted: Effect) -> bool:
    """Whether inserted residues stand right in front of them; if so, set the change to those.

    As VEP's ``_check_for_peptide_duplication``.
    """
    size = len(change.alt)
    before = translate(shifted.transcript.cds[: 3 * change.start - 3], shifted.code) + change.prefix
    first = change.start - size - 1
    if first < 0 or before[first : first + size] != change.alt:
        return False
    change.end = change.start - 1
    change.start -= size
    return True


def _extension(shifted: Effect) -> int:
    """Residues that are added up to the next stop, as VEP's ``_stop_loss_extra_AA``; 0 when there is none.

    See https://hgvs-nomenclature.org/stable/recommendations/protein/extension/.
    """
    return max(0, shifted.altered_stop - 1 - len(_protein(shifted)))


def _distance_to_stop(start: int, shifted: Effect) -> int:
    """Residues from the first changed one to the next stop; 0 when there is none."""
    return max(0, shifted.altered_stop - (start - 1)) if start > 1 else 0
