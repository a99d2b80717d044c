# frozen_string_literal: true

module SendIm
  # One session: signs in once, sends any number of messages from any thread, signs out.
  #
  # As with `Net::SMTP`, {#initialize} only keeps its options, {Client.open} or {#sign_in} begins the session, and
  # nothing is sent before. A session that began before a fork belongs to the parent process; in the child it raises
  # {ClientClosed}. A client that was only made before the fork can sign in in each child.
  #
  # @example
  #   SendIm::Client.open(account: SendIm::Account.new(address: "tosh@contoso.com", password: "…")) do |client|
  #     client.deliver("lenea@contoso.com", "disk full", subject: "db7")
  #   end
  class Client
    # Makes a client, signs in, and closes it at the end of the block. Without a block, call {#close} at the end.
    #
    # @param options [Hash] the keywords of {#initialize}
    # @yieldparam client [Client]
    # @return [Object] the value of the block, or the client
    # @raise [Error]
    def self.open(**options)
      client = new(**options).sign_in
      return client unless block_given?

      begin
        yield client
      ensure
        client.__send__(:leave)
      end
    end

    # Keeps who sends. No server is asked, and no environment is read, before {#sign_in}.
    #
    # @param account [Account] who sends; by default the stored account
    # @param sign_in_timeout [Numeric] how long signing in may take, in seconds; each message has a timeout of its own
    # @param logger [#debug, nil] told of each step at debug level
    # @param on_step [#call, nil] called with each {Step}, on a thread that waits for a call of this client
    def initialize(account: Account.new, sign_in_timeout: DEFAULT_TIMEOUT, logger: SendIm.logger, on_step: nil)
      @options = Arguments.account(account, sign_in_timeout)
      @address = account.address
      @logger = logger
      @relay = Relay.new(on_step, account.token, logger)
      @signing = Mutex.new
      @closed = false
    end

    # Signs in, unless that was done. One that failed can be tried again.
    #
    # @return [self]
    # @raise [Error] {ClientClosed} after {#close}
    def sign_in
      @signing.synchronize do
        raise ClientClosed, "The client is signed out." if closed?
        return self if @session

        @session = Driver.run(@relay) { @relay.watch(Native.start_sign_in(@options, *@relay.wishes)) }.value
        @options = nil # with the password
        Exit.arm
      end
      self
    end

    # Sends one message and waits for its delivery. The arguments are those of {SendIm.send_im}.
    #
    # Messages of one thread to one recipient arrive in the order of the calls.
    #
    # @param to [String] the recipient's address
    # @param text [String] the text, or html
    # @param message [Hash] `subject`, `importance`, `html`, `timeout` and `wait` as for {SendIm.send_im}
    # @return [Receipt]
    # @raise [Error] {ClientClosed} before {#sign_in} and after {#close}
    def deliver(to, text, **message)
      content = Arguments.message(Message.new(to, text, **message))
      Receipt.from(Driver.run(@relay) { session.start_send(content) }.value)
    end

    # Sends many messages, several at a time. Errors are not raised: one bad address does not hide what became of the
    # rest.
    #
    # @param messages [Enumerable<Message>]
    # @return [Array<Receipt, Error>] for each message, in the same order, its receipt or the error that kept it back
    # @raise [Error] {ClientClosed} before {#sign_in} and after {#close}
    #
    # @example
    #   results = client.deliver_all([SendIm::Message.new("lenea@contoso.com", "one")])
    #   results.grep(SendIm::Error) { |error| warn error.message }
    def deliver_all(messages)
      contents = messages.map { |message| content_of(message) }
      outcomes = Driver.run(@relay) { session.start_send_all(contents.grep_v(Error)) }.value
      contents.map { |content| content.is_a?(Error) ? content : result_of(outcomes.shift) }
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
      @options = nil
      @closed = true
      Driver.run(@relay) { @session.start_sign_out(bound) } if @session
      nil
    end

    # Ends every send under way at once: each fails with {Cancelled}. Its `sent` says whether the message can have
    # arrived (`:maybe`) or not (`:no`). Later sends fail with {ClientClosed}. The session is still to be closed.
    #
    # @return [nil]
    def cancel_all
      Driver.ask { @session&.cancel_all }
    end

    # @return [Boolean] true once {#close} has begun
    def closed? = @closed

    # @return [String] who sends; no secret
    def inspect
      "#<#{self.class.name} #{@address || "of the stored account"}#{" (closed)" if closed?}>"
    end

    private

    def session
      raise ClientClosed, "The client is signed out." if closed?

      @session or raise ClientClosed, "The client is not signed in; call sign_in, or make it with SendIm::Client.open."
    end

    # What is sent, or the error that keeps it back.
    def content_of(message)
      Arguments.message(message)
    rescue InvalidInput => e
      e.tap { e.set_backtrace(nil) }
    end

    def result_of(outcome)
      outcome.receipt ? Receipt.from(outcome.receipt) : Error.from(outcome.failure, @relay)
    end

    # The end of the block. Every message has its receipt by now; what the block did must not look undone.
    def leave
      close
    rescue Error => e
      Log.warn(@logger, "signing out failed: #{e.message}")
    end
  end
end
