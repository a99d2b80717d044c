<?php

declare(strict_types=1);

namespace SendIm\Tests;

use SendIm\Client;
use SendIm\Exception\InvalidInputException;
use SendIm\Sandbox;
use SendIm\Wait;

/**
 * Each sentence that the README says of closing. What PHP has under way between two calls was only submitted.
 *
 * Where a call could hang, the test runs in a process of its own: `silent@` rings for an hour there.
 */
final class ClosingTest extends TestCase
{
    private const RINGING = <<<'PHP'
        $sandbox = new SendIm\Sandbox(ring: 3600, slow: 2);
        $client = SendIm\Client::signIn($sandbox->account('tosh@contoso.com'));
        $client->send('silent@contoso.com', 'hi', wait: SendIm\Wait::Submitted, timeout: 3600);
        PHP;

    private function check(string $code, string $told): void
    {
        $this->assertSame([0, $told, ''], $this->script(self::RINGING . $code));
    }

    public function testSigningOutWaitsForWhatIsUnderWay(): void
    {
        foreach (
            [
                static fn (Client $client) => $client->signOut(),
                static fn (Client $client) => $client->signOut(600),
                static fn (Client &$client) => $client = null,
            ] as $close
        ) {
            $sandbox = self::kept(new Sandbox(slow: 2));
            $client = Client::signIn(...$this->account(server: $sandbox));
            $client->send('slow@contoso.com', 'hi', wait: Wait::Submitted);
            $close($client);
            $this->assertSame(['hi'], array_column($sandbox->messages(), 'text'));
            $this->assertSame(0, $sandbox->request('GET', 'state')['open_applications']);
        }
    }

    public function testWhatHasNotEndedAtTheBoundIsCancelled(): void
    {
        $this->check('$client->signOut(0.3); echo $sandbox->request("GET", "state")["open_applications"];', '0');
        $this->check('$client->signOut(timeout: 0); echo $sandbox->request("GET", "state")["open_applications"];', '0');
    }

    public function testCancelAllEndsWhatIsUnderWayAtOnce(): void
    {
        $this->check(<<<'PHP'
            $client->cancelAll();
            do {
                $told = preg_grep('~/messaging/terminate$~', array_column($sandbox->request('GET', 'journal'), 'path'));
            } while ($told === []);
            try {
                $client->send('lenea@contoso.com', 'late');
            } catch (SendIm\Exception\ClosedException $e) {
                echo $e->sent->value, ' ';
            }
            $client->signOut();
            echo $sandbox->request('GET', 'state')['open_applications'], count($sandbox->messages());
            PHP, 'no 00');
    }

    public function testASecondCloseDoesNothing(): void
    {
        $client = Client::signIn(...$this->account());
        $client->signOut(5);
        $requests = \count($this->journal());
        $client->signOut(0);
        $client->cancelAll();
        $client->__destruct();
        $client->signOut(5);
        $client->cancelAll();
        $this->assertCount($requests, $this->journal());
    }

    public function testABoundThatIsNone(): void
    {
        $client = Client::signIn(...$this->account());
        foreach ([-1, -0.5, NAN] as $bound) {
            $this->failing(static fn () => $client->signOut($bound), InvalidInputException::class);
        }
        $this->assertSame('lenea@contoso.com', $client->send('lenea@contoso.com', 'still here')->acceptedBy);
        $client->signOut(INF);
        $this->assertSame(0, $this->openApplications());
    }

    public function testABlockThatIsLeftByAnExceptionClosesInTheSameWayAndHidesNothing(): void
    {
        $this->check(<<<'PHP'
            $client->cancelAll();
            function sender(SendIm\Sandbox $sandbox): void
            {
                $client = SendIm\Client::signIn($sandbox->account('lars@contoso.com'));
                $client->send('slow@contoso.com', 'hi', wait: SendIm\Wait::Submitted);
                throw new DomainException('of the program');
            }
            try {
                sender($sandbox);
            } catch (DomainException $e) {
                echo $e->getMessage(), ': ';
            }
            unset($e);
            echo $sandbox->messages()[0]->text, ' ', $sandbox->request('GET', 'state')['open_applications'];
            PHP, 'of the program: hi 1');
    }

    public function testAnInvitationRingsUntilTheTimeout(): void
    {
        // Nine tenths of the timeout: a send that kept a part of it for itself would not wait for the answer.
        $sandbox = self::kept(new Sandbox(slow: 9));
        $client = Client::signIn(...$this->account(server: $sandbox));
        $this->assertSame('slow@contoso.com', $client->send('slow@contoso.com', 'hi', timeout: 10)->acceptedBy);
    }
}
