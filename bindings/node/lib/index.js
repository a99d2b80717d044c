'use strict';

const { Client, sendIm } = require('./client.js');
const { Receipt, SendImError } = require('./results.js');
const { version } = require('./native.js');
const { Sandbox } = require('./sandbox.js');

module.exports = { Client, Receipt, Sandbox, SendImError, sendIm, version };
