<?php

/**
 * Builds the native library and puts it, with its header, where the package looks for them.
 *
 * SEND_IM_PROFILE is a profile of cargo: dev, which is quick to build, or release.
 */

declare(strict_types=1);

use SendIm\Internal\Places;

require __DIR__ . '/src/Internal/Places.php';

$profile = getenv('SEND_IM_PROFILE') ?: 'dev';
$root = \dirname(__DIR__, 2);
chdir($root);
passthru('cargo build --quiet -p send-im-c --profile ' . escapeshellarg($profile), $code);
if ($code !== 0) {
    exit($code);
}
$place = Places::own();
$folder = (getenv('CARGO_TARGET_DIR') ?: 'target') . '/' . ($profile === 'dev' ? 'debug' : $profile);
is_dir(\dirname($place)) || mkdir(\dirname($place), recursive: true);
// A process that runs keeps the file it has loaded.
$done = copy("{$folder}/" . basename($place), "{$place}.new") && rename("{$place}.new", $place);
exit($done && copy('bindings/c/include/send_im.h', \dirname($place, 2) . '/send_im.h') ? 0 : 1);
