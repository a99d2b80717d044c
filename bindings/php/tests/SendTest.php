<?php

declare(strict_types=1);

namespace SendIm\Tests;

use SendIm\ErrorKind;
use SendIm\Exception\InvalidInputException;
use SendIm\Exception\SignInException;
use SendIm\Importance;
use SendIm\Message;
use SendIm\StepName;
use SendIm\Tls;

use function SendIm\send_im;

/**
 * The one call.
 */
final class SendTest extends TestCase
{
    public function testTheStepsOfTheReceiptTellTheWayOfTheMessage(): void
    {
        $steps = send_im('lenea@contoso.com', 'hi', ...$this->account(address: 'steps@contoso.com'))->steps;
        $this->assertSame(StepName::Discover, $steps[0]->name);
        foreach ([StepName::SignIn, StepName::OpenSession, StepName::Invite, StepName::Confirm] as $name) {
            $this->assertContains($name, array_column($steps, 'name'));
        }
        foreach ($steps as $step) {
            $this->assertSame("http://{$step->host}/", $this->sandbox()->url);
            $this->assertGreaterThan(0, $step->elapsed);
        }
    }

    public function testTheAccountIsTheThirdArgument(): void
    {
        $this->assertSame('lenea@contoso.com', send_im('lenea@contoso.com', 'hi', $this->account()['account'])->to);
        $this->assertSame(['hi'], $this->texts());
    }

    public function testOlderCipherSuitesCanBeAllowed(): void
    {
        $who = $this->account(tls: Tls::Compatible);
        $this->assertSame('lenea@contoso.com', send_im('lenea@contoso.com', 'hi', ...$who)->acceptedBy);
    }

    public function testATokenTakesThePlaceOfAPassword(): void
    {
        $token = $this->issueToken();
        $who = $this->account(password: null, token: $token);
        $this->assertSame('lenea@contoso.com', send_im('lenea@contoso.com', 'hi', ...$who)->acceptedBy);
        $this->sandbox()->request('POST', 'actions/revoke-tokens');
        $error = $this->failing(fn () => send_im('lenea@contoso.com', 'hi', ...$who), SignInException::class);
        $this->assertStringContainsString('rejects the token that was given', $error->detail);
        $this->assertStringNotContainsString($token, print_r($error->toArray(), true));
        $both = fn () => send_im('lenea@contoso.com', 'hi', ...$this->account(token: $token));
        $this->assertStringContainsString('one of them', $this->failing($both)->detail);
        $folded = fn () => send_im('a@b.c', 'x', ...$this->account(password: null, token: "a\nb"));
        $this->assertSame(ErrorKind::CredentialUnavailable, $this->failing($folded, SignInException::class)->kind);
    }

    /**
     * @dataProvider unusable
     * @param array<string, mixed> $options
     */
    public function testWhatIsUnusableIsRefusedBeforeAnyRequest(array $options, string $complaint): void
    {
        $error = $this->failedSend(...$options);
        $this->assertInstanceOf(InvalidInputException::class, $error);
        $this->assertStringContainsString($complaint, $error->detail);
        $this->assertSame([null, 2, 2], [$error->step, $error->exitCode, $error->getCode()]);
        $this->assertSame([], $this->journal());
    }

    /**
     * @return iterable<string, array{array<string, mixed>, string}>
     */
    public static function unusable(): iterable
    {
        yield 'no time' => [['timeout' => 0], 'timeout'];
        yield 'less than no time' => [['timeout' => -1.5], 'timeout'];
        yield 'no number' => [['timeout' => NAN], 'timeout'];
        yield 'two lines' => [['subject' => "a\nb"], 'subject'];
        yield 'not UTF-8' => [['subject' => "half \xff"], 'UTF-8'];
    }

    /**
     * @dataProvider cut
     * @param array<string, mixed> $options
     */
    public function testANulIsRefusedAndCutsNothing(array $options): void
    {
        $to = $options['to'] ?? 'lenea@contoso.com';
        $text = $options['text'] ?? 'disk full of things';
        unset($options['to'], $options['text']);
        $error = $this->failing(
            fn () => send_im($to, $text, ...$this->account(...$options)),
            InvalidInputException::class,
        );
        $this->assertStringContainsString('NUL', $error->detail);
        $this->assertStringNotContainsString('secret', $error->detail);
        $this->assertSame([], $this->journal());
    }

    /**
     * @return iterable<string, array{array<string, mixed>}>
     */
    public static function cut(): iterable
    {
        yield 'recipient' => [['to' => "lenea@contoso.com\0.example"]];
        yield 'text' => [['text' => "disk\0full of secret things"]];
        foreach (['subject', 'address', 'username', 'password', 'token', 'server', 'caFile'] as $name) {
            yield $name => [[$name => "secret\0more"]];
        }
        yield 'trustedDomains' => [['trustedDomains' => ["contoso.net\0"]]];
    }

    public function testAWrongTypeIsATypeError(): void
    {
        $this->failing(fn () => send_im(7, 'hi', ...$this->account()), \TypeError::class);
        $error = $this->failing(
            fn () => send_im('a@contoso.com', 'hi', ...$this->account(trustedDomains: [424242])),
            \TypeError::class,
        );
        $this->assertStringNotContainsString('424242', $error->getMessage());
    }

    public function testAnEndlessTimeoutIsTaken(): void
    {
        foreach ([INF, PHP_INT_MAX, 30.5, 30] as $timeout) {
            $receipt = send_im('lenea@contoso.com', 'hi', ...$this->account(timeout: $timeout));
            $this->assertSame('lenea@contoso.com', $receipt->acceptedBy);
        }
    }

    public function testTheDumpOfAMessageShowsNeitherTextNorSubject(): void
    {
        $message = new Message('a@contoso.com', 's3cret', 's3cret', Importance::Urgent);
        $this->assertStringNotContainsString('s3cret', print_r($message, true));
        $this->assertStringContainsString('Urgent', print_r($message, true));
        $this->expectException(\Error::class);
        $message->to = 'other';
    }
}
