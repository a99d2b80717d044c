'use strict';

/** Proof of a send. What each member means is in index.d.ts. */
class Receipt {
  to;
  acceptedBy;
  evidence = 'invitation_accepted';
  format = 'plain';
  threadId = null;
  /** @type {ReadonlyArray<object>} */
  steps = Object.freeze([]);

  constructor(to, fields = {}) {
    this.to = to;
    this.acceptedBy = to;
    if (Object.keys(fields).some((name) => name === 'to' || !(name in this))) {
      throw new TypeError(`The fields of a Receipt are ${Object.keys(this).slice(1).join(', ')}`);
    }
    Object.freeze(Object.assign(this, fields));
  }
}

module.exports = { Receipt };
