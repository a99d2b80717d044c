#!/bin/sh
# zig as the linker for Windows on ARM. cargo-zigbuild drops rustc's list of what a DLL exports, which zig takes by another name;
# without it everything is exported, which can be more than a DLL holds.
for argument; do
    shift
    case $argument in
    -Wl,*/list.def)
        list=${argument#-Wl,}
        argument=${list%/*}/exports.def
        cp "$list" "$argument"
        ;;
    esac
    set -- "$@" "$argument"
done
exec cargo-zigbuild zig cc -- -g -fno-sanitize=all -target aarch64-windows-gnu "$@"
