<?php

/**
 * For `ffi.enable=preload`: name this file in `opcache.preload`, or require it in the file that is named there.
 *
 * The one class that uses FFI becomes a preloaded one, which PHP then allows to; and the native library is loaded,
 * unless `ffi.preload` has done so. No thread is started.
 */

declare(strict_types=1);

use SendIm\Internal\Library;

// The autoloader may not be there yet.
foreach (['ErrorKind', 'Sent', 'Exception/SendImException', 'Exception/LibraryUnavailableException'] as $name) {
    require_once __DIR__ . "/src/{$name}.php";
}
foreach (['Header', 'Restriction', 'Unloadable', 'Places', 'Library'] as $name) {
    require_once __DIR__ . "/src/Internal/{$name}.php";
}

Library::preload();
