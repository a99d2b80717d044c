#!/bin/sh
# sh send.sh URL RECIPIENT
set -eu
url=$1 recipient=$2
text() { printf '%s from curl: grüße, 50%% & mehr 😀' "$1"; }
# Prints the status, and the kind of a problem.
ask() {
    name=$1
    shift
    answer=$(curl -sS -w '\n%{http_code}' "$@")
    kind=$(printf '%s' "$answer" | sed -n 's/.*"kind":"\([a-z_]*\)".*/ \1/p')
    printf '%s %s%s\n' "$name" "$(printf '%s' "$answer" | tail -n 1)" "$kind"
}
who="--data-urlencode username=tosh@contoso.com --data-urlencode password=s3cret-of-tosh"
ask get -G --data-urlencode "recipient=$recipient" --data-urlencode "message=$(text get)" "${url}index.html"
# shellcheck disable=SC2086 # options, not a text
ask credentials -G --data-urlencode "recipient=$recipient" --data-urlencode "message=$(text credentials)" $who "${url}index.html"
ask form --data-urlencode "recipient=$recipient" --data-urlencode "message=$(text form)" "${url}index.html"
ask json -H 'Content-Type: application/json' -d "{\"recipient\": \"$recipient\", \"message\": \"$(text json)\", \"username\": \"tosh@contoso.com\", \"password\": \"s3cret-of-tosh\"}" "${url}index.html"
ask busy -F recipient=busy@contoso.com -F message=hello "${url}index.html"
