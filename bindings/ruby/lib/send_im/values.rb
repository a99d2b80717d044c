# frozen_string_literal: true

module SendIm
  # How long a message has to be delivered when nothing else is said, in seconds.
  DEFAULT_TIMEOUT = 60

  # Who sends, and how the account signs in. What is not given comes from the environment; without an address it is the
  # stored account. Its inspection shows the address alone.
  class Account < Value
    hide :username, :password, :server, :ca_file, :tls, :token, :trusted_domains

    # The argument of {#initialize} of this name.
    attr_reader :address, :username, :password, :server, :ca_file, :tls, :token, :trusted_domains

    # @param address [String, nil] the sender's address
    # @param username [String, nil] the name to sign in with where it is not the address, such as `CONTOSO\smith`
    # @param password [String, nil] the password; without one, and without a token: `SEND_IM_PASSWORD`
    # @param server [String, URI, nil] the discovery root; without one the sign-in domain is asked
    # @param ca_file [String, Pathname, nil] a PEM or DER file with authorities to trust besides the system's
    # @param tls [Symbol, nil] `:current`, or `:compatible` for servers with older cipher suites, such as Windows Server
    #   2012 R2; nil: `SEND_IM_TLS`
    # @param token [#call, nil] gives a bearer token in place of a password: called with a {TokenRequest} on a thread of
    #   its own, returns a String or a {BearerToken}
    # @param trusted_domains [Array<String>] further domains the server may lead to, such as `contoso.net`
    def initialize(address: nil, username: nil, password: nil, server: nil, ca_file: nil, tls: nil, token: nil,
                   trusted_domains: [])
      super
    end
  end

  # A message to one recipient, for {Client#deliver_all}. Its inspection shows neither text nor subject.
  #
  # @example
  #   SendIm::Message.new("lenea@contoso.com", "disk full", importance: :urgent)
  class Message < Value
    hide :text, :subject

    # The argument of {SendIm.send_im} of this name.
    attr_reader :to, :text, :subject, :importance, :html, :timeout, :wait

    # The arguments are those of {SendIm.send_im}. They are checked when the message is sent.
    def initialize(to, text, subject: nil, importance: :normal, html: false, timeout: DEFAULT_TIMEOUT, wait: :delivered)
      super(to: to, text: text, subject: subject, importance: importance, html: html, timeout: timeout, wait: wait)
    end
  end

  # One place a call went through before it failed.
  class Hop < Value
    # @return [String] the URL without its query
    attr_reader :url
    # @return [String] what came back, for example `"401"` or `"connection refused"`
    attr_reader :outcome
  end

  # One finished step of a call. It never holds a password, a token or the text of a message.
  class Step < Value
    # @return [Symbol] `:discover`, `:sign_in`, `:open_session`, `:invite`, `:send`, `:confirm` or `:sign_out`
    attr_reader :step
    # @return [String] the host that was asked, with its port where it is not the usual one
    attr_reader :host
    # @return [Integer, nil] the HTTP status of the answer; nil where no answer came
    attr_reader :status
    # @return [Float] from the request to the end of the answer, in seconds
    attr_reader :elapsed

    # @api private
    def self.from(record)
      super(record, step: record.step.to_sym, elapsed: record.elapsed_ms / 1000)
    end
  end

  # Proof of a send.
  #
  # @example In the tests of a program: the receipt of a text that its addressee accepted
  #   SendIm::Receipt.new(to: "lenea@contoso.com")
  class Receipt < Value
    hide :steps

    # @return [String] the recipient's address as asked, without `sip:`
    attr_reader :to
    # @return [String, nil] who accepted: someone else than {#to} after a call-forward, nil when only submitted or where
    #   the server does not say
    attr_reader :accepted_by
    # `:invitation_accepted`: the text rode in the invitation and was accepted, which is not the same as read.
    # `:message_confirmed`: the recipient's side confirmed it. `:submitted`: nobody waited.
    # @return [Symbol]
    attr_reader :evidence
    # @return [Symbol] the form in which the text went: `:plain` or `:html`
    attr_reader :format
    # @return [String, nil] the server's id of the conversation's thread
    attr_reader :thread_id
    # @return [Array<Step>] each step in order; after {SendIm.send_im} they begin with discovery
    attr_reader :steps

    # For the tests of a program, too. Only a receipt of `:submitted` says by itself that nobody has accepted.
    def initialize(to:, evidence: :invitation_accepted, accepted_by: evidence == :submitted ? nil : to, format: :plain,
                   thread_id: nil, steps: [].freeze)
      super
    end

    # @api private
    def self.from(record)
      super(record, evidence: record.evidence.to_sym, format: record.format.to_sym,
                    steps: record.steps.map { |step| Step.from(step) }.freeze)
    end
  end

  # What a token is wanted for, as the server's challenge says it.
  class TokenRequest < Value
    # @return [String] scheme, host and port of the server that must accept the token: the OAuth resource
    attr_reader :origin
    # @return [String, nil] where the server says tokens are issued
    attr_reader :authorization_uri
    # @return [String, nil] the server's client id (OAuth audience)
    attr_reader :client_id
    # @return [String, nil] the issuers the server trusts
    attr_reader :trusted_issuers
    # @return [Boolean] true where the token given before was rejected: a cached one will not do
    attr_reader :rejected

    alias rejected? rejected
  end

  # A token and how long it lasts from now. Its value is not part of its inspection.
  class BearerToken < Value
    hide :value

    # @return [String] the token without the word `Bearer`
    attr_reader :value
    # @return [Numeric, nil] its lifetime in seconds; nil: it is used until it is rejected
    attr_reader :expires_in

    # @param value [String] the token without the word `Bearer`
    # @param expires_in [Numeric, nil] its lifetime in seconds
    def initialize(value, expires_in: nil)
      super(value: value, expires_in: expires_in)
    end
  end

  # A message that reached a recipient of a {Sandbox}. Its inspection shows neither text nor subject.
  class Delivered < Value
    hide :subject, :text

    # @return [Integer] counts deliveries, from 1
    attr_reader :number
    # @return [String] the sender's address
    attr_reader :sender
    # @return [String] the address the sender asked for
    attr_reader :to
    # @return [String] the address that took it; another one than {#to} after a call-forward
    attr_reader :accepted_by
    # @return [String, nil] the subject
    attr_reader :subject
    # @return [Symbol] `:normal`, `:urgent` or `:emergency`
    attr_reader :importance
    # @return [Symbol] `:plain` or `:html`
    attr_reader :format
    # @return [String] the text as it was sent
    attr_reader :text
    # @return [Symbol] `:invitation` if the text came with the invitation, else `:message`
    attr_reader :via
    # @return [String] the conversation it belongs to
    attr_reader :conversation
    # @return [String] the thread of that conversation
    attr_reader :thread_id
    # @return [Time] when the recipient got it, UTC
    attr_reader :received_at

    # @api private
    def self.from(record)
      at = Time.at(record.received_at_ms / 1000, record.received_at_ms % 1000, :millisecond, in: "UTC")
      super(record, importance: record.importance.to_sym, format: record.format.to_sym, via: record.via.to_sym,
                    received_at: at)
    end
  end
end
