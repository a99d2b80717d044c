#!/bin/sh
# Swift for a Debian machine that has none: Debian 13's own package of it, in a folder of its own.
#
#   toolchain.sh problem                 says why it cannot be used here; nothing if it can
#   toolchain.sh make                    makes it with mmdebstrap where it is not there yet: a minute, 2.6 GB in the cache folder
#   toolchain.sh run FOLDER IN COMMAND…   runs a command in the folder IN; of this machine's files it sees FOLDER
#                                               and what lies in it, under the same path
#
# Mounts are made in a mount namespace of the command, so they end with it, however it ends.
set -eu

suite=trixie
packages=swiftlang,libc6-dev,libstdc++-14-dev,ca-certificates
# Another number here makes everybody's toolchain anew.
edition="1 $suite $packages"

cache=${XDG_CACHE_HOME:-$HOME/.cache}/send-im
toolchain=$cache/swift-$suite

is_made() {
    [ "$(cat "$toolchain/.edition" 2>/dev/null)" = "$edition" ]
}

# Whether Swift itself is on PATH. OpenStack has a command of that name too.
on_path() {
    swift --version 2>/dev/null | grep -Eq 'Swift version ([6-9]|[1-9][0-9])'
}

obstacle() {
    if [ "$(uname -s)" != Linux ] || ! grep -qx 'ID=debian' /etc/os-release; then
        echo "only Debian gets Swift from here; install Swift 6 from swift.org"
    elif [ "$(id -u)" != 0 ]; then
        echo "a Debian folder for Swift needs root; or install Swift 6 from swift.org"
    elif ! unshare --mount --propagation private true 2>/dev/null; then
        echo "this machine allows no mounts; install Swift 6 from swift.org"
    fi
}

problem() {
    if on_path; then
        return
    fi
    found=$(obstacle)
    if [ -n "$found" ]; then
        echo "$found"
    elif ! is_made; then
        echo "no Swift here (make toolchains)"
    fi
}

# The archive this machine takes its own Debian from.
archive() {
    # shellcheck source=/dev/null
    . /etc/os-release
    # shellcheck disable=SC2016 # The variable is apt-get's.
    apt-get indextargets 'Created-By: Packages' "Release: $VERSION_CODENAME" --format '$(REPO_URI)' | sort -u | head -n 1
}

make() {
    found=$(obstacle)
    if [ -n "$found" ]; then
        echo "toolchain.sh: $found" >&2
        exit 1
    fi
    mkdir -p "$cache"
    exec 9>"$cache/swift.lock"
    flock 9
    if on_path || is_made; then
        return
    fi
    work=$(mktemp -d "$cache/new.XXXXXX")
    trap 'rm -rf --one-file-system "$work"' EXIT
    echo "Swift: making $toolchain, which takes about a minute and 2.6 GB." >&2
    unshare --mount --propagation private \
        mmdebstrap --quiet --mode=root --variant=minbase --include="$packages" "$suite" "$work/root" "$(archive)"
    echo "$edition" >"$work/root/.edition"
    rm -rf --one-file-system "$toolchain"
    mv "$work/root" "$toolchain"
}

# shellcheck disable=SC2016 # The variables belong to the inner shells.
run() {
    folder=$1 inside=$2
    shift 2
    if on_path; then
        cd "$inside"
        exec "$@"
    fi
    exec unshare --mount --propagation private sh -euc '
        root=$1 folder=$2
        shift 2
        mount --rbind /proc "$root/proc"
        mount --rbind /dev "$root/dev"
        mount -t tmpfs tmpfs "$root/tmp"
        mkdir -p "$root$folder"
        mount --bind "$folder" "$root$folder"
        exec chroot "$root" env -u SSL_CERT_FILE -u SSL_CERT_DIR -u TMPDIR HOME=/root PATH=/usr/bin:/bin:/usr/libexec/swift/bin \
            sh -euc '\''cd "$1"; shift; exec "$@"'\'' sh "$@"
    ' sh "$toolchain" "$folder" "$inside" "$@"
}

case ${1:-} in
problem) problem ;;
make) make ;;
run)
    shift
    run "$@"
    ;;
*)
    sed -n '2,/^$/s/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
esac
