<?php

declare(strict_types=1);

namespace SendIm\Tests;

use Psr\Log\AbstractLogger;
use Psr\Log\LogLevel;
use SendIm\Client;
use SendIm\ErrorKind;
use SendIm\Message;
use SendIm\StepName;

use function SendIm\send_im;

/**
 * What a logger is told.
 */
final class LoggingTest extends TestCase
{
    private const TEXT = 'the text of the message, which is secret';

    /** @var list<array{string, string, array<string, mixed>}> */
    private array $told = [];

    private function logger(): AbstractLogger
    {
        return new class (function (string $level, string $message, array $context): void {
            $this->told[] = [$level, $message, $context];
        }) extends AbstractLogger {
            public function __construct(private readonly \Closure $tell)
            {
            }

            public function log($level, $message, array $context = []): void
            {
                ($this->tell)($level, (string) $message, $context);
            }
        };
    }

    public function testEachStepIsALineAtDebugLevel(): void
    {
        $who = $this->account(address: 'steps@contoso.com', logger: $this->logger());
        $receipt = send_im('lenea@contoso.com', 'hi', ...$who);
        $this->assertCount(\count($receipt->steps), $this->told);
        $this->assertSame([LogLevel::DEBUG], array_values(array_unique(array_column($this->told, 0))));
        $host = preg_quote(parse_url($this->sandbox()->url, PHP_URL_HOST), '/');
        $this->assertMatchesRegularExpression(
            "/\\Asend_im: discover: {$host}:\\d+ answered 200 after \\d+\\.\\d ms\\z/",
            $this->told[0][1],
        );
        $this->assertSame(['step', 'host', 'status', 'elapsed'], array_keys($this->told[0][2]));
    }

    public function testAFailureIsAnErrorWithItsException(): void
    {
        $busy = $this->failedSend('busy@contoso.com', logger: $this->logger());
        $lost = $this->failedSend(server: 'http://127.0.0.1:1/', timeout: 2, logger: $this->logger());
        foreach ([$busy, $lost] as $place => $error) {
            [$level, $message, $context] = $this->told[$place];
            $this->assertSame([LogLevel::ERROR, 'send_im: {kind}: {detail}'], [$level, $message]);
            $this->assertSame(['exception' => $error] + $error->toArray(), $context);
        }
        $this->assertSame('http://127.0.0.1:1/', $this->told[1][2]['hops'][0]['url']);
    }

    public function testAClientTellsEachSend(): void
    {
        $client = Client::signIn(...$this->account(logger: $this->logger()));
        $client->send('lenea@contoso.com', 'hi');
        $client->sendAll([new Message('other@contoso.com', 'hi'), new Message('busy@contoso.com', 'hi')]);
        $client->signOut();
        $lines = implode("\n", array_column($this->told, 1));
        $failed = array_column(array_column($this->told, 2), 'exception');
        $this->assertSame([ErrorKind::Busy], array_column($failed, 'kind'));
        $this->assertSame(2, substr_count($lines, 'send_im: invite: '));
        $this->assertStringStartsWith("send_im: signed in\n", $lines);
        $this->assertStringEndsWith("\nsend_im: signed out", $lines);
    }

    public function testAFailingSignOutOfADestructorIsTold(): void
    {
        $client = Client::signIn(...$this->account(logger: $this->logger()));
        $this->sandbox()->addFault('delete_application', ['status' => ['http' => 403]], times: 0);
        unset($client);
        [$level, , $context] = end($this->told);
        $this->assertSame([LogLevel::ERROR, StepName::SignOut], [$level, $context['exception']->step]);
    }

    public function testALoggerThatFailsDoesNotFailTheSend(): void
    {
        $broken = new class () extends AbstractLogger {
            public function log($level, $message, array $context = []): void
            {
                throw new \RuntimeException('disk full');
            }
        };
        $receipt = send_im('lenea@contoso.com', 'hi', ...$this->account(logger: $broken));
        $this->assertSame('lenea@contoso.com', $receipt->acceptedBy);
    }

    public function testNoSecretIsTold(): void
    {
        $more = ['subject' => 'a secret subject', 'logger' => $this->logger()];
        send_im('lenea@contoso.com', self::TEXT, ...$this->account(...$more));
        $failing = [['declines@contoso.com', []], ['a@contoso.com', ['password' => 'wrong']], ['lenea', []]];
        foreach ($failing as [$to, $other]) {
            $this->failing(fn () => send_im($to, self::TEXT, ...$this->account(...$other, ...$more)));
        }
        $this->assertCount(3, array_column(array_column($this->told, 2), 'exception'));
        // As loggers write an exception.
        array_walk_recursive($this->told, static function (mixed &$value): void {
            $value = $value instanceof \Throwable ? (string) $value : $value;
        });
        $all = print_r($this->told, true);
        foreach ([self::PASSWORD, self::TEXT, 'a secret subject', 'cwt='] as $secret) {
            $this->assertStringNotContainsString($secret, $all);
        }
    }

    public function testALibraryIsSilentAndNeedsNoLogger(): void
    {
        $code = <<<'PHP'
            SendIm\send_im('lenea@contoso.com', 'hi', account: $account);
            try {
                SendIm\send_im('declines@contoso.com', 'hi', account: $account);
            } catch (SendIm\Exception\NotDeliveredException) {
            }
            if (interface_exists(Psr\Log\LoggerInterface::class)) {
                echo 'psr/log is there';
            }
            PHP;
        $this->assertSame([0, '', ''], $this->script($code, [], '-d', 'error_reporting=-1', '-d', 'display_errors=1'));
    }
}
