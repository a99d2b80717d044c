<?php

declare(strict_types=1);

namespace SendIm\Tests;

/**
 * Long-lived programs.
 */
final class MemoryTest extends TestCase
{
    private const SENDS = 20_000;
    /**
     * Kilobytes by which the process may grow from the end of the first fifth to the end of the sends. A leak of one
     * kilobyte a send would be 16,000.
     */
    private const BOUND = 12 * 1024;

    private const RESIDENT = <<<'PHP'
        function resident(): int
        {
            gc_collect_cycles();
            preg_match('/^VmRSS:\s+(\d+)/m', file_get_contents('/proc/self/status'), $found);
            return (int) $found[1];
        }

        PHP;

    public function testTwentyThousandSendsOnOneSessionLeaveNothingBehind(): void
    {
        $code = <<<'PHP'
            $client = SendIm\Client::signIn(...$account);
            for ($round = 1; $round <= 100; $round++) {
                $messages = [];
                for ($n = 0; $n < 150; $n++) {
                    $messages[] = new SendIm\Message("user{$n}@contoso.com", "message {$n}");
                }
                foreach ($client->sendAll($messages) as $result) {
                    $result instanceof SendIm\Receipt || throw $result;
                }
                for ($n = 0; $n < 49; $n++) {
                    $client->send("user{$n}@contoso.com", "single {$n}");
                }
                try {
                    $client->send('busy@contoso.com', 'refused');
                } catch (SendIm\Exception\NotDeliveredException) {
                }
                if ($round === 20) {
                    [$warm, $own] = [resident(), memory_get_usage()];
                }
            }
            echo resident() - $warm, ' ', memory_get_usage() - $own;
            PHP;
        [$exit, $told, $errors] = $this->script(self::RESIDENT . $code);
        $this->assertSame([0, ''], [$exit, $errors]);
        [$grown, $own] = array_map('intval', explode(' ', $told));
        $this->assertLessThan(self::BOUND, $grown);
        $this->assertLessThan(100 * 1024, $own, "bytes of PHP's own memory");
        $this->assertCount(self::SENDS - 100, $this->sandbox()->messages());
    }

    /**
     * A client that is not freed keeps some thirty kilobytes.
     */
    public function testClientsThatAreGoneLeaveNothingBehind(): void
    {
        $code = <<<'PHP'
            for ($n = 1; $n <= 400; $n++) {
                SendIm\Client::signIn(...$account);
                if ($n === 100) {
                    $warm = resident();
                }
            }
            echo resident() - $warm;
            PHP;
        [$exit, $grown, $errors] = $this->script(self::RESIDENT . $code);
        $this->assertSame([0, ''], [$exit, $errors]);
        $this->assertLessThan(4096, (int) $grown);
        $this->assertSame(0, $this->sandbox()->openApplications());
    }

    public function testManyClientsAndSandboxesLeaveNothingBehind(): void
    {
        $code = <<<'PHP'
            function descriptors(): int
            {
                return count(scandir('/proc/self/fd'));
            }
            for ($n = 0; $n < 100; $n++) {
                $sandbox = new SendIm\Sandbox();
                $client = SendIm\Client::signIn('a@contoso.com', password: 'x', server: $sandbox);
                $client->send('lenea@contoso.com', 'hi');
                unset($client, $sandbox);
                $warm ??= [descriptors(), count(scandir('/proc/self/task'))];
            }
            echo descriptors() - $warm[0] < 50 ? 'few' : 'many', ' ', count(scandir('/proc/self/task')) - $warm[1];
            PHP;
        $this->assertSame([0, 'few 0', ''], $this->script($code));
    }
}
