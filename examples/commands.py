"""The examples, by their folders: for each what builds it, and its command line. See tests/run/language.py for the places in them."""

import os
import shutil

import browser
import dotnet
import swift
import workspace
from language import Language
from languages import C, DOTNET, GO, JAVA, JVM, NODE, PHP, PYTHON, RUBY, RUST, SWIFT
from workspace import BINDINGS, ROOT, clean

# A page in a browser.
PAGE = Language(
    BINDINGS / "http" / "tests" / "callers" / "jquery",
    tools={"node": "nodejs", "chromium": "chromium"},
    check=browser.problem,
    ready=("cargo build --quiet -p send-im-cli",),
)


def browser_environment():
    """The environment of what drives a browser."""
    return dict(clean(), SEND_IM_NODE_MODULES=str(browser.CACHE), SEND_IM_CHROMIUM=shutil.which("chromium"))


def page():
    """What opens the page in a browser, with a service before it, and sends from there."""
    found = [f"{name}={value}" for name, value in browser_environment().items() if os.environ.get(name) != value]
    return ["env", *found, "node", str(PAGE.folder / "example.mjs"), str(workspace.command())]


def node():
    """The example as if the package were installed: beside a folder of modules in which it is."""
    room = workspace.target_dir() / "send-im-node"
    (room / "node_modules").mkdir(parents=True, exist_ok=True)
    link = room / "node_modules" / "send-im"
    if not link.is_symlink():
        link.symlink_to(NODE.folder)
    shutil.copy(ROOT / "examples" / "node" / "send.mjs", room)
    return ["node", str(room / "send.mjs")]


EXAMPLES = {
    "python": (PYTHON, "{python} {root}/examples/python/send.py"),
    "rust": (RUST, "cargo build --quiet -p send-im-example", "{target}/debug/send{exe}"),
    "ruby": (RUBY, "ruby -I {here}/lib {root}/examples/ruby/send.rb"),
    "kotlin": (JVM, f"{JAVA} SendKt"),
    "java": (JVM, f"{JAVA} {{root}}/examples/java/Send.java"),
    "swift": (SWIFT, swift.example),
    "c": (C, "make --silent bin/send", "{target}/send-im-c/bin/send"),
    "cpp": (C, "make --silent bin/send-cpp", "{target}/send-im-c/bin/send-cpp"),
    "csharp": (DOTNET, dotnet.program(dotnet.EXAMPLES / "csharp" / "Send.csproj")),
    "vb": (DOTNET, dotnet.program(dotnet.EXAMPLES / "vb" / "SendVb.vbproj")),
    "php": (
        PHP,
        "composer install --quiet --no-interaction --working-dir={root}/examples/php",
        "php {root}/examples/php/send.php",
    ),
    "node": (NODE, node),
    "go": (GO, "go build -C {root}/examples/go -o {target}/send-im-go-example .", "{target}/send-im-go-example"),
    "jquery": (PAGE, page),
}


def example(name, *arguments):
    """The command line of an example, which is built before. It takes its account from the environment."""
    language, *steps = EXAMPLES[name]
    return [*language.program(steps), *map(str, arguments)]
