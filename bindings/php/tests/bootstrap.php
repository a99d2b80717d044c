<?php

declare(strict_types=1);

require \dirname(__DIR__) . '/vendor/autoload.php';

// Debian's package php-psr-log; only the tests need it.
require_once 'Psr/Log/autoload.php';
