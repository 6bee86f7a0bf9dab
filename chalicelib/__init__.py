"""What every function of GAS shares: settings, domain, AWS adapters, use cases and, for the browser, the web room."""
