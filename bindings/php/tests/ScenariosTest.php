<?php

declare(strict_types=1);

namespace SendIm\Tests;

use SendIm\Client;
use SendIm\Delivered;
use SendIm\Exception\SendImException;
use SendIm\Message;
use SendIm\Receipt;
use SendIm\Sandbox;
use SendIm\Sent;

use function SendIm\send_im;

/**
 * The cases that every language must pass, from tests/scenarios/scenarios.json; its README tells the format.
 *
 * PHP has one thread: where a case wants threads, `sendAll()` has as many sends under way on one client.
 */
final class ScenariosTest extends TestCase
{
    /** Shorter words may occur by chance. */
    private const TELLING = 10;

    /**
     * @return iterable<string, array{array<string, mixed>}>
     */
    public static function cases(): iterable
    {
        $document = json_decode(
            file_get_contents(self::ROOT . '/tests/scenarios/scenarios.json'),
            true,
            flags: JSON_THROW_ON_ERROR,
        );
        foreach ($document['cases'] as $case) {
            yield $case['name'] => [self::expanded(self::merged($document['defaults'], $case))];
        }
    }

    /**
     * @dataProvider cases
     * @param array<string, mixed> $case
     */
    public function testScenario(array $case): void
    {
        $spec = $case['sandbox'];
        $sandbox = self::kept(new Sandbox($spec['layout'], $spec['https'], ring: $spec['ring_ms'] / 1000));
        foreach ($spec['faults'] as $fault) {
            $how = array_intersect_key($fault, ['skip' => 0, 'times' => 0]);
            $sandbox->addFault($fault['route'], $fault['action'], ...$how);
        }
        $results = $this->results($case, $sandbox);
        $wanted = \count($case['expect']['inbox'] ?? []) * $case['count'];
        $this->eventually(static fn (): bool => \count($sandbox->messages()) >= $wanted);
        $this->eventually(static fn (): bool => $sandbox->openApplications() === 0);
        $this->checkResults($case, $results);
        $this->checkServer($case, $results, $sandbox);
    }

    /**
     * @param array<string, mixed> $case
     * @return list<Receipt|SendImException>
     */
    private function results(array $case, Sandbox $sandbox): array
    {
        $account = $case['account'];
        $who = [
            'address' => $account['address'],
            'username' => $account['username'],
            'password' => $account['password'],
            'server' => $account['server'] === 'sandbox'
                ? $sandbox->url
                : str_replace('{root}', $sandbox->url, $account['server']),
            'caFile' => $account['ca'] === 'right' ? $sandbox->caFile : null,
        ];
        $messages = [];
        for ($n = 1; $n <= $case['count']; $n++) {
            $spec = self::numbered($case['message'], $n);
            $spec['timeout'] = $spec['timeout_ms'] / 1000;
            unset($spec['timeout_ms']);
            $messages[] = $spec;
        }
        if ($case['action'] === 'send') {
            return array_map(static function (array $message) use ($who): Receipt|SendImException {
                try {
                    return send_im(...$message, ...$who);
                } catch (SendImException $e) {
                    return $e;
                }
            }, $messages);
        }
        $client = Client::signIn(...$who, timeout: $messages[0]['timeout']);

        return $client->sendAll(array_map(static fn (array $message): Message => new Message(...$message), $messages));
    }

    /**
     * @param array<string, mixed> $case
     * @param list<Receipt|SendImException> $results
     */
    private function checkResults(array $case, array $results): void
    {
        $this->assertCount($case['count'], $results);
        foreach ($results as $at => $result) {
            $succeeded = $result instanceof Receipt;
            $shown = $result->toArray();
            $this->assertSame(\array_key_exists('receipt', $case['expect']), $succeeded, print_r($shown, true));
            $wanted = self::numbered($case['expect'][$succeeded ? 'receipt' : 'error'], $at + 1);
            $this->assertSame($wanted, self::named($shown, $wanted));
            $this->assertSame($case['expect']['exit_code'] ?? 0, $shown['exit_code'] ?? 0);
            $everything = print_r($shown, true) . print_r($result, true);
            $text = self::numbered($case['message'], $at + 1)['text'];
            if (\strlen($case['account']['password']) >= self::TELLING) {
                $this->assertStringNotContainsString($case['account']['password'], $everything);
            }
            if (!$succeeded && \strlen($text) >= self::TELLING) {
                $this->assertStringNotContainsString($text, $everything);
            }
        }
    }

    /**
     * @param array<string, mixed> $case
     * @param list<Receipt|SendImException> $results
     */
    private function checkServer(array $case, array $results, Sandbox $sandbox): void
    {
        $expect = $case['expect'];
        $delivered = array_map(self::onTheWire(...), $sandbox->messages());
        if (isset($expect['inbox_count'])) {
            $this->assertCount($expect['inbox_count'], $delivered);
        }
        $entries = $expect['inbox'] ?? null;
        if (isset($expect['error']) && array_unique(array_column($results, 'sent'), SORT_REGULAR) === [Sent::No]) {
            $entries ??= [];
        }
        if ($entries !== null) {
            $this->checkInbox($entries, $case['count'], $delivered);
        }
        if (\count($results) === 1 && \count($delivered) === 1 && $results[0] instanceof Receipt) {
            $this->assertSame("text/{$results[0]->format->value}", $delivered[0]['format']);
        }
        $this->checkRequests($expect, $sandbox);
        $this->assertSame(0, $sandbox->openApplications());
    }

    /**
     * @param list<array<string, mixed>> $entries
     * @param list<array<string, mixed>> $left
     */
    private function checkInbox(array $entries, int $count, array $left): void
    {
        foreach ($entries as $entry) {
            for ($n = 1; $n <= $count; $n++) {
                $wanted = self::numbered($entry, $n);
                $found = null;
                foreach ($left as $at => $message) {
                    if (self::named($message, $wanted) === $wanted) {
                        $found = $at;
                        break;
                    }
                }
                $this->assertNotNull($found, 'there is no ' . print_r($wanted, true));
                unset($left[$found]);
            }
        }
        $this->assertSame([], $left);
    }

    /**
     * @param array<string, mixed> $expect
     */
    private function checkRequests(array $expect, Sandbox $sandbox): void
    {
        $journal = $sandbox->journal();
        if (isset($expect['requests'])) {
            $this->assertCount($expect['requests'], $journal);
        }
        if (!isset($expect['requests_before_accept'])) {
            return;
        }
        $before = 0;
        foreach ($journal as $exchange) {
            if ($exchange->method === 'POST' && str_ends_with(strtolower($exchange->path), '/messaginginvitations')) {
                break;
            }
            $before += str_contains($exchange->path, '/events') ? 0 : 1;
        }
        // The invitation itself, and the event channel's answer.
        $this->assertLessThanOrEqual($expect['requests_before_accept'], $before + 2);
    }

    /**
     * The names and words of the sandbox's own interface, which the scenarios use.
     *
     * @return array<string, mixed>
     */
    private static function onTheWire(Delivered $message): array
    {
        return [
            'from' => $message->from,
            'to' => $message->to,
            'accepted_by' => $message->acceptedBy,
            'subject' => $message->subject,
            'importance' => ucfirst($message->importance->value),
            'format' => "text/{$message->format->value}",
            'text' => $message->text,
            'via' => $message->via,
        ];
    }

    /**
     * The members of `$values` that `$wanted` names, in its order.
     *
     * @param array<string, mixed> $values
     * @param array<string, mixed> $wanted
     * @return array<string, mixed>
     */
    private static function named(array $values, array $wanted): array
    {
        return array_intersect_key(array_replace($wanted, $values), $wanted);
    }

    private static function merged(mixed $default, mixed $given): mixed
    {
        if (!\is_array($default) || !\is_array($given) || array_is_list($given) || isset($given['repeat'])) {
            return $given;
        }
        foreach ($given as $name => $value) {
            $default[$name] = self::merged($default[$name] ?? null, $value);
        }

        return $default;
    }

    private static function expanded(mixed $value): mixed
    {
        if (!\is_array($value)) {
            return $value;
        }
        if (isset($value['repeat'], $value['times'])) {
            return str_repeat($value['repeat'], $value['times']);
        }

        return array_map(self::expanded(...), $value);
    }

    private static function numbered(mixed $value, int $number): mixed
    {
        return match (true) {
            \is_string($value) => str_replace('{n}', (string) $number, $value),
            \is_array($value) => array_map(static fn (mixed $inner): mixed => self::numbered($inner, $number), $value),
            default => $value,
        };
    }
}
