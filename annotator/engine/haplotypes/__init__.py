"""Neighbouring variants on one chromosome seen together: bcftools csq on phased genotypes, and its answers."""
