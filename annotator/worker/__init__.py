"""The ECS worker: takes jobs, runs the engine on each in a limited process, and stores the results."""
