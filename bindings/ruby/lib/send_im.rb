# frozen_string_literal: true

# Delivers an instant message to a Skype for Business or Lync user.
#
# Without `address:` the account comes from `SEND_IM_ADDRESS`, `SEND_IM_USERNAME`, `SEND_IM_PASSWORD`, `SEND_IM_SERVER`
# `SEND_IM_CA_FILE` and `SEND_IM_TLS`, then from `send-im/config.toml` in the configuration folder.
#
# @example
#   SendIm::Sandbox.open do |sandbox|
#     receipt = SendIm.send_im("lenea@contoso.com", "hi", address: "tosh@contoso.com", password: "x", server: sandbox)
#     receipt.accepted_by # => "lenea@contoso.com"
#   end
module SendIm
  @logger = nil

  class << self
    # Told of each step of a call at debug level, where a call names no logger of its own. No password, token or text of
    # a message is ever logged. It must be at debug level before the call begins, or before the client signs in.
    #
    # @return [#debug, nil] such as a `Logger`; nil by default
    attr_accessor :logger

    # Signs in, sends one message, waits for its delivery and signs out.
    #
    # Blocks this thread and no other. `Timeout`, `Thread#raise` and Ctrl-C end the wait; the invitation is then
    # withdrawn and the session signed out in the background. For more than one message, {Client} signs in once.
    #
    # @param to [String] the recipient's address, `user@domain`; `sip:` is optional
    # @param text [String] the text, or html with `html: true`
    # @param subject [String, nil] at most 250 UTF-16 units, on one line
    # @param importance [Symbol] `:normal`, `:urgent` or `:emergency`
    # @param html [Boolean] true if the text is html. A recipient whose side takes none gets its plain-text rendering
    # @param timeout [Numeric] how long the message has to be delivered, in seconds. An invitation rings until then.
    #   After it the call takes at most 2 s more to withdraw the invitation and learn what came of it, and at most
    #   another 3 s to close its session
    # @param wait [Symbol] `:delivered`: until the recipient's side has accepted. `:submitted`: until the server has
    #   taken the message; the receipt then says so
    # @param address [String, nil] the sender's address; nil: the stored account
    # @param username [String, nil] the name to sign in with where it is not the address, such as `'CONTOSO\smith'`
    # @param password [String, nil] the password; nil with an address and no token: `SEND_IM_PASSWORD`
    # @param server [String, URI, Sandbox, nil] the discovery root; nil: ask the sign-in domain
    # @param ca_file [String, Pathname, nil] a PEM or DER file with authorities to trust besides the system's
    # @param tls [Symbol, String, nil] `:current`, or `:compatible` for servers with older cipher suites, such as
    #   Windows Server 2012 R2; nil: `SEND_IM_TLS`
    # @param token [#call, nil] gives a bearer token in place of a password: called with a {TokenRequest} on a thread of
    #   its own, returns a String or a {BearerToken}
    # @param trusted_domains [Array<String>] further domains the server may lead to, such as `contoso.net`
    # @param logger [#debug, nil] told of each step at debug level
    # @param on_step [#call, nil] called with each {Step}, on this thread
    # @return [Receipt] who accepted, and what proves it
    # @raise [Error] one of its subclasses; {Error#sent} says whether the message can have arrived all the same
    #
    # @example
    #   SendIm.send_im("lenea@contoso.com", "disk full on db7", subject: "db7", importance: :urgent)
    def send_im(to, text, subject: nil, importance: :normal, html: false, timeout: DEFAULT_TIMEOUT, wait: :delivered,
                address: nil, username: nil, password: nil, server: nil, ca_file: nil, tls: nil, token: nil,
                trusted_domains: [], logger: SendIm.logger, on_step: nil)
      content = Arguments.message(Message.new(to, text, subject: subject, importance: importance, html: html,
                                                        timeout: timeout, wait: wait))
      options = Arguments.account(address: address, username: username, password: password, server: server,
                                  ca_file: ca_file, tls: tls, trusted_domains: trusted_domains,
                                  timeout: timeout)
      relay = Relay.new(on_step, token, logger)
      outcome = Driver.run(relay) { relay.watch(Native.start_send(options, content, *relay.wishes)) }
      Receipt.from(outcome.value)
    end
  end
end

require_relative "send_im/version"
require_relative "send_im/values"
require_relative "send_im/errors"
require_relative "send_im/native"
require_relative "send_im/driver"
require_relative "send_im/exit"
require_relative "send_im/relay"
require_relative "send_im/arguments"
require_relative "send_im/client"
require_relative "send_im/sandbox"
