<?php

declare(strict_types=1);

namespace SendIm\Tests;

use SendIm\Account;

/**
 * Who sends, as an object.
 */
final class AccountTest extends TestCase
{
    private function secret(): Account
    {
        return new Account(self::SENDER, self::PASSWORD, 'CONTOSO\tosh', $this->sandbox(), token: self::PASSWORD);
    }

    public function testItShowsWhoAndNoSecret(): void
    {
        ob_start();
        var_dump($this->secret());
        $dump = ob_get_clean();
        $shown = [$dump, print_r($this->secret(), true), var_export($this->secret(), true)];
        $shown[] = print_r((array) $this->secret(), true);
        $shown[] = json_encode($this->secret());
        foreach ($shown as $each) {
            $this->assertStringContainsString(self::SENDER, $each);
            $this->assertStringNotContainsString(self::PASSWORD, $each);
        }
    }

    public function testItIsNeitherChangedNorCopiedNorSerialized(): void
    {
        $account = $this->secret();
        $this->failing(static fn () => $account->address = 'a@contoso.com', \Error::class);
        $this->failing(static fn () => clone $account, \Error::class);
        $this->failing(static fn () => serialize($account), \LogicException::class);
    }

    public function testATraceShowsNoSecret(): void
    {
        $code = <<<'PHP'
            try {
                new SendIm\Account('tosh@contoso.com', 's3cret', token: 's3cret', trustedDomains: [7]);
            } catch (TypeError $e) {
                echo $e, print_r($e->getTrace(), true);
            }
            PHP;
        [$exit, $told, $errors] = $this->script($code, [], '-d', 'zend.exception_ignore_args=0');
        $this->assertSame([0, ''], [$exit, $errors]);
        $this->assertStringContainsString('SensitiveParameterValue', $told);
        $this->assertStringNotContainsString('s3cret', $told);
    }

    public function testASandboxLivesAsLongAsAnAccountThatNamesIt(): void
    {
        $code = <<<'PHP'
            $account = (new SendIm\Sandbox())->account('tosh@contoso.com');
            echo SendIm\send_im('lenea@contoso.com', 'hi', account: $account)->acceptedBy;
            PHP;
        $this->assertSame([0, 'lenea@contoso.com', ''], $this->script($code));
    }
}
