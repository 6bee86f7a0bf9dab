"""HGVS descriptions of changes of proteins (``p.``), one at a time.

https://hgvs-nomenclature.org/stable/recommendations/protein/, in the forms that VEP writes (``hgvs_protein`` of
``TranscriptVariationAllele``).
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
        effect: the change where the file has it.
        shifted: the same change, shifted as far as it goes in the direction of the transcript.
    """
    if not effect.coding or not shifted.protein_start or not shifted.protein_end or shifted.peptides is None:
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
    elif change.kind == "ins":
        return _insertion(change, effect, shifted)
    elif change.kind == "del":
        _shift(change, shifted)
    return _described(change, effect, shifted)


def _set_kind(change: Change, effect: Effect, shifted: Effect) -> None:
    """As VEP's ``_get_hgvs_protein_type``."""
    # A deletion at a splice site may shift into the exon: then it is the shifted one that moves the frame.
    if not effect.partial_codon and not effect.stop_retained and shifted.frame_moves:
        change.kind = "fs"
        return
    # One stop is written as an unknown residue from here on, so that what follows a second one can be found.
    change.ref, change.alt = change.ref.replace("*", "X", 1), change.alt.replace("*", "X", 1)
    if change.ref in ("-", ""):
        change.kind = "ins"
    elif change.alt in ("-", ""):
        change.kind, change.alt = "del", ""
    elif len(change.ref) == len(change.alt) == 1:
        change.kind = ">"
    else:
        change.kind = "delins"


def _insertion(change: Change, effect: Effect, shifted: Effect) -> HgvsP | None:
    """An insertion between two residues, or the duplication of those in front of it.

    See https://hgvs-nomenclature.org/stable/recommendations/protein/insertion/ and ``.../duplication/``.
    """
    _shift(change, shifted)
    if "*" not in change.alt and _is_duplication(change, shifted):
        return _named(change.alt, change.start, change.end, "dup", single=change.start == change.end)
    at = min(change.start, change.end)
    if not at:  # in front of the first residue
        return _at(_protein(shifted)[:1], 1, "?") if effect.start_lost else None
    protein = _protein(shifted, change)
    if at == len(protein) and shifted.transcript.has_stop(shifted.code):
        # In front of the stop, where VEP has no name; an inserted stop takes the place of the old one.
        protein, change.alt = protein + "*", _written(change.alt).partition("*")[0]
    neighbours = protein[at - 1 : at + 1]
    if len(neighbours) < 2:
        return None
    if effect.start_lost:
        return _start_lost(neighbours, change)
    return _named(neighbours, at, max(change.start, change.end), "ins", _to_stop_codon(change.alt))


def _described(change: Change, effect: Effect, shifted: Effect) -> HgvsP:
    ref, alt, start, end, kind = change.ref, change.alt, change.start, change.end, change.kind
    if effect.start_lost:
        return _start_lost(ref, change)
    if kind != "fs" and _written(ref) == _written(alt):
        return _at(ref, start, "=")
    if kind == "del" or (kind == ">" and effect.stop_lost):
        kind = "del" if kind == "del" else ""
        stop = ("ext", _extension(shifted)) if effect.stop_lost else ("", 0)
        return _named(ref, start, end, kind, alt[:1], *stop, single=len(ref) == 1)
    if kind == "delins":
        return _named(ref, start, end, "delins", _to_stop_codon(alt), single=start == end)
    if kind != "fs" or _written(alt) == "*":
        return _at(ref, start, "", alt)
    if _written(ref) == "*":  # the protein goes on behind its stop: an extension
        return _at(ref, start, "", alt, "ext", _extension(shifted))
    return _at(ref, start, "", alt, "fs", _distance_to_stop(start, shifted))


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


def _start_lost(ref: str, change: Change) -> HgvsP:
    """Ensembl VEP says nothing of what takes the place of the first methionine."""
    if change.start == change.end:
        return _at(ref, change.start, "?")
    return HgvsP(ref, change.start, "?", change.end, "")


def _written(residues: str) -> str:
    """Residues with one letter for what has one text."""
    return residues.replace("X", "*")


def _to_stop_codon(residues: str) -> str:
    """Residues up to the first stop, with it."""
    stop = _written(residues).find("*")
    return residues[: stop + 1] if stop >= 0 else residues


def _protein(shifted: Effect, change: Change | None = None) -> str:
    """The protein; with its stop where a change touches that."""
    protein = shifted.transcript.peptide(shifted.code)
    if change is not None and change.original and change.original.startswith("*"):
        return protein + change.original
    return protein


def _set_to_first_difference(change: Change, shifted: Effect) -> None:
    """Set a frameshift to the first residue that is another one, as VEP's ``_get_fs_peptides``.

    See https://hgvs-nomenclature.org/stable/recommendations/protein/frameshift/.
    """
    found = shifted.first_difference
    if found is not None:
        change.start, change.ref, change.alt = found
    elif shifted.altered_stop:
        change.kind = "="
    else:  # the sequence ends before another residue or a stop: VEP writes the changed residues as deleted
        change.ref = ""


def _shift(change: Change, shifted: Effect) -> None:
    """Shift an insertion or deletion of residues towards the end of the protein, as VEP's ``_shift_3prime``."""
    protein = _protein(shifted, change)
    if len(protein) <= change.end + 1:
        return
    unit = change.alt if change.kind == "ins" else change.ref
    by = shift_length(unit, protein[change.end : max(0, len(protein) - len(unit) + 1)])
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
