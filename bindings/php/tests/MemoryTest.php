<?php

declare(strict_types=1);

namespace SendIm\Tests;

/**
 * Long-lived programs.
 */
final class MemoryTest extends TestCase
{
    /**
     * What PHP has allocated, in bytes, and the objects of the library that are not freed.
     */
    private const COUNTED = <<<'PHP'
        function counted(): array
        {
            gc_collect_cycles();
            return [memory_get_usage(), SendIm\Internal\Library::get()->call('send_im_live_objects')];
        }

        PHP;

    public function testManySendsOnOneSessionLeaveNothingBehind(): void
    {
        $code = <<<'PHP'
            $client = SendIm\Client::signIn($account);
            for ($round = 1; $round <= 100; $round++) {
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
                unset($messages, $result);
                if ($round === 20) {
                    $warm = [0, 0];
                    $warm = counted();
                }
            }
            $end = counted();
            echo $end[0] - $warm[0], ' ', $end[1] - $warm[1];
            PHP;
        [$exit, $told, $errors] = $this->script(self::COUNTED . $code);
        $this->assertSame([0, ''], [$exit, $errors]);
        [$bytes, $objects] = array_map('intval', explode(' ', $told));
        $this->assertSame(0, $objects, 'objects of the library');
        // The smallest object, kept once a round, would be 3200.
        $this->assertLessThan(1600, $bytes, "bytes of PHP's own memory");
        $this->assertCount(100 * 10, $this->sandbox()->messages());
    }

    public function testClientsThatAreGoneLeaveNothingBehind(): void
    {
        $code = <<<'PHP'
            SendIm\Client::signIn($account);
            $warm = [0, 0];
            $warm = counted();
            for ($n = 0; $n < 100; $n++) {
                SendIm\Client::signIn(new SendIm\Account('tosh@contoso.com', "x{$n}", server: $url));
            }
            $end = counted();
            echo $end[0] - $warm[0], ' ', $end[1] - $warm[1];
            PHP;
        [$exit, $told, $errors] = $this->script(self::COUNTED . $code);
        $this->assertSame([0, ''], [$exit, $errors]);
        [$bytes, $objects] = array_map('intval', explode(' ', $told));
        $this->assertSame(0, $objects, 'objects of the library');
        $this->assertLessThan(2000, $bytes, "bytes of PHP's own memory");
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
