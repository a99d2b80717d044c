<?php

declare(strict_types=1);

namespace SendIm\Tests;

use SendIm\ErrorKind;
use SendIm\Exception\ClosedException;
use SendIm\Exception\InvalidInputException;
use SendIm\Exception\NotDeliveredException;
use SendIm\Exception\SignInException;
use SendIm\Exception\TimeoutException;
use SendIm\Format;
use SendIm\Importance;
use SendIm\Layout;
use SendIm\Receipt;
use SendIm\Sandbox;

use function SendIm\send_im;

/**
 * The sandbox as a person's own tests use it.
 */
final class SandboxTest extends TestCase
{
    private function hello(Sandbox $sandbox, string $to = 'lenea@contoso.com'): Receipt
    {
        return send_im($to, 'hi', account: $sandbox->account(self::SENDER, self::PASSWORD));
    }

    public function testInboxesAndMessages(): void
    {
        $sandbox = $this->sandbox();
        $before = new \DateTimeImmutable('-1 hour');
        $this->hello($sandbox, 'a@contoso.com');
        $this->hello($sandbox, 'b@contoso.com');
        $this->assertSame(['a@contoso.com'], array_column($sandbox->inbox('a@contoso.com'), 'to'));
        $this->assertSame([1, 2], array_column($sandbox->messages(), 'number'));
        $message = $sandbox->messages()[0];
        $this->assertSame(
            [self::SENDER, 'a@contoso.com', 'hi', Importance::Normal, Format::Plain, 'invitation', null],
            [
                $message->from,
                $message->acceptedBy,
                $message->text,
                $message->importance,
                $message->format,
                $message->via,
                $message->subject,
            ],
        );
        $this->assertGreaterThan($before, $message->receivedAt);
        $this->assertLessThan(new \DateTimeImmutable('+1 hour'), $message->receivedAt);
        $this->assertStringNotContainsString('[text]', print_r($message, true));
    }

    public function testWaitForGivesUp(): void
    {
        $error = $this->failing(fn () => $this->sandbox()->waitFor(1, timeout: 0.05), TimeoutException::class);
        $this->assertSame(ErrorKind::Timeout, $error->kind);
    }

    public function testLayouts(): void
    {
        foreach (Layout::cases() as $layout) {
            $this->assertSame('lenea@contoso.com', $this->hello(new Sandbox($layout))->acceptedBy);
        }
        $this->failing(static fn () => new Sandbox(listen: "\xff"), InvalidInputException::class);
    }

    public function testTheAuthorityIsRemovedWithTheSandbox(): void
    {
        $sandbox = new Sandbox(https: true);
        $file = $sandbox->caFile;
        $this->assertStringContainsString('BEGIN CERTIFICATE', file_get_contents($file));
        $sandbox->stop();
        $this->assertFileDoesNotExist($file);
        $this->assertNull($this->sandbox()->caFile);
    }

    public function testUsersAndRing(): void
    {
        $sandbox = new Sandbox(ring: 0.05, users: [self::SENDER => self::PASSWORD]);
        $this->assertSame('lenea@contoso.com', $this->hello($sandbox)->acceptedBy);
        $other = fn () => send_im('lenea@contoso.com', 'hi', account: $sandbox->account(self::SENDER, 'y'));
        $this->failing($other, SignInException::class);
        $silent = fn () => $this->hello($sandbox, 'silent@contoso.com');
        $this->assertSame(ErrorKind::NoAnswer, $this->failing($silent, NotDeliveredException::class)->kind);
    }

    public function testFaults(): void
    {
        $sandbox = $this->sandbox();
        $sandbox->addFault('applications', ['status' => ['http' => 403, 'code' => 'Forbidden']], times: 0);
        $this->assertSame(ErrorKind::Forbidden, $this->failing(fn () => $this->hello($sandbox))->kind);
        $sandbox->clearFaults();
        $sandbox->addFault('start_messaging', 'drop_after');
        $this->hello($sandbox);
        $this->assertCount(1, $sandbox->messages());
        $this->failing(static fn () => $sandbox->addFault('nowhere', 'drop_before'), InvalidInputException::class);
        $this->failing(static fn () => $sandbox->addFault('any', 'explode'), InvalidInputException::class);
    }

    public function testItsOwnInterface(): void
    {
        $sandbox = $this->sandbox();
        $answer = $sandbox->request('PUT', 'recipients/lenea@contoso.com', ['forward_to' => 'ada@contoso.com']);
        $this->assertNull($answer);
        $this->assertSame('ada@contoso.com', $this->hello($sandbox)->acceptedBy);
        $this->assertSame('hi', $sandbox->request('GET', 'messages?to=ada@contoso.com')[0]['text']);
        $sandbox->request('DELETE', 'messages');
        $this->assertSame([], $sandbox->messages());
        $error = $this->failing(static fn () => $sandbox->request('GET', 'secrets'), InvalidInputException::class);
        $this->assertSame('The sandbox refuses this request: there is no such resource or method.', $error->detail);
    }

    public function testANulInAnAddressIsRefused(): void
    {
        $this->failing(fn () => $this->sandbox()->inbox("a@contoso.com\0b"), InvalidInputException::class);
        $this->failing(fn () => $this->sandbox()->request('POST', "tokens/a\0b"), InvalidInputException::class);
    }

    public function testAStoppedSandboxSaysSo(): void
    {
        $sandbox = new Sandbox();
        $this->assertStringContainsString($sandbox->url, print_r($sandbox, true));
        $sandbox->stop();
        $sandbox->stop();
        foreach ([$sandbox->messages(...), $sandbox->clearFaults(...)] as $call) {
            $error = $this->failing($call, ClosedException::class);
            $this->assertSame(ErrorKind::Closed, $error->kind);
        }
    }
}
