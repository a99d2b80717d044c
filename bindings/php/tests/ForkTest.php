<?php

declare(strict_types=1);

namespace SendIm\Tests;

/**
 * Fork: threads do not survive it, so a child starts over without touching what its parent left behind.
 *
 * Each test runs in a process of its own, which forks.
 */
final class ForkTest extends TestCase
{
    private const HELPERS = <<<'PHP'
        use SendIm\{Account, Client, Message, Sandbox};
        use SendIm\Exception\ClosedException;

        function one(string $text): void
        {
            SendIm\send_im('lenea@contoso.com', $text, account: $GLOBALS['account']);
        }
        function finish(int $child): int
        {
            pcntl_waitpid($child, $status);
            return pcntl_wifexited($status) ? pcntl_wexitstatus($status) : throw new Error('the child was killed');
        }
        function child(Closure $work, int $code = 0): void
        {
            $child = pcntl_fork();
            if ($child === 0) {
                $work();
                exit($code);
            }
            finish($child) === $code || throw new Error('the child failed');
        }
        function closed(Closure $use): void
        {
            try {
                $use();
            } catch (ClosedException $e) {
                str_contains($e->detail, 'fork') || throw $e;
                return;
            }
            throw new Error('what belongs to the parent worked in the child');
        }

        PHP;

    /**
     * @param list<string> $texts
     */
    private function check(string $code, array $texts): void
    {
        $this->assertSame([0, '', ''], $this->script(self::HELPERS . $code));
        $delivered = $this->texts();
        sort($delivered);
        $this->assertSame($texts, $delivered);
        $this->assertSame(0, $this->openApplications());
    }

    public function testForkBeforeAndAfterTheFirstUse(): void
    {
        $this->check(<<<'PHP'
            child(fn () => one('a child'));
            one('parent');
            child(function () {
                one('child');
                child(fn () => one('grandchild'));
            });
            one('parent once more');
            PHP, ['a child', 'child', 'grandchild', 'parent', 'parent once more']);
    }

    public function testAClientOfTheParentIsClosedInTheChildAndLivesOnInTheParent(): void
    {
        $this->check(<<<'PHP'
            $client = Client::signIn($account);
            $client->send('lenea@contoso.com', 'before');
            child(function () use ($client, $account) {
                closed(fn () => $client->send('lenea@contoso.com', 'inherited'));
                closed(fn () => $client->sendAll([new Message('lenea@contoso.com', 'inherited')]));
                closed(fn () => $client->signOut());
                $own = Client::signIn($account);
                $own->send('lenea@contoso.com', 'child');
            });
            $client->send('lenea@contoso.com', 'after');
            PHP, ['after', 'before', 'child']);
    }

    public function testAChildThatDropsWhatItInheritedHarmsNobody(): void
    {
        $this->check(<<<'PHP'
            $client = Client::signIn($account);
            $box = new Sandbox(https: true);
            child(function () {
                unset($GLOBALS['client'], $GLOBALS['box']);
            });
            $client->send('lenea@contoso.com', 'after');
            is_file($box->caFile) || throw new Error('the authority is gone');
            SendIm\send_im('lenea@contoso.com', 'hi', account: $box->account('a@contoso.com'));
            PHP, ['after']);
    }

    public function testASandboxOfTheParentServesTheChild(): void
    {
        $this->check(<<<'PHP'
            $box = new Sandbox(https: true);
            child(function () use ($box) {
                SendIm\send_im('lenea@contoso.com', 'child', account: $box->account('a@contoso.com'));
                closed(fn () => $box->messages());
                closed(fn () => $box->request('GET', 'state')['open_applications']);
            });
            array_column($box->messages(), 'text') === ['child'] || throw new Error('it was not delivered');
            PHP, []);
    }

    public function testAChildThatLeavesAClientOpenSignsItOutAtItsEnd(): void
    {
        $this->check(<<<'PHP'
            one('parent');
            child(function () {
                $GLOBALS['left'] = Client::signIn($GLOBALS['account']);
                $GLOBALS['left']->send('lenea@contoso.com', 'child');
            }, 7);
            PHP, ['child', 'parent']);
    }
}
