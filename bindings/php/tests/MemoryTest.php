<?php

declare(strict_types=1);

namespace SendIm\Tests;

/**
 * Long-lived programs.
 */
final class MemoryTest extends TestCase
{
    /**
     * Runs `$code` after `$warmUp`, and counts what it leaves behind: bytes that PHP has allocated, and objects of the
     * library.
     */
    private function leavesLessThan(int $most, string $warmUp, string $code): void
    {
        [$exit, $told, $errors] = $this->script(<<<PHP
            \$counted = static function (): array {
                gc_collect_cycles();
                return [memory_get_usage(), SendIm\Internal\Library::get()->call('send_im_live_objects')];
            };
            {$warmUp}
            \$warm = [0, 0];
            \$warm = \$counted();
            {$code}
            \$end = \$counted();
            echo \$end[0] - \$warm[0], ' ', \$end[1] - \$warm[1];
            PHP);
        $this->assertSame([0, ''], [$exit, $errors]);
        [$bytes, $objects] = array_map('intval', explode(' ', $told));
        $this->assertSame(0, $objects, 'objects of the library');
        $this->assertLessThan($most, $bytes, "bytes of PHP's own memory");
    }

    public function testManySendsOnOneSessionLeaveNothingBehind(): void
    {
        $rounds = <<<'PHP'
            $rounds = static function (int $count) use ($client): void {
                for ($round = 0; $round < $count; $round++) {
                    $messages = [];
                    for ($n = 0; $n < 5; $n++) {
                        $messages[] = new SendIm\Message("user{$n}@contoso.com", "message {$n}");
                    }
                    foreach ($client->sendAll($messages) as $result) {
                        $result instanceof SendIm\Receipt || throw $result;
                    }
                    for ($n = 0; $n < 5; $n++) {
                        $client->send("user{$n}@contoso.com", "single {$n}");
                    }
                    try {
                        $client->send('busy@contoso.com', 'refused');
                    } catch (SendIm\Exception\NotDeliveredException) {
                    }
                }
            };
            PHP;
        $warmUp = "\$client = SendIm\\Client::signIn(\$account);\n{$rounds}\n\$rounds(20);";
        // The smallest object, kept once a round, would be 3200.
        $this->leavesLessThan(1600, $warmUp, '$rounds(80);');
        $this->assertCount(100 * 10, $this->sandbox()->messages());
    }

    public function testClientsThatAreGoneLeaveNothingBehind(): void
    {
        $code = <<<'PHP'
            for ($n = 0; $n < 100; $n++) {
                SendIm\Client::signIn(new SendIm\Account('tosh@contoso.com', "x{$n}", server: $url));
            }
            PHP;
        $this->leavesLessThan(2000, 'SendIm\Client::signIn($account);', $code);
        $this->assertSame(0, $this->openApplications());
    }

    public function testManyClientsAndSandboxesLeaveNothingBehind(): void
    {
        $code = <<<'PHP'
            $counted = static fn () => [count(scandir('/proc/self/fd')), count(scandir('/proc/self/task'))];
            for ($n = 0; $n < 100; $n++) {
                $sandbox = new SendIm\Sandbox();
                $client = SendIm\Client::signIn($sandbox->account('a@contoso.com'));
                $client->send('lenea@contoso.com', 'hi');
                unset($client, $sandbox);
                $warm ??= $counted();
            }
            // What is lost each time makes a hundred.
            $more = array_map(static fn (int $end, int $warm) => $end - $warm, $counted(), $warm);
            echo max($more) < 50 ? 'few' : 'many';
            PHP;
        $this->assertSame([0, 'few', ''], $this->script($code));
    }
}
