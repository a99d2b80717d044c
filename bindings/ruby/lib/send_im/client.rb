# frozen_string_literal: true

require_relative "arguments"
require_relative "driver"
require_relative "exit"
require_relative "relay"

module SendIm
  # One session: signs in once, sends any number of messages from any thread, signs out.
  #
  # A client made before a fork belongs to the parent process; in the child its methods raise {ClientClosed}.
  #
  # @example
  #   SendIm::Client.open(address: "tosh@contoso.com", password: "…") do |client|
  #     client.send_im("lenea@contoso.com", "disk full", subject: "db7")
  #   end
  class Client
    # Signs in, and signs out at the end of the block. Without a block it is the same as {#initialize}.
    #
    # @param options [Hash] the keywords of {#initialize}
    # @yieldparam client [Client]
    # @return [Object] the value of the block, or the client
    # @raise [Error]
    def self.open(**options)
      client = new(**options)
      return client unless block_given?

      begin
        yield client
      ensure
        client.__send__(:leave)
      end
    end

    # Signs in. Call {#close} at the end, or use {Client.open} with a block.
    #
    # @param address [String, nil] the sender's address; nil: the stored account (see {SendIm})
    # @param username [String, nil] the name to sign in with where it is not the address, such as `'CONTOSO\smith'`
    # @param password [String, nil] the password; nil with an address and no token: `SEND_IM_PASSWORD`
    # @param server [String, URI, Sandbox, nil] the discovery root; nil: ask the sign-in domain
    # @param ca_file [String, Pathname, nil] a PEM or DER file with authorities to trust besides the system's
    # @param tls [Symbol, String, nil] `:current`, or `:compatible` for servers with older cipher suites, such as
    #   Windows Server 2012 R2; nil: `SEND_IM_TLS`
    # @param token [#call, nil] gives a bearer token in place of a password: called with a {TokenRequest} on a thread of
    #   its own, returns a String or a {BearerToken}
    # @param trusted_domains [Array<String>] further domains the server may lead to
    # @param timeout [Numeric] how long signing in may take, in seconds
    # @param logger [#debug, nil] told of each step at debug level
    # @param on_step [#call, nil] called with each {Step}, on a thread that waits for a call of this client
    # @raise [Error]
    def initialize(address: nil, username: nil, password: nil, server: nil, ca_file: nil, tls: nil, token: nil,
                   trusted_domains: [], timeout: DEFAULT_TIMEOUT, logger: SendIm.logger, on_step: nil)
      @address = address
      @logger = logger
      options = Arguments.account(address: address, username: username, password: password, server: server,
                                  ca_file: ca_file, tls: tls, trusted_domains: trusted_domains,
                                  timeout: timeout)
      @relay = Relay.new(on_step, token, logger)
      @session = Driver.run(@relay) { @relay.watch(Native.start_sign_in(options, *@relay.wishes)) }.value
      Exit.arm
      @closed = false
    end

    # Sends one message and waits for its delivery. The arguments are those of {SendIm.send_im}.
    #
    # Messages of one thread to one recipient arrive in the order of the calls.
    #
    # @param to [String] the recipient's address
    # @param text [String] the text, or html
    # @param message [Hash] `subject`, `importance`, `html`, `timeout` and `wait` as for {SendIm.send_im}
    # @return [Receipt]
    # @raise [Error] {ClientClosed} after {#close}
    def send_im(to, text, **message)
      content = Arguments.message(Message.new(to, text, **message))
      Receipt.from(Driver.run(@relay) { @session.start_send(content) }.value)
    end

    # Sends many messages, several at a time. Errors are not raised: one bad address does not hide what became of the
    # rest.
    #
    # @param messages [Enumerable<Message>]
    # @return [Array<Receipt, Error>] for each message, in the same order, its receipt or the error that kept it back
    # @raise [Error] {ClientClosed} after {#close}
    #
    # @example
    #   results = client.send_all([SendIm::Message.new("lenea@contoso.com", "one")])
    #   results.grep(SendIm::Error) { |error| warn error.message }
    def send_all(messages)
      contents = messages.map { |message| Arguments.message(message) }
      raise ClientClosed, "The client is signed out." if closed?

      outcomes = Driver.run(@relay) { @session.start_send_all(contents) }.value
      outcomes.map { |outcome| outcome.receipt ? Receipt.from(outcome.receipt) : Error.from(outcome.failure, @relay) }
    end

    # Waits for the sends under way, then closes the session on the server, in at most 3 s.
    #
    # Each send ends with its own timeout at the latest. Sends that begin after this fail with {ClientClosed}. A second
    # call does nothing. A server that is gone is not waited for.
    #
    # @param timeout [Numeric, nil] how long the sends under way are waited for, in seconds. What has not ended by then
    #   is cancelled, as by {#cancel_all}
    # @return [nil]
    # @raise [Error] the server could not be told; it ends the session by itself after a while
    def close(timeout: nil)
      bound = Arguments.milliseconds("timeout", timeout)
      Driver.run(@relay) { @session.start_sign_out(bound) }
      @closed = true
      nil
    end

    # Ends every send under way at once: each fails with {Cancelled}. Its `sent` says whether the message can have
    # arrived (`:maybe`) or not (`:no`). Later sends fail with {ClientClosed}. The session is still to be closed.
    #
    # @return [nil]
    def cancel_all
      Driver.ask { @session.cancel_all }
    end

    # @return [Boolean] true after {#close}
    def closed?
      @closed
    end

    # @return [String] who sends; no secret
    def inspect
      "#<#{self.class.name} #{@address || "of the stored account"}#{" (closed)" if closed?}>"
    end

    private

    # The end of the block. Every message has its receipt by now; what the block did must not look undone.
    def leave
      close
    rescue Error => e
      Log.warn(@logger, "signing out failed: #{e.message}")
    end
  end
end
