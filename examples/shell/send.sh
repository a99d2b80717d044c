#!/bin/sh
# Sends one message: sh send.sh lenea@contoso.com "disk full on db7".
#
# Who sends comes from SEND_IM_ADDRESS and SEND_IM_PASSWORD, or from ~/.config/send-im/config.toml.

if [ $# -ne 2 ]; then
    echo "usage: sh send.sh RECIPIENT TEXT" >&2
    exit 2
fi
# The receipt, or the error's sentence, is printed; the exit code tells the kind of the error.
exec send-im send --to "$1" -- "$2"
