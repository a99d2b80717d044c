# frozen_string_literal: true

require "json"

module SendIm
  # A server that behaves like a Skype for Business pool, on a free port of 127.0.0.1, for demonstrations and tests.
  #
  # Any account signs in with any password (except `wrong`). A recipient behaves by the local part of the address, such
  # as `declines@` or `silent@`; the README lists them. Anyone else accepts at once.
  #
  # @example
  #   SendIm::Sandbox.open do |sandbox|
  #     SendIm.send_im("lenea@contoso.com", "hi", account: sandbox.account("tosh@contoso.com"))
  #     sandbox.messages.map(&:text) # => ["hi"]
  #   end
  class Sandbox
    # Starts a sandbox and stops it at the end of the block. Without a block it is the same as {#initialize}.
    #
    # @param options [Hash] the keywords of {#initialize}
    # @yieldparam sandbox [Sandbox]
    # @return [Object] the value of the block, or the sandbox
    # @raise [Error]
    def self.open(**options)
      sandbox = new(**options)
      return sandbox unless block_given?

      begin
        yield sandbox
      ensure
        sandbox.close
      end
    end

    # @return [String] the discovery root, what `server` of an {Account} takes
    attr_reader :url

    # Starts a sandbox. Call {#close} at the end, or use {Sandbox.open} with a block.
    #
    # @param layout [Symbol] `:one_pool`, `:two_pools` or `:redirect`
    # @param https [Boolean] true for https with a certificate authority made for this sandbox, see {#ca_file}
    # @param ring [Numeric] how long an invitation to `silent@` rings, in seconds
    # @param slow [Numeric] how long `slow@` takes to accept, in seconds
    # @param listen [String, nil] address and port, such as `"127.0.0.1:8080"`; nil: a free port of 127.0.0.1
    # @param users [Hash{String => String}] passwords by address; once there is one, only these users sign in
    # @param token_lifetime [Numeric, nil] how long a token is valid, in seconds; nil: as a real server
    # @param poll_timeout [Numeric, nil] how long an empty request for events is held, in seconds; nil: as a real server
    # @param redirect_to [String, nil] the discovery root answers with a redirect to this URL and nothing else
    # @param host_name [String, nil] a DNS name for the certificate and for every link
    # @raise [Error]
    def initialize(layout: :one_pool, https: false, ring: 30, slow: 3, listen: nil, users: {}, token_lifetime: nil,
                   poll_timeout: nil, redirect_to: nil, host_name: nil)
      options = Native::SandboxOptions.new(
        layout: Arguments.word("layout", layout).tr("_", "-"),
        https: https ? true : false,
        listen: Arguments.optional("listen", listen),
        ring_ms: Arguments.milliseconds("ring", ring),
        slow_ms: Arguments.milliseconds("slow", slow),
        token_lifetime_ms: Arguments.milliseconds("token_lifetime", token_lifetime),
        poll_timeout_ms: Arguments.milliseconds("poll_timeout", poll_timeout),
        users: users.map { |address, password| user(address, password) },
        redirect_to: Arguments.optional("redirect_to", redirect_to),
        host_name: Arguments.optional("host_name", host_name)
      )
      @server = Driver.run { Native.start_sandbox(options) }.value
      Exit.arm
      @url = ask(:url)
      @ca_file = ask(:ca_file)
    end

    # Stops the sandbox. What it had delivered is gone. A second call does nothing.
    #
    # @return [nil]
    def close
      @server.stop
      @ca_file = nil
    end

    # @return [String, nil] with https, a PEM file with the certificate authority; it is removed with the sandbox
    attr_reader :ca_file

    # @return [Account] one that signs in here, by its password unless a token callable is given
    def account(address, password: "x", token: nil)
      Account.new(address: address, password: token ? nil : password, server: url, ca_file: ca_file, token: token)
    end

    # @param address [String] a recipient
    # @return [Array<Delivered>] what was delivered to this address, oldest first
    def inbox(address) = ask(:inbox, Arguments.text("address", address)).map { |record| Delivered.from(record) }

    # @return [Array<Delivered>] everything delivered, oldest first
    def messages = ask(:messages).map { |record| Delivered.from(record) }

    # Waits until that many messages were delivered in all, and gives them.
    #
    # @param count [Integer]
    # @param timeout [Numeric] in seconds
    # @return [Array<Delivered>]
    # @raise [DeadlineExceeded] it took longer
    def wait_for(count, timeout: 10)
      milliseconds = Arguments.milliseconds("timeout", timeout)
      Driver.run { @server.start_wait_for(count, milliseconds) }.value.map { |record| Delivered.from(record) }
    end

    # Asks the sandbox's own HTTP interface, for what has no method here. The README of `send-im-sandbox` lists it.
    #
    # @param method [Symbol, String] `:get`, `:post`, `:put` or `:delete`
    # @param path [String] what follows `/sandbox/api/`, such as `"journal"` (every request received)
    # @param body [Object, nil] sent as JSON, unless it is nil
    # @return [Object, nil] the response's JSON, with symbols as keys; nil where it is empty
    # @raise [InvalidInput] the sandbox refuses the request
    def request(method, path, body = nil)
      json = JSON.generate(body) unless body.nil?
      path = Arguments.text("path", path)
      answer = Driver.run { @server.start_request(method.to_s.upcase, path, json) }.value
      JSON.parse(answer, symbolize_names: true) unless answer.empty?
    end

    # Makes something go wrong.
    #
    # @param route [Symbol] the requests it lies on, such as `:discovery`, `:start_messaging` or `:any`
    # @param action [Symbol, Hash] what happens, such as `:drop_after` (the answer is lost), `{ delay: { ms: 50 } }` or
    #   `{ status: { http: 503, retry_after: 1 } }`; the README of `send-im-sandbox` says where all are listed
    # @param skip [Integer] so many requests pass unharmed first
    # @param times [Integer] so many requests are hit; 0: all until {#clear_faults}
    # @return [nil]
    # @raise [InvalidInput] there is no such route or action
    def add_fault(route, action, skip: 0, times: 1)
      ask(:add_fault, JSON.generate(route: route, action: action, skip: skip, times: times))
    end

    # Takes every fault away.
    # @return [nil]
    def clear_faults
      ask(:clear_faults)
    end

    # @return [String] where it listens
    def inspect = "#<#{self.class.name} #{@url}>"

    private

    def ask(name, *arguments) = Driver.ask { @server.public_send(name, *arguments) }

    def user(address, password)
      Native::SandboxUser.new(address: Arguments.text("users", address), password: Arguments.text("users", password))
    end
  end
end
