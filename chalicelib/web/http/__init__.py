"""What every route shares: requests, responses, sessions, CSRF tokens, headers, and errors as pages."""
