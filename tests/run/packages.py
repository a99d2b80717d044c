"""Builds the packages of every language into dist/, or tries each in an empty place: packages.py [clean-room] [LANGUAGE …]"""

import sys

import languages


def main():
    arguments = sys.argv[1:]
    try_them = arguments[:1] == ["clean-room"]
    for name, language in languages.wanted(arguments[1:] if try_them else arguments).items():
        if not hasattr(language, "package"):
            continue
        missing = language.problem()
        if missing:
            sys.exit(f"packages: {name}: {missing}")
        if try_them:
            language.clean_room()
            print(f"{name}: works in an empty place", flush=True)
            continue
        for built in language.package():
            print(f"{built.relative_to(built.parents[1])}  {built.stat().st_size / 1024:.0f} KiB", flush=True)


if __name__ == "__main__":
    main()
