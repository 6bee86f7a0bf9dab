"""The web room: pages and JSON for browsers. It calls use cases, and nothing else in GAS may import it."""
