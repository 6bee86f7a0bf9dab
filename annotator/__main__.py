"""`python -m annotator work` is the ECS worker; every other word is for the annotation engine's command line."""

import sys


def main(arguments: list[str]) -> int:
    """Run what the first word names.

    The worker is loaded only when asked for: the engine's users need neither AWS nor its packages.
    """
    if arguments[:1] == ["work"]:
        from annotator.worker.loop import main as work

        return work()
    from annotator.engine.cli.app import main as annotate

    return annotate(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
