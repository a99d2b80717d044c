"""Sends one message: python send.py lenea@contoso.com "disk full on db7".

Who sends comes from SEND_IM_ADDRESS and SEND_IM_PASSWORD, or from ~/.config/send-im/config.toml
(on Windows %APPDATA%\\send-im\\config.toml).
"""

import sys

from send_im import SendImError, send_im


def main() -> int:
    if len(sys.argv) != 3:
        print("usage: python send.py RECIPIENT TEXT", file=sys.stderr)
        return 2
    recipient, text = sys.argv[1:]
    try:
        receipt = send_im(recipient, text)
    except SendImError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    print(f"{receipt.accepted_by or receipt.to} accepted the message ({receipt.evidence}).")
    return 0


if __name__ == "__main__":
    sys.exit(main())
