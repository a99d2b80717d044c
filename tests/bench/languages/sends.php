<?php
// Sends from PHP: sends.php SENDS MANY. Prints one line of JSON, times in milliseconds.

declare(strict_types=1);

use SendIm\{Client, Message};
use SendIm\Exception\InvalidInputException;

function milliseconds(callable $work): float
{
    $started = hrtime(true);
    $work();
    return (hrtime(true) - $started) / 1e6;
}

$load = milliseconds(function (): void {
    require __DIR__ . '/../../../bindings/php/vendor/autoload.php';
    // The first call loads the library. This one ends before any request: the recipient is no address.
    try {
        SendIm\send_im('nobody', 'disk full');
    } catch (InvalidInputException) {
    }
});

[, $sends, $many] = array_map(intval(...), $argv);
$client = Client::signIn();
$send = fn (): float => milliseconds(fn () => $client->send('lenea@contoso.com', 'disk full'));
array_map($send, range(1, max(1, intdiv($sends, 10))));
$times = array_map($send, range(1, $sends));
sort($times);

$messages = array_map(fn (int $n) => new Message('user' . $n % 100 . '@contoso.com', 'disk full'), range(1, $many));
$elapsed = milliseconds(function () use ($client, $messages, &$results): void {
    $results = $client->sendAll($messages);
});
foreach ($results as $result) {
    $result instanceof Throwable && throw $result;
}
$client->signOut();

echo json_encode([
    'load_ms' => $load,
    'send' => ['p50' => $times[intdiv($sends, 2)], 'p99' => $times[intdiv($sends * 99, 100)]],
    'send_all_per_second' => $many * 1000 / $elapsed,
]), "\n";
