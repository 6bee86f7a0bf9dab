"""What each role gets."""
from __future__ import annotations

from dataclasses import dataclass

from chalicelib.domain.profiles import Role


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The terms of one role.

    Attributes:
        name: What pages call it.
        upload_limit: Largest input file, bytes.
        uncompressed_limit: Bytes of an input file at most, uncompressed.
        record_limit: Records of an input file at most.
        results_limit: Bytes of the results of one annotation at most.
        processor_limit: Seconds of processor time that one annotation may take.
        storage_limit: Bytes of all uploaded files and annotated VCFs of a user, archived ones included.
        open_limit: Annotations of a user that wait or run at a time.
        retention: Seconds after completion until the results file goes to the archive, None for never.
    """

    role: Role
    name: str
    upload_limit: int
    uncompressed_limit: int
    record_limit: int
    results_limit: int
    processor_limit: int
    storage_limit: int
    open_limit: int
    retention: int | None


@dataclass(frozen=True, kw_only=True)
class Plans:
    """Both plans, as the operator set them. Times are seconds, sizes bytes; see `Plan`."""

    free_upload_limit: int
    premium_upload_limit: int
    free_retention: int
    free_uncompressed_limit: int = 16 * 1024**2
    premium_uncompressed_limit: int = 200 * 1024**3
    free_record_limit: int = 100_000
    premium_record_limit: int = 500_000_000
    # Some ten times what the largest upload usually gives.
    free_results_limit: int = 256 * 1024**2
    premium_results_limit: int = 50 * 1024**3
    free_processor_limit: int = 10 * 60
    premium_processor_limit: int = 24 * 3600
    free_storage_limit: int = 1024**3
    premium_storage_limit: int = 1024**4
    free_open_limit: int = 20
    premium_open_limit: int = 500

    def of(self, role: Role) -> Plan:
        """The plan of a role."""
        if role is Role.PREMIUM:
            return Plan(role=role, name="Premium", upload_limit=self.premium_upload_limit,
                        uncompressed_limit=self.premium_uncompressed_limit, record_limit=self.premium_record_limit,
                        results_limit=self.premium_results_limit, processor_limit=self.premium_processor_limit,
                        storage_limit=self.premium_storage_limit, open_limit=self.premium_open_limit, retention=None)
        return Plan(role=role, name="Free", upload_limit=self.free_upload_limit,
                    uncompressed_limit=self.free_uncompressed_limit, record_limit=self.free_record_limit,
                    results_limit=self.free_results_limit, processor_limit=self.free_processor_limit,
                    storage_limit=self.free_storage_limit, open_limit=self.free_open_limit,
                    retention=self.free_retention)
