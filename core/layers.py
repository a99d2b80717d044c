"""No module of core imports from one above it. Run alone or by `make lint`."""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

# Each folder's modules from bottom to top. `mod` is the folder's own file, mod.rs or the one beside it.
ORDER = {
    "core/client/src": {
        "":
            "plain steps error text host tls sent_status address message receipt files shared account profile account_options "
            "http answer_verdict reasons retry trust sign_in discovery session conversation outbox diagnosis client bindings",
        "account": "credential fields mod check",
        "conversation": "text_gate sending open pending_invitation invitation mod",
        "diagnosis": "check advice report exchanges cause handshake connections opening session mod",
        "error": "kind mod making",
        "files": "access_list unix windows mod",
        "http": "request body answer ca_file certificate cookies tls_error network_error tls proxy probe connections mod",
        "http/proxy": "variables refusal mod connect",
        "http/tls": "cbc mod",
        "message": "body mod",
        "profile": "contents mod",
        "outbox": "schedule job mod",
        "session": "home_pool poll_throttle awaited_events application event_channel mod moving closing sends",
        "shared": "attempts pools tls_configs mod",
        "sign_in": "tokens challenge password bearer mod",
    },
    "core/ucwa/src": {
        "": "text limits hypermedia reason events router application challenge data_uri discovery html token verdict",
        "hypermedia": "href mod",
        "router": "progress mod apply",
        "verdict": "speaker mod",
    },
    "core/sandbox/src": {
        "": "sync values connection http state resources dispatch control server sandbox builder options",
        "connection": "http2 handle listener_control port tls mod",
        "control": "access page exchanges live api mod",
        "dispatch": "route router fault_responses fault_injection exchange mod",
        "http": "response input request mod",
        "resources": "challenge cross_domain discovery token application conversation people events mod",
        "resources/application": "views create communication presence mod",
        "resources/conversation": "views get ending delivery completion invitation_input invite message stop mod",
        "state": "news accounts faults inbox contents journal tickets channel conversation application recipients shared mod",
        "values":
            "time media_type charset data_uri form address origin allowed_origins layout challenge_style behaviour fault "
            "event_faults from_json mod",
    },
}

# Comments, strings and characters hold no imports; a test may import what it likes.
IGNORED = re.compile(
    r"""//[^\n]*|/\*.*?\*/|r\#".*?"\#|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])'|\#\[cfg\((?:all\()?test\b[^\n]*\]\s*mod \w+ \{.*""", re.S
)


def modules(source):
    """The module path of each file of a crate, without its root and its tests."""
    found = {}
    for file in sorted(source.rglob("*.rs")):
        path = file.relative_to(source).with_suffix("").parts
        if path != ("lib",) and "tests" not in path:
            found[path[:-1] if path[-1] == "mod" else path] = file
    return found


def end_of(text, position):
    """Where the braces end that begin before this position."""
    depth = 1
    while depth:
        depth += {"{": 1, "}": -1}.get(text[position], 0)
        position += 1
    return position


def paths(text, prefix=()):
    """The paths that begin with crate, super or self, and those below one of them in braces."""
    start = r"\s*(\w+)" if prefix else r"\b(crate|super|self)\b(?=\s*::)"
    position = 0
    while match := re.compile(start).search(text, position):
        path, position = prefix + (match[1],), match.end()
        while more := re.compile(r"\s*::\s*(\w+)").match(text, position):
            path, position = path + (more[1],), more.end()
        if group := re.compile(r"\s*::\s*\{").match(text, position):
            position = end_of(text, group.end())
            yield from paths(text[group.end() : position - 1], path)
        else:
            yield path
        if prefix:
            position = text.find(",", position)
            if position < 0:
                return


def imports(module, file, known):
    """The modules that this one names."""
    text = IGNORED.sub(" ", file.read_text())
    for inline in re.finditer(r"\bmod \w+ \{", text):
        end = end_of(text, inline.end())
        # As long as the text it stands for.
        text = text[: inline.end()] + text[inline.end() : end].replace("super::", "self ::") + text[end:]
    children = [name[-1] for name in known if name[:-1] == module]
    if children:
        # A child needs no `self::`.
        text = re.sub(rf"(?<![:\w])({'|'.join(children)})(?=::)", r"self::\1", text)
    for path in paths(text):
        target = () if path[0] == "crate" else module
        for name in path[path[0] == "crate" :]:
            if name == "super":
                target = target[:-1]
            elif name != "self":
                if target + (name,) not in known:
                    break
                target += (name,)
        if target != module:
            yield target


def upward(crate):
    """The imports that go upwards, and what is wrong with the lists above."""
    order, found, problems = ORDER[crate], set(), []
    known = modules(ROOT / crate)
    folders = {name[:-1] for name in known}
    for folder in folders | {tuple(name.split("/")) if name else () for name in order}:
        listed = order.get("/".join(folder), "").split()
        there = [name[-1] for name in known if name[:-1] == folder] + ["mod"] * bool(folder)
        problems += [f"{crate}: {'/'.join(folder) or 'the top'}: {name} is in no layer" for name in there if name not in listed]
        problems += [f"{crate}: {'/'.join(folder) or 'the top'}: there is no {name}" for name in listed if name not in there]
    if problems:
        return found, problems
    for module, file in known.items():
        for target in imports(module, file, known):
            depth = next((at for at, (a, b) in enumerate(zip(module, target)) if a != b), min(len(module), len(target)))
            layer = order["/".join(module[:depth])].split()
            here, there = [path[depth] if len(path) > depth else "mod" for path in (module, target)]
            if not target or layer.index(there) > layer.index(here):
                found.add(f"{'/'.join(module)} -> {'/'.join(target) or 'lib'}")
    return found, problems


def main():
    problems = []
    for crate in ORDER:
        found, wrong = upward(crate)
        problems += [*wrong, *(f"{crate}: {one} goes upwards" for one in sorted(found))]
    print("\n".join(problems) or "no import goes upwards")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
