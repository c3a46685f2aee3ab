"""Why an answer came out as it did: the memories it read, what each rests on, and the answer without some of them."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from memlab.agent import Agent
from memlab.core import Edit, Episode, MemlabError, Step, Task
from memlab.prompt import shorten
from memlab.stores.contract import Store


def steps_of(store: Store, answer: str) -> list[Step]:
    """The steps of one answer, named by its task's id or by its episode.

    Raises `MemlabError` where there is none, or where episodes of several tasks bear the number.
    """
    steps = [step for step in store.steps() if answer in (step.task, str(step.episode))]
    tasks = sorted({step.task for step in steps})
    if len(tasks) != 1:
        known = [step.task for step in store.steps()]
        raise MemlabError(
            f"{len(tasks)} tasks of this store fit {answer!r}: name one by its id, "
            f"such as {(tasks or known or ['none, for it holds no answers'])[0]!r}"
        )
    return steps


def version_before(store: Store, task: str) -> int:
    """The version of memory that was read when ``task`` was lived; the present one where it was not yet."""
    return next((version for version, step in store.uses() if step.task == task), store.version + 1) - 1


def rests_on(store: Store, case_id: str) -> Counter[str]:
    """All a memory may rest on, itself included, by id with its number of edits; a source's later ones count, too."""
    found, todo = Counter[str](), [case_id]
    while todo:
        name = todo.pop()
        if name not in found:
            edits = store.history(name)
            found[name] = len(edits)
            todo += [source for edit in edits for source in edit.sources]
    return found


def explain(store: Store, answer: str) -> Iterator[str]:
    """Lines that say which memories an answer read, with which credit, who wrote them, from what, and why.

    Memory is shown as it was when the answer was given. Raises `MemlabError` as `steps_of`.
    """
    steps = steps_of(store, answer)
    then = store.at(version_before(store, steps[0].task))
    for step in steps:
        yield f"{step.task}, episode {step.episode}, read version {then.version}: {step.action}, reward {step.reward:g}"
        if not step.shown:
            yield "  it read no memory"
        for case_id, mu in zip(step.shown, step.mu, strict=True):
            case = then.get(case_id)
            about = f"mu {mu:.2f}, q {case.q:.2f}, used {case.uses}"
            yield f"  {case_id} ({about}): {case.action}, {shorten(case.text, 60)!r}"
            yield from (f"    {_told(edit)}" for edit in then.history(case_id))
            base = rests_on(then, case_id)
            authors = Counter(edit.author for name in base for edit in then.history(name))
            by = ", ".join(f"{author} {count}" for author, count in authors.most_common())
            yield f"    rests on {len(base)} memories, edits by {by}: {', '.join(sorted(base))}"


def _told(edit: Edit) -> str:
    """One edit on one line: who, when, why, the credit, what changed and from what."""
    before = edit.before or {}
    changed = [name for name in ("action", "q") if name in before and name in edit.after]
    moved = [f"{name} {before[name]!r} → {edit.after[name]!r}" for name in changed]
    parts = [f"{edit.op} by {edit.author}, episode {edit.episode}: {edit.reason or 'no reason given'}"]
    parts += [f"credit {edit.credit:+.2f}"] * bool(edit.credit) + moved
    return "; ".join([*parts, *([f"from {', '.join(edit.sources)}"] if edit.sources else [])])


def relive(make: Callable[[Store], Agent], store: Store, task: Task, without: Iterable[str] = ()) -> Episode:
    """``task`` lived again by ``make``'s agent on the memory it read then, less some memories; nothing is written.

    Raises `MemlabError` where the store lived another question under the task's id.
    """
    agent = make(store.at(version_before(store, steps_of(store, task.id)[0].task)).without(without))
    episode = agent.attempt(task)
    if float(episode.steps[0].vector @ steps_of(store, task.id)[0].vector) < 0.999:
        raise MemlabError(
            f"the store lived another question under {task.id!r} than {shorten(task.text, 60)!r}, or with another "
            "embedder: give the stream's own length (tasks) and embedder"
        )
    return episode
