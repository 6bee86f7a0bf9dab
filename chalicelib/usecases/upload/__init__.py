"""From a file in the browser to a job: forms, multipart uploads, quotas, submission."""
