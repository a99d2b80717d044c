<?php

declare(strict_types=1);

namespace SendIm\Internal;

use FFI\CData;
use SendIm\Evidence;
use SendIm\Exception\SendImException;
use SendIm\Format;
use SendIm\Message;
use SendIm\Receipt;
use SendIm\Step;
use SendIm\StepName;

/**
 * Makes receipts.
 *
 * @internal
 */
final class Proof
{
    /**
     * Sends a message and gives its receipt.
     *
     * @param array<string, string|null> $account who sends, as options, where no session says so
     * @throws SendImException
     */
    public static function sent(
        Library $library,
        string $function,
        Message $message,
        #[\SensitiveParameter]
        array $account,
        CData ...$session,
    ): Receipt {
        $options = new Options($library, Options::ofMessage($message) + $account);
        $arguments = [...$session, $options->handle, ...Text::ofMessage($message)];
        $receipt = $library->await('send_im_receipt', $function, ...$arguments);
        try {
            return self::of($library, $receipt);
        } finally {
            $library->call('send_im_receipt_free', $receipt);
        }
    }

    /**
     * The receipt for one of the native library.
     */
    public static function of(Library $library, CData $receipt): Receipt
    {
        return self::from($library->described('send_im_receipt_to_json', $receipt));
    }

    /**
     * @param array<string, mixed> $receipt
     */
    public static function from(array $receipt): Receipt
    {
        return new Receipt(
            to: $receipt['to'],
            acceptedBy: $receipt['accepted_by'] ?? null,
            evidence: Evidence::tryFrom($receipt['evidence']) ?? Evidence::Unknown,
            format: Format::tryFrom($receipt['format']) ?? Format::Unknown,
            threadId: $receipt['thread_id'] ?? null,
            steps: array_map(static fn (array $step): Step => new Step(
                name: StepName::tryFrom($step['step']) ?? StepName::Unknown,
                host: $step['host'],
                status: $step['status'] ?? null,
                elapsed: $step['elapsed_ms'] / 1000,
            ), $receipt['steps']),
        );
    }
}
