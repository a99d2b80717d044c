<?php

declare(strict_types=1);

namespace SendIm\Tests;

/**
 * The end of a program: its exit code is kept, nothing hangs, sessions are signed out.
 *
 * Each test runs in a process of its own. A process that waited for `silent@` would count as hanging.
 */
final class ExitTest extends TestCase
{
    private const CLIENT = <<<'PHP'
        $client = SendIm\Client::signIn($account);
        $client->send('lenea@contoso.com', 'hi');

        PHP;

    private function signedOut(): void
    {
        $this->assertSame(['hi'], $this->texts());
        $this->assertSame(0, $this->openApplications());
    }

    public function testLoadingAloneEndsAtOnceAndStartsNoThread(): void
    {
        $ended = $this->script('SendIm\Internal\Library::get(); echo count(scandir("/proc/self/task")) - 2;');
        $this->assertSame([0, '1', ''], $ended);
    }

    public function testAnOpenClientIsSignedOut(): void
    {
        $this->assertSame([0, '', ''], $this->script(self::CLIENT));
        $this->signedOut();
    }

    public function testTheExitCodeIsKept(): void
    {
        $code = self::CLIENT . '(function () use ($client) { exit(3); })();';
        $this->assertSame([3, '', ''], $this->script($code));
        $this->signedOut();
    }

    /**
     * @dataProvider fatal
     */
    public function testAfterAFatalErrorTheClientIsSignedOut(string $code, string $error, string ...$options): void
    {
        $ended = $this->script(self::CLIENT . $code, [], '-d', 'display_errors=stderr', ...$options);
        $this->assertSame([255, ''], [$ended[0], $ended[1]]);
        $this->assertStringContainsString($error, $ended[2]);
        $this->signedOut();
    }

    /**
     * @return iterable<string, list<string>>
     */
    public static function fatal(): iterable
    {
        yield 'error' => ["trigger_error('x', E_USER_ERROR);", 'Fatal error'];
        yield 'exception' => ["throw new DomainException('x');", 'Uncaught DomainException'];
        yield 'memory' => [
            '$all = []; while (true) { $all[] = str_repeat("x", 100_000); }',
            'Allowed memory size',
            '-d',
            'memory_limit=32M',
        ];
        yield 'time' => ['set_time_limit(1); while (true);', 'Maximum execution time'];
    }

    public function testShutdownFunctionsAndDestructorsMaySend(): void
    {
        $code = <<<'PHP'
            final class Last
            {
                public function __construct(private SendIm\Client $client)
                {
                }
                public function __destruct()
                {
                    $this->client->send('lenea@contoso.com', 'from a destructor');
                }
            }
            $client = SendIm\Client::signIn($account);
            register_shutdown_function(fn () => $client->send('lenea@contoso.com', 'at the end'));
            $last = new Last($client);
            exit(4);
            PHP;
        $this->assertSame([4, '', ''], $this->script($code));
        $this->assertSame(['at the end', 'from a destructor'], $this->texts());
        $this->assertSame(0, $this->openApplications());
    }

    public function testDestructorsSendWhereverTheClientIsHeld(): void
    {
        $code = <<<'PHP'
            final class Buffer
            {
                public ?Buffer $itself = null;
                public function __construct(private SendIm\Client $client, private string $text)
                {
                }
                public function __destruct()
                {
                    $this->client->send('lenea@contoso.com', $this->text);
                }
            }
            final class Container
            {
                public static array $all = [];
            }
            Container::$all[] = $client = SendIm\Client::signIn($account);
            for ($n = 0; $n < 20; $n++) {
                Container::$all[] = new Buffer($client, "static {$n}");
                $cycle = new Buffer($client, "cycle {$n}");
                $cycle->itself = $cycle;
            }
            unset($cycle, $client);
            exit(6);
            PHP;
        $this->assertSame([6, '', ''], $this->script($code));
        $this->assertCount(40, $this->texts());
        $this->assertSame(0, $this->openApplications());
    }

    /**
     * @dataProvider ends
     */
    public function testShutdownFunctionsSendWhenverTheyWereRegistered(string $end, int $code): void
    {
        $before = <<<'PHP'
            function last(string $text): void
            {
                global $client, $account;
                $client->send('lenea@contoso.com', "{$text}, client");
                SendIm\send_im('lenea@contoso.com', "{$text}, one call", account: $account);
                SendIm\Client::signIn($account)->send('lenea@contoso.com', "{$text}, another client");
            }
            register_shutdown_function(last(...), 'before');
            $client = SendIm\Client::signIn($account);
            register_shutdown_function(last(...), 'after');

            PHP;
        $ended = $this->script($before . $end, [], '-d', 'display_errors=stderr');
        $this->assertSame([$code, ''], [$ended[0], $ended[1]]);
        $what = ['client', 'one call', 'another client'];
        $told = [];
        foreach (['before', 'after'] as $when) {
            array_push($told, ...array_map(static fn (string $one): string => "{$when}, {$one}", $what));
        }
        $this->assertSame($told, $this->texts());
        $this->assertSame(0, $this->openApplications());
    }

    /**
     * @return iterable<string, array{string, int}>
     */
    public static function ends(): iterable
    {
        yield 'return' => ['', 0];
        yield 'exit' => ['exit(4);', 4];
        yield 'error' => ["trigger_error('x', E_USER_ERROR);", 255];
        yield 'exception' => ["throw new DomainException('x');", 255];
    }

    public function testAfterAFatalErrorWhatStillRingsIsNotWaitedFor(): void
    {
        $code = <<<'PHP'
            $sandbox = new SendIm\Sandbox(ring: 3600);
            $client = SendIm\Client::signIn($sandbox->account('a@contoso.com'));
            $client->send('silent@contoso.com', 'hi', wait: SendIm\Wait::Submitted, timeout: 3600);
            register_shutdown_function(function () use ($sandbox) {
                // Twice, to come after the library's own.
                register_shutdown_function(fn () => register_shutdown_function(
                    fn () => print($sandbox->request('GET', 'state')['open_applications']),
                ));
            });
            trigger_error('x', E_USER_ERROR);
            PHP;
        $ended = $this->script($code, [], '-d', 'display_errors=stderr');
        $this->assertSame([255, '0'], [$ended[0], $ended[1]]);
    }

    /**
     * @return array{resource, array<int, resource>, string}
     */
    private function ringing(string $before = '', int $timeout = 3600): array
    {
        $send = "SendIm\\send_im('silent@contoso.com', 'hi', account: \$account, timeout: {$timeout});";
        $begun = $this->begin($before . $send);
        $paths = fn (): string => strtolower(implode(array_column($this->journal(), 'path')));
        $this->assertTrue($this->eventually(static fn (): bool => str_contains($paths(), 'messaginginvitations')));

        return $begun;
    }

    public function testASignalWithoutAHandlerEndsASendAtOnce(): void
    {
        foreach ([2, 15] as $signal) {
            $begun = $this->ringing();
            proc_terminate($begun[0], $signal);
            $this->assertSame(["signal {$signal}", '', ''], $this->ended(...$begun));
        }
    }

    public function testAHandlerOfASignalComesAfterTheSend(): void
    {
        $begun = $this->ringing(<<<'PHP'
            pcntl_async_signals(true);
            pcntl_signal(SIGTERM, function () {
                echo 'handled';
                exit(17);
            });

            PHP, 2);
        proc_terminate($begun[0], 15);
        $this->assertSame([17, 'handled', ''], $this->ended(...$begun));
        $this->assertSame(0, $this->openApplications());
    }

    public function testWaitingDoesNotCountAsExecutionTime(): void
    {
        $code = 'set_time_limit(1); echo SendIm\send_im("slow@contoso.com", "hi", account: $account)->acceptedBy;';
        $this->assertSame([0, 'slow@contoso.com', ''], $this->script($code));
    }

    public function testASandboxEndsWithItsProgram(): void
    {
        $code = <<<'PHP'
            $sandbox = new SendIm\Sandbox(https: true);
            $client = SendIm\Client::signIn($sandbox->account('a@contoso.com'));
            $client->send('slow@contoso.com', 'hi', wait: SendIm\Wait::Submitted);
            echo $sandbox->caFile;
            exit(5);
            PHP;
        $ended = $this->script($code);
        $this->assertSame([5, ''], [$ended[0], $ended[2]]);
        $this->assertFileDoesNotExist($ended[1]);
    }
}
