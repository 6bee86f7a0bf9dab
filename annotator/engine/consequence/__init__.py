"""Consequences of variants on transcripts: Ensembl VEP's terms, HGVS names and positions, for many alleles at once.

Consequences, the most severe first (:mod:`so_terms` has their order and impacts)::

    HIGH      transcript_ablation                  the whole transcript is deleted
              splice_acceptor_variant              last 2 bases of an intron
              splice_donor_variant                 first 2 bases of an intron
              stop_gained                          a new stop codon
              frameshift_variant                   bases added or lost, not in threes
              stop_lost                            the stop codon is gone
              start_lost                           the start codon is gone
              transcript_amplification             the whole transcript is duplicated
              feature_elongation                   structural variant that lengthens the transcript
              feature_truncation                   structural variant that shortens or breaks it
    MODERATE  inframe_insertion                    whole codons added
              inframe_deletion                     whole codons lost
              missense_variant                     other amino acids, as many as before
              protein_altering_variant             any other change of the protein
    LOW       splice_donor_5th_base_variant        5th base of an intron
              splice_region_variant                3 bases of an exon, 3rd to 8th base of an intron, at either end
              splice_donor_region_variant          3rd to 6th base of an intron
              splice_polypyrimidine_tract_variant  17th to 3rd last base of an intron
              incomplete_terminal_codon_variant    last codon of fewer than 3 bases
              start_retained_variant               start codon changed and still one
              stop_retained_variant                stop codon changed and still one
              synonymous_variant                   same amino acids
    MODIFIER  coding_sequence_variant              codons changed in an unknown way
              mature_miRNA_variant                 (not given: the models have no mature miRNAs)
              5_prime_UTR_variant                  exon before the coding sequence
              3_prime_UTR_variant                  exon behind the coding sequence
              non_coding_transcript_exon_variant   exon of a transcript without translation
              intron_variant                       intron, apart from its first and last 2 bases
              NMD_transcript_variant               transcript subject to nonsense-mediated decay
              non_coding_transcript_variant        elsewhere in a transcript without translation
              coding_transcript_variant            elsewhere in a transcript with translation
              upstream_gene_variant                within 5,000 bases before the transcript
              downstream_gene_variant              within 5,000 bases behind the transcript
              intergenic_variant                   no transcript that near

Algorithm (:meth:`ConsequenceCaller.call`), for a chunk of consecutive records of one contig:

1. Trim and left-align each allele (:mod:`annotator.engine.normalise`), or shift it to the 3' end of transcripts of
   each strand, and pair it with the transcripts within 5,000 bases (:mod:`overlaps`). A symbolic tandem duplication
   within an exon is called as an insertion (:mod:`tandem_copies`).
2. Divide the pairs into groups and call each group:

   - outside the transcript: upstream or downstream (:mod:`vector.region_terms`);
   - one base replaced by another: region and codon (:mod:`vector.snv`);
   - insertions and deletions in introns and untranslated exons (:mod:`vector.noncoding_indel`);
   - insertions and deletions well inside the coding part of an exon (:mod:`vector.coding_indel_rows`);
   - everything else, pair by pair (:mod:`scalar`): start and stop codons, codons that an intron divides, alleles that
     replace several bases, frameshift introns, structural variants.

   The first four are vectorised, with one array element a pair, and leave to the scalar path what they cannot decide.
   Both paths evaluate the same table of splice sites, UTRs and flanks (:mod:`region_rules`), and tests compare their
   answers for random alleles.
   Both describe changes as HGVS does, in numbers and residues that :mod:`hgvs` writes as text at the end, and shift
   insertions and deletions by one rule (:mod:`three_prime_shift`).
3. Pick the pair of each allele that is reported where there is room for one (:mod:`pick`), leave out the pairs that the
   user does not want (:mod:`restrict`), and write one entry of CSQ and BCSQ for each other one (:mod:`output`).

An allele takes one of two ways through the modules::

    caller > overlaps > vector.snv | noncoding_indel | coding_indel_rows                > hgvs > output.csq, bcsq
    caller > overlaps > scalar.isoform_cache > rows > effect or structural, hgvs_c, hgvs_p > hgvs > output.csq, bcsq

``effect`` is built up in layers: ``location`` (with ``introns``), ``coding_change``, ``start_and_stop``, ``effect``.

Data structures::

    chunk.AlleleChunk        alternate alleles of consecutive records: what goes in
    overlaps.Alleles         the same, normalised, as arrays with one element an allele
    overlaps.Pairs           indices of an allele and of a transcript that it touches or flanks
    gene_models.ContigModels transcripts of a contig as arrays (in annotator.engine.reference)
    vector.positions.Places  the exon or intron in which a base lies, one element a pair
    allele.Allele            one allele, for the scalar path
    transcript.Transcript    one transcript, for the scalar path (in annotator.engine.reference)
    hgvs.HgvsC, HgvsP        descriptions of a change of a transcript and of its protein, as data
    scalar.effect.Effect     what one allele does to one transcript, worked out as it is asked for
    output.csq_rows.Rows     rows of CSQ as columns: terms as bits, fields as texts
    output.csq_fields.Field  a sub-field of CSQ: name, source of its values, description
    reporting.Reporting      which entries and sub-fields are written
    chunk.Called             CSQ, BCSQ, reported transcripts and terms: what comes out

Coordinates: genome positions are 1-based and inclusive, on the forward strand. An insertion starts at the base behind
it and ends at the base before it: ``start == end + 1``. Positions in the spliced transcript (``cdna``), the coding
sequence (``cds``) and the protein are 1-based and inclusive, in the direction of transcription. Indices (of records,
alleles, transcripts, and exons in ascending genome order) are 0-based. A set of terms is an integer whose bit 0 is the
most severe term.
"""

from annotator.engine.consequence.caller import ConsequenceCaller
from annotator.engine.consequence.chunk import AlleleChunk, Called
from annotator.engine.consequence.output.csq_fields import CSQ_FIELDS
from annotator.engine.consequence.reporting import Reporting
from annotator.engine.reference.build.compile_models import compile_models
from annotator.engine.reference.gene_models import ContigModels, GeneModels

__all__ = [
    "CSQ_FIELDS",
    "AlleleChunk",
    "Called",
    "ConsequenceCaller",
    "ContigModels",
    "GeneModels",
    "Reporting",
    "compile_models",
]
