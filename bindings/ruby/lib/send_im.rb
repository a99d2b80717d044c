# frozen_string_literal: true

require_relative "send_im/version"
require_relative "send_im/unloadable"
require_relative "send_im/value"
require_relative "send_im/values"
require_relative "send_im/errors"
require_relative "send_im/native"
require_relative "send_im/driver"
require_relative "send_im/exit"
require_relative "send_im/relay"
require_relative "send_im/arguments"
require_relative "send_im/client"
require_relative "send_im/sandbox"

# Delivers an instant message to a Skype for Business or Lync user.
#
# Without an {Account} the stored one sends: from `SEND_IM_ADDRESS`, `SEND_IM_USERNAME`, `SEND_IM_PASSWORD`,
# `SEND_IM_SERVER`, `SEND_IM_CA_FILE` and `SEND_IM_TLS`, then from `send-im/config.toml` in the configuration folder.
#
# @example
#   SendIm::Sandbox.open do |sandbox|
#     receipt = SendIm.send_im("lenea@contoso.com", "hi", account: sandbox.account("tosh@contoso.com"))
#     receipt.accepted_by # => "lenea@contoso.com"
#   end
module SendIm
  class << self
    # Signs in, sends one message, waits for its delivery and signs out.
    #
    # Blocks this thread and no other. For more than one message, {Client} signs in once.
    #
    # `Timeout`, `Thread#raise` and Ctrl-C end the wait; the invitation is then withdrawn and the session signed out in
    # the background. Nobody learns then whether the message arrived; `timeout:` ends in an {Error} whose `sent` says.
    #
    # @param to [String] the recipient's address, `user@domain`; `sip:` is optional
    # @param text [String] the text, or html with `html: true`
    # @param account [Account] who sends; by default the stored account
    # @param subject [String, nil] at most 250 UTF-16 units, on one line
    # @param importance [Symbol] `:normal`, `:urgent` or `:emergency`
    # @param html [Boolean] true if the text is html. A recipient whose side takes none gets its plain-text rendering
    # @param timeout [Numeric] how long the message has to be delivered, in seconds. An invitation rings until then.
    #   After it the call takes at most 2 s more to withdraw the invitation and learn what came of it, and at most
    #   another 3 s to close its session
    # @param wait [Symbol] `:delivered`: until the recipient's side has accepted. `:submitted`: until the server has
    #   taken the message; the receipt then says so
    # @param logger [#debug, nil] told of each step at debug level
    # @param on_step [#call, nil] called with each {Step}, on this thread
    # @return [Receipt] who accepted, and what proves it
    # @raise [Error] one of its subclasses; {Error#sent} says whether the message can have arrived all the same
    #
    # @example
    #   SendIm.send_im("lenea@contoso.com", "disk full on db7", subject: "db7", importance: :urgent)
    def send_im(to, text, account: Account.new, subject: nil, importance: :normal, html: false,
                timeout: DEFAULT_TIMEOUT, wait: :delivered, logger: SendIm.logger, on_step: nil)
      content = Arguments.message(Message.new(to, text, subject: subject, importance: importance, html: html,
                                                        timeout: timeout, wait: wait))
      options = Arguments.account(account, timeout)
      relay = Relay.new(on_step, account.token, logger)
      Receipt.from(Driver.run(relay) { relay.watch(Native.start_send(options, content, *relay.wishes)) }.value)
    end

    alias deliver send_im

    # Told of each step of a call at debug level, where a call names no logger of its own. No password, token or text of
    # a message is ever logged. It must be at debug level before the call begins, or before the client is made.
    #
    # @return [#debug, nil] such as a `Logger`; nil by default
    attr_accessor :logger
  end
end
