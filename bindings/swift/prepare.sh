#!/bin/sh
# Builds the native library and the Swift code that calls it, so that `swift build` works in this folder.
#
#   prepare.sh [PROFILE [FOLDER [LIBRARY]]]
#
# PROFILE is a profile of cargo: dev (quick to build) or release, which is the default. FOLDER is the package to complete,
# by default the one this script lies in. LIBRARY is put there in the place of the one that was built: that of another machine.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
profile=${1:-release}
package=$(CDPATH='' cd -- "${2:-$here}" && pwd)
cd "$here/../.."

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
"$built/debug/uniffi-bindgen" generate --no-format --language swift --config uniffi.toml \
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
other=${3:-}
place "${other:-$built/$folder/$library}" "$package/lib/$(basename "${other:-$library}")"
