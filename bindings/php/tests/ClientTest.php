<?php

declare(strict_types=1);

namespace SendIm\Tests;

use SendIm\Client;
use SendIm\ErrorKind;
use SendIm\Exception\ClosedException;
use SendIm\Exception\NotDeliveredException;
use SendIm\Exception\SendImException;
use SendIm\Importance;
use SendIm\Message;
use SendIm\MessageSenderInterface;
use SendIm\Receipt;
use SendIm\Sandbox;

/**
 * The signed-in client.
 */
final class ClientTest extends TestCase
{
    public function testASignOutThatFailsMayBeTriedAgain(): void
    {
        $client = Client::signIn(...$this->account());
        $this->sandbox()->addFault('delete_application', ['status' => ['http' => 403]], times: 1);
        $this->failing(static fn () => $client->signOut());
        $this->assertFalse($client->isOpen());
        $this->failing(static fn () => $client->send('lenea@contoso.com', 'hi'), ClosedException::class);
        $client->signOut();
        $this->assertSame(0, $this->openApplications());
    }

    public function testAClientThatWasSignedOutOrEndedSaysSo(): void
    {
        foreach (['signOut', '__destruct'] as $end) {
            $client = Client::signIn(...$this->account());
            $this->assertTrue($client->isOpen());
            $client->$end();
            $client->signOut();
            $uses = [
                static fn () => $client->send('lenea@contoso.com', 'hi'),
                static fn () => $client->sendAll([new Message('lenea@contoso.com', 'hi')]),
                static fn () => $client->sendAll([]),
            ];
            foreach ($uses as $use) {
                $this->assertSame(ErrorKind::Closed, $this->failing($use, ClosedException::class)->kind);
            }
            $this->assertSame([false, 0], [$client->isOpen(), $this->openApplications()]);
        }
    }

    public function testWhatTakesAnySenderTakesAClientOrAStandIn(): void
    {
        $alert = static fn (MessageSenderInterface $sender): array => [
            $sender->send('lenea@contoso.com', 'disk full', importance: Importance::Urgent)->to,
            ...array_column($sender->sendAll([new Message('lars@contoso.com', 'disk full')]), 'to'),
        ];
        $standIn = $this->createStub(MessageSenderInterface::class);
        $standIn->method('send')->willReturn(new Receipt('lenea@contoso.com'));
        $standIn->method('sendAll')->willReturn([new Receipt('lars@contoso.com')]);
        foreach ([Client::signIn(...$this->account()), $standIn] as $sender) {
            $this->assertSame(['lenea@contoso.com', 'lars@contoso.com'], $alert($sender));
        }
        $this->assertSame(['disk full', 'disk full'], $this->texts());
    }

    public function testSendAllAnswersInOrder(): void
    {
        $messages = static function (): iterable {
            for ($n = 0; $n < 20; $n++) {
                yield 'same key' => match ($n) {
                    7 => new Message('declines@contoso.com', 'no'),
                    9 => new Message('nobody', 'no address'),
                    11 => new Message('a@contoso.com', 'bad', subject: "half \xff"),
                    13 => new Message('a@contoso.com', "cut\0here"),
                    default => new Message("user{$n}@contoso.com", "message {$n}"),
                };
            }
        };
        $results = Client::signIn(...$this->account())->sendAll($messages());
        $told = static fn (Receipt|SendImException $r): mixed => $r instanceof Receipt ? $r->acceptedBy : $r->kind;
        $expected = array_map(static fn (int $n): string => "user{$n}@contoso.com", range(0, 19));
        $expected[7] = ErrorKind::Declined;
        $expected[9] = $expected[11] = $expected[13] = ErrorKind::InvalidInput;
        $this->assertSame($expected, array_map($told, $results));
        $this->assertInstanceOf(NotDeliveredException::class, $results[7]);
        $this->assertCount(16, $this->sandbox()->messages());
    }

    public function testSendAllOfNothingAndOfSomethingElse(): void
    {
        $client = Client::signIn(...$this->account());
        $this->assertSame([], $client->sendAll([]));
        $this->failing(static fn () => $client->sendAll(['hi']), \TypeError::class);
        $broken = static function (): iterable {
            yield new Message('lenea@contoso.com', 'hi');
            throw new \DomainException('of the program');
        };
        $this->failing(static fn () => $client->sendAll($broken()), \DomainException::class);
        $this->assertSame([], $this->sandbox()->messages());
    }

    public function testItShowsNoSecretAndIsNeitherCopiedNorSerialized(): void
    {
        $client = Client::signIn(...$this->account());
        foreach ([print_r($client, true), var_export($client, true), json_encode($client)] as $shown) {
            $this->assertStringNotContainsString(self::PASSWORD, $shown);
        }
        $this->assertStringContainsString(self::SENDER, print_r($client, true));
        $this->failing(static fn () => serialize($client), \LogicException::class);
        $this->failing(static fn () => clone $client, \Error::class);
        $this->failing(fn () => serialize($this->sandbox()), \LogicException::class);
    }

    public function testASandboxThatGoesWithItsClientsIsToldOfTheirEndFirst(): void
    {
        $code = <<<'PHP'
            use SendIm\{Client, Sandbox};
            final class Logger extends Psr\Log\AbstractLogger
            {
                public function log($level, $message, array $context = []): void
                {
                    echo $message, "\n";
                }
            }
            final class Owner
            {
                public static array $all = [];
            }
            $sandbox = new Sandbox();
            Owner::$all[] = Client::signIn($sandbox->account('a@contoso.com'), logger: new Logger());
            Owner::$all[] = $sandbox;
            unset($sandbox);
            PHP;
        $this->assertSame(
            [0, "send_im: signed in\nsend_im: signed out\n", ''],
            $this->script("require 'Psr/Log/autoload.php';\n{$code}"),
        );
    }
}
