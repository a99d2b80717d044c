#!/bin/sh
# Builds the static library and puts it, with its header, into this folder, where the package links it.
#
#   prepare.sh [FOLDER]   a folder that has the libraries already: it gets the header
#
# SEND_IM_PROFILE is a profile of cargo: dev, which is quick to build, or release.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
root=$(CDPATH='' cd -- "$here/../../../.." && pwd)
folder=${1:-$here}

# Unchanged files keep their times: Go then builds nothing anew.
place() {
    if cmp -s "$1" "$2"; then
        rm "$1"
    else
        mv -f "$1" "$2"
    fi
}

if [ $# = 0 ]; then
    profile=${SEND_IM_PROFILE:-dev}
    (cd "$root" && cargo build --quiet -p send-im-c --profile "$profile")
    case $profile in
    dev) built=debug ;;
    *) built=$profile ;;
    esac
    name=libsend_im_$(go env GOOS)_$(go env GOARCH).a
    cp "${CARGO_TARGET_DIR:-$root/target}/$built/libsend_im.a" "$folder/$name.new"
    strip -S "$folder/$name.new"
    place "$folder/$name.new" "$folder/$name"
fi
cp "$root/bindings/c/include/send_im.h" "$folder/send_im.h.new"
place "$folder/send_im.h.new" "$folder/send_im.h"
# Go does not look at the library when it decides whether to link again. It looks at this.
echo "#define SENDIM_LIBRARY \"$(cat "$folder"/libsend_im_*.a | cksum | tr ' ' _)\"" >"$folder/library.h.new"
place "$folder/library.h.new" "$folder/library.h"
