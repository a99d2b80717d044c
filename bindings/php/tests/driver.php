<?php

declare(strict_types=1);

/*
 * Sends what the judge of tests/scenarios asks for, a line of JSON a case; the README there says how.
 *
 * PHP has one thread: where a case wants threads, `sendAll()` has as many sends under way on one client.
 */

namespace SendIm\Tests;

use SendIm\Account;
use SendIm\Client;
use SendIm\Exception\SendImException;
use SendIm\Importance;
use SendIm\Message;
use SendIm\Receipt;
use SendIm\Wait;

use function SendIm\send_im;

require __DIR__ . '/../vendor/autoload.php';

/**
 * @param array<string, mixed> $members
 * @return array<string, mixed>
 */
function seconds(array $members): array
{
    $members['timeout'] = $members['timeout_ms'] / 1000;
    unset($members['timeout_ms']);

    return $members;
}

/**
 * @param array<string, mixed> $members
 * @return array<string, mixed> the arguments of a message
 */
function arguments(array $members): array
{
    $enums = ['importance' => Importance::from($members['importance']), 'wait' => Wait::from($members['wait'])];

    return $enums + seconds($members);
}

/**
 * @param array<string, mixed> $task
 * @return list<Receipt|SendImException>
 */
function run(array $task): array
{
    ['timeout' => $timeout, 'ca_file' => $caFile] = $given = seconds($task['account']);
    unset($given['timeout'], $given['ca_file']);
    $account = new Account(...$given, caFile: $caFile);
    $messages = array_map(arguments(...), $task['messages']);
    if ($task['action'] === 'send') {
        return array_map(static function (array $message) use ($account): Receipt|SendImException {
            try {
                return send_im(...$message, account: $account);
            } catch (SendImException $e) {
                return $e;
            }
        }, $messages);
    }
    $client = Client::signIn($account, $timeout);
    try {
        return $client->sendAll(array_map(static fn (array $message): Message => new Message(...$message), $messages));
    } finally {
        $client->signOut();
    }
}

while (($line = fgets(STDIN)) !== false) {
    $answers = array_map(
        static fn (Receipt|SendImException $result): array => [
            $result instanceof Receipt ? 'receipt' : 'error'
                => $result->toArray() + ['printed' => print_r($result, true)],
        ],
        run(json_decode($line, true, flags: JSON_THROW_ON_ERROR)),
    );
    fwrite(STDOUT, json_encode($answers, JSON_THROW_ON_ERROR) . "\n");
}
