'use strict';

const { Client } = require('./client.js');
const { SendImError } = require('./errors.js');
const { version } = require('./native.js');
const { Receipt } = require('./receipt.js');
const { Sandbox } = require('./sandbox.js');
const { sendIm } = require('./send.js');

module.exports = { Client, Receipt, Sandbox, SendImError, sendIm, version };
