"""README's tables and its figure, written from recorded rows by ``memlab data readme``; a test compares them."""

import json
import re
from collections.abc import Callable

from memlab import datafiles, labs, show
from memlab.bootstrap import ROOT
from memlab.core import MemlabError
from memlab.tools import notebooks

BLOCK = re.compile(r"(?P<head><!-- (?P<name>\w+): [^>]*-->\n).*?(?P<foot><!-- end -->)", re.S)
FIGURE, BENCH = "figures/learning_curve.png", "bench.json"


def markdown(head: list[str], rows: list[list[str]]) -> str:
    """A Markdown table."""
    escaped = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    lines = [head, ["---"] * len(head), *escaped]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def course() -> str:
    """Every notebook: its title, what it alone needs, and the papers that it names."""
    body, folders = [], labs.folders()
    for source in notebooks.sources():
        text, number = source.read_text(encoding="utf-8"), source.stem[:2]
        title = re.search(r"^# # \d\d · (.*)$", text, re.M)
        if title is None:
            raise MemlabError(f"{source.name} has no title line such as '# # 07 · A title': give it one")
        own = folders[number].replace(".", "/") if number in folders else ""
        papers = sorted(set(re.findall(r"\b\d{4}\.\d{5}\b", text)))
        link = f"[{number}](notebooks/{source.stem}.ipynb)"
        body.append([title[1], link, f"[{own.rpartition('/')[2]}]({own})" if own else "", ", ".join(papers)])
    return markdown(["lab", "notebook", "its own part", "papers (arXiv)"], body)


def results() -> str:
    """Lab 06: mean success of every learner from the first change on; where nothing changes, in the second half."""
    scores = labs.studies()["lab06-field"].scores()
    means = scores.pivot_table(index="arm", columns="kind", values="after", sort=False)
    body = [[str(arm), *(f"{mean:.2f}" for mean in line)] for arm, line in means.iterrows()]
    return markdown(["learner", *means], body)


def claims() -> str:
    """The verdict on every claim of every study."""
    body = []
    for name, study in labs.studies().items():
        for row in study.verdicts().itertuples() if study.claims else ():
            margin = "" if row.margin is None or row.margin != row.margin else f" (margin {row.margin:g})"
            found = f"{row.mean:+.3f} [{row.low:+.3f}, {row.high:+.3f}]"
            seen = f", saw {row.visible:.3f}" if row.word == "undecided" else ""
            body.append([name, row.claim + margin, f"**{row.word}**{seen}", found, f"{row.p:.2g}", str(row.n)])
    return markdown(["study", "claim", "verdict", "difference", "p (Holm)", "replicates"], body)


def promises() -> str:
    """What ``memlab bench --save`` measured last."""
    held = json.loads((datafiles.data(BENCH)).read_text(encoding="utf-8"))
    body = []
    for row in held["measured"]:
        value = "-" if row["value"] is None else f"{row['value']:.3g} {row['unit']}"
        body.append([row["promise"], "-" if row["limit"] is None else f"{row['limit']:g} {row['unit']}", value])
    return f"Measured on {held['machine']}, {held['date']}.\n\n" + markdown(["promise", "limit", "measured"], body)


BLOCKS: dict[str, Callable[[], str]] = {"course": course, "results": results, "claims": claims, "promises": promises}


def refresh(text: str) -> str:
    """``text`` with the body of every block written anew."""
    return BLOCK.sub(lambda block: f"{block['head']}{BLOCKS[block['name']]()}{block['foot']}", text)


def write() -> list[str]:
    """Write README's blocks and the figure; gives what was written."""
    rows = labs.studies()["lab06-field"].rows()
    drawn = rows[(rows["kind"] == "recurrent") & rows["arm"].isin(["no memory", "newest-first", "belief"])]
    title = "All tools move at task 80 and return at task 160; the model is frozen"
    picture = show.learning_curve(drawn, window=24, changes=(80, 160), title=title)
    folder = ROOT / "data"
    datafiles.write_whole(folder / FIGURE, lambda part: part.write_bytes(picture.png))
    datafiles.write_manifest(folder)
    readme = ROOT / "README.md"
    readme.write_text(refresh(readme.read_text(encoding="utf-8")), encoding="utf-8", newline="\n")
    return [f"data/{FIGURE}", "README.md"]
