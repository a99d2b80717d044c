<?php

declare(strict_types=1);

namespace SendIm\Tests;

use SendIm\Account;
use SendIm\Exception\SendImException;
use SendIm\Sandbox;

use function SendIm\send_im;

/**
 * What the tests share: a sandbox, who sends, and a script in a process of its own.
 */
abstract class TestCase extends \PHPUnit\Framework\TestCase
{
    protected const PACKAGE = __DIR__ . '/..';
    protected const ROOT = __DIR__ . '/../../..';
    protected const SENDER = 'tosh@contoso.com';
    protected const PASSWORD = 's3cret-of-tosh';

    /** Seconds after which a process counts as hanging. No test asserts on a shorter time. */
    protected const HANG = 600;

    /** @var list<Sandbox> of all tests: a port that came again would be known to a process that remembers servers */
    private static array $sandboxes = [];

    private ?Sandbox $sandbox = null;

    protected function sandbox(): Sandbox
    {
        return $this->sandbox ??= self::kept(new Sandbox());
    }

    protected static function kept(Sandbox $sandbox): Sandbox
    {
        return self::$sandboxes[] = $sandbox;
    }

    /**
     * Arguments that make a call send from the test account through the sandbox; those of an account go into it.
     *
     * @return array<string, mixed>
     */
    protected function account(mixed ...$more): array
    {
        $known = ['address' => self::SENDER, 'password' => self::PASSWORD, 'server' => $this->sandbox()];
        $parameters = (new \ReflectionMethod(Account::class, '__construct'))->getParameters();
        $names = array_column($parameters, 'name', 'name');

        $account = new Account(...array_intersect_key($more + $known, $names));

        return ['account' => $account] + array_diff_key($more, $names);
    }

    /**
     * The texts that were delivered.
     *
     * @return list<string>
     */
    protected function texts(): array
    {
        return array_column($this->sandbox()->messages(), 'text');
    }

    /**
     * Every request the sandbox received, oldest first.
     *
     * @return list<array<string, mixed>>
     */
    protected function journal(): array
    {
        return $this->sandbox()->request('GET', 'journal');
    }

    /**
     * How many sessions are open on the server.
     */
    protected function openApplications(): int
    {
        return $this->sandbox()->request('GET', 'state')['open_applications'];
    }

    /**
     * A bearer token that the sandbox accepts for the sender.
     */
    protected function issueToken(): string
    {
        return $this->sandbox()->request('POST', 'tokens/' . self::SENDER)['token'];
    }

    /**
     * The exception of a call that must fail with one of this class.
     *
     * @template T of \Throwable
     * @param class-string<T> $class
     * @return T
     */
    protected function failing(\Closure $call, string $class = SendImException::class): \Throwable
    {
        try {
            $call();
        } catch (\Throwable $e) {
            $this->assertInstanceOf($class, $e);

            return $e;
        }
        $this->fail("there was no {$class}");
    }

    protected function failedSend(string $to = 'lenea@contoso.com', mixed ...$more): SendImException
    {
        return $this->failing(fn () => send_im($to, 'hi', ...$this->account(...$more)));
    }

    protected function eventually(\Closure $true): bool
    {
        $end = hrtime(true) + self::HANG / 10 * 1e9;
        while (!$true()) {
            if (hrtime(true) > $end) {
                return false;
            }
            usleep(5000);
        }

        return true;
    }

    /**
     * Runs PHP code in a process of its own, with `$url`, the sandbox's.
     *
     * @param array<string, string|null> $environment
     * @return array{int|string, string, string} how it ended: exit code or the signal's number, output, errors
     */
    protected function script(string $code, array $environment = [], string ...$options): array
    {
        [$process, $pipes, $file] = $this->begin($code, $environment, ...$options);

        return $this->ended($process, $pipes, $file);
    }

    /**
     * @param array<string, string|null> $environment
     * @return array{resource, array<int, resource>, string}
     */
    protected function begin(string $code, array $environment = [], string ...$options): array
    {
        $file = tempnam(sys_get_temp_dir(), 'send-im-test-');
        $autoload = var_export(realpath(self::PACKAGE . '/vendor/autoload.php'), true);
        $url = var_export($this->sandbox()->url, true);
        $head = str_starts_with($code, '<?php') ? '' : "<?php\nrequire {$autoload};\n\$url = {$url};\n"
            . "\$account = new SendIm\\Account('tosh@contoso.com', 'x', server: \$url);\n";
        file_put_contents($file, $head . $code);
        [$process, $pipes] = $this->start([PHP_BINARY, ...$options, $file], $environment);

        return [$process, $pipes, $file];
    }

    /**
     * @param list<string> $command
     * @param array<string, string|null> $environment
     * @return array{resource, array<int, resource>}
     */
    protected function start(array $command, array $environment = [], ?string $folder = null): array
    {
        $streams = [['pipe', 'r'], ['pipe', 'w'], ['pipe', 'w']];
        $all = array_filter($environment + getenv(), static fn (?string $value): bool => $value !== null);
        $process = proc_open($command, $streams, $pipes, $folder ?? realpath(self::PACKAGE), $all);
        $this->assertIsResource($process);
        fclose($pipes[0]);

        return [$process, $pipes];
    }

    /**
     * Waits for the end of a process, which is killed if it hangs.
     *
     * @param resource $process
     * @param array<int, resource> $pipes
     * @return array{int|string, string, string}
     */
    protected function ended($process, array $pipes, ?string $file = null): array
    {
        $read = [1 => '', 2 => ''];
        $open = [1 => $pipes[1], 2 => $pipes[2]];
        $end = time() + self::HANG;
        while ($open !== [] && time() < $end) {
            [$ready, $none] = [$open, null];
            stream_select($ready, $none, $none, 1);
            foreach ($ready as $at => $stream) {
                $read[$at] .= $piece = (string) fread($stream, 65536);
                if ($piece === '' && feof($stream)) {
                    unset($open[$at]);
                }
            }
        }
        do {
            $status = proc_get_status($process);
        } while ($status['running'] && time() < $end && usleep(1000) === null);
        if ($status['running']) {
            proc_terminate($process, 9);
        }
        proc_close($process);
        if ($file !== null) {
            unlink($file);
        }
        $this->assertFalse($status['running'], "the process hangs: {$read[1]}{$read[2]}");

        return [$status['signaled'] ? "signal {$status['termsig']}" : $status['exitcode'], $read[1], $read[2]];
    }

    /**
     * A copy of the package in a temporary folder, which is removed at the end of `$use`.
     */
    protected function copied(\Closure $use): void
    {
        $copy = sys_get_temp_dir() . '/send-im-test-' . bin2hex(random_bytes(6));
        exec('cp -R ' . escapeshellarg(self::PACKAGE) . ' ' . escapeshellarg($copy), result_code: $code);
        $this->assertSame(0, $code);
        try {
            $use($copy);
        } finally {
            exec('rm -rf ' . escapeshellarg($copy));
        }
    }
}
