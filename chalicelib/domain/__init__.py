"""The words of GAS: jobs, profiles, plans, sessions, file names and messages. No AWS in here."""
