"""Names of changes of proteins after the HGVS nomenclature (``p.``), in the forms that Ensembl VEP writes."""

from __future__ import annotations

from annotator.engine.affixes import common_prefix
from annotator.engine.consequence.scalar.effect import Effect
from annotator.engine.consequence.scalar.hgvs_c import Change, clip
from annotator.engine.reference.genetic_code import three_letters, translate


def protein_change(effect: Effect, moved: Effect) -> str:
    """HGVS name of what happens to a protein, without the protein; empty where there is none.

    Args:
        effect: the change where the file has it.
        moved: the same change, shifted as far as it goes in the direction of the transcript.
    """
    if not effect.coding or not moved.protein_start or not moved.protein_end or moved.peptides is None:
        return ""
    if effect.protein_kept:
        return f"p.Ter{len(moved.transcript.peptide(moved.code)) + 1}="
    before, after = (one or "-" for one in moved.peptides)
    change = Change(moved.protein_start, moved.protein_end, before, after)
    if before != after:
        clip(change, protein=True)
    _tell(change, effect, moved)
    name = _named(change, effect, moved)
    return name and "p." + name


def _tell(change: Change, effect: Effect, moved: Effect) -> None:
    # A deletion at a splice site may shift into the exon: then it is the shifted one that moves the frame.
    if not effect.partial_codon and not effect.stop_retained and moved.frame_moves:
        change.type = "fs"
        return
    # One stop is written as an unknown amino acid from here on, so that what follows a second one can be told.
    change.ref, change.alt = change.ref.replace("*", "X", 1), change.alt.replace("*", "X", 1)
    if change.ref in ("-", ""):
        change.type = "ins"
    elif change.alt in ("-", ""):
        change.type = "del"
    elif len(change.ref) == len(change.alt) == 1:
        change.type = ">"
    else:
        change.type = "delins"


def _named(change: Change, effect: Effect, moved: Effect) -> str:
    if change.type == "fs":
        _first_difference(change, moved)
        if not change.ref:  # behind the end of a protein whose stop is not known
            return ""
    elif change.type == "ins":
        _move_on(change, moved)
        if "*" not in change.alt and _is_duplication(change, moved):
            alt = three_letters(change.alt)
            if change.start < change.end:
                return f"{alt[:3]}{change.start}_{alt[-3:]}{change.end}dup"
            return f"{alt}{change.start}dup"
        at = min(change.start, change.end)
        if not at:  # in front of the first amino acid
            return f"{three_letters(moved.transcript.peptide(moved.code)[:1])}1?" if effect.start_lost else ""
        protein = _protein(change, moved)
        if len(protein) <= at:
            return ""
        change.ref = protein[at - 1 : at + 1]
    elif change.type == "del":
        _move_on(change, moved)
    ref = change.ref if change.ref == "-" else three_letters(change.ref)
    alt = change.alt if change.alt in ("-", "del") else three_letters(change.alt)
    if effect.start_lost:
        # Ensembl VEP says nothing of what takes the place of the first methionine.
        return f"{ref}{change.start}_?{change.end}" if change.start != change.end else f"{ref}{change.start}?"
    if change.type == "fs":
        ref = ref[:3]
    return _format(change, ref, "del" if alt == "-" else alt, effect, moved)


def _format(change: Change, ref: str, alt: str, effect: Effect, moved: Effect) -> str:
    start, end, kind = change.start, change.end, change.type
    if ref == alt and kind not in ("fs", "ins"):
        return f"{ref}{start}="
    if effect.stop_lost and kind in ("del", ">"):
        extended = f"{'del' if kind == 'del' else alt[:3]}extTer{_extension(moved) or '?'}"
        if len(ref) > 3 and kind == "del":
            return f"{ref[:3]}{start}_{ref[-3:]}{end}{extended}"
        return f"{ref}{start}{extended}"
    if kind == ">" or kind == "=":
        return f"{ref}{start}{alt}"
    if kind in ("delins", "ins"):
        stop = alt.find("Ter")
        alt = alt[: stop + 3] if stop >= 0 else alt
        if start == end and kind == "delins":
            return f"{ref[:3]}{start}delins{alt}"
        return f"{ref[:3]}{min(start, end)}_{ref[-3:]}{max(start, end)}{kind}{alt}"
    if kind == "fs":
        if alt == "Ter":
            return f"{ref}{start}Ter"
        if ref == "Ter":  # the protein goes on behind its stop: an extension
            return f"{ref}{start}{alt}extTer{_extension(moved) or '?'}"
        return f"{ref}{start}{alt}fsTer{_distance_to_stop(start, moved) or '?'}"
    if len(ref) > 3:
        return f"{ref[:3]}{start}_{ref[-3:]}{end}del"
    return f"{ref}{start}del"


def _protein(change: Change, moved: Effect) -> str:
    """The protein, with the stop where the change touched it."""
    protein = moved.transcript.peptide(moved.code)
    return protein + change.original if change.original and change.original.startswith("*") else protein


def _first_difference(change: Change, moved: Effect) -> None:
    """Set a frameshift to the first amino acid that is another one."""
    found = moved.first_difference
    if found is not None:
        change.start, change.ref, change.alt = found
        return
    if moved.altered_stop:
        change.type = "="
    else:
        change.ref, change.alt, change.type = change.ref.replace("-", ""), "del", "del"


def _move_on(change: Change, moved: Effect) -> None:
    """Move an insertion or deletion of amino acids as far as it goes towards the end of the protein."""
    protein = _protein(change, moved)
    if len(protein) <= change.end + 1:
        return
    text = change.alt if change.type == "ins" else change.ref
    size = len(text)
    following = protein[change.end : max(0, len(protein) - size + 1)]
    by = common_prefix(following, text * (len(following) // size + 1))
    turn = by % size
    text = text[turn:] + text[:turn]
    change.start += by
    change.end += by
    if change.type == "ins":
        change.alt = text
    else:
        change.ref = text


def _is_duplication(change: Change, moved: Effect) -> bool:
    """Whether the amino acids that are inserted stand right before them; if so, set the change to those."""
    size = len(change.alt)
    before = translate(moved.transcript.cds[: 3 * change.start - 3], moved.code) + change.prefix
    first = change.start - size - 1
    if first < 0 or before[first : first + size] != change.alt:
        return False
    change.end = change.start - 1
    change.start -= size
    return True


def _extension(moved: Effect) -> int:
    """Amino acids that are added until the next stop; 0 when there is none."""
    return max(0, moved.altered_stop - 1 - len(moved.transcript.peptide(moved.code)))


def _distance_to_stop(start: int, moved: Effect) -> int:
    """Amino acids from the first changed one to the next stop; 0 when there is none."""
    return max(0, moved.altered_stop - (start - 1)) if start > 1 else 0
