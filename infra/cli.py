"""The operators' command line: `python -m infra`.

Every command imports what it needs when it is called, so that help and completion come at once. What goes wrong is
one line on standard error: see `main`.
"""
from __future__ import annotations

import functools
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, NoRegionError

from annotator.engine.cli.progress import say, steps
from annotator.engine.cli.run import INTERRUPTED, PATH, SETTINGS, exit_codes, run
from infra.errors import OperatorError
from infra.local.settings import DEFAULT_PORT, LOCAL_STAGE, PROJECT

if TYPE_CHECKING:
    from infra.aws.references import References
    from infra.aws.service_stack import Deployment

DONE, FAILED, WRONG_USAGE = 0, 1, 2


class _InOrder(click.Group):
    """Lists commands as they are declared, and not by the alphabet."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)


@click.group(
    cls=_InOrder,
    context_settings=SETTINGS,
    epilog=exit_codes("0 done", "1 failed; the reason is on standard error", "2 wrong usage", "130 ended by Ctrl-C"))
def application() -> None:
    """Package, deploy and operate GAS: on AWS, and on this machine."""


STATE = click.option("--state", type=PATH, default=PROJECT / ".gas", metavar="DIR",
                     help="Directory of everything that the local stack keeps (default: .gas).")


def on_a_stage(command: Callable[..., Any]) -> Callable[..., Any]:
    """Gives a command the options that name a stage, and passes it the `Deployment` first."""
    @click.option("--stage", required=True,
                  help=f"Name of the deployment, such as prod; {LOCAL_STAGE} is what `make run` started here.")
    @click.option("--endpoint-url", metavar="URL", help="Address of an AWS emulator.")
    @STATE
    @functools.wraps(command)
    def with_place(*arguments: Any, stage: str, endpoint_url: str | None, state: Path, **options: Any) -> Any:
        from infra.aws.service_stack import Deployment

        if stage == LOCAL_STAGE and endpoint_url is None:
            from infra.local.running import running_place

            return command(*arguments, running_place(state.resolve()), **options)
        return command(*arguments, Deployment.of(stage, endpoint_url), **options)

    return with_place


# ---- what is deployed ------------------------------------------------------------------------------------------------
@application.command()
@click.option("--frontend-only", is_flag=True, help="Build styles and scripts, package nothing.")
def package(frontend_only: bool) -> None:
    """Make the deployment artifact, in out/package."""
    from infra.template.package import default_builder

    started = time.monotonic()
    with steps() as tell:
        builder = default_builder(lambda line: tell(f"  {line}"))
        if frontend_only:
            builder.build_frontend()
            return
        directory = builder.build().directory
    say(f"{directory} is up to date ({time.monotonic() - started:.1f} s)")


@application.command()
def checkov() -> None:
    """Check the templates with checkov.

    `make checkov` installs it first.
    """
    from infra.template.checkov import check
    from infra.template.package import default_builder

    with steps() as tell:
        artifact = default_builder(lambda line: tell(f"  {line}")).build()
    check(artifact)


@application.command("deployer-policy")
def deployer_policy() -> None:
    """Write infra/deployer-policy.json.

    These are the permissions that deploying takes, derived from the templates.
    """
    from infra.template.deployer_policy import POLICY, write

    write()
    say(f"{POLICY} is written.")


@application.command("frontend-rules")
def frontend_rules() -> None:
    """Write the rules that the front end shares with Python.

    `package` does this, too.
    """
    from infra.template.frontend_rules import PROJECT, write_rules

    say(f"{write_rules(PROJECT)} is written.")


# ---- deployment ------------------------------------------------------------------------------------------------------
PARAMETERS = click.option("--parameters", type=PATH, metavar="FILE",
                          help="YAML or JSON file with parameters of both stacks.")
IMAGE = click.option("--image", default="", metavar="ADDRESS",
                     help="An annotator's image in ECR, instead of building it.")


@application.command()
@on_a_stage
@PARAMETERS
@IMAGE
@click.option("--base", default="", metavar="IMAGE", help="Image that the annotator's is built on, with its digest.")
@click.option("--allow-replacement", is_flag=True, help="Go on when a table, bucket or queue would be replaced.")
@click.option("--ignore-preflight", is_flag=True, help="Go on although something is missing.")
def deploy(place: Deployment, parameters: Path | None, image: str, base: str,
           allow_replacement: bool, ignore_preflight: bool) -> None:
    """Deploy the packaged service to AWS.

    `make deploy` packages it first.
    """
    from chalicelib.clock import random_id
    from infra.aws.deploy import Options, read_parameters
    from infra.aws.deploy import deploy as deploy_all

    given = read_parameters(parameters) if parameters else {}
    options = Options(image=image, base=base, allow_replacement=allow_replacement, ignore_preflight=ignore_preflight)
    with steps() as tell:
        tell(f"Deploying the stage {place.stage} to account {place.account()}, region {place.region}")
        deploy_all(place, given, options, say=tell, sleep=time.sleep, new_id=random_id)


@application.command()
@on_a_stage
@PARAMETERS
@IMAGE
def preflight(place: Deployment, parameters: Path | None, image: str) -> None:
    """List what a deployment would lack.

    Nothing is changed. `deploy` does the same before it begins.
    """
    from infra.aws.deploy import plan, read_parameters, require_preflight, stacks_of

    given = read_parameters(parameters) if parameters else {}
    require_preflight(plan(place, stacks_of(place, say, time.sleep), given, image), say)
    say("Nothing that a deployment needs is missing.")


@application.command()
@click.argument("site")
@click.option("--file", type=PATH, default=PROJECT / "reference" / "rCRS" / "sample.vcf",
              help="A VCF file (default: the bundled sample).")
@click.option("--timeout", type=float, default=1800, show_default=True, metavar="SECONDS",
              help="Until the job must have ended.")
def smoke(site: str, file: Path, timeout: float) -> None:
    """Check that a deployed site works.

    SITE is its address, https://... What visitors see is checked first; then a file is annotated there, as `demo` does,
    and its job is deleted. The latter needs somebody who is signed in: sign in with a browser, and put the value of the
    cookie `__Host-gas_session` into the environment as GAS_SESSION (it is valid for twelve hours; never give it on a
    command line).
    """
    from infra.aws.smoke import SESSION_VARIABLE
    from infra.aws.smoke import smoke as check
    from infra.local.browser import Browser

    check(Browser(site.rstrip("/")), os.environ.get(SESSION_VARIABLE, ""), file, timeout, say)
    say(f"{site} works.")


# ---- operation -------------------------------------------------------------------------------------------------------
@application.command()
@on_a_stage
@click.option("--queue", help="Send the dead letters of this queue again, such as thaw.")
def redrive(place: Deployment, queue: str | None) -> None:
    """Show dead letters, or send them again."""
    from infra.aws import redrive as dead_letters

    if queue:
        dead_letters.redrive(place, queue, say)
    else:
        dead_letters.show(place, say)


@application.command(epilog=exit_codes("0 no file is missing afterwards", "1 files are missing, or it failed",
                                       "2 wrong usage", "130 ended by Ctrl-C"))
@on_a_stage
@click.option("--job", default="", metavar="ID", help="Look at this job only.")
@click.option("--restore", is_flag=True, help="Bring back what can be brought back.")
def undelete(place: Deployment, job: str, restore: bool) -> int:
    """Show files that are missing, or bring them back.

    A file is missing when a job's record names it and its bucket lacks it. The buckets of results and of the archive
    keep deleted files for 30 days. What a user deleted has no record, and stays deleted.
    """
    from infra.aws import undelete as files

    return FAILED if files.undelete(place, say, job, restore) else DONE


@application.command("move-vault")
@on_a_stage
@click.option("--start", is_flag=True, help="Send for what is in the vault.")
@click.option("--tier", type=click.Choice(["Bulk", "Standard"]), default="Bulk", show_default=True,
              help="How fast the vault brings results out: 5 to 12 hours, or 3 to 5.")
@click.option("--most", type=click.IntRange(min=0), metavar="N", help="Send for no more than so many.")
def move_vault(place: Deployment, start: bool, tier: str, most: int | None) -> None:
    """Show results in a Glacier vault, or move them to S3."""
    from infra.aws import move_vault as vault

    if start:
        vault.start(place, say, tier, most)
    else:
        vault.show(place, say)


@application.group()
@on_a_stage
@click.pass_context
def references(context: click.Context, place: Deployment) -> None:
    """Publish or withdraw a stage's references."""
    def published() -> References:
        from infra.aws.references import References

        return References(place, say)

    context.obj = published  # nothing is asked of AWS before the rest of the command line has been read


@references.command("list")
@click.pass_obj
def list_references(published: Callable[[], References]) -> None:
    """Show what is in the bucket."""
    for one in published().catalogue():
        say(f"{one.name}\t{one.assembly}\t{one.size / 1e9:.1f} GB\t{one.label}")


@references.command()
@click.argument("directory", type=PATH)
@click.pass_obj
def publish(published: Callable[[], References], directory: Path) -> None:
    """Put a bundle into the bucket."""
    published().publish(directory)


@references.command()
@click.argument("name")
@click.pass_obj
def withdraw(published: Callable[[], References], name: str) -> None:
    """No longer offer a reference; its files stay."""
    published().withdraw(name)


@references.command()
@click.pass_obj
def clean(published: Callable[[], References]) -> None:
    """Remove files of versions that are no longer offered."""
    published().clean()


# ---- on this machine -------------------------------------------------------------------------------------------------
@application.command("run", epilog=exit_codes("0 ended by Ctrl-C or SIGTERM", "1 failed", "2 wrong usage"))
@click.option("--port", type=click.IntRange(1024 if os.geteuid() else 1, 65534), default=DEFAULT_PORT,
              show_default=True, help="Port of the site.")
@click.option("--workers", type=click.IntRange(min=0), default=1, show_default=True, help="How many annotators run.")
@STATE
def run_locally(port: int, workers: int, state: Path) -> None:
    """Run the whole service on this machine until Ctrl-C."""
    from infra.local.run import run as run_until_ended

    run_until_ended(state.resolve(), port, workers)


@application.command()
@click.argument("file", type=PATH)
@click.argument("out", type=PATH)
@STATE
@click.option("--timeout", type=float, default=3600, show_default=True, metavar="SECONDS",
              help="Until the job must have ended.")
def demo(file: Path, out: Path, state: Path, timeout: float) -> int:
    """Annotate a file from sign-in to download.

    FILE is a VCF file, OUT the directory for the results.
    """
    from infra.local.demo import walk
    from infra.local.run import EndedByOperator

    try:
        walk(file, out, state.resolve(), timeout)
    except EndedByOperator:
        say("stopped")
        return INTERRUPTED
    return DONE


@application.command("add-reference")
@click.argument("name", required=False)
@click.option("--dir", "directory", type=PATH, metavar="DIR", help="Publish this bundle, instead of building one.")
@click.option("--small", is_flag=True, help="Only the layers for a first look.")
@click.option("--references", type=PATH, default=Path("references"), metavar="DIR", show_default=True,
              help="Directory for bundles and fetched files.")
@STATE
def add_reference(name: str | None, directory: Path | None, small: bool, references: Path, state: Path) -> None:
    """Fetch, build and publish a genome on this machine.

    NAME is GRCh38, GRCh37 or a .toml file (docs/references.md). A local stack must be running (`make run`).
    """
    from infra.local.add_reference import add_bundle, add_preset

    if (name is None) == (directory is None):
        raise click.UsageError("Give NAME or --dir DIR.")
    if directory is not None:
        add_bundle(directory, state.resolve())
    elif name is not None:
        add_preset(name, state.resolve(), references, small)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    try:
        return run(application, "infra", sys.argv[1:] if arguments is None else arguments, WRONG_USAGE)
    except OperatorError as error:
        message = str(error)
    except NoCredentialsError:
        message = "There are no AWS credentials. Run `aws configure` or `aws sso login`, or set AWS_PROFILE."
    except NoRegionError:
        message = "No AWS region is set. Set AWS_REGION, or one in the profile."
    except (ClientError, BotoCoreError) as error:
        message = f"AWS refused or could not be reached: {error}"
    print(f"error: {message}", file=sys.stderr)
    return FAILED
