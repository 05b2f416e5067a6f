"""The report of a run of device-check: report.json (every number), report.md (for people), logs.tar.gz.

  python3 report.py RESULTS_FOLDER        prints the Markdown of results that lie there
"""
import glob
import json
import os
import sys
import tarfile

import report_tables
import running

TITLES = (("Training steps", report_tables.training), ("To marks of accuracy", report_tables.marks),
          ("Kernels", report_tables.kernels), ("Sanitizer", report_tables.sanitizer),
          ("Convolutions", report_tables.convolutions), ("Ceilings", report_tables.ceilings))
LAST = 12  # lines of a step that failed


def read(path):
    """What a file of JSON holds, or {"unreadable": why}."""
    try:
        with open(path, encoding="utf-8") as f:
            found = json.load(f)
    except (OSError, ValueError) as e:
        return {"unreadable": str(e)}
    return found if isinstance(found, dict) else {"unreadable": f"it holds a {type(found).__name__}"}


def results(folder):
    """{step: what it wrote}."""
    return {os.path.basename(path)[:-len(".json")]: read(path) for path in sorted(glob.glob(os.path.join(folder, "*.json")))}


def table(title, make, found):
    """A section of the report, nothing where the results have nothing for it; a table that fails is said, not fatal."""
    try:
        lines = make(found)
    except Exception as e:  # results of a step that broke off may be of any form
        lines = [f"This table could not be made of what the steps wrote ({type(e).__name__}: {e})."]
    return [f"## {title}", "", *lines, ""] if lines else []


def cell(text):
    """Text that keeps its column of a table."""
    return str(text).replace("|", "\\|").replace("\n", " ")


def markdown(about, steps, found):
    """The report for people. `about`: device-check's own settings."""
    lines = [f"# kib4j on {report_tables.card(found)}", ""] + table("Machine", report_tables.machine, found)
    if about.get("dry"):
        lines += ["**A dry run with small sizes: its figures say nothing of speed.**", ""]
    lines += ["## Steps", "", "| step | state | seconds | what it said last, or why |", "| --- | --- | --: | --- |"]
    lines += [f"| {s['step']} | {s['state']} | {s['seconds']} | {cell(s['why'])} |" for s in steps] + [""]
    lines += [f"`{name}.json` cannot be read: {cell(value['unreadable'])}\n" for name, value in found.items() if "unreadable" in value]
    for s in steps:
        if s.get("said"):
            lines += [f"## What `{s['step']}` said last", "", "```", *s["said"], "```", ""]
    for title, make in TITLES:
        lines += table(title, make, found)
    return "\n".join(lines).rstrip() + "\n"


class Run:
    """A run's report, written anew after every step, so that one that is killed leaves what it has."""

    def __init__(self, place, out, chosen):
        self.place, self.out, self.chosen, self.steps = place, out, chosen, []
        self.about = {"dry": place.dry, "device": place.device, "arguments": chosen}
        self.write()

    def add(self, step):
        if step["state"] not in ("well", "skipped", "left out"):
            step["said"] = running.last_lines(self.place.log(step["step"]), LAST)
        self.steps.append(step)
        print(f"   {step['state']} after {step['seconds']} s: {step['why']}", flush=True)
        self.write()

    def all_steps(self):
        done = [s["step"] for s in self.steps]
        rest = [{"step": name, "state": "cut off", "seconds": 0, "why": "the run ended before it, or while it ran"}
                for name in self.chosen if name not in done]
        return self.steps + rest

    def write(self):
        """Returns the Markdown."""
        found = results(self.place.results)
        text = markdown(self.about, self.all_steps(), found)
        whole = {**self.about, "steps": self.all_steps(), "results": found, "prediction": report_tables.prediction()}
        self.put("report.json", json.dumps(whole, indent=1) + "\n")
        self.put("report.md", text)
        return text

    def put(self, name, text):
        path = os.path.join(self.out, name)
        with open(path + ".new", "w", encoding="utf-8") as f:
            f.write(text)
        os.replace(path + ".new", path)

    def end(self):
        """The last word: what is not done is said, and the logs are packed."""
        self.steps = self.all_steps()
        text = self.write()
        with tarfile.open(os.path.join(self.out, "logs.tar.gz"), "w:gz") as tar:
            for folder in (self.place.logs, self.place.results):
                tar.add(folder, os.path.basename(folder))
        print(text, end="", flush=True)


if __name__ == "__main__":
    print(markdown({}, [], results(sys.argv[1])), end="")
