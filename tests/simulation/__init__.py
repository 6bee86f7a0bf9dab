"""How many annotators run, and how long jobs wait, by the alarms and policies of `infra/worker.yaml` itself.

`cloudwatch` evaluates alarms as CloudWatch does, `fleet` is the queue, ECS and Application Auto Scaling in simulated
time, `loads` are the patterns of work, and `python -m tests.simulation` (`make fleet`) prints the table of
docs/operations.md.
"""
