"""Functions behind queues, one module a trigger: parse the event, call one use case, report partial failures."""
