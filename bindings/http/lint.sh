#!/bin/sh
# What hadolint and systemd find in the files by which systems run the service.
set -eu
cd "$(dirname -- "$0")"
hadolint --no-color Dockerfile
if ! command -v systemd-analyze >/dev/null; then
    echo "skipped the unit: no systemd-analyze on PATH"
    [ "${REQUIRE_ALL-}" != 1 ]
    exit
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# The command is not installed here.
sed "s|ExecStart=/usr/bin/send-im|ExecStart=$(command -v true)|" send-im.service >"$work/send-im.service"
said=$(systemd-analyze verify "$work/send-im.service" 2>&1) || { echo "$said" && exit 1; }
[ -z "$said" ] || { echo "$said" && exit 1; }
