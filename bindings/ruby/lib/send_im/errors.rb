# frozen_string_literal: true

module SendIm
  # The part of a backtrace that is not of this package.
  # @api private
  module Outside
    PACKAGE = __FILE__.delete_suffix("/errors.rb")
    private_constant :PACKAGE

    def self.of(lines) = Array(lines).drop_while { |line| line.to_s.start_with?(PACKAGE, "<internal:") }
  end
  private_constant :Outside

  # A call that failed: what failed, at which step, and what to do about it.
  #
  # Its `message` is one sentence. It never holds a password, a token or the text of a message.
  #
  # @example
  #   begin
  #     SendIm.send_im("busy@contoso.com", "disk full")
  #   rescue SendIm::Error => error
  #     warn error.message
  #     exit error.exit_code
  #   end
  #
  # @example In the tests of a program
  #   raise SendIm::NotDelivered.new("Lenea is busy.", kind: :busy)
  class Error < StandardError
    # @return [Symbol] the sort of failure, such as `:recipient_not_found`; the same names in every language
    attr_reader :kind
    # @return [Symbol, nil] the step that failed, such as `:sign_in`; nil where no step had begun
    attr_reader :step
    # @return [Symbol] `:no`: it was not delivered. `:maybe`: it may have arrived, sending again may double it
    attr_reader :sent
    # @return [Integer, nil] the HTTP status of the answer that decided
    attr_reader :http_status
    # @return [String, nil] the server's error code as it came
    attr_reader :code
    # @return [String, nil] the server's subcode as it came
    attr_reader :subcode
    # @return [String, nil] the server's diagnostics, for its administrator; not stable
    attr_reader :diagnostics
    # @return [Float, nil] how long the server asked to wait, in seconds
    attr_reader :retry_after
    # @return [Array<Hop>] the way the call took, oldest first, where that explains the failure
    attr_reader :hops
    # @return [Integer] the exit code for a program that ends because of this error
    attr_reader :exit_code

    # The fields of an error, without its sentence.
    FIELDS = %i[kind step sent http_status code subcode diagnostics retry_after hops exit_code].freeze

    # For the tests of a program, too.
    #
    # @param detail [String] the sentence
    # @param fields [Hash{Symbol => Object}] any of {FIELDS}. Unless they are given, `kind` is the first one of this
    #   class in {KINDS}, `exit_code` is that of the kind, `sent` is `:maybe` in {OutcomeUnknown} and else `:no`
    def initialize(detail = "The send failed.", **fields)
      raise ArgumentError, "#{self.class} has the fields #{FIELDS.join(", ")}" unless (fields.keys - FIELDS).empty?

      super(detail)
      defaults(fields[:kind]).merge(fields).each { |name, value| instance_variable_set(:"@#{name}", value) }
    end

    # @return [String] the sentence, the same as `message`
    def detail = message

    # @return [Hash{Symbol => Object}] the sentence and the fields by name
    def to_h = { detail: detail }.merge(FIELDS.to_h { |name| [name, public_send(name)] })

    # @return [Hash{Symbol => Object}] the fields for `case … in {…}`
    def deconstruct_keys(_names) = to_h

    # The backtrace begins at the program's own line.
    # @api private
    def set_backtrace(lines) # rubocop:disable Naming/AccessorMethodName
      super(lines && Outside.of(lines))
    end

    # The error for a failure of the native library. Its cause is what the token callable raised, if that is it.
    # @api private
    def self.from(failure, relay = nil)
      retry_after_ms = failure.retry_after_ms
      same = %i[http_status code subcode diagnostics exit_code].to_h { |name| [name, failure.public_send(name)] }
      error = KINDS.fetch(failure.kind.to_sym, ServiceError).new(
        failure.detail, **same, kind: failure.kind.to_sym, step: failure.step&.to_sym, sent: failure.sent.to_sym,
                                retry_after: retry_after_ms && (retry_after_ms / 1000.0),
                                hops: failure.hops.map { |hop| Hop.from(hop) }.freeze
      )
      cause = relay&.raised(failure.cause)
      cause ? error.__send__(:caused_by, cause) : error
    end

    private

    def defaults(kind)
      kind ||= KINDS.key(self.class.ancestors.find { |type| KINDS.value?(type) }) || :protocol
      family = KINDS.fetch(kind, self.class).ancestors.find { |type| EXIT_CODES.key?(type) }
      { kind: kind, sent: is_a?(OutcomeUnknown) ? :maybe : :no, hops: [].freeze, exit_code: EXIT_CODES[family] }
    end

    # Only `raise` sets a cause. The backtrace is that of the raise to come.
    def caused_by(cause)
      raise self, cause: cause
    rescue Error
      set_backtrace(nil)
      self
    end
  end

  # An argument, the environment or the profile file is not usable. Nothing was sent (exit code 2).
  class InvalidInput < Error; end

  # The account cannot sign in or is not permitted to do this (exit code 3).
  class SignInError < Error; end

  # The program's own token callable gave no token; no server refused anything (exit code 3). What the callable raised
  # is the cause.
  class CredentialUnavailable < SignInError; end

  # The recipient did not take the message: unknown, unavailable, busy, declined, no answer (exit code 4).
  class NotDelivered < Error; end

  # The server could not be reached, or could not do it (exit code 5).
  class ServiceError < Error; end

  # No server was found, it cannot be trusted, or the network or TLS failed (exit code 5).
  class ConnectionFailed < ServiceError; end

  # The timeout was over before the server, or the recipient's side, had answered (exit code 5).
  class DeadlineExceeded < ServiceError; end

  # The client is signed out, or it was made before a fork (exit code 5).
  class ClientClosed < ServiceError; end

  # The message may or may not have arrived. It was not sent a second time (exit code 6).
  class OutcomeUnknown < Error; end

  # The call was cut off by {Client#cancel_all}, by the bound of a close, or by the end of the program (exit code 130).
  class Cancelled < Error; end

  class Error
    # The class of each kind. Of the kinds of one class the first is that of an error made without one.
    KINDS = {
      InvalidInput => %i[invalid_input],
      SignInError => %i[sign_in_refused sign_in_unsupported forbidden],
      CredentialUnavailable => %i[credential_unavailable],
      NotDelivered => %i[recipient_unavailable recipient_not_found declined no_answer busy],
      ServiceError => %i[service_error limit_reached throttled protocol],
      ConnectionFailed => %i[network discovery_failed untrusted_host tls],
      DeadlineExceeded => %i[timeout],
      ClientClosed => %i[closed],
      OutcomeUnknown => %i[outcome_unknown],
      Cancelled => %i[cancelled]
    }.flat_map { |type, kinds| kinds.product([type]) }.to_h.freeze

    EXIT_CODES = { Error => 5, InvalidInput => 2, SignInError => 3, NotDelivered => 4, OutcomeUnknown => 6,
                   Cancelled => 130 }.freeze
    private_constant :EXIT_CODES
  end
end
