<?php
// Sends one instant message as the vendor's walk-through does it, step by step, with PHP's curl.
//
// Usage: walk.php new|keep ROUNDS. `new` makes a connection a request, as samples do; `keep` uses one handle. Prints one line
// of JSON. It stands for what people write: no retry, no second look at anything.

declare(strict_types=1);

final class Walk
{
    private ?CurlHandle $handle = null;

    public function __construct(private readonly bool $keep)
    {
    }

    /** @return array{status: int, headers: string, body: string} */
    private function ask(string $method, string $url, array $headers = [], ?string $body = null): array
    {
        $handle = $this->handle ?? curl_init();
        if ($this->keep) {
            $this->handle = $handle;
            curl_reset($handle);
        }
        $received = '';
        curl_setopt_array($handle, [
            CURLOPT_URL => $url,
            CURLOPT_CUSTOMREQUEST => $method,
            CURLOPT_HTTPHEADER => $headers,
            CURLOPT_RETURNTRANSFER => true,
            CURLOPT_TIMEOUT => 210,
            CURLOPT_HEADERFUNCTION => function ($_, string $line) use (&$received): int {
                $received .= $line;
                return strlen($line);
            },
        ]);
        if (getenv('SEND_IM_CA_FILE')) {
            curl_setopt($handle, CURLOPT_CAINFO, getenv('SEND_IM_CA_FILE'));
        }
        if ($body !== null) {
            curl_setopt($handle, CURLOPT_POSTFIELDS, $body);
        }
        $answer = curl_exec($handle);
        $status = curl_getinfo($handle, CURLINFO_HTTP_CODE);
        if ($answer === false || ($status >= 400 && $status !== 401)) {
            throw new RuntimeException("$method failed: " . ($answer === false ? curl_error($handle) : "HTTP $status"));
        }
        if (!$this->keep) {
            curl_close($handle);
        }
        return ['status' => $status, 'headers' => $received, 'body' => $answer];
    }

    private static function json(array $answer): array
    {
        return json_decode($answer['body'], true, 64, JSON_THROW_ON_ERROR);
    }

    private static function absolute(string $base, string $href): string
    {
        if (str_contains($href, '://')) {
            return $href;
        }
        $parts = parse_url($base);
        return "{$parts['scheme']}://{$parts['host']}:{$parts['port']}$href";
    }

    /** @return iterable<array> */
    private static function events(array $batch): iterable
    {
        foreach ($batch['sender'] ?? [] as $sender) {
            yield from array_values($sender['events'] ?? []);
        }
    }

    public function send(string $to, string $text): void
    {
        // Discovery, and the challenge of the user resource.
        $root = self::json($this->ask('GET', getenv('SEND_IM_SERVER'), ['Accept: application/json']));
        $user = $root['_links']['user']['href'];
        preg_match('/MsRtcOAuth href="([^"]+)"/', $this->ask('GET', $user)['headers'], $found);

        // A token, and with it the user resource again.
        $form = http_build_query([
            'grant_type' => 'password',
            'username' => getenv('SEND_IM_ADDRESS'),
            'password' => getenv('SEND_IM_PASSWORD'),
        ]);
        $token = self::json($this->ask('POST', $found[1], [], $form))['access_token'];
        $signed = ["Authorization: Bearer $token", 'Accept: application/json'];
        $withJson = [...$signed, 'Content-Type: application/json'];
        $applications = self::json($this->ask('GET', $user, $signed))['_links']['applications']['href'];

        // The application.
        $about = json_encode(['UserAgent' => 'walk', 'EndpointId' => bin2hex(random_bytes(16)), 'Culture' => 'en-US']);
        $application = self::json($this->ask('POST', $applications, $withJson, $about));

        // The invitation, without the text, and events until the conversation takes some.
        $start = $application['_embedded']['communication']['_links']['startMessaging']['href'];
        $this->ask('POST', self::absolute($applications, $start), $withJson, json_encode([
            'importance' => 'Normal',
            'subject' => 'Task Sample',
            'to' => "sip:$to",
            'operationId' => bin2hex(random_bytes(16)),
        ]));
        $events = self::absolute($applications, $application['_links']['events']['href']);
        $messaging = null;
        while ($messaging === null) {
            $batch = self::json($this->ask('GET', $events, $signed));
            $events = self::absolute($applications, $batch['_links']['next']['href']);
            foreach (self::events($batch) as $event) {
                $links = $event['_embedded']['messaging']['_links'] ?? [];
                $messaging = isset($links['sendMessage']) ? $links : $messaging;
            }
        }

        // The text, and events until it is confirmed.
        $say = self::absolute($applications, $messaging['sendMessage']['href']) . '?OperationContext=' . bin2hex(random_bytes(16));
        $this->ask('POST', $say, [...$signed, 'Content-Type: text/plain; charset=UTF-8'], $text);
        for ($confirmed = false; !$confirmed;) {
            $batch = self::json($this->ask('GET', $events, $signed));
            $events = self::absolute($applications, $batch['_links']['next']['href']);
            foreach (self::events($batch) as $event) {
                $confirmed = $confirmed || ($event['link']['rel'] === 'message' && ($event['status'] ?? '') === 'Success');
            }
        }

        // The end of the conversation and of the application.
        $this->ask('POST', self::absolute($applications, $messaging['stopMessaging']['href']), $signed, '');
        $this->ask('DELETE', self::absolute($applications, $application['_links']['self']['href']), $signed);
    }
}

[, $kind, $rounds] = $argv;
$times = [];
for ($round = 0; $round < (int) $rounds; $round++) {
    $started = hrtime(true);
    (new Walk($kind === 'keep'))->send("user$round@contoso.com", 'disk full');
    $times[] = (hrtime(true) - $started) / 1e6;
}
sort($times);
echo json_encode(['n' => count($times), 'p50' => $times[intdiv(count($times), 2)]]), "\n";
