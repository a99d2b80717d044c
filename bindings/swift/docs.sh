#!/bin/sh
# The reference of the package, in which every link leads somewhere: docs.sh [OUT], a folder for the pages of a web server.
set -eu
cd "$(dirname -- "$0")"
swift package dump-symbol-graph --minimum-access-level public >/dev/null
symbols=$(ls -d .build/*/symbolgraph)
# The generated module's symbols are not part of it.
rm -f "$symbols"/SendImNative*
docc convert Sources/SendIm/SendIm.docc --additional-symbol-graph-dir "$symbols" --output-path .build/SendIm.doccarchive \
    --fallback-display-name SendIm --fallback-bundle-identifier SendIm --warnings-as-errors
if [ $# = 1 ]; then
    docc process-archive transform-for-static-hosting .build/SendIm.doccarchive --output-path "$1" --hosting-base-path swift
fi
