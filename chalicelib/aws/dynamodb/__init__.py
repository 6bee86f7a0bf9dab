"""The DynamoDB tables: jobs, profiles, sessions, and the items kept beside the jobs."""
