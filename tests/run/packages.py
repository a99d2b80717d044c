"""Builds the packages of every language into dist/, or tries each in an empty place: packages.py [clean-room] [LANGUAGE …]"""

import sys

import c
import kotlin
import python
import ruby
import swift

PACKAGES = {"python": python, "ruby": ruby, "kotlin": kotlin, "swift": swift, "c": c}


def main():
    arguments = sys.argv[1:]
    try_them = arguments[:1] == ["clean-room"]
    wanted = arguments[1:] if try_them else arguments
    unknown = set(wanted) - set(PACKAGES)
    if unknown:
        sys.exit(f"packages: there is no {', '.join(sorted(unknown))}; there are {', '.join(PACKAGES)}.")
    for name in wanted or PACKAGES:
        language = PACKAGES[name]
        missing = language.problem()
        if missing:
            sys.exit(f"packages: {name}: {missing}")
        if try_them:
            language.clean_room()
            print(f"{name}: works in an empty place")
            continue
        for built in language.package():
            print(f"{built.relative_to(built.parents[1])}  {built.stat().st_size / 1024:.0f} KiB")


if __name__ == "__main__":
    main()
