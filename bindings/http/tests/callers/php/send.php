<?php

// php send.php URL RECIPIENT

[, $url, $recipient] = $argv;

function text(string $shape): string
{
    return "$shape from PHP: grüße, 50% & mehr 😀";
}

/** Prints the status, and the kind of a problem. */
function ask(string $name, string $url, array $http = []): void
{
    $context = stream_context_create(['http' => $http + ['ignore_errors' => true]]);
    $answer = json_decode(file_get_contents($url, false, $context), true);
    $status = explode(' ', $http_response_header[0])[1];
    echo rtrim("$name $status " . ($answer['kind'] ?? '')), "\n";
}

function post(string $type, string $content): array
{
    return ['method' => 'POST', 'header' => "Content-Type: $type\r\n", 'content' => $content];
}

$page = "{$url}index.html";
$who = ['username' => 'tosh@contoso.com', 'password' => 's3cret-of-tosh'];
$form = 'application/x-www-form-urlencoded';
ask('get', "$page?" . http_build_query(['recipient' => $recipient, 'message' => text('get')]));
ask('credentials', "$page?" . http_build_query(['recipient' => $recipient, 'message' => text('credentials')] + $who));
ask('form', $page, post($form, http_build_query(['recipient' => $recipient, 'message' => text('form')])));
$json = json_encode(['recipient' => $recipient, 'message' => text('json')] + $who);
ask('json', $page, post('application/json', $json));
ask('busy', $page, post($form, http_build_query(['recipient' => 'busy@contoso.com', 'message' => 'hello'])));
