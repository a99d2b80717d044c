#!/bin/sh
# Builds the native library and the Swift code that calls it, so that `swift build` works in this folder.
# The argument is a cargo profile: dev (the default, quick to build) or release.
set -eu

profile=${1:-dev}
package=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
root=$(dirname -- "$(dirname -- "$package")")
cd "$root"

case $profile in
dev) folder=debug ;;
*) folder=$profile ;;
esac
case $(uname -s) in
Darwin) library=libsend_im_uniffi.dylib ;;
*) library=libsend_im_uniffi.so ;;
esac
built=${CARGO_TARGET_DIR:-target}

cargo build --quiet --profile "$profile" -p send-im-uniffi
cargo build --quiet -p send-im-bindgen

fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT
# Named after the library, not by its path: cargo keeps each profile in a folder of its own.
"$built/debug/uniffi-bindgen" generate --no-format --language swift --config "$package/uniffi.toml" \
    --out-dir "$fresh" "$built/$folder/$library"

# Unchanged files keep their times: SwiftPM then builds nothing anew.
place() {
    if ! cmp -s "$1" "$2"; then
        mkdir -p "$(dirname -- "$2")"
        cp "$1" "$2.new"
        mv -f "$2.new" "$2"
    fi
}
place "$fresh/SendImNative.swift" "$package/Sources/SendImNative/SendImNative.swift"
place "$fresh/CSendIm.h" "$package/Sources/CSendIm/CSendIm.h"
place "$built/$folder/$library" "$package/lib/$library"
