<?php

declare(strict_types=1);

namespace SendIm\Tests;

use SendIm\Sandbox;

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

    private ?Sandbox $ringing = null;

    protected function sandbox(): Sandbox
    {
        return $this->ringing ??= self::kept(new Sandbox(ring: 3600));
    }

    public function testLoadingAloneEndsAtOnceAndStartsNoThread(): void
    {
        $ended = $this->script('SendIm\Internal\Library::get(); echo count(scandir("/proc/self/task")) - 2;');
        $this->assertSame([0, '1', ''], $ended);
    }

    /**
     * @dataProvider waysToEnd
     */
    public function testAClientIsSignedOutAndTheExitCodeIsKept(int $exit, string $code, string $error = ''): void
    {
        $options = ['-d', 'display_errors=stderr', '-d', 'memory_limit=32M'];
        $ended = $this->script(self::CLIENT . $code, [], ...$options);
        $this->assertSame([$exit, ''], [$ended[0], $ended[1]]);
        $this->assertStringContainsString($error, $ended[2]);
        $this->assertSame($error === '', $ended[2] === '');
        $this->assertSame(['hi'], $this->texts());
        $this->assertSame(0, $this->openApplications());
    }

    /**
     * @return iterable<string, array{0: int, 1: string, 2?: string}>
     */
    public static function waysToEnd(): iterable
    {
        yield 'return' => [0, ''];
        yield 'exit' => [3, '(function () use ($client) { exit(3); })();'];
        yield 'error' => [255, "trigger_error('x', E_USER_ERROR);", 'Fatal error'];
        yield 'exception' => [255, "throw new DomainException('x');", 'Uncaught DomainException'];
        $fill = '$all = []; while (true) { $all[] = str_repeat("x", 100_000); }';
        yield 'memory' => [255, $fill, 'Allowed memory size'];
        yield 'time' => [255, 'set_time_limit(1); while (true);', 'Maximum execution time'];
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
     * How a program ends that gets a signal while an invitation of its rings.
     *
     * @return array{int|string, string, string}
     */
    private function signalled(string $code, int $signal = 15): array
    {
        $begun = $this->begin($code);
        $paths = fn (): string => strtolower(implode(array_column($this->journal(), 'path')));
        $this->assertTrue($this->eventually(static fn (): bool => str_contains($paths(), 'messaginginvitations')));
        proc_terminate($begun[0], $signal);

        return $this->ended(...$begun);
    }

    public function testASignalWithoutAHandlerEndsASendAtOnce(): void
    {
        $send = "SendIm\\send_im('silent@contoso.com', 'hi', account: \$account, timeout: 3600);";
        foreach ([2, 15] as $signal) {
            $this->assertSame(["signal {$signal}", '', ''], $this->signalled($send, $signal));
        }
    }

    /**
     * @dataProvider handlers
     */
    public function testAHandlerOfASignal(string $end, string $to, int $timeout, int $exit, string $told): void
    {
        $ended = $this->signalled(<<<PHP
            pcntl_async_signals({$timeout} > 2);
            pcntl_signal(SIGTERM, function () {
                echo 'handled';
                {$end}
            });
            \$client = SendIm\Client::signIn(\$account);
            try {
                echo \$client->send('{$to}@contoso.com', 'hi', timeout: {$timeout})->to;
            } catch (DomainException | SendIm\Exception\TimeoutException \$e) {
                pcntl_signal_dispatch();
                echo ', caught ', \$client->send('lenea@contoso.com', 'later')->to;
            }
            PHP);
        $this->assertSame([$exit, $told, ''], $ended);
        $this->assertSame(0, $this->openApplications());
    }

    /**
     * @return iterable<string, array{string, string, int, int, string}>
     */
    public static function handlers(): iterable
    {
        yield 'exits' => ['exit(17);', 'silent', 3600, 17, 'handled'];
        yield 'throws' => ['throw new DomainException();', 'silent', 3600, 0, 'handled, caught lenea@contoso.com'];
        yield 'returns' => ['', 'slow', 3600, 0, 'handledslow@contoso.com'];
        yield 'waits where signals are not asynchronous' => ['exit(17);', 'silent', 2, 17, 'handled'];
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
