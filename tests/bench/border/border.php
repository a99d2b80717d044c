<?php
// What a call costs from PHP: border.php REFUSED SENT. Prints one line of JSON, times in milliseconds. PHP has no threads.

declare(strict_types=1);

use SendIm\Client;
use SendIm\Exception\InvalidInputException;

$began = hrtime(true);
require __DIR__ . '/../../../bindings/php/vendor/autoload.php';
// The first call loads the library. This one ends before any request.
try {
    SendIm\send_im('nobody', 'disk full');
} catch (InvalidInputException) {
}
$loaded = hrtime(true) - $began;

/** Sends that are refused without a request: the recipient is no address. */
function refused(Client $client, int $calls): array
{
    $times = [];
    for ($call = 0; $call < $calls; $call++) {
        $started = hrtime(true);
        try {
            $client->send('nobody', 'disk full');
            throw new LogicException('the send to nobody was not refused');
        } catch (InvalidInputException) {
            $times[] = hrtime(true) - $started;
        }
    }
    return $times;
}

function sent(Client $client, int $calls): array
{
    $times = [];
    for ($call = 0; $call < $calls; $call++) {
        $started = hrtime(true);
        $client->send('kept@contoso.com', 'disk full');
        $times[] = hrtime(true) - $started;
    }
    return $times;
}

function summary(array $times): array
{
    sort($times);
    $at = fn (int $percent): float => $times[intdiv(count($times) * $percent, 100)] / 1e6;
    return ['p50' => $at(50), 'p99' => $at(99)];
}

[, $calls, $sends] = array_map(intval(...), $argv);
$client = Client::signIn();
refused($client, intdiv($calls, 10));
$told = ['load_ms' => $loaded / 1e6, 'refused_1' => summary(refused($client, $calls)), 'sent' => summary(sent($client, $sends))];
$client->signOut();
echo json_encode($told), "\n";
