"""The languages, and the rows of the table that `make test` ends with."""

import os
import shutil
import sys

import browser
import dotnet
import dotnet_sdk
import go_toolchain
import package_tests
import swift
import toolchains
import workspace
from language import Language, Row
from outcome import HANG, Outcome, counted
from workspace import BINDINGS, PROFILE, ROOT

CARGO = "cargo test --no-fail-fast"
CRATES = "send-im-ucwa send-im send-im-sandbox send-im-scenarios send-im-uniffi send-im-runtime send-im-fuzz send-im-example"
COPY_JARS = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies -DoutputDirectory=target/libs"


def maven(profile=PROFILE):
    """Maven for the package, whose native library is built by a profile of cargo."""
    chosen = "-Pdev" if profile == "dev" else f"-Dcargo.profile={profile} -Dcargo.folder={profile}"
    return f"mvn --batch-mode {chosen} -Dcargo.target={{target}}"


JAVA = "java -cp {here}/target/classes{sep}{here}/target/test-classes{sep}{here}/target/libs/*"
GO_TEST = "go test -v -count=1 -timeout=30m"
# Tests that the leak detector leaves out: they send as the others do, only more often.
GO_LONG = "Thousand|TheReadme|TheOtherLines|TheExample|MayEnd"
STATICCHECK = "honnef.co/go/tools/cmd/staticcheck@v0.8.2"
# Programs in Python that make runs.
RUNNERS = "core/*.py examples/*.py tests/[!s]*/*.py tests/s*/run.py bindings/*/[tT]ests/*_*.py bindings/*/*_test.py bindings/*/*/tests/*.py"
# Whether what make runs calls what there is, with as many arguments: no test runs the benchmark.
CALLS = "no-value-for-parameter,too-many-function-args,unexpected-keyword-arg,undefined-variable,no-name-in-module,no-member"
PHP_EXTENSIONS = "foreach (['ffi', 'dom', 'mbstring', 'pcntl', 'posix', 'zip'] as $name) extension_loaded($name) || print(\"$name \");"


def ruby_problem():
    """Whether the tests find what they require."""
    if toolchains.said("ruby", "-e", "print RUBY_ENGINE; require %q(ffi); require %q(minitest)") != "ruby":
        return "this is not MRI with ffi and minitest (on Debian: apt install ruby ruby-ffi ruby-minitest)"
    return None


def php_problem():
    """Whether PHP has its extensions and php-fpm."""
    lacking = toolchains.said("php", "-r", PHP_EXTENSIONS).split()
    version = toolchains.said("php", "-r", "echo PHP_MAJOR_VERSION, '.', PHP_MINOR_VERSION;")
    if not any(shutil.which(f"php-fpm{suffix}", path=f"{os.environ['PATH']}:/usr/sbin") for suffix in (version, "")):
        lacking.append("php-fpm")
    return f"this PHP has no {' and no '.join(lacking)} (on Debian: apt install {' '.join(PHP.more)})" if lacking else None


def http_problem():
    """Whether what posts to the service is here: Alertmanager by Debian's name or its own, .NET, a browser."""
    if not any(map(shutil.which, ("prometheus-alertmanager", "alertmanager"))):
        return "no Alertmanager on PATH (on Debian: apt install prometheus-alertmanager)"
    return workspace.python_problem() or dotnet_sdk.problem() or browser.problem()


def node_modules():
    """Installs what package-lock.json names, unless it is there."""
    lock, installed = NODE.folder / "package-lock.json", NODE.folder / "node_modules" / ".package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < lock.stat().st_mtime:
        NODE.do("npm ci --no-audit --no-fund --ignore-scripts --loglevel=error")
        installed.touch()


def go_leaks():
    """The tests with AddressSanitizer, whose leak detector Go asks at the end since 1.24."""
    if go_toolchain.version() >= (1, 24) and sys.platform == "linux":
        return counted(*GO_TEST.split(), "-asan", "-skip", GO_LONG, "./...", cwd=GO.folder)
    return Outcome(skipped=1, why=["this Go has no leak detector here (it is in Go 1.24 for Linux)"])


def pylint():
    """Whether what make runs fits together."""
    files = [file for pattern in RUNNERS.split() for file in ROOT.glob(pattern)]
    paths = os.pathsep.join(str(ROOT / name) for name in ("tests/run", "tests/packages", "examples"))
    told = workspace.run(
        workspace.PYTHON, "-m", "pylint", "--score=n", "--disable=all", f"--enable={CALLS}", *files, env=dict(os.environ, PYTHONPATH=paths)
    )
    style = ["--quiet", "--config", PYTHON.folder / "pyproject.toml", "--select", "E,F,W,B", "--line-length", "140"]
    looked = workspace.run(workspace.PYTHON, "-m", "ruff", "check", *style, *files)
    return ["what make runs has faults, see above"] if told.returncode or looked.returncode else []


def shell_tests():
    """Those of the crate, without those that go through a proxy where there is none, and those of its pages."""
    cargo, tests = [*CARGO.split(), "-p", "send-im-cli"], SHELL.folder / "tests"
    lacking = [package for tool, package in SHELL.extras.items() if not shutil.which(tool)]
    if not lacking:
        return counted(*cargo, timeout=HANG) + package_tests.run(tests)
    others = ["--bins", *(word for test in tests.glob("*.rs") if test.stem != "proxies" for word in ("--test", test.stem))]
    why = f"some of its tools are not here (on Debian: apt install {' '.join(lacking)})"
    return counted(*cargo, *others, timeout=HANG) + Outcome(skipped=1, why=[why])


RUST = Language(ROOT)
SHELL = Language(
    BINDINGS / "cli",
    # Forward proxies, what reads manual pages, what makes certificates.
    extras={"tinyproxy": "tinyproxy-bin", "microsocks": "microsocks", "man": "man-db", "mandoc": "mandoc", "openssl": "openssl"},
    ready=("cargo build --quiet -p send-im-cli",),
)
PYTHON = Language(
    BINDINGS / "python",
    more=("python3", "python3-venv"),
    check=workspace.python_problem,
    # As a user would, but by the profile of the other tests, with which it shares what is compiled.
    ready=(workspace.make_environment, "{python} -m pip install --quiet '--config-settings=build-args=--profile {profile}' {here}[test]"),
    lint=(
        "{python} -m ruff check --quiet .",
        "{python} -m ruff format --quiet --check .",
        "{python} -m ruff check --quiet --config pyproject.toml --ignore D {root}/examples/python",
        "{python} -m mypy",
        pylint,
    ),
)
RUBY = Language(
    BINDINGS / "ruby",
    tools={"ruby": "ruby", "rake": "rake", "gem": "ruby"},
    extras={"rubocop": "rubocop", "yard": "yard"},
    more=("ruby-dev", "ruby-ffi", "ruby-minitest"),
    oldest=("Ruby", (3, 1), "ruby", "-e", "print RUBY_VERSION"),
    check=ruby_problem,
    ready=("rake --quiet compile",),
    lint=("rake --quiet lint",),
)
JVM = Language(
    BINDINGS / "kotlin",
    tools={"mvn": "maven", "javac": "openjdk-17-jdk-headless"},
    more=("openjdk-17-jdk-headless",),
    oldest=("the JDK", (17,), "javac", "-version"),
    ready=(f"{maven()} --quiet clean test-compile {COPY_JARS}",),
)
SWIFT = Language(
    BINDINGS / "swift",
    check=swift.problem,
    fetch=swift.toolchain,
    ready=("./prepare.sh {profile}",),
    lint=(swift.lint,),
)
C = Language(
    BINDINGS / "c",
    tools={"make": "make", "cc": "gcc", "c++": "g++", "pkg-config": "pkg-config"},
    extras={"cmake": "cmake", "valgrind": "valgrind"},
    more=("libc6-dev",),
    check=lambda: "the tests of the C library need a Unix" if os.name == "nt" else None,
)
DOTNET = Language(BINDINGS / "dotnet", check=dotnet_sdk.problem, fetch=dotnet_sdk.toolchain, lint=(dotnet.lint,))
PHP = Language(
    BINDINGS / "php",
    tools={"php": "php-cli", "composer": "composer", "phpunit": "phpunit", "cgi-fcgi": "libfcgi-bin"},
    extras={"phpcs": "php-codesniffer"},
    more=("php-fpm", "php-mbstring", "php-xml", "php-zip", "php-psr-log"),
    oldest=("PHP", (8, 1), "php", "-r", "echo PHP_VERSION;"),
    check=php_problem,
    ready=("composer --quiet --no-interaction build",),
    lint=("phpcs -q", "composer --quiet validate --strict --no-check-version"),
)
NODE = Language(
    BINDINGS / "node",
    tools={"node": "nodejs", "npm": "npm"},
    oldest=("Node", (18, 18), "node", "--version"),
    ready=(node_modules, "node build.mjs"),
    lint=("npm run --silent lint",),
)
GO = Language(
    BINDINGS / "go",
    tools=go_toolchain.TOOLS,
    check=go_toolchain.problem,
    fetch=go_toolchain.toolchain,
    ready=("go generate ./...",),
    lint=(
        "sh -c 'found=$(gofmt -l . {root}/examples/go); echo \"$found\" >&2; test -z \"$found\"'",
        "go vet ./...",
        f"go run {STATICCHECK} ./...",
        "go vet -C {root}/examples/go ./...",
        f"go run -C {{root}}/examples/go {STATICCHECK} ./...",
    ),
)
HTTP = Language(
    BINDINGS / "http",
    tools={"curl": "curl", "php": "php-cli", "ruby": "ruby", "java": "openjdk-17-jdk-headless", "npm": "npm"}
    | {"chromium": "chromium", "openssl": "openssl"},
    extras={"prometheus-alertmanager": "prometheus-alertmanager", "systemd-analyze": "systemd"},
    check=http_problem,
    fetch=browser.toolchain,
    ready=("cargo build --quiet -p send-im-cli",),
)

LANGUAGES = {
    "rust": RUST,
    "python": PYTHON,
    "ruby": RUBY,
    "kotlin": JVM,
    "java": JVM,
    "swift": SWIFT,
    "c": C,
    "dotnet": DOTNET,
    "csharp": DOTNET,
    "vb": DOTNET,
    "powershell": DOTNET,
    "php": PHP,
    "node": NODE,
    "go": GO,
    "http": HTTP,
    "shell": SHELL,
}

# The rows of a lane run one after the other, because they build into the same places; the two lanes run at the same time, because
# a row waits more than it works.
LANES = [
    {
        "rust": Row(RUST, (" -p ".join([CARGO, *CRATES.split()]),), ("{target}/debug/rust-driver{exe}",)),
        "shell": Row(SHELL, (shell_tests,), ("{target}/debug/shell-driver{exe} {target}/debug/send-im{exe}",)),
        "python": Row(PYTHON, ("{python} -m pytest",), ("{python} {here}/tests/driver.py",)),
        "ruby": Row(RUBY, ("rake --quiet test",), ("ruby -w -I {here}/lib {here}/test/driver.rb",)),
        "kotlin": Row(JVM, (f"{maven()} surefire:test -DexcludedGroups=java",), (f"{JAVA} im.send.DriverKt",)),
        "java": Row(JVM, (f"{maven()} surefire:test -Dgroups=java",), (f"{JAVA} im.send.JavaDriver",)),
        "swift": Row(SWIFT, (swift.tests, SWIFT.folder / "Tests"), (swift.driver,)),
    },
    {
        "fidelity": Row(RUST, (f"{CARGO} -p send-im-fidelity",)),
        "go": Row(
            GO,
            (f"{GO_TEST} -race ./...", f"{GO_TEST} -run ^TestMemory .", go_leaks, GO.folder / "build_test.py"),
            ("go test -c -race -o {target}/send-im-go-driver .", "{target}/send-im-go-driver driver"),
        ),
        "csharp": Row(DOTNET, (dotnet.csharp,), (dotnet.program(dotnet.CSHARP, "driver"),)),
        "vb": Row(DOTNET, (dotnet.vb,), (dotnet.program(dotnet.VISUAL_BASIC, "driver"),)),
        "php": Row(PHP, ("phpunit --verbose",), ("php {here}/tests/driver.php",)),
        "node": Row(NODE, ("npm test --silent",), ("node {here}/test/driver.mjs",)),
        "c": Row(C, ("make -k check PYTHON={this}",), ("make --silent bin/driver", "{target}/send-im-c/bin/driver")),
        "http": Row(HTTP, (f"{CARGO} -p send-im-http", HTTP.folder / "tests")),
    },
]
ROWS = {name: row for lane in LANES for name, row in lane.items()}


def wanted(names):
    """Names and languages, or those in LANGS, or all; each language once."""
    found = {}
    for name in among(LANGUAGES, names or os.environ.get("LANGS", "").split()):
        if LANGUAGES[name] not in found.values():
            found[name] = LANGUAGES[name]
    return found


def packaged(names):
    """The names of those that have a package, each of which must be possible here."""
    chosen = [language for language in wanted(names).values() if language not in (RUST, HTTP)]
    if not chosen:
        sys.exit("packages: crates are packed by cargo, and the service is in the command of shell")
    # A package may have more names than one.
    first = [next(name for name, known in LANGUAGES.items() if known is language) for language in chosen]
    for name, language in zip(first, chosen):
        if missing := language.problem():
            sys.exit(f"packages: {name}: {missing}")
    return first


def among(known, names):
    """These names, or all that are known where there are none; each must be."""
    if unknown := set(names) - set(known):
        sys.exit(f"There is no {', '.join(sorted(unknown))}; there are {', '.join(known)}.")
    return names or list(known)
