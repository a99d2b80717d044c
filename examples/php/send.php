<?php

/**
 * Sends one message: php send.php lenea@contoso.com "disk full on db7". Before the first time: composer install.
 *
 * Who sends comes from SEND_IM_ADDRESS and SEND_IM_PASSWORD, or from ~/.config/send-im/config.toml
 * (on Windows %APPDATA%\send-im\config.toml).
 */

declare(strict_types=1);

use SendIm\Exception\SendImException;

use function SendIm\send_im;

require __DIR__ . '/vendor/autoload.php';

if ($argc !== 3) {
    fwrite(STDERR, "usage: php send.php RECIPIENT TEXT\n");
    exit(2);
}
try {
    $receipt = send_im($argv[1], $argv[2]);
    $by = $receipt->acceptedBy ?? $receipt->to; // null: the server does not say who
    echo "{$by} accepted the message ({$receipt->evidence->value}).\n";
} catch (SendImException $e) {
    fwrite(STDERR, "{$e->getMessage()}\n");
    exit($e->exitCode);
}
