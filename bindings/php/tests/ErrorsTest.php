<?php

declare(strict_types=1);

namespace SendIm\Tests;

use SendIm\Client;
use SendIm\ErrorKind;
use SendIm\Evidence;
use SendIm\Exception;
use SendIm\Exception\SendImException;
use SendIm\Internal\Failure;
use SendIm\Internal\Proof;
use SendIm\Message;
use SendIm\Receipt;
use SendIm\Sent;
use SendIm\Step;
use SendIm\StepName;

use function SendIm\send_im;

/**
 * What a program sees when a call fails.
 */
final class ErrorsTest extends TestCase
{
    public function testNothingSecretIsSaidNotEvenInATrace(): void
    {
        $code = <<<'PHP'
            [$text, $password] = ['the text, which is secret', 's3cret-of-tosh'];
            $account = new SendIm\Account('tosh@contoso.com', $password, server: $url);
            $more = ['subject' => 'the secret subject', 'timeout' => 0.3, 'account' => $account];
            foreach (['declines@contoso.com', 'lenea', 'silent@contoso.com', "lenea@contoso.com\0"] as $to) {
                try {
                    SendIm\send_im($to, $text, ...$more);
                } catch (SendIm\Exception\SendImException $e) {
                    echo $e, print_r($e->toArray(), true), print_r($e->getTrace(), true);
                }
            }
            $client = SendIm\Client::signIn($account);
            $message = new SendIm\Message('busy@contoso.com', $text, 'the secret subject');
            $one = fn () => $client->send('busy@contoso.com', $text);
            foreach ([$one, fn () => throw $client->sendAll([$message])[0]] as $use) {
                try {
                    $use();
                } catch (SendIm\Exception\SendImException $e) {
                    echo $e, print_r($e, true);
                }
            }
            try {
                SendIm\Client::signIn(new SendIm\Account('tosh@contoso.com', "{$password}\0", server: $url));
            } catch (SendIm\Exception\SendImException $e) {
                echo $e, print_r($e, true);
            }
            PHP;
        $ended = $this->script($code, [], '-d', 'zend.exception_ignore_args=0');
        $this->assertSame([0, ''], [$ended[0], $ended[2]]);
        $this->assertSame(10, substr_count($ended[1], 'Stack trace'));
        foreach (['s3cret', 'which is secret', 'secret subject'] as $secret) {
            $this->assertStringNotContainsString($secret, $ended[1]);
        }
    }

    public function testWithoutArgumentsInTracesAnErrorIsSerialized(): void
    {
        $code = <<<'PHP'
            try {
                SendIm\send_im('busy@contoso.com', 'hi', account: $account);
            } catch (SendIm\Exception\SendImException $e) {
                $twin = unserialize(serialize($e));
                echo $twin::class, ' ', json_encode($twin->toArray() === $e->toArray());
            }
            PHP;
        $ended = $this->script($code, [], '-d', 'zend.exception_ignore_args=1');
        $this->assertSame([0, Exception\NotDeliveredException::class . ' true', ''], $ended);
    }

    public function testNamesFromTheFutureAreTheGeneralCase(): void
    {
        $error = Failure::from([
            'kind' => 'brand_new',
            'step' => 'dance',
            'detail' => 'Something new.',
            'sent' => 'perhaps',
            'exit_code' => 5,
            'weather' => 'fine',
        ]);
        $this->assertSame(SendImException::class, $error::class);
        $this->assertSame(
            [ErrorKind::Unknown, 'brand_new', StepName::Unknown, Sent::Maybe, 'Something new.', []],
            [$error->kind, $error->kindName, $error->step, $error->sent, $error->detail, $error->hops],
        );
        $step = ['step' => 'dance', 'host' => 'h', 'status' => null, 'elapsed_ms' => 1];
        $receipt = Proof::from(['to' => 'a@b.c', 'evidence' => 'new', 'format' => 'new', 'steps' => [$step]]);
        $this->assertSame([Evidence::Unknown, StepName::Unknown], [$receipt->evidence, $receipt->steps[0]->name]);
    }

    public function testAProgramMakesErrorsInItsTests(): void
    {
        $error = new Exception\NotDeliveredException('Busy.', ErrorKind::Busy);
        $this->assertSame(
            ['Busy.', ErrorKind::Busy, 4, Sent::No, [], 'busy'],
            [$error->getMessage(), $error->kind, $error->getCode(), $error->sent, $error->hops, $error->kindName],
        );
        $cause = new \DomainException('The vault is sealed.');
        $error = new Exception\SignInException('x', ErrorKind::CredentialUnavailable, previous: $cause);
        $this->assertSame([$cause, 3], [$error->getPrevious(), $error->exitCode]);
    }

    public function testAnErrorThatIsMadeWithoutAKindIsOneOfItsClass(): void
    {
        foreach (glob(self::PACKAGE . '/src/Exception/*.php') as $file) {
            $class = 'SendIm\Exception\\' . basename($file, '.php');
            $error = new $class();
            $this->assertSame($error->kind->exitCode(), $error->getCode());
            $this->assertNotSame('', $error->detail);
            $this->assertSame($class, Failure::classOf($error->kind));
        }
        $this->assertSame(Sent::Maybe, (new Exception\OutcomeUnknownException())->sent);
    }

    public function testAProgramMakesReceiptsInItsTests(): void
    {
        $receipt = new Receipt('lenea@contoso.com');
        $this->assertSame(
            ['lenea@contoso.com', Evidence::InvitationAccepted, 'plain', null, []],
            [$receipt->acceptedBy, $receipt->evidence, $receipt->format->value, $receipt->threadId, $receipt->steps],
        );
        $submitted = new Receipt('lenea@contoso.com', evidence: Evidence::Submitted);
        $this->assertNull($submitted->acceptedBy);
        $forwarded = new Receipt('lenea@contoso.com', 'lars@contoso.com', steps: [new Step(StepName::Invite, 'pool')]);
        $this->assertSame(['lars@contoso.com', null], [$forwarded->acceptedBy, $forwarded->steps[0]->status]);
        $this->assertNull((new Receipt('lenea@contoso.com', null))->acceptedBy);
    }

    public function testAnErrorPointsAtTheLineOfTheProgram(): void
    {
        $client = Client::signIn(...$this->account());
        $sent = [new Message('busy@contoso.com', 'hi')];
        $calls = [
            fn () => send_im('busy@contoso.com', 'hi', ...$this->account()),
            fn () => Client::signIn(...$this->account(password: 'wrong')),
            fn () => $client->send("lenea@contoso.com\0", 'hi'),
            fn () => throw $client->sendAll($sent)[0],
            fn () => $client->signOut(-1),
            fn () => throw new Exception\NotDeliveredException(),
            fn () => $this->sandbox()->addFault('nowhere', 'drop_after'),
        ];
        foreach ($calls as $call) {
            $error = $this->failing($call);
            $line = (new \ReflectionFunction($call))->getStartLine();
            $this->assertSame([__FILE__, $line], [$error->getFile(), $error->getLine()], $error->detail);
        }
    }
}
