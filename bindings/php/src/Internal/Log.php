<?php

declare(strict_types=1);

namespace SendIm\Internal;

use Psr\Log\LoggerInterface;
use SendIm\Exception\SendImException;
use SendIm\Receipt;

/**
 * Tells a logger what a call did: steps at debug level, an exception at error level. A logger that fails does not fail
 * the call.
 *
 * PHP cannot be called from the threads of the native library, so a step is told when the call has ended.
 *
 * @internal
 */
final class Log
{
    /**
     * The receipt of a send, whose end the logger is told.
     *
     * @param \Closure(): Receipt $send
     * @throws SendImException
     */
    public static function told(?LoggerInterface $logger, \Closure $send): Receipt
    {
        try {
            $receipt = $send();
        } catch (SendImException $e) {
            self::failure($logger, $e);
            throw $e;
        }
        self::receipt($logger, $receipt);

        return $receipt;
    }

    public static function receipt(?LoggerInterface $logger, Receipt $receipt): void
    {
        foreach ($logger === null ? [] : $receipt->steps as $step) {
            $answer = $step->status === null ? 'gave no answer' : "answered {$step->status}";
            $elapsed = sprintf('%.1f', $step->elapsed * 1000);
            self::debug($logger, "{$step->name->value}: {$step->host} {$answer} after {$elapsed} ms", [
                'step' => $step->name->value,
                'host' => $step->host,
                'status' => $step->status,
                'elapsed' => $step->elapsed,
            ]);
        }
    }

    public static function failure(?LoggerInterface $logger, SendImException $error): void
    {
        try {
            $logger?->error('send_im: {kind}: {detail}', ['exception' => $error] + $error->toArray());
        } catch (\Throwable) {
        }
    }

    /**
     * @param array<string, mixed> $context
     */
    public static function debug(?LoggerInterface $logger, string $line, array $context = []): void
    {
        try {
            $logger?->debug("send_im: {$line}", $context);
        } catch (\Throwable) {
        }
    }
}
